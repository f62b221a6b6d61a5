package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"

	// Unsigned stands in x-amz-content-sha256 for a payload that the signature does not cover.
	Unsigned = "UNSIGNED-PAYLOAD"
)

// Scope is a signature's credential scope.
type Scope struct{ AccessKeyID, Date, Region, Service string }

// Signature is what a request claims, before it is verified.
type Signature struct {
	Scope         Scope
	SignedHeaders []string // lower case, in the order given
	Presigned     bool
	Time          time.Time
	Expires       time.Duration // of a presigned request
	PayloadHash   string        // x-amz-content-sha256, "" without one
	Value         string        // the signature, in hexadecimal

	date string // Time as given
}

// Parse reads a request's signature from its headers or its query. It gives ErrMissing if there is none, an *Error if it is
// malformed.
func Parse(r *http.Request) (*Signature, error) {
	headers := r.Header["Authorization"]
	presigned := hasParameter(r.URL.RawQuery, "X-Amz-Algorithm")
	switch {
	case len(headers) > 1 || len(headers) == 1 && presigned:
		return nil, badRequest("InvalidArgument", "Only one auth mechanism is allowed: one Authorization header, or the X-Amz-Algorithm query parameter.")
	case presigned:
		return parsePresigned(r)
	case len(headers) == 1 && headers[0] != "":
		return parseHeader(r, headers[0])
	case hasParameter(r.URL.RawQuery, "AWSAccessKeyId"):
		return nil, badRequest("InvalidRequest", "Signature Version 2 is not supported. Use AWS4-HMAC-SHA256.")
	}
	return nil, ErrMissing
}

// hasParameter looks for a query parameter without reading the whole query, which most requests do not have.
func hasParameter(query, name string) bool {
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if key, _, _ := strings.Cut(part, "="); key == name {
			return true
		}
	}
	return false
}

func parseHeader(r *http.Request, auth string) (*Signature, error) {
	scheme, rest, _ := strings.Cut(auth, " ")
	switch {
	case scheme == algorithm:
	case scheme == "AWS":
		return nil, badRequest("InvalidRequest", "Signature Version 2 is not supported. Use AWS4-HMAC-SHA256.")
	case strings.HasPrefix(scheme, "AWS4-ECDSA"):
		return nil, badRequest("InvalidRequest", "Signature Version 4a is not supported. Use AWS4-HMAC-SHA256.")
	default:
		return nil, malformed("Unsupported authorization type; expected " + algorithm + ".")
	}
	s := &Signature{PayloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	var scope, headers string
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, malformed("'" + part + "' not a valid key=value pair (missing equal-sign) in Authorization header.")
		}
		var to *string
		switch key {
		case "Credential":
			to = &scope
		case "SignedHeaders":
			to = &headers
		case "Signature":
			to = &s.Value
		default:
			continue
		}
		if *to != "" {
			return nil, malformed("Authorization header has '" + key + "' more than once.")
		}
		*to = value
	}
	if scope == "" || headers == "" || s.Value == "" {
		return nil, malformed("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.")
	}
	s.date = r.Header.Get("X-Amz-Date")
	if s.date == "" {
		s.date = r.Header.Get("Date") // in ISO 8601's basic form or as HTTP has it
		if t, err := http.ParseTime(s.date); err == nil {
			s.date = t.UTC().Format(timeFormat)
		}
	}
	return s, s.finish(scope, headers)
}

func parsePresigned(r *http.Request) (*Signature, error) {
	q := r.URL.Query()
	if len(q["X-Amz-Algorithm"]) != 1 || q.Get("X-Amz-Algorithm") != algorithm {
		return nil, badRequest("AuthorizationQueryParametersError", "X-Amz-Algorithm only supports \""+algorithm+"\"")
	}
	for _, name := range []string{"X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"} {
		if len(q[name]) != 1 || q.Get(name) == "" {
			return nil, badRequest("AuthorizationQueryParametersError",
				"Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		}
	}
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || seconds < 0 || seconds > 604800 {
		return nil, badRequest("AuthorizationQueryParametersError", "X-Amz-Expires must be a number of seconds, at most 604800 (a week).")
	}
	s := &Signature{Presigned: true, Value: q.Get("X-Amz-Signature"), date: q.Get("X-Amz-Date"), Expires: time.Duration(seconds) * time.Second,
		PayloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	if s.PayloadHash == "" {
		s.PayloadHash = q.Get("X-Amz-Content-Sha256")
	}
	return s, s.finish(q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"))
}

// finish reads the parts that both forms have.
func (s *Signature) finish(scope, headers string) error {
	malformed := malformed
	if s.Presigned {
		malformed = func(message string) *Error { return badRequest("AuthorizationQueryParametersError", message) }
	}
	end := strings.TrimSuffix(scope, "/aws4_request")
	if end == scope {
		return malformed("Credential must end in /aws4_request.")
	}
	// An access key id may hold slashes on other clouds, never on AWS: four parts it is.
	parts := strings.Split(end, "/")
	if len(parts) != 4 || parts[0] == "" || len(parts[1]) != 8 || parts[2] == "" || parts[3] == "" {
		return malformed("Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request.")
	}
	s.Scope = Scope{AccessKeyID: parts[0], Date: parts[1], Region: parts[2], Service: parts[3]}
	s.SignedHeaders = strings.Split(headers, ";")
	t, err := time.Parse(timeFormat, s.date)
	if err != nil {
		return malformed("Date must be in the form 20060102T150405Z, in X-Amz-Date.")
	}
	if !strings.HasPrefix(s.date, s.Scope.Date) {
		return malformed("The credential scope's date is not the one of X-Amz-Date.")
	}
	s.Time = t
	return nil
}

// canonicalQuery gives the query sorted and encoded as it is signed.
func canonicalQuery(raw string, presigned bool) string {
	if raw == "" {
		return ""
	}
	type pair struct{ k, v string }
	pairs := make([]pair, 0, 8)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		k, v = recode(k), recode(v)
		if presigned && k == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{k, v})
	}
	for i := 1; i < len(pairs); i++ { // few, and mostly sorted: insertion sort
		for j := i; j > 0 && (pairs[j].k < pairs[j-1].k || pairs[j].k == pairs[j-1].k && pairs[j].v < pairs[j-1].v); j-- {
			pairs[j], pairs[j-1] = pairs[j-1], pairs[j]
		}
	}
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.k)
		b.WriteByte('=')
		b.WriteString(p.v)
	}
	return b.String()
}

// recode brings a query part into AWS's encoding, whatever the client's was.
func recode(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = s
	}
	return encode(plain, false)
}

// encode is AWS's URI encoding: all but unreserved characters, in upper-case hexadecimal.
func encode(s string, keepSlash bool) string {
	const digits = "0123456789ABCDEF"
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = unreserved(s[i]) || keepSlash && s[i] == '/'
	}
	if clean {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; unreserved(c) || keepSlash && c == '/' {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func unreserved(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
}
