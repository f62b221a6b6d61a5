package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxSkew is how far a request's time may be from the server's.
const maxSkew = 15 * time.Minute

// Credentials are the secret side of an access key.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time // zero: never
}

// Lookup finds the credentials of an access key id.
type Lookup func(accessKeyID string) (Credentials, bool)

// Verifier checks signatures. It keeps the signing keys that it derived, up to a bound.
type Verifier struct {
	lookup Lookup
	now    func() time.Time

	mu   sync.RWMutex
	keys map[keyID][]byte
}

type keyID struct{ secret, date, region, service string }

// maxKeys bounds the signing keys kept; a key is good for a day, a region and a service.
const maxKeys = 1024

// New makes a Verifier.
func New(lookup Lookup, now func() time.Time) *Verifier {
	return &Verifier{lookup: lookup, now: now, keys: map[keyID][]byte{}}
}

// Verify checks a request's signature. payloadSHA256 is the hash of the body in hexadecimal; S3 alone signs what
// x-amz-content-sha256 says instead, and Body checks that. It gives the credentials, or an *Error.
func (v *Verifier) Verify(r *http.Request, sig *Signature, payloadSHA256 string) (Credentials, error) {
	creds, ok := v.lookup(sig.Scope.AccessKeyID)
	if !ok {
		return creds, refuse("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if err := v.checkToken(r, sig, creds); err != nil {
		return creds, err
	}
	if err := v.checkTime(sig); err != nil {
		return creds, err
	}
	if err := checkSigned(r, sig); err != nil {
		return creds, err
	}
	payload, err := payloadHash(sig, payloadSHA256)
	if err != nil {
		return creds, err
	}
	for _, path := range canonicalPaths(r.URL.EscapedPath(), sig.Scope.Service) {
		want := v.sign(creds, sig, canonical(r, sig, path, payload))
		if subtle.ConstantTimeCompare([]byte(want), []byte(sig.Value)) == 1 {
			return creds, nil
		}
	}
	return creds, refuse("SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

// canonicalPaths gives the forms of a path that may be signed. S3 takes the key as it is and encodes it once; clients that
// leave some characters as they are sign what they send, which means the same key. All other services normalise the path and
// encode it a second time.
func canonicalPaths(escaped, service string) []string {
	if service != "s3" {
		return []string{encode(normalize(escaped), true)}
	}
	if escaped == "" {
		escaped = "/"
	}
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return []string{escaped}
	}
	if once := encode(plain, true); once != escaped {
		return []string{once, escaped}
	}
	return []string{escaped}
}

// normalize resolves empty, "." and ".." segments, as RFC 3986 has it in section 5.2.4, and keeps a slash at the end.
func normalize(escaped string) string {
	clean := path.Clean("/" + escaped)
	if clean != "/" && strings.HasSuffix(escaped, "/") {
		clean += "/"
	}
	return clean
}

func payloadHash(sig *Signature, body string) (string, error) {
	if sig.Scope.Service != "s3" {
		if sig.PayloadHash != "" && sig.PayloadHash != body && sig.PayloadHash != Unsigned {
			return "", refuse("SignatureDoesNotMatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
		if sig.PayloadHash == Unsigned {
			return Unsigned, nil
		}
		return body, nil
	}
	switch {
	case isPayload(sig.PayloadHash):
		return sig.PayloadHash, nil
	case sig.PayloadHash != "":
		return "", badRequest("InvalidArgument",
			"x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
	case sig.Presigned:
		return Unsigned, nil
	}
	return "", badRequest("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
}

// isPayload reports whether S3 knows a value of x-amz-content-sha256.
func isPayload(value string) bool {
	switch value {
	case Unsigned, streamSigned, streamSignedTrailer, streamUnsignedTrailer:
		return true
	}
	raw, err := hex.DecodeString(value)
	return err == nil && len(raw) == sha256.Size
}

func (v *Verifier) checkToken(r *http.Request, sig *Signature, creds Credentials) error {
	token := r.Header.Get("X-Amz-Security-Token")
	if token == "" && sig.Presigned {
		token = r.URL.Query().Get("X-Amz-Security-Token")
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(creds.SessionToken)) != 1 {
		return refuse("InvalidToken", "The security token included in the request is invalid.")
	}
	if !creds.Expires.IsZero() && !v.now().Before(creds.Expires) {
		return refuse("ExpiredToken", "The security token included in the request is expired")
	}
	return nil
}

func (v *Verifier) checkTime(sig *Signature) error {
	now := v.now()
	if sig.Presigned {
		if now.Before(sig.Time.Add(-maxSkew)) {
			return refuse("AccessDenied", "Request is not yet valid")
		}
		if now.After(sig.Time.Add(sig.Expires)) {
			return refuse("AccessDenied", "Request has expired")
		}
		return nil
	}
	if skew := now.Sub(sig.Time); skew > maxSkew || skew < -maxSkew {
		if sig.Scope.Service == "s3" {
			return refuse("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
		}
		return refuse("SignatureDoesNotMatch", fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)",
			sig.date, now.Add(-maxSkew).Format(timeFormat), now.Format(timeFormat)))
	}
	return nil
}

// checkSigned demands that the signature covers the host and all of AWS's own headers.
func checkSigned(r *http.Request, sig *Signature) error {
	if !slices.Contains(sig.SignedHeaders, "host") {
		return refuse("SignatureDoesNotMatch", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		if len(name) > 6 && strings.EqualFold(name[:6], "x-amz-") {
			lower := strings.ToLower(name)
			if !slices.Contains(sig.SignedHeaders, lower) && !(sig.Presigned && lower == "x-amz-content-sha256") {
				return refuse("AccessDenied", "There were headers present in the request which were not signed: "+lower)
			}
		}
	}
	return nil
}

// canonical builds the canonical request.
func canonical(r *http.Request, sig *Signature, path, payload string) []byte {
	b := make([]byte, 0, 1024)
	b = append(append(b, r.Method...), '\n')
	b = append(b, path...)
	b = append(b, '\n')
	b = append(append(b, canonicalQuery(r.URL.RawQuery, sig.Presigned)...), '\n')
	for _, name := range sig.SignedHeaders {
		b = append(append(b, name...), ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range sig.SignedHeaders {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	return append(append(b, '\n'), payload...)
}

// appendHeader writes a header's values as they are signed: trimmed, inner runs of spaces collapsed, joined by commas. Some
// headers do not stand in r.Header, since net/http takes them out.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	switch name {
	case "host":
		return append(b, r.Host...)
	case "content-length":
		if r.ContentLength >= 0 {
			return strconv.AppendInt(b, r.ContentLength, 10)
		}
	case "transfer-encoding":
		return append(b, strings.Join(r.TransferEncoding, ",")...)
	}
	for i, value := range r.Header[http.CanonicalHeaderKey(name)] {
		if i > 0 {
			b = append(b, ',')
		}
		value = strings.TrimSpace(value)
		for i := range len(value) {
			if value[i] == ' ' && i > 0 && value[i-1] == ' ' {
				continue
			}
			b = append(b, value[i])
		}
	}
	return b
}

func (v *Verifier) sign(creds Credentials, sig *Signature, request []byte) string {
	sum := sha256.Sum256(request)
	b := make([]byte, 0, 192)
	b = append(append(b, algorithm...), '\n')
	b = append(append(b, sig.date...), '\n')
	b = append(append(b, sig.scope()...), '\n')
	b = hex.AppendEncode(b, sum[:])
	return hex.EncodeToString(mac(v.key(creds, sig.Scope), b))
}

func (s *Signature) scope() string {
	return s.Scope.Date + "/" + s.Scope.Region + "/" + s.Scope.Service + "/aws4_request"
}

// key derives the signing key of a scope, or finds the one that it derived before.
func (v *Verifier) key(creds Credentials, sc Scope) []byte {
	id := keyID{creds.SecretAccessKey, sc.Date, sc.Region, sc.Service}
	v.mu.RLock()
	k, ok := v.keys[id]
	v.mu.RUnlock()
	if ok {
		return k
	}
	k = mac([]byte("AWS4"+creds.SecretAccessKey), []byte(sc.Date))
	k = mac(mac(mac(k, []byte(sc.Region)), []byte(sc.Service)), []byte("aws4_request"))
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.keys) >= maxKeys {
		clear(v.keys)
	}
	v.keys[id] = k
	return k
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}
