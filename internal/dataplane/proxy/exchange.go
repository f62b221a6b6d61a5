package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"time"

	"atoll/internal/dataplane/firewall"
)

// The statuses that are AWS's own.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
const (
	statusClientClosed = 460 // told in logs and metrics only
	statusForwarded    = 463 // X-Forwarded-For with too many addresses
	statusProtocol     = 464 // the group's protocol version does not go with the request's
)

// maxForwarded is how many addresses X-Forwarded-For may have.
const maxForwarded = 30

// exchange is one request and its answer. It is the http.ResponseWriter of the answer, so that it sees what is sent.
type exchange struct {
	http.ResponseWriter
	p        *Proxy
	conn     *clientConn
	in       *http.Request
	q        request
	listener *listener
	node     *node
	rule     *rule
	group    *group
	target   *target
	trace    string

	began, dispatched, answered time.Time
	status, targetStatus        int
	own                         bool // the answer is the load balancer's
	received, sent              int64
	body                        *countedBody // of a request whose length is not told
	action, redirected          string
	newHost, newURI             string // that the target gets, where a rule rewrites
	connectFailed, again        bool
	stalled                     bool              // the client sent no body for too long
	local                       bool              // the client came by a name that leads to the edge alone
	guard, reason               string            // what logs tell of the guard, and why it failed; empty without one
	insert                      []firewall.Header // into the request, by the guard
}

func (e *exchange) serve() {
	defer e.finish()
	r := e.in
	switch {
	case r.Method == http.MethodTrace || r.Method == http.MethodConnect:
		e.page(http.StatusMethodNotAllowed)
		return
	case tooManyForwarded(r.Header["X-Forwarded-For"]):
		e.page(statusForwarded)
		return
	case tooLarge(r):
		e.page(http.StatusBadRequest)
		return
	}
	if e.guarded() {
		e.route()
	}
}

// route does what the first rule says whose conditions are met.
func (e *exchange) route() {
	for _, rule := range e.listener.rules {
		if rule.met(&e.q) {
			e.rule = rule
			break
		}
	}
	switch rule := e.rule; {
	case rule == nil:
		e.page(http.StatusInternalServerError)
	case rule.Refused != "":
		e.refuse(rule.Refused)
	case rule.Fixed != nil:
		e.fixed(rule.Fixed)
	case rule.Redirect != nil:
		e.redirect(rule.Redirect)
	default:
		e.forward()
	}
}

// The limits of headers, in bytes. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	maxRequestLine    = 16 << 10
	maxHeader         = 16 << 10
	maxRequestHeader  = 64 << 10
	maxResponseHeader = 32 << 10
)

// tooLarge says whether a request's line, one of its headers or all of them are larger than AWS takes them.
func tooLarge(r *http.Request) bool {
	if len(r.Method)+len(r.RequestURI)+len(r.Proto)+2 > maxRequestLine {
		return true
	}
	for name, values := range r.Header {
		for _, v := range values {
			if len(name)+len(v)+2 > maxHeader {
				return true
			}
		}
	}
	return headerSize(r.Header) > maxRequestHeader
}

func tooManyForwarded(values []string) bool {
	n := 0
	for _, v := range values {
		n += 1 + strings.Count(v, ",")
	}
	return n > maxForwarded
}

// forward sends the request to a target.
func (e *exchange) forward() {
	e.action = "forward"
	g := e.choose()
	if g == nil {
		e.page(http.StatusServiceUnavailable)
		return
	}
	e.group = g
	g.mu.Lock()
	config := g.config
	g.mu.Unlock()
	switch {
	case config.Refused != "":
		e.refuse(config.Refused)
		return
	case config.Version != "HTTP1" && config.Version != "" && e.in.ProtoMajor != 2:
		e.page(statusProtocol)
		return
	}
	sticky := config.Sticky
	var wanted func(t *target) bool
	if sticky.Duration > 0 {
		wanted = g.wanted(e.in, sticky)
	}
	if e.target = g.pick(e.node, wanted); e.target == nil {
		if now := e.p.current(e.listener); now != nil && now != e.listener && !e.again { // the rules have changed meanwhile
			e.listener, e.rule, e.group, e.again = now, nil, nil, true
			e.route()
			return
		}
		e.page(http.StatusServiceUnavailable)
		return
	}
	if err := e.transform(); err != nil {
		e.page(http.StatusInternalServerError)
		return
	}
	if e.in.ContentLength < 0 && e.in.Body != nil {
		e.body = &countedBody{ReadCloser: e.in.Body}
		e.in.Body = e.body
	}
	e.dispatched = e.p.clock.Now()
	to := httputil.ReverseProxy{
		Transport: attempts{e}, BufferPool: e.p.buffers, ErrorLog: e.p.errorLog, FlushInterval: -1, // what a target sends goes on at once
		Rewrite:        func(pr *httputil.ProxyRequest) { e.rewrite(pr, config.Secure) },
		ModifyResponse: func(resp *http.Response) error { return e.modify(resp, sticky) },
		ErrorHandler:   func(_ http.ResponseWriter, _ *http.Request, err error) { e.failed(err) },
	}
	to.ServeHTTP(e, e.in)
}

