package proxy

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// connQueue is a net.Listener of connections that were accepted elsewhere.
type connQueue struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newConnQueue() *connQueue {
	return &connQueue{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (q *connQueue) put(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.done:
		return false
	}
}

// Accept is net.Listener's.
func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *connQueue) close() { q.once.Do(func() { close(q.done) }) }

// Close is net.Listener's.
func (q *connQueue) Close() error { q.close(); return nil }

// Addr is net.Listener's.
func (q *connQueue) Addr() net.Addr { return &net.TCPAddr{} }

type connKey struct{}

// serveConns runs the servers of plaintext and of TLS, until the queues are closed.
func (p *Proxy) serveConns() {
	p.plain, p.secure = newConnQueue(), newConnQueue()
	// http.Server is told of no idle time-out: it differs between load balancers, and is clientConn's.
	newServer := func() *http.Server {
		return &http.Server{
			Handler: http.HandlerFunc(p.handle), ErrorLog: p.errorLog, ReadHeaderTimeout: firstByteTime,
			MaxHeaderBytes: 2 * maxRequestHeader, // what is larger than AWS takes it gets an answer like AWS's
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(ctx, connKey{}, clientOf(c))
			},
			ConnState: func(c net.Conn, s http.ConnState) { clientOf(c).state(s) },
		}
	}
	plain, secure := newServer(), newServer()
	plain.Protocols = new(http.Protocols)
	plain.Protocols.SetHTTP1(true)
	secure.TLSConfig = &tls.Config{GetConfigForClient: p.configFor, MinVersion: tls.VersionTLS10, NextProtos: []string{"h2", "http/1.1"}} //nolint:gosec // the listener's policy decides
	p.servers = []*http.Server{plain, secure}
	p.running.Go(func() { p.ended(plain.Serve(p.plain)) })
	p.running.Go(func() { p.ended(secure.ServeTLS(p.secure, "", "")) })
}

func (p *Proxy) ended(err error) {
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		p.logger.Error("load balancers serve no more", "err", err)
	}
}

// clientOf takes TLS off a connection.
func clientOf(c net.Conn) *clientConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*clientConn)
}

// handle answers one request.
func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	if !p.gate.enter() {
		panic(http.ErrAbortHandler)
	}
	defer p.gate.leave()
	c := r.Context().Value(connKey{}).(*clientConn)
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	lookup := host
	if r.TLS != nil && r.TLS.ServerName != "" {
		lookup = r.TLS.ServerName // the listener is that of the connection, whatever the request's host
	}
	l, b := p.listenerOf(c, lookup, r.TLS != nil)
	switch {
	case b != nil && b.Refused != "":
		http.Error(w, fmt.Sprintf("The local cloud does not serve the load balancer %s: %s.", b.Name, b.Refused), http.StatusNotImplemented)
		return
	case l == nil:
		p.unknown(w, lookup, b)
		return
	}
	n, err := p.admit(r.Context(), c, l)
	if err != nil {
		p.holdOn(r.Context())
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	_, bare := splitPort(host)
	e := &exchange{ResponseWriter: w, p: p, conn: c, in: r, listener: l, node: n, began: p.clock.Now()}
	if c.bound == nil {
		e.local, bare = strings.HasSuffix(strings.ToLower(bare), localDomain), b.known(bare)
	}
	e.q = request{Request: r, host: bare, path: r.URL.EscapedPath(), source: c.source.Addr()}
	e.trace = p.traceID(r.Header, e.began)
	if l.Secure != (r.TLS != nil) { // plaintext to an HTTPS listener
		defer e.finish()
		e.page(http.StatusBadRequest)
		return
	}
	e.serve()
}

// connTrace makes the id by which logs name a connection.
func (p *Proxy) connTrace() string {
	var raw [16]byte
	p.randomBytes(raw[:])
	return "TID_" + hex.EncodeToString(raw[:])
}

// unknown answers where no listener is: with those that there are.
func (p *Proxy) unknown(w http.ResponseWriter, host string, b *balancer) {
	var s strings.Builder
	now := p.now.Load()
	all := slices.Sorted(maps.Keys(now.balancers))
	switch {
	case b != nil:
		fmt.Fprintf(&s, "The load balancer %s has no such listener. Its listeners:\n\n", b.Name)
		all = []string{b.ID}
	case len(all) == 0:
		fmt.Fprintf(&s, "No load balancer has the name %s: there are none.\n", host)
	default:
		fmt.Fprintf(&s, "No load balancer has the name %s. Those that there are:\n\n", host)
	}
	for _, id := range all {
		s.WriteString(p.addresses(now.balancers[id]))
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(s.String())) // a client that is gone needs no answer
}

// addresses lists the URLs of a load balancer's listeners, a line for each.
func (p *Proxy) addresses(b *balancer) string {
	if b.Refused != "" {
		return fmt.Sprintf("  %s is not served: %s\n", b.Name, b.Refused)
	}
	if len(b.listeners) == 0 {
		return fmt.Sprintf("  %s has no listeners\n", b.Name)
	}
	var s strings.Builder
	for _, l := range b.listeners {
		scheme, host := "http", Local(b.DNSName)
		if l.Secure {
			scheme = "https"
		}
		if b.standard(l.Secure) != l {
			host = "p" + l.port + "." + host
		}
		fmt.Fprintf(&s, "  %s://%s:%s  (listener on port %s)\n", scheme, host, p.edgePort(), l.port)
	}
	return s.String()
}
