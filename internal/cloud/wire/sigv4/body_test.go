package sigv4_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"atoll/internal/cloud/wire/sigv4"
)

const (
	signed          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer   = signed + "-TRAILER"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// signer derives signatures step by step as AWS's pages describe it, apart from the code under test.
type signer struct{ secret, date, scope string }

func (s signer) text(algorithm, rest string) string {
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + s.secret)
	for part := range strings.SplitSeq(s.scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, algorithm+"\n"+s.date+"\n"+s.scope+"\n"+rest))
}

// frames builds an aws-chunked body. Edits may spoil it.
func (s signer) frames(mode, seed string, chunks []string, trailer [][2]string) string {
	var b strings.Builder
	previous := seed
	for _, chunk := range append(chunks, "") {
		b.WriteString(strconv.FormatInt(int64(len(chunk)), 16))
		if mode != unsignedTrailer {
			previous = s.text("AWS4-HMAC-SHA256-PAYLOAD", previous+"\n"+hash("")+"\n"+hash(chunk))
			b.WriteString(";chunk-signature=" + previous)
		}
		b.WriteString("\r\n")
		if chunk != "" {
			b.WriteString(chunk + "\r\n")
		}
	}
	var canonical strings.Builder
	for _, h := range trailer {
		b.WriteString(h[0] + ":" + h[1] + "\r\n")
		canonical.WriteString(strings.ToLower(h[0]) + ":" + strings.TrimSpace(h[1]) + "\n")
	}
	if mode == signedTrailer {
		b.WriteString("x-amz-trailer-signature:" + s.text("AWS4-HMAC-SHA256-TRAILER", previous+"\n"+hash(canonical.String())) + "\r\n")
	}
	return b.String() + "\r\n"
}

// upload makes a signed request with a body in the aws-chunked coding.
func upload(t testing.TB, mode string, chunks []string, trailer [][2]string, edit func(r *http.Request, body string) string) *http.Request {
	t.Helper()
	r := request(t, "PUT", "http://h/b/k", "")
	r.Header.Set("X-Amz-Content-Sha256", mode)
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(strings.Join(chunks, ""))))
	if len(trailer) > 0 {
		r.Header.Set("X-Amz-Trailer", trailer[0][0])
	}
	if edit != nil {
		edit(r, "")
	}
	sign(t, r, plain(), "s3", mode, now)
	sig, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	s := signer{secret: secret, date: r.Header.Get("X-Amz-Date"), scope: "20260305/eu-west-1/s3/aws4_request"}
	body := s.frames(mode, sig.Value, chunks, trailer)
	if edit != nil {
		body = edit(r, body)
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

// read gives the payload and trailer of an S3 request.
func read(r *http.Request, wrap func(io.Reader) io.Reader) (string, http.Header, error) {
	sig, err := sigv4.Parse(r)
	if err != nil {
		return "", nil, err
	}
	v := verifierAt(sig.Time)
	creds, err := v.Verify(r, sig, "")
	if err != nil {
		return "", nil, err
	}
	body, err := v.Body(r, sig, creds)
	if err != nil {
		return "", nil, err
	}
	var from io.Reader = body
	if wrap != nil {
		from = wrap(body)
	}
	got, err := io.ReadAll(from)
	if err == nil && body.Size() >= 0 && int64(len(got)) != body.Size() {
		err = fmt.Errorf("%d bytes, Size says %d", len(got), body.Size())
	}
	return string(got), body.Trailer(), err
}

var crc = [][2]string{{"x-amz-checksum-crc32c", "sOO8/Q=="}}

func TestBodyChunked(t *testing.T) {
	for name, chunks := range map[string][]string{
		"empty":      nil,
		"one":        {"payload"},
		"several":    {strings.Repeat("a", 65536), strings.Repeat("b", 1024), "c"},
		"with CRLFs": {"\r\n\r\n", "0\r\n\r\n"},
	} {
		for mode, trailer := range map[string][][2]string{signed: nil, signedTrailer: crc, unsignedTrailer: crc} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				for _, wrap := range []func(io.Reader) io.Reader{nil, iotest.OneByteReader, iotest.HalfReader} {
					got, gotTrailer, err := read(upload(t, mode, chunks, trailer, nil), wrap)
					if err != nil {
						t.Fatal(err)
					}
					if got != strings.Join(chunks, "") {
						t.Errorf("payload of %d bytes, sent %d", len(got), len(strings.Join(chunks, "")))
					}
					for _, h := range trailer {
						if gotTrailer.Get(h[0]) != h[1] {
							t.Errorf("trailer %v", gotTrailer)
						}
					}
				}
			})
		}
	}
}

