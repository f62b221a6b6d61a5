package sigv4_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/wire/sigv4"
)

const goodHeader = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260305/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=0a"

func TestParseHeader(t *testing.T) {
	for name, auth := range map[string]string{
		"as the SDKs write it": goodHeader,
		"without spaces":       strings.ReplaceAll(goodHeader, ", ", ","),
		"more spaces":          strings.ReplaceAll(goodHeader, ", ", " ,  "),
		"more parameters":      goodHeader + ", Comment=none",
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "http://h/", "")
			r.Header.Set("Authorization", auth)
			r.Header.Set("X-Amz-Date", "20260305T123000Z")
			sig, err := sigv4.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			want := sigv4.Scope{AccessKeyID: keyID, Date: "20260305", Region: "eu-west-1", Service: "ec2"}
			if sig.Scope != want || sig.Value != "0a" || !sig.Time.Equal(now) || sig.Presigned || len(sig.SignedHeaders) != 2 {
				t.Errorf("read as %+v", sig)
			}
		})
	}
}

func TestParseMalformedHeader(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(goodHeader, old, new, 1) }
	for name, tc := range map[string]struct{ auth, code string }{
		"other scheme":          {"Basic YTpi", "IncompleteSignature"},
		"scheme alone":          {"AWS4-HMAC-SHA256", "IncompleteSignature"},
		"scheme and space":      {"AWS4-HMAC-SHA256 ", "IncompleteSignature"},
		"no equal sign":         {"AWS4-HMAC-SHA256 Credential", "IncompleteSignature"},
		"signature version 2":   {"AWS AKIA:abc", "InvalidRequest"},
		"signature version 4a":  {"AWS4-ECDSA-P256-SHA256 Credential=a", "InvalidRequest"},
		"no credential":         {replace("Credential=", "Cred="), "IncompleteSignature"},
		"no signed headers":     {replace("SignedHeaders=", "Headers="), "IncompleteSignature"},
		"no signature":          {replace("Signature=0a", "Signature="), "IncompleteSignature"},
		"signature twice":       {goodHeader + ", Signature=0b", "IncompleteSignature"},
		"credential twice":      {goodHeader + ", Credential=b/20260305/r/s/aws4_request", "IncompleteSignature"},
		"no terminator":         {replace("/aws4_request", ""), "IncompleteSignature"},
		"other terminator":      {replace("aws4_request", "aws5_request"), "IncompleteSignature"},
		"key with slash":        {replace("AKIAIOSFODNN7EXAMPLE", "AKIA/X"), "IncompleteSignature"},
		"empty key":             {replace("AKIAIOSFODNN7EXAMPLE", ""), "IncompleteSignature"},
		"empty region":          {replace("eu-west-1", ""), "IncompleteSignature"},
		"empty service":         {replace("/ec2/", "//"), "IncompleteSignature"},
		"short date":            {replace("20260305", "2026030"), "IncompleteSignature"},
		"date of another day":   {replace("20260305", "20260304"), "IncompleteSignature"},
		"separator is newlines": {strings.ReplaceAll(goodHeader, ", ", "\n"), "IncompleteSignature"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "http://h/", "")
			r.Header["Authorization"] = []string{tc.auth}
			r.Header.Set("X-Amz-Date", "20260305T123000Z")
			_, err := sigv4.Parse(r)
			wantCode(t, err, tc.code)
		})
	}
	t.Run("several headers", func(t *testing.T) {
		r := request(t, "POST", "http://h/", "")
		r.Header["Authorization"] = []string{goodHeader, goodHeader}
		_, err := sigv4.Parse(r)
		wantCode(t, err, "InvalidArgument")
	})
}

// TestParseDate has the places where a request's time may stand: X-Amz-Date before Date, in two forms.
func TestParseDate(t *testing.T) {
	for name, tc := range map[string]struct {
		headers http.Header
		code    string
	}{
		"X-Amz-Date":            {http.Header{"X-Amz-Date": {"20260305T123000Z"}}, ""},
		"Date as HTTP has it":   {http.Header{"Date": {"Thu, 05 Mar 2026 12:30:00 GMT"}}, ""},
		"Date in ISO 8601":      {http.Header{"Date": {"20260305T123000Z"}}, ""},
		"X-Amz-Date goes first": {http.Header{"X-Amz-Date": {"20260305T123000Z"}, "Date": {"Wed, 04 Mar 2026 00:00:00 GMT"}}, ""},
		"none":                  {http.Header{}, "IncompleteSignature"},
		"extended form":         {http.Header{"X-Amz-Date": {"2026-03-05T12:30:00Z"}}, "IncompleteSignature"},
		"no time":               {http.Header{"X-Amz-Date": {"20260305"}}, "IncompleteSignature"},
		"no date":               {http.Header{"Date": {"today"}}, "IncompleteSignature"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "http://h/", "")
			r.Header = tc.headers
			r.Header.Set("Authorization", goodHeader)
			sig, err := sigv4.Parse(r)
			wantCode(t, err, tc.code)
			if tc.code == "" && !sig.Time.Equal(now) {
				t.Errorf("time %v", sig.Time)
			}
		})
	}
}

// TestVerifyDateHeader verifies a request that has no X-Amz-Date, against AWS's own derivation of the signature.
func TestVerifyDateHeader(t *testing.T) {
	const date = "Thu, 05 Mar 2026 12:30:00 GMT"
	s := signer{secret: secret, date: "20260305T123000Z", scope: "20260305/eu-west-1/iam/aws4_request"}
	value := s.text("AWS4-HMAC-SHA256", hash("POST\n/\n\ndate:"+date+"\nhost:h\n\ndate;host\n"+hash("x")))
	r := request(t, "POST", "http://h/", "x")
	r.Header.Set("Date", date)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/"+s.scope+", SignedHeaders=date;host, Signature="+value)
	wantCode(t, verify(r, now), "")
	r.Header.Set("Date", "Thu, 05 Mar 2026 12:30:01 GMT")
	wantCode(t, verify(r, now), "SignatureDoesNotMatch")
}

// TestPublishedExamples are the worked examples of AWS's documentation:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html.
func TestPublishedExamples(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	authorization := func(headers, signature string) string {
		return "AWS4-HMAC-SHA256 Credential=" + keyID + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + headers + ",Signature=" + signature
	}
	const short = "host;x-amz-content-sha256;x-amz-date"
	for name, tc := range map[string]struct {
		method, url, body, auth string
		headers                 map[string]string
	}{
		"GET object": {"GET", "http://examplebucket.s3.amazonaws.com/test.txt", "",
			authorization("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
			map[string]string{"Range": "bytes=0-9", "X-Amz-Content-Sha256": empty}},
		"PUT object": {"PUT", "http://examplebucket.s3.amazonaws.com/test$file.text", "Welcome to Amazon S3.",
			authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
			map[string]string{"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
				"X-Amz-Content-Sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
		"GET lifecycle": {"GET", "http://examplebucket.s3.amazonaws.com/?lifecycle", "",
			authorization(short, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"), map[string]string{"X-Amz-Content-Sha256": empty}},
		"list objects": {"GET", "http://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "",
			authorization(short, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"), map[string]string{"X-Amz-Content-Sha256": empty}},
		"presigned": {"GET", "http://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyID +
			"%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
			"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, tc.method, tc.url, tc.body)
			for k, v := range tc.headers {
				r.Header.Set(k, v)
			}
			if tc.auth != "" {
				r.Header.Set("Authorization", tc.auth)
				r.Header.Set("X-Amz-Date", "20130524T000000Z")
			}
			wantCode(t, verify(r, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)), "")
		})
	}
}