// choose gives the group that the request goes to.
func (e *exchange) choose() *group {
	f := e.rule.Forward
	if f.Sticky > 0 {
		if id, ok := cookie(e.in, e.listener.balancer.seal, e.p.clock.Now(), cookieGroup, cookieGroupCORS); ok {
			for i, g := range e.rule.groups {
				if g.id == id && f.Groups[i].Weight > 0 {
					return g
				}
			}
		}
	}
	if len(e.rule.groups) == 1 && e.rule.total > 0 {
		return e.rule.groups[0]
	}
	return e.rule.group(e.p.random())
}

var errLargeHeader = errors.New("the answer's header is too large")

// modify completes a target's answer.
func (e *exchange) modify(resp *http.Response, sticky Stickiness) error {
	if headerSize(resp.Header) > maxResponseHeader {
		return errLargeHeader
	}
	e.answered, e.targetStatus = e.p.clock.Now(), resp.StatusCode
	if resp.StatusCode == http.StatusSwitchingProtocols {
		e.status = resp.StatusCode
	}
	if f := e.rule.Forward; f.Sticky > 0 {
		until := e.answered.Add(f.Sticky)
		setCookie(resp.Header, cookieGroup, cookieGroupCORS, sealed(e.listener.balancer.seal, e.group.id, until), until, e.listener.Secure)
	}
	if sticky.Duration > 0 {
		e.group.stick(resp.Header, e.target, sticky, e.listener.Secure)
	}
	if e.listener.HideServer {
		resp.Header.Del("Server")
	}
	for _, h := range e.listener.Response {
		resp.Header.Set(h.Name, h.Value)
	}
	return nil
}

// failed answers where the target has not.
func (e *exchange) failed(err error) {
	var connect *errConnect
	var timeout net.Error
	switch {
	case errors.As(err, &connect):
		e.connectFailed = true
		if connect.timeout {
			e.page(http.StatusGatewayTimeout)
			return
		}
		e.page(http.StatusBadGateway)
	case errors.Is(err, context.Canceled) && e.in.Context().Err() != nil:
		e.status, e.own = statusClientClosed, true
	case errors.As(err, &timeout) && timeout.Timeout():
		e.page(http.StatusGatewayTimeout)
	default:
		e.p.logger.Debug("a target's answer is not valid", "target", e.target.address, "err", err)
		e.page(http.StatusBadGateway)
	}
}

// finish tells metrics and logs of the exchange.
func (e *exchange) finish() {
	if e.target != nil {
		e.target.release()
	}
	end := e.p.clock.Now()
	if e.status == 0 {
		e.status, e.own = statusClientClosed, true
	}
	switch {
	case e.body != nil:
		e.received += e.body.n
	case e.in.ContentLength > 0:
		e.received += e.in.ContentLength
	}
	e.received += requestSize(e.in)
	if e.status == http.StatusSwitchingProtocols {
		e.received, e.sent = e.conn.in.Load(), e.conn.out.Load()
	}
	e.node.meter.observe(e)
	if e.listener.balancer.Settings.AccessLogs {
		e.node.log.add(e, end)
	}
}

// Unwrap gives http.ResponseController what can flush and hijack.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// WriteHeader notes the status.
func (e *exchange) WriteHeader(status int) {
	if e.status == 0 && status >= 200 {
		e.status = status
		e.sent += headerSize(e.Header()) + 19 // HTTP/1.1 200 OK and the empty line
		s := &e.listener.balancer.Settings
		if s.KeepAlive > 0 && e.in.ProtoMajor == 1 && e.p.clock.Now().Sub(e.conn.since) > s.KeepAlive {
			e.Header().Set("Connection", "close")
		}
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write counts what is sent.
func (e *exchange) Write(p []byte) (int, error) {
	if e.status == 0 {
		e.WriteHeader(http.StatusOK)
	}
	n, err := e.ResponseWriter.Write(p)
	e.sent += int64(n)
	return n, err
}

type countedBody struct {
	io.ReadCloser
	n int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}

func headerSize(h http.Header) int64 {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return int64(n)
}

func requestSize(r *http.Request) int64 {
	return headerSize(r.Header) + int64(len(r.Method)+len(r.RequestURI)+len(r.Host)+len("  HTTP/1.1\r\nHost: \r\n\r\n"))
}

// source gives the client's address.
func (e *exchange) source() netip.AddrPort { return e.conn.source }