func TestBodyRefuses(t *testing.T) {
	chunks := []string{"first chunk", "second chunk"}
	replace := func(old, new string) func(string) string {
		return func(body string) string { return strings.Replace(body, old, new, 1) }
	}
	cut := func(n int) func(string) string { return func(body string) string { return body[:len(body)-n] } }
	for name, tc := range map[string]struct {
		mode string
		edit func(string) string
		code string
	}{
		"data changed":               {signed, replace("second", "sEcond"), "SignatureDoesNotMatch"},
		"chunk signature changed":    {signed, replace("chunk-signature=", "chunk-signature=0"), "SignatureDoesNotMatch"},
		"chunk signature missing":    {signed, func(b string) string { _, rest, _ := strings.Cut(b, "\r\n"); return "b\r\n" + rest }, "SignatureDoesNotMatch"},
		"chunks swapped":             {signed, replace("first chunk", "second chun"), "SignatureDoesNotMatch"},
		"last chunk missing":         {signed, func(b string) string { return b[:strings.LastIndex(b, "0;chunk")] }, "IncompleteBody"},
		"cut within a chunk":         {signed, func(b string) string { return b[:strings.Index(b, "second")+3] }, "IncompleteBody"},
		"cut after the first":        {signed, func(b string) string { return b[:strings.Index(b, "c;chunk")] }, "IncompleteBody"},
		"nothing":                    {signed, func(string) string { return "" }, "IncompleteBody"},
		"ends early":                 {unsignedTrailer, replace("c\r\nsecond chunk\r\n", ""), "IncompleteBody"},
		"longer than declared":       {unsignedTrailer, replace("0\r\nx-amz", "1\r\nx\r\n0\r\nx-amz"), "IncompleteBody"},
		"size is no number":          {unsignedTrailer, replace("b\r\n", "q\r\n"), "InvalidRequest"},
		"size is negative":           {unsignedTrailer, replace("b\r\n", "-b\r\n"), "InvalidRequest"},
		"size has a sign":            {unsignedTrailer, replace("b\r\n", "+b\r\n"), "InvalidRequest"},
		"size is huge":               {unsignedTrailer, replace("b\r\n", "ffffffffffffffffff\r\n"), "InvalidRequest"},
		"head without end":           {unsignedTrailer, func(b string) string { return strings.Repeat("0", 1<<20) }, "InvalidRequest"},
		"data longer than the chunk": {unsignedTrailer, replace("first chunk", "first chunk!"), "InvalidRequest"},
		"trailer changed":            {signedTrailer, replace("sOO8", "sOO9"), "SignatureDoesNotMatch"},
		"trailer added":              {signedTrailer, replace("x-amz-checksum", "x-amz-meta-a:1\r\nx-amz-checksum"), "SignatureDoesNotMatch"},
		"trailer signature missing":  {signedTrailer, func(b string) string { return b[:strings.Index(b, "x-amz-trailer-s")] + "\r\n" }, "SignatureDoesNotMatch"},
		"trailer without a colon":    {unsignedTrailer, replace("crc32c:", "crc32c"), "MalformedTrailerError"},
		"announced trailer missing":  {unsignedTrailer, replace("x-amz-checksum-crc32c:sOO8/Q==\r\n", ""), "MalformedTrailerError"},
		"trailer of another name":    {unsignedTrailer, replace("x-amz-checksum-crc32c:", "x-amz-checksum-sha1:"), "MalformedTrailerError"},
		"trailer cut":                {signedTrailer, cut(40), "SignatureDoesNotMatch"},
		"trailer not announced":      {signed, replace("\r\n\r\n", "\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n"), "InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			trailer := crc
			if tc.mode == signed {
				trailer = nil
			}
			r := upload(t, tc.mode, chunks, trailer, func(_ *http.Request, body string) string {
				if body == "" {
					return ""
				}
				edited := tc.edit(body)
				if edited == body {
					t.Fatal("nothing edited")
				}
				return edited
			})
			_, _, err := read(r, nil)
			wantCode(t, err, tc.code)
		})
	}
}

