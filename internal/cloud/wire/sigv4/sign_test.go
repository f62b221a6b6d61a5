package sigv4_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"atoll/internal/cloud/wire/sigv4"
)

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	token  = "FQoGZXIvYXdzEXAMPLE=="
)

// now is when the tests' requests are signed and, unless they say otherwise, verified.
var now = time.Date(2026, 3, 5, 12, 30, 0, 0, time.UTC)

// keys knows a long-lived key, a session and a session that has ended.
func keys(id string) (sigv4.Credentials, bool) {
	c := sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	switch id {
	case keyID:
	case "ASIASESSION":
		c.SessionToken = token
	case "ASIAENDED":
		c.SessionToken, c.Expires = token, now
	default:
		return sigv4.Credentials{}, false
	}
	return c, true
}

func verifierAt(t time.Time) *sigv4.Verifier {
	return sigv4.New(keys, func() time.Time { return t })
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// request makes a request as the server sees it: with the host in Host, and the body readable twice.
func request(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sign signs with the SDK's signer, as its clients do: S3 does not escape the path again.
func sign(t testing.TB, r *http.Request, creds aws.Credentials, service, payload string, at time.Time) {
	t.Helper()
	err := v4.NewSigner().SignHTTP(context.Background(), creds, r, payload, service, "eu-west-1", at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	if err != nil {
		t.Fatal(err)
	}
}

// presign signs a copy of r in its query.
func presign(t testing.TB, r *http.Request, creds aws.Credentials, service, payload string, at time.Time) *http.Request {
	t.Helper()
	uri, header, err := v4.NewSigner().PresignHTTP(context.Background(), creds, r, payload, service, "eu-west-1", at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := request(t, r.Method, uri, "")
	signed.Header, signed.Host = header, r.Host
	signed.Header.Del("Host") // as net/http does
	return signed
}

func plain(creds ...string) aws.Credentials {
	c := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	if len(creds) > 0 {
		c.AccessKeyID = creds[0]
	}
	if len(creds) > 1 {
		c.SessionToken = creds[1]
	}
	return c
}

// verify parses and checks a request as the wire layer does: the body's hash counts outside of S3.
func verify(r *http.Request, at time.Time) error {
	sig, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	v := verifierAt(at)
	creds, err := v.Verify(r, sig, hash(string(body)))
	if err != nil || sig.Scope.Service != "s3" {
		return err
	}
	stream, err := v.Body(r, sig, creds)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stream)
	return err
}

// wantCode checks that err is a refusal with a code; "" wants none.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var e *sigv4.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e.Code != code {
		t.Fatalf("got %v, want %s", e, code)
	}
	if e.Status < 400 || e.Status > 499 || e.Message == "" {
		t.Fatalf("incomplete error: %+v", e)
	}
}
