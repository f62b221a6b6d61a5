package proxy

import (
	"crypto/tls"
	"encoding/hex"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// transform applies the rule's rewrites to what the target will get.
func (e *exchange) transform() error {
	if w := e.rule.host; w != nil {
		if next := w.apply(e.in.Host); next != e.in.Host {
			if next == "" || strings.ContainsAny(next, " /\r\n") {
				return errTransform
			}
			e.newHost = next
		}
	}
	if w := e.rule.url; w != nil {
		next, err := w.rewriteURL(e.in.URL)
		if err != nil {
			return err
		}
		if next != e.in.URL {
			e.newURI = next.RequestURI()
		}
	}
	return nil
}

// rewrite makes the request that the target gets.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
func (e *exchange) rewrite(pr *httputil.ProxyRequest, secure bool) {
	in, out := pr.In, pr.Out
	u := in.URL
	if e.newURI != "" {
		if next, err := url.ParseRequestURI(e.newURI); err == nil { // it is what transform made
			u = next
		}
	}
	out.URL = &url.URL{Scheme: "http", Host: e.target.address.String(), Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery}
	if secure {
		out.URL.Scheme = "https"
	}
	out.Host = in.Host
	if e.newHost != "" {
		out.Host = e.newHost
	}
	h := out.Header
	s := &e.listener.balancer.Settings
	if s.DropInvalidHeaders {
		for name := range h {
			if !validName(name) {
				delete(h, name)
			}
		}
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} { // the load balancer has no part in these
		if v, ok := in.Header[name]; ok {
			h[name] = v
		}
	}
	e.forwardedFor(in.Header, h, s)
	protocol := "http"
	if e.listener.Secure {
		protocol = "https"
	}
	h["X-Forwarded-Proto"] = []string{protocol}
	h["X-Forwarded-Port"] = []string{e.listener.port}
	h["X-Amzn-Trace-Id"] = []string{e.trace}
	for _, x := range e.insert {
		h.Set(x.Name, x.Value)
	}
	if s.TLSHeaders && in.TLS != nil {
		h.Set(e.listener.VersionHeader, versionName(in.TLS.Version))
		h.Set(e.listener.CipherSuiteHeader, tls.CipherSuiteName(in.TLS.CipherSuite))
	}
}

func (e *exchange) forwardedFor(in, out http.Header, s *Settings) {
	const name = "X-Forwarded-For"
	prior, given := in[name]
	switch s.Forwarded {
	case "remove":
		delete(out, name)
		return
	case "preserve":
		if given {
			out[name] = prior
		}
		return
	}
	client := e.conn.client
	if s.ClientPort {
		client = e.source().String()
	}
	if given {
		client = strings.Join(prior, ", ") + ", " + client
	}
	out[name] = []string{client}
}

// validName says whether a header's name has only letters, digits and hyphens.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// versionName words a TLS version as AWS does, such as TLSv1.2.
func versionName(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "TLSv1"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS12:
		return "TLSv1.2"
	default:
		return "TLSv1.3"
	}
}

// traceID gives the value of X-Amzn-Trace-Id: a new one, or the client's with the load balancer's own part in front.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
func (p *Proxy) traceID(in http.Header, now time.Time) string {
	var raw [12]byte
	p.randomBytes(raw[:])
	out := make([]byte, 0, 128)
	out = append(out, "1-"...)
	out = strconv.AppendInt(out, now.Unix(), 16)
	out = append(out, '-')
	out = hex.AppendEncode(out, raw[:])
	given := in.Get("X-Amzn-Trace-Id")
	if given == "" {
		return "Root=" + string(out)
	}
	rest := make([]string, 0, 4)
	root := false
	for part := range strings.SplitSeq(given, ";") {
		part = strings.TrimSpace(part)
		root = root || strings.HasPrefix(part, "Root=")
		if part != "" && !strings.HasPrefix(part, "Self=") {
			rest = append(rest, part)
		}
	}
	if !root {
		return "Root=" + string(out) + ";" + strings.Join(rest, ";")
	}
	return "Self=" + string(out) + ";" + strings.Join(rest, ";")
}
