package sigv4_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"atoll/internal/cloud/wire/sigv4"
)

// TestVerifyAccepts signs with the SDK whatever clients send, and wants it verified.
func TestVerifyAccepts(t *testing.T) {
	type header = [2]string
	tests := map[string]struct {
		service, method, url, body string
		headers                    []header
	}{
		"query API":                {"ec2", "POST", "http://127.0.0.1:4566/", "Action=DescribeVpcs&Version=2016-11-15", []header{{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}},
		"JSON API":                 {"dynamodb", "POST", "http://localhost:4566/", "{}", []header{{"X-Amz-Target", "DynamoDB_20120810.ListTables"}}},
		"no path":                  {"sts", "POST", "http://sts.amazonaws.com", "Action=GetCallerIdentity", nil},
		"empty body":               {"sts", "GET", "http://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "", nil},
		"blank query value":        {"s3", "GET", "http://b.s3.localhost:4566/?acl=", "", nil},
		"query without =":          {"s3", "GET", "http://b.s3.localhost:4566/?acl", "", nil},
		"query out of order":       {"s3", "GET", "http://h/b?b=2&a=2&a=1&B=0&a-b=3", "", nil},
		"space as %20":             {"s3", "GET", "http://h/b?prefix=a%20b", "", nil},
		"plus sign":                {"s3", "GET", "http://h/b?prefix=a%2Bb", "", nil},
		"encoded query":            {"s3", "GET", "http://h/b?prefix=%C3%BC%2F%3D%26&x=%7E-_.", "", nil},
		"S3 key with spaces":       {"s3", "GET", "http://h/b/a%20key%2Bwith%3Aodd%40characters", "", nil},
		"S3 key in UTF-8":          {"s3", "GET", "http://h/b/%E6%97%A5%E6%9C%AC", "", nil},
		"S3 key with // and ..":    {"s3", "GET", "http://h/b//a/./../c/", "", nil},
		"S3 key with percent":      {"s3", "GET", "http://h/b/100%25", "", nil},
		"S3 key with unreserved":   {"s3", "GET", "http://h/b/(a)*'!", "", nil},
		"path encoded again":       {"execute-api", "GET", "http://h/v1/clusters/a%20b%2Fc", "", nil},
		"ARN in the path":          {"eks", "GET", "http://h/tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A111111111111%3Acluster%2Fx", "", nil},
		"colon in the path":        {"lambda", "GET", "http://h/2015-03-31/functions/f:1/configuration", "", nil},
		"header spaces":            {"ec2", "POST", "http://h/", "x", []header{{"X-Amz-Meta-A", "  a   b    c  "}, {"X-Other", " 1  2 "}}},
		"header given twice":       {"ec2", "POST", "http://h/", "x", []header{{"X-Amz-Meta-A", "1"}, {"X-Amz-Meta-A", " 2 "}}},
		"content length signed":    {"s3", "PUT", "http://h/b/k", "payload", []header{{"Content-Type", "text/plain"}}},
		"IPv6 host":                {"ec2", "POST", "http://[::1]:4566/", "x", nil},
		"host without port":        {"ec2", "POST", "http://ec2.eu-west-1.amazonaws.com/", "x", nil},
		"session":                  {"ec2", "POST", "http://h/", "x", nil},
		"tilde is never encoded":   {"s3", "GET", "http://h/b/~user%7E", "", nil},
		"equal sign in the values": {"s3", "GET", "http://h/b?a=b=c", "", nil},
	}
	for name, tc := range tests {
		creds := plain()
		if name == "session" {
			creds = plain("ASIASESSION", token)
		}
		t.Run(name, func(t *testing.T) {
			r := request(t, tc.method, tc.url, tc.body)
			for _, h := range tc.headers {
				r.Header.Add(h[0], h[1])
			}
			if tc.service == "s3" {
				r.Header.Set("X-Amz-Content-Sha256", hash(tc.body))
			}
			sign(t, r, creds, tc.service, hash(tc.body), now)
			wantCode(t, verify(throughTheWire(t, r), now), "")
		})
		t.Run(name+"/presigned", func(t *testing.T) {
			r := request(t, "GET", tc.url, "")
			q := r.URL.Query()
			q.Set("X-Amz-Expires", "60")
			r.URL.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
			payload := hash("")
			if tc.service == "s3" {
				payload = sigv4.Unsigned
			}
			wantCode(t, verify(throughTheWire(t, presign(t, r, creds, tc.service, payload, now)), now), "")
		})
	}
}

// throughTheWire gives the request as net/http's server reads it.
func throughTheWire(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire strings.Builder
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire.String())))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestVerifyAbsoluteForm has requests as they reach a forward proxy.
func TestVerifyAbsoluteForm(t *testing.T) {
	r := request(t, "POST", "http://ec2.eu-west-1.amazonaws.com:8080/?a=b", "x")
	sign(t, r, plain(), "ec2", hash("x"), now)
	var wire strings.Builder
	if err := r.WriteProxy(&wire); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(wire.String(), "POST http://ec2.") {
		t.Fatalf("not in absolute form: %.40s", wire.String())
	}
	got, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire.String())))
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, verify(got, now), "")
}