func TestBodyNeedsLength(t *testing.T) {
	for _, length := range []string{"", "-1", "many"} {
		r := upload(t, signed, []string{"x"}, nil, func(r *http.Request, body string) string {
			r.Header.Del("X-Amz-Decoded-Content-Length")
			if length != "" {
				r.Header.Set("X-Amz-Decoded-Content-Length", length)
			}
			return body
		})
		_, _, err := read(r, nil)
		wantCode(t, err, "MissingContentLength")
	}
}

// TestBodyBroken wants a failing connection seen as such, not as the payload's end.
func TestBodyBroken(t *testing.T) {
	r := upload(t, signed, []string{"payload"}, nil, nil)
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("connection reset")
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw[:len(raw)/2]), iotest.ErrReader(broken)))
	if _, _, err := read(r, nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestPublishedChunks are AWS's examples of an upload in chunks, without and with a trailer:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html.
func TestPublishedChunks(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for name, tc := range map[string]struct {
		mode, headers, seed, tail string
		signatures                [3]string
	}{
		"chunks": {signed, "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", "\r\n",
			[3]string{"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
				"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}},
		"trailer": {signedTrailer, "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
			"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
			[3]string{"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
				"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"}},
	} {
		t.Run(name, func(t *testing.T) {
			body := "10000;chunk-signature=" + tc.signatures[0] + "\r\n" + a(65536) + "\r\n" +
				"400;chunk-signature=" + tc.signatures[1] + "\r\n" + a(1024) + "\r\n" +
				"0;chunk-signature=" + tc.signatures[2] + "\r\n" + tc.tail
			r := request(t, "PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", body)
			for k, v := range map[string]string{
				"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Content-Sha256": tc.mode,
				"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560",
				"Authorization": "AWS4-HMAC-SHA256 Credential=" + keyID + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + tc.headers + ",Signature=" + tc.seed,
			} {
				r.Header.Set(k, v)
			}
			if tc.mode == signedTrailer {
				r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
			} else {
				r.ContentLength = 66824
			}
			got, _, err := read(r, nil)
			if err != nil || got != a(66560) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// TestChecksums has the check values of the checksum algorithms: those of "123456789", as RFC 3720, the NVMe specification and
// FIPS 180 give them.
func TestChecksums(t *testing.T) {
	for name, want := range map[string]string{
		"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888",
		"SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441", "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	} {
		h, ok := sigv4.NewChecksum(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		h.Write([]byte("123456789"))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s gives %s", name, got)
		}
	}
	if _, ok := sigv4.NewChecksum("MD4"); ok {
		t.Error("MD4 is none of S3's")
	}
}

func BenchmarkBody(b *testing.B) {
	chunks := make([]string, 16)
	for i := range chunks {
		chunks[i] = strings.Repeat("a", 64<<10)
	}
	r := upload(b, signed, chunks, nil, nil)
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	sig, err := sigv4.Parse(r)
	if err != nil {
		b.Fatal(err)
	}
	creds, _ := keys(keyID)
	v := sigv4.New(keys, time.Now)
	b.SetBytes(1 << 20)
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(raw))
		body, err := v.Body(r, sig, creds)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			b.Fatal(err)
		}
	}
}
