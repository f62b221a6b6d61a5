package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"atoll/internal/dataplane/firewall"
)

// Guard judges requests before the rules of a listener do. An error means that it could not.
type Guard interface {
	Judge(now time.Time, r *firewall.Request) (firewall.Verdict, error)
}

// Protect has guards judge the requests to load balancers, by their ids, instead of those before.
func (p *Proxy) Protect(guards map[string]Guard) {
	if len(guards) == 0 {
		p.guards.Store(nil)
		return
	}
	p.guards.Store(&guards)
}

// What logs tell of the guard. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
const (
	actionGuard       = "waf"
	actionGuardFailed = "waf-failed"
	reasonGuard       = "WAFUnhandledException"
)

// guarded asks the guard of the load balancer, and answers a request that it blocks. passed says whether the request goes on.
func (e *exchange) guarded() (passed bool) {
	all := e.p.guards.Load()
	if all == nil {
		return true
	}
	guard := (*all)[e.listener.balancer.ID]
	if guard == nil {
		return true
	}
	verdict, err := guard.Judge(e.began, e.judged())
	if e.stalled {
		e.page(http.StatusRequestTimeout)
		return false
	}
	if err != nil {
		e.p.logger.Error("a firewall could not judge a request", "balancer", e.listener.balancer.Name, "err", err)
		e.guard, e.reason = actionGuardFailed, reasonGuard
		if e.listener.balancer.Settings.FailOpen {
			return true
		}
		e.page(http.StatusInternalServerError)
		return false
	}
	e.guard = actionGuard
	if verdict.Kind == firewall.Block {
		e.block(verdict.Response)
		return false
	}
	e.insert = verdict.Insert
	return true
}

// judged is what the guard gets to see.
func (e *exchange) judged() *firewall.Request {
	r := e.in
	out := &firewall.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Proto: r.Proto, ID: e.trace, Host: r.Host, Header: r.Header, Source: e.q.source}
	if uri, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(uri, "/") {
		out.Path = uri
	}
	if r.Body != nil && r.Body != http.NoBody {
		out.Body = e.peek
	}
	return out
}

// peek reads the begin of the body, which the target gets as well.
func (e *exchange) peek() (first []byte, more bool) {
	body := e.in.Body
	buffer := make([]byte, firewall.BodyLimit+1)
	limit := http.NewResponseController(e.ResponseWriter)
	if idle := e.listener.balancer.Settings.IdleTimeout; idle > 0 {
		_ = limit.SetReadDeadline(time.Now().Add(idle)) // a connection that has ended says so on the read
	}
	n, err := io.ReadFull(body, buffer)
	e.stalled = errors.Is(err, os.ErrDeadlineExceeded)
	_ = limit.SetReadDeadline(time.Time{}) // as above
	rest := io.Reader(body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		rest = failing{err} // the target's connection ends as it would have
	}
	e.in.Body = &peekedBody{io.MultiReader(bytes.NewReader(buffer[:n]), rest), body}
	return buffer[:min(n, firewall.BodyLimit)], n > firewall.BodyLimit
}

type peekedBody struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// block answers a blocked request.
func (e *exchange) block(r *firewall.Response) {
	if r == nil {
		e.page(http.StatusForbidden)
		return
	}
	for _, h := range r.Headers {
		e.Header().Set(h.Name, h.Value)
	}
	e.answer(r.Status, r.ContentType, r.Body)
}
