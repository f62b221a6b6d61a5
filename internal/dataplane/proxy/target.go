package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// State is how a target does. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
type State string

// The states of targets that are served. Gone tells that a draining target has ended.
const (
	Initial   State = "initial"
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy"
	Unused    State = "unused"
	Draining  State = "draining"
	Gone      State = "gone"
)

// Health is a target's state, and why it has it.
type Health struct {
	State               State
	Reason, Description string
}

// target is a target of a group. The group's lock guards what has no other word.
type target struct {
	group   *group
	address netip.AddrPort
	zone    string

	health         Health
	passed, failed int       // checks in a row
	counted        time.Time // the last failure that counted
	healthy        time.Time // since when
	inFlight       int
	ended          chan struct{} // closed when a draining target has no request in flight
	stop           context.CancelFunc

	transports map[string]*http.Transport // by the node's interface
	conns      map[*targetConn]struct{}
}

// errConnect is the failure to connect to a target.
type errConnect struct {
	err     error
	timeout bool
}

func (e *errConnect) Error() string { return "connecting to the target: " + e.err.Error() }

func (e *errConnect) Unwrap() error { return e.err }

// transport gives the pool of connections from a node.
func (t *target) transport(n *node) *http.Transport {
	t.group.mu.Lock()
	defer t.group.mu.Unlock()
	if tr := t.transports[n.Interface]; tr != nil {
		return tr
	}
	tr := t.group.newTransport(func(ctx context.Context, _, _ string) (net.Conn, error) { return t.dial(ctx, n) })
	t.transports[n.Interface] = tr
	return tr
}

func (g *group) newTransport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	tr := &http.Transport{
		DialContext: dial, MaxIdleConnsPerHost: 1024, DisableCompression: true, TLSHandshakeTimeout: g.p.connectTimeout,
		Protocols: new(http.Protocols),
	}
	if g.config.Secure {
		tr.TLSClientConfig = insecure()
	}
	switch {
	case g.config.Version == "HTTP1" || g.config.Version == "":
		tr.Protocols.SetHTTP1(true)
	case g.config.Secure:
		tr.Protocols.SetHTTP2(true)
	default:
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	return tr
}

// insecure is how targets are spoken to: as on AWS, their certificates are not verified.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// withPort gives an address another port.
func withPort(a netip.AddrPort, port int) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), uint16(port))
}

// dial connects from a node, within AWS's ten seconds.
func (t *target) dial(ctx context.Context, n *node) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.group.p.connectTimeout)
	defer cancel()
	c, err := t.group.p.network.Dial(ctx, n.Interface, t.address)
	if err != nil {
		var timeout net.Error
		return nil, &errConnect{err, ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout()}
	}
	out := &targetConn{Conn: c, target: t, idle: &t.group.idle}
	t.group.mu.Lock()
	defer t.group.mu.Unlock()
	if t.health.State == Gone {
		return nil, &errConnect{errors.Join(net.ErrClosed, c.Close()), false}
	}
	t.conns[out] = struct{}{}
	return out, nil
}

// targetConn is a connection to a target. It is cut when no data has come for the idle time-out since data went either way.
type targetConn struct {
	net.Conn
	target *target
	idle   *atomic.Int64 // nanoseconds

	written atomic.Int64          // bytes
	broken  atomic.Pointer[error] // of the first read that has failed
}

func (c *targetConn) extend() {
	if d := time.Duration(c.idle.Load()); d > 0 {
		_ = c.SetReadDeadline(time.Now().Add(d)) // a connection that has ended says so on the next read
	}
}

func (c *targetConn) Read(p []byte) (int, error) {
	c.extend()
	n, err := c.Conn.Read(p)
	if err != nil {
		c.broken.CompareAndSwap(nil, &err)
	}
	return n, err
}

func (c *targetConn) Write(p []byte) (int, error) {
	c.extend()
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

func (c *targetConn) Close() error {
	c.target.group.mu.Lock()
	delete(c.target.conns, c)
	c.target.group.mu.Unlock()
	return c.Conn.Close()
}

// cut ends all connections.
func (t *target) cut(conns []*targetConn) {
	for _, c := range conns {
		if err := c.Close(); err != nil {
			t.group.p.logger.Debug("closing a connection to a target", "target", t.address, "err", err)
		}
	}
}
