package proxy_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"atoll/internal/dataplane/firewall"
	"atoll/internal/dataplane/proxy"
)

// guardFunc is a guard.
type guardFunc func(r *firewall.Request) (firewall.Verdict, error)

func (f guardFunc) Judge(_ time.Time, r *firewall.Request) (firewall.Verdict, error) { return f(r) }

func TestGuard(t *testing.T) {
	w := start(t)
	w.simple(w.server(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(rw, r.Header.Get("X-Amzn-Waf-A")+" "+string(body))
	}))
	var seen *firewall.Request
	verdict, fault := firewall.Verdict{Kind: firewall.Allow, Insert: []firewall.Header{{Name: "x-amzn-waf-a", Value: "b"}}}, error(nil)
	bodies := ""
	w.Protect(map[string]proxy.Guard{"arn:web": guardFunc(func(r *firewall.Request) (firewall.Verdict, error) {
		seen = r
		if r.Body != nil {
			first, _ := r.Body()
			bodies = string(first)
		}
		return verdict, fault
	})})
	post := func(body string) func(r *http.Request) {
		return func(r *http.Request) {
			r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(body)) // of unknown length
		}
	}
	if a := w.get("/a%2fb?c=d", post("text")); a.status != 200 || a.body != "b text" {
		t.Errorf("allowed: %d %q", a.status, a.body)
	}
	if seen.Path != "/a%2fb" || seen.Query != "c=d" || seen.Method != http.MethodPost || seen.Source.String() != "127.0.0.1" || seen.Host != host || bodies != "text" {
		t.Errorf("the guard saw %+v, %q", seen, bodies)
	}
	verdict = firewall.Verdict{Kind: firewall.Block}
	if a := w.get("/"); a.status != 403 || a.header.Get("Server") != "awselb/2.0" {
		t.Errorf("blocked: %+v", a)
	}
	verdict.Response = &firewall.Response{Status: 302, Headers: []firewall.Header{{Name: "Location", Value: "https://example.com/"}}}
	if a := w.get("/"); a.status != 302 || a.header.Get("Location") != "https://example.com/" || a.body != "" {
		t.Errorf("a custom response: %+v", a)
	}
	fault = errors.New("a fault of the test")
	if a := w.get("/"); a.status != 500 {
		t.Errorf("failed closed: %+v", a)
	}
	w.config.Settings.FailOpen = true
	w.apply()
	if a := w.get("/"); a.status != 200 {
		t.Errorf("failed open: %+v", a)
	}
	w.Protect(nil)
	if a := w.get("/"); a.status != 200 || a.body != " " {
		t.Errorf("unprotected: %+v", a)
	}
	w.clock.advance(5 * time.Minute)
	log := ""
	w.sink.until(t, "a log of 6 requests", func() bool {
		log = w.sink.logged(t)
		return strings.Count(log, "\n") == 6
	})
	for _, want := range []string{`"waf,forward" "-" "-" "10.`, ` 403 - `, `"waf" "-" "-" "-" "-"`, `"waf-failed" "-" "WAFUnhandledException" "-" "-"`, `"waf-failed,forward" "-" "WAFUnhandledException" "10.`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

// logged gives the entries of all files. The lock is held.
func (s *sink) logged(t *testing.T) string {
	var out strings.Builder
	for _, f := range s.files {
		z, err := gzip.NewReader(bytes.NewReader(f.Body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&out, z); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestGuardOfStalledBody(t *testing.T) {
	w := start(t)
	w.config.Settings.IdleTimeout = 50 * time.Millisecond
	w.simple(w.named("a"))
	w.Protect(map[string]proxy.Guard{"arn:web": guardFunc(func(r *firewall.Request) (firewall.Verdict, error) {
		r.Body()
		return firewall.Verdict{Kind: firewall.Allow}, nil
	})})
	reader, writer := io.Pipe()
	defer writer.Close()
	if a := w.get("/", func(r *http.Request) { r.Method, r.Body = http.MethodPost, reader }); a.status != 408 {
		t.Errorf("got %d", a.status)
	}
}
