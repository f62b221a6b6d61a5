package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// firstByteTime bounds how long a client may take until it says anything.
const firstByteTime = 60 * time.Second

// clientConn is a connection of a client.
type clientConn struct {
	net.Conn
	first   []byte // read to see whether it is TLS
	source  netip.AddrPort
	client  string // source's address
	since   time.Time
	bound   *bound // where it came from a virtual network
	in, out atomic.Int64

	timer *time.Timer // closes it when it has been idle
	idle  atomic.Int64

	mu       sync.Mutex
	balancer string // that has admitted it
	port     int
	node     *node
	leave    func() // tells that what was admitted has ended; nil if nobody wants to know
	trace    string
	chosen   string // the certificate's id
	closed   bool
}

// bound is where a connection from a virtual network leads to.
type bound struct {
	balancer string
	port     int
	node     *node
}

func (p *Proxy) newConn(c net.Conn, source netip.AddrPort, to *bound) *clientConn {
	if !source.Addr().IsValid() {
		source = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	out := &clientConn{Conn: c, source: source, since: p.clock.Now(), bound: to}
	out.client = source.Addr().String()
	return out
}

func (c *clientConn) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	n, err := c.Conn.Read(b)
	c.in.Add(int64(n))
	return n, err
}

func (c *clientConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out.Add(int64(n))
	return n, err
}

// Close closes the connection, and takes it from the count of its node.
func (c *clientConn) Close() error {
	c.mu.Lock()
	n, leave := c.node, c.leave
	if c.closed {
		n = nil
	}
	c.closed, c.leave = true, nil
	c.mu.Unlock()
	if n != nil {
		n.meter.disconnected()
	}
	if leave != nil {
		leave()
	}
	return c.Conn.Close()
}

// state follows http.Server's view: between requests, the idle time-out runs.
func (c *clientConn) state(s http.ConnState) {
	idle := time.Duration(c.idle.Load())
	switch {
	case s == http.StateIdle && idle > 0 && c.timer == nil:
		c.timer = time.AfterFunc(idle, func() { _ = c.Close() })
	case s == http.StateIdle && idle > 0:
		c.timer.Reset(idle)
	case c.timer != nil:
		c.timer.Stop()
	}
}

// Serve takes clients from a listener until the proxy is closed, which closes the listener as well.
func (p *Proxy) Serve(l net.Listener) {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		p.edge.Store(a)
	}
	stop := context.AfterFunc(p.ctx, func() { _ = l.Close() })
	p.running.Go(func() {
		defer stop()
		for {
			c, err := l.Accept()
			switch {
			case err == nil:
				source, _ := netip.ParseAddrPort(c.RemoteAddr().String())
				p.running.Go(func() { p.sort(p.newConn(c, source, nil)) })
			case p.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
				return
			default: // such as too many open files
				p.logger.Warn("accepting a client at the edge", "err", err)
				if p.pause(time.Second/10) != nil {
					return
				}
			}
		}
	})
}