func TestVerifyRefuses(t *testing.T) {
	tests := map[string]struct {
		creds  aws.Credentials
		mutate func(r *http.Request)
		code   string
	}{
		"wrong secret":          {creds: aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret + "x"}, code: "SignatureDoesNotMatch"},
		"unknown key":           {creds: plain("AKIAUNKNOWN"), code: "InvalidClientTokenId"},
		"no token":              {creds: plain("ASIASESSION"), code: "InvalidToken"},
		"wrong token":           {creds: plain("ASIASESSION", "other"), code: "InvalidToken"},
		"token too many":        {creds: plain(keyID, token), code: "InvalidToken"},
		"session ended":         {creds: plain("ASIAENDED", token), code: "ExpiredToken"},
		"method changed":        {mutate: func(r *http.Request) { r.Method = "PUT" }, code: "SignatureDoesNotMatch"},
		"path changed":          {mutate: func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/other", "" }, code: "SignatureDoesNotMatch"},
		"query added":           {mutate: func(r *http.Request) { r.URL.RawQuery += "&b=1" }, code: "SignatureDoesNotMatch"},
		"query changed":         {mutate: func(r *http.Request) { r.URL.RawQuery = "a=2" }, code: "SignatureDoesNotMatch"},
		"query dropped":         {mutate: func(r *http.Request) { r.URL.RawQuery = "" }, code: "SignatureDoesNotMatch"},
		"body changed":          {mutate: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("bodY")) }, code: "SignatureDoesNotMatch"},
		"host changed":          {mutate: func(r *http.Request) { r.Host = "other:4566" }, code: "SignatureDoesNotMatch"},
		"port changed":          {mutate: func(r *http.Request) { r.Host = "h:1" }, code: "SignatureDoesNotMatch"},
		"date changed":          {mutate: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260305T123001Z") }, code: "SignatureDoesNotMatch"},
		"signed header changed": {mutate: func(r *http.Request) { r.Header.Set("X-Amz-Target", "Other.Op") }, code: "SignatureDoesNotMatch"},
		"signed header dropped": {mutate: func(r *http.Request) { r.Header.Del("X-Amz-Target") }, code: "SignatureDoesNotMatch"},
		"signed header doubled": {mutate: func(r *http.Request) { r.Header.Add("X-Amz-Target", "A.B") }, code: "SignatureDoesNotMatch"},
		"x-amz- header added":   {mutate: func(r *http.Request) { r.Header.Set("X-Amz-Meta-More", "1") }, code: "AccessDenied"},
		"payload hash added":    {mutate: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.Unsigned) }, code: "AccessDenied"},
		"other headers":         {mutate: func(r *http.Request) { r.Header.Set("User-Agent", "other") }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "http://h:4566/p?a=1", "body")
			r.Header.Set("X-Amz-Target", "A.B")
			if tc.creds.AccessKeyID == "" {
				tc.creds = plain()
			}
			sign(t, r, tc.creds, "kms", hash("body"), now)
			if tc.mutate != nil {
				tc.mutate(r)
			}
			wantCode(t, verify(r, now), tc.code)
		})
	}
}

