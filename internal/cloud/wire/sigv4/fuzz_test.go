package sigv4_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"atoll/internal/cloud/wire/sigv4"
)

// FuzzParse reads any request line and headers. Parse gives a whole Signature or one of its errors.
func FuzzParse(f *testing.F) {
	f.Add("/", goodHeader, "20260305T123000Z", "")
	f.Add("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260305%2Fb%2Fc%2Faws4_request&X-Amz-Date=20260305T123000Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "", "")
	f.Add("/?AWSAccessKeyId=a", "AWS a:b", "", "Thu, 05 Mar 2026 12:30:00 GMT")
	f.Fuzz(func(t *testing.T, uri, auth, amzDate, date string) {
		r := request(t, "GET", "http://h/", "")
		r.URL.RawQuery = uri
		r.Header["Authorization"], r.Header["X-Amz-Date"], r.Header["Date"] = []string{auth}, []string{amzDate}, []string{date}
		if auth == "" {
			delete(r.Header, "Authorization")
		}
		sig, err := sigv4.Parse(r)
		if err != nil {
			var e *sigv4.Error
			if !errors.As(err, &e) && !errors.Is(err, sigv4.ErrMissing) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if sig.Scope.AccessKeyID == "" || sig.Scope.Service == "" || sig.Scope.Region == "" || sig.Value == "" || sig.Time.IsZero() || len(sig.SignedHeaders) == 0 {
			t.Fatalf("accepted and not whole: %+v", sig)
		}
	})
}

// FuzzVerify changes the bytes of a signed request. What is still accepted must mean the same.
func FuzzVerify(f *testing.F) {
	for _, service := range []string{"ec2", "s3"} {
		f.Add(service == "s3", signedText(f, service))
	}
	f.Add(true, strings.Replace(signedText(f, "s3"), "a=1", "a=2", 1))
	originals := map[bool]*http.Request{true: parseText(f, signedText(f, "s3")), false: parseText(f, signedText(f, "ec2"))}
	f.Fuzz(func(t *testing.T, s3 bool, text string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if verify(r, now) != nil {
			return
		}
		want := originals[strings.Contains(r.Header.Get("Authorization"), "/s3/")]
		same := r.Method == want.Method && r.Host == want.Host && r.URL.Query().Encode() == want.URL.Query().Encode() &&
			r.Header.Get("X-Amz-Target") == want.Header.Get("X-Amz-Target") && string(body) == "payload"
		if !same {
			t.Fatalf("accepted a request that nobody signed:\n%s", text)
		}
	})
}

func signedText(t testing.TB, service string) string {
	r := request(t, "POST", "http://h:4566/b/k%20x?a=1&b=", "payload")
	r.Header.Set("X-Amz-Target", "A.B")
	r.Header.Set("X-Amz-Content-Sha256", hash("payload"))
	sign(t, r, plain(), service, hash("payload"), now)
	var wire strings.Builder
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	return wire.String()
}

func parseText(t testing.TB, text string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// FuzzChunked reads any bytes as an aws-chunked body. A payload that is accepted has the declared length; a signed one is the
// one that was signed.
func FuzzChunked(f *testing.F) {
	modes := []string{signed, signedTrailer, unsignedTrailer}
	chunks := []string{"first chunk", "second chunk"}
	for i, mode := range modes {
		var trailer [][2]string
		if mode != signed {
			trailer = crc
		}
		raw, err := io.ReadAll(upload(f, mode, chunks, trailer, nil).Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), string(raw))
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		mode := modes[int(which)%len(modes)]
		var trailer [][2]string
		if mode != signed {
			trailer = crc
		}
		r := upload(t, mode, chunks, trailer, func(_ *http.Request, good string) string {
			if good == "" {
				return ""
			}
			return body
		})
		got, _, err := read(r, nil)
		if err != nil {
			return
		}
		if want := strings.Join(chunks, ""); len(got) != len(want) || mode != unsignedTrailer && got != want {
			t.Fatalf("accepted %q", got)
		}
	})
}