// pause waits by the machine's clock.
func (p *Proxy) pause(d time.Duration) error {
	select {
	case <-p.ctx.Done():
		return p.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (p *Proxy) edgePort() string {
	if a := p.edge.Load(); a != nil {
		return strconv.Itoa(a.Port)
	}
	return "0"
}

// tlsRecord is the first byte of a TLS handshake.
const tlsRecord = 0x16

// sort hands a connection to the server for what it speaks.
func (p *Proxy) sort(c *clientConn) {
	stop := context.AfterFunc(p.ctx, func() { _ = c.Conn.Close() })
	defer stop()
	first := make([]byte, 1)
	_ = c.Conn.SetReadDeadline(time.Now().Add(firstByteTime)) // a connection that has ended says so on the read
	if _, err := c.Conn.Read(first); err != nil {
		_ = c.Conn.Close()
		return
	}
	_ = c.Conn.SetReadDeadline(time.Time{})
	c.in.Add(1)
	c.first = first
	to := p.plain
	if first[0] == tlsRecord {
		to = p.secure
	}
	if !to.put(c) {
		_ = c.Conn.Close()
	}
}

// accept gives what connects flows from a virtual network to a node.
func (p *Proxy) accept(balancer string, n *node) func(ctx context.Context, port int) (net.Conn, error) {
	return func(ctx context.Context, port int) (net.Conn, error) {
		b := p.now.Load().balancers[balancer]
		if b == nil || b.at(port) == nil {
			return nil, fmt.Errorf("no listener on port %d: %w", port, syscall.ECONNREFUSED)
		}
		var source netip.Addr
		if p.sourceOf != nil {
			source = p.sourceOf(ctx)
		}
		ours, theirs := net.Pipe()
		p.running.Go(func() { p.sort(p.newConn(ours, netip.AddrPortFrom(source, 0), &bound{balancer, port, n})) })
		return theirs, nil
	}
}

// find gives the load balancer that a host name leads to, and the port that it names, 0 for none.
func (p *Proxy) find(host string) (*balancer, int) {
	now := p.now.Load()
	if b := now.hosts[host]; b != nil {
		return b, 0
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if b := now.hosts[host]; b != nil {
		return b, 0
	}
	port, bare := splitPort(host)
	if b := now.hosts[bare]; b != nil {
		return b, port
	}
	if b := p.named(now, host); b != nil {
		return b, 0
	}
	if port != 0 {
		if b := p.named(now, bare); b != nil {
			return b, port
		}
	}
	if name, ok := strings.CutSuffix(host, localDomain); ok {
		return p.find(name)
	}
	return nil, 0
}

// splitPort takes a label such as p8443 off a host name.
func splitPort(host string) (port int, rest string) {
	label, rest, ok := strings.Cut(host, ".")
	number, isPort := strings.CutPrefix(label, "p")
	n, err := strconv.Atoi(number)
	if !ok || !isPort || err != nil || n < 1 || n > 65535 {
		return 0, host
	}
	return n, rest
}

// named finds a load balancer by what else leads to it: DNS records, and the names of its listeners' certificates.
func (p *Proxy) named(now *snapshot, host string) *balancer {
	if p.names != nil {
		if name, ok := p.names.Resolve(host); ok {
			return now.hosts[strings.ToLower(strings.TrimSuffix(name, "."))]
		}
	}
	if p.certificates == nil || !strings.Contains(host, ".") {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(now.balancers)) {
		for _, l := range now.balancers[id].listeners {
			for _, c := range l.Certificates {
				if cert, err := p.certificates.Certificate(c); err == nil && cert.Leaf.VerifyHostname(host) == nil {
					return now.balancers[id]
				}
			}
		}
	}
	return nil
}

// listenerOf gives the listener that a connection's request is for.
func (p *Proxy) listenerOf(c *clientConn, host string, secure bool) (*listener, *balancer) {
	if c.bound != nil {
		b := p.now.Load().balancers[c.bound.balancer]
		if b == nil {
			return nil, nil
		}
		return b.at(c.bound.port), b
	}
	b, port := p.find(host)
	switch {
	case b == nil:
		return nil, nil
	case port != 0:
		return b.at(port), b
	}
	return b.standard(secure), b
}

// errBlocked means that the network does not let a client in.
var errBlocked = errors.New("the client is blocked")

// admit gives the node that a connection comes to, the same for all its requests to one listener.
func (p *Proxy) admit(ctx context.Context, c *clientConn, l *listener) (*node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.node != nil && c.balancer == l.balancer.ID && c.port == l.Port && slices.Contains(l.balancer.nodes, c.node) {
		return c.node, nil
	}
	n, leave := (*node)(nil), (func())(nil)
	switch all := l.balancer.nodes; {
	case c.bound != nil:
		n = c.bound.node
	case len(all) == 0:
		return nil, errBlocked
	default:
		n = all[int(l.balancer.turn.Add(1))%len(all)]
		ended, err := p.network.Admit(ctx, c.source, n.Interface, l.Port)
		if err != nil {
			p.logger.Debug("a client at the edge is blocked", "balancer", l.balancer.Name, "interface", n.Interface, "port", l.Port, "err", err)
			return nil, errBlocked
		}
		leave = c.leaving(ended)
	}
	if c.node != nil {
		c.node.meter.disconnected()
	}
	if c.leave != nil {
		c.leave()
	}
	if c.leave = leave; c.closed && leave != nil {
		leave()
		c.leave = nil
	}
	if c.trace == "" {
		c.trace = p.connTrace()
	}
	c.node, c.balancer, c.port = n, l.balancer.ID, l.Port
	c.idle.Store(int64(l.balancer.Settings.IdleTimeout))
	n.meter.connected()
	return n, nil
}

// leaving gives what tells of the end of what was just admitted, and of the bytes since then. Those of a connection's first request count
// from its begin.
func (c *clientConn) leaving(ended func(in, out int64)) func() {
	if ended == nil {
		return nil
	}
	in, out := int64(0), int64(0)
	if c.node != nil {
		in, out = c.in.Load(), c.out.Load()
	}
	return func() { ended(c.in.Load()-in, c.out.Load()-out) }
}

// holdOn keeps a blocked client waiting, as one whose packets are dropped.
func (p *Proxy) holdOn(ctx context.Context) {
	timer := time.NewTimer(p.hold)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-p.ctx.Done():
	case <-timer.C:
	}
}