// TestVerifyTime has the edges of the times for which a signature is good.
func TestVerifyTime(t *testing.T) {
	const quarter = 15 * time.Minute
	tests := map[string]struct {
		service  string
		presign  bool
		at       time.Duration // of the check, after the signing
		wantCode string
	}{
		"late, just in time":  {"ec2", false, quarter, ""},
		"late":                {"ec2", false, quarter + time.Second, "SignatureDoesNotMatch"},
		"early, just in time": {"ec2", false, -quarter, ""},
		"early":               {"ec2", false, -quarter - time.Second, "SignatureDoesNotMatch"},
		"S3 late":             {"s3", false, quarter + time.Second, "RequestTimeTooSkewed"},
		"S3 early":            {"s3", false, -quarter - time.Second, "RequestTimeTooSkewed"},
		"presigned":           {"s3", true, time.Hour, ""},
		"presigned, expired":  {"s3", true, time.Hour + time.Second, "AccessDenied"},
		"presigned, ahead":    {"s3", true, -quarter, ""},
		"presigned, future":   {"s3", true, -quarter - time.Second, "AccessDenied"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(t, "GET", "http://h/b/k?X-Amz-Expires=3600", "")
			if tc.presign {
				r = presign(t, r, plain(), tc.service, sigv4.Unsigned, now)
			} else {
				r.URL.RawQuery = ""
				r.Header.Set("X-Amz-Content-Sha256", hash(""))
				sign(t, r, plain(), tc.service, hash(""), now)
			}
			wantCode(t, verify(r, now.Add(tc.at)), tc.wantCode)
		})
	}
}

func TestVerifyPresigned(t *testing.T) {
	fresh := func(t *testing.T, creds aws.Credentials) *http.Request {
		r := request(t, "GET", "http://h/b/k?X-Amz-Expires=60&versionId=v", "")
		return presign(t, r, creds, "s3", sigv4.Unsigned, now)
	}
	t.Run("session", func(t *testing.T) {
		wantCode(t, verify(fresh(t, plain("ASIASESSION", token)), now), "")
	})
	t.Run("session without its token", func(t *testing.T) {
		wantCode(t, verify(fresh(t, plain("ASIASESSION")), now), "InvalidToken")
	})
	t.Run("session ended", func(t *testing.T) {
		wantCode(t, verify(fresh(t, plain("ASIAENDED", token)), now), "ExpiredToken")
	})
	edits := map[string]struct{ old, new, code string }{
		"longer":            {"X-Amz-Expires=60", "X-Amz-Expires=61", "SignatureDoesNotMatch"},
		"other version":     {"versionId=v", "versionId=w", "SignatureDoesNotMatch"},
		"parameter added":   {"versionId=v", "versionId=v&acl=", "SignatureDoesNotMatch"},
		"signature twice":   {"X-Amz-Signature=", "X-Amz-Signature=0&X-Amz-Signature=", "AuthorizationQueryParametersError"},
		"date twice":        {"X-Amz-Date=", "X-Amz-Date=20260305T123000Z&X-Amz-Date=", "AuthorizationQueryParametersError"},
		"other algorithm":   {"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512", "AuthorizationQueryParametersError"},
		"no signature":      {"X-Amz-Signature=", "X-Amz-Sig=", "AuthorizationQueryParametersError"},
		"no date":           {"X-Amz-Date=", "X-Amz-When=", "AuthorizationQueryParametersError"},
		"expires in a week": {"X-Amz-Expires=60", "X-Amz-Expires=604801", "AuthorizationQueryParametersError"},
		"expires before":    {"X-Amz-Expires=60", "X-Amz-Expires=-1", "AuthorizationQueryParametersError"},
		"expires in words":  {"X-Amz-Expires=60", "X-Amz-Expires=soon", "AuthorizationQueryParametersError"},
		"host not signed":   {"X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date", "SignatureDoesNotMatch"},
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			r := fresh(t, plain())
			if !strings.Contains(r.URL.RawQuery, edit.old) {
				t.Fatalf("no %s in %s", edit.old, r.URL.RawQuery)
			}
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, edit.old, edit.new, 1)
			wantCode(t, verify(r, now), edit.code)
		})
	}
	t.Run("and a header", func(t *testing.T) {
		r := fresh(t, plain())
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260305/b/c/aws4_request, SignedHeaders=host, Signature=00")
		wantCode(t, verify(r, now), "InvalidArgument")
	})
	t.Run("header added", func(t *testing.T) {
		r := fresh(t, plain())
		r.Header.Set("X-Amz-Acl", "public-read")
		wantCode(t, verify(r, now), "AccessDenied")
	})
	t.Run("body with another hash", func(t *testing.T) {
		r := request(t, "PUT", "http://h/b/k?X-Amz-Expires=60", "")
		r.Header.Set("X-Amz-Content-Sha256", hash("right"))
		r = presign(t, r, plain(), "s3", hash("right"), now)
		r.Header.Set("X-Amz-Content-Sha256", hash("right"))
		r.Body = io.NopCloser(strings.NewReader("right"))
		wantCode(t, verify(r, now), "")
		r.Body = io.NopCloser(strings.NewReader("wrong"))
		wantCode(t, verify(r, now), "XAmzContentSHA256Mismatch")
	})
}

// TestVerifyPath shows the two ways to canonicalise a path: S3 takes it as it is, all others normalise it first.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func TestVerifyPath(t *testing.T) {
	for sent, normal := range map[string]string{
		"/a//b":        "/a/b",
		"/./a":         "/a",
		"/a/../b":      "/b",
		"/../a":        "/a",
		"/a/./b/":      "/a/b/",
		"/a/..":        "/",
		"/a%2F..%2Fb":  "/a%2F..%2Fb",
		"/...":         "/...",
		"/a/b/../../c": "/c",
		"//":           "/",
	} {
		r := request(t, "GET", "http://h"+normal, "")
		sign(t, r, plain(), "execute-api", hash(""), now)
		mutated := request(t, "GET", "http://h"+sent, "")
		mutated.Header = r.Header
		if err := verify(mutated, now); err != nil {
			t.Errorf("%s signed as %s: %v", sent, normal, err)
		}
		r = request(t, "GET", "http://h"+sent, "")
		r.Header.Set("X-Amz-Content-Sha256", hash(""))
		sign(t, r, plain(), "s3", hash(""), now)
		if err := verify(r, now); err != nil {
			t.Errorf("s3 %s: %v", sent, err)
		}
	}
}

func TestVerifyS3Payload(t *testing.T) {
	tests := map[string]struct{ header, body, code string }{
		"hashed":    {hash("body"), "body", ""},
		"changed":   {hash("body"), "bodY", "XAmzContentSHA256Mismatch"},
		"cut":       {hash("body"), "bod", "XAmzContentSHA256Mismatch"},
		"unsigned":  {sigv4.Unsigned, "anything", ""},
		"none":      {"", "body", "InvalidRequest"},
		"no hash":   {"hash", "body", "InvalidArgument"},
		"odd digit": {strings.Repeat("g", 64), "body", "InvalidArgument"},
		"unknown":   {"STREAMING-SOMETHING", "body", "InvalidArgument"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(t, "PUT", "http://h/b/k", tc.body)
			if tc.header != "" {
				r.Header.Set("X-Amz-Content-Sha256", tc.header)
			}
			sign(t, r, plain(), "s3", tc.header, now)
			wantCode(t, verify(r, now), tc.code)
		})
	}
}

func TestNoSignature(t *testing.T) {
	for _, url := range []string{"http://h/", "http://h/?a=X-Amz-Algorithm=1", "http://h/b/k?X-Amz-Expires=1"} {
		if err := verify(request(t, "GET", url, ""), now); !errors.Is(err, sigv4.ErrMissing) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	body := "Action=DescribeVpcs&Version=2016-11-15"
	r := request(b, "POST", "http://127.0.0.1:4566/", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sign(b, r, plain(), "ec2", hash(body), now)
	v, sum := verifierAt(now), hash(body)
	b.ReportAllocs()
	for b.Loop() {
		sig, err := sigv4.Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Verify(r, sig, sum); err != nil {
			b.Fatal(err)
		}
	}
}
