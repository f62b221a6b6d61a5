package proxy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"atoll/internal/dataplane/proxy"
)

// network dials loopback for addresses that a test has given to servers.
type network struct {
	mu      sync.Mutex
	servers map[netip.AddrPort]string
	blocked map[string]bool // interfaces that nothing passes
	served  map[string]func(ctx context.Context, port int) (net.Conn, error)
	left    func(in, out int64) // is told what admitted clients have sent and got
}

func (n *network) Dial(ctx context.Context, iface string, to netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	address, blocked := n.servers[to], n.blocked[iface]
	n.mu.Unlock()
	switch {
	case blocked:
		<-ctx.Done()
		return nil, ctx.Err()
	case address == "":
		return nil, syscall.ECONNREFUSED
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func (n *network) Admit(_ context.Context, _ netip.AddrPort, iface string, _ int) (func(in, out int64), error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.blocked[iface] {
		return nil, errors.New("blocked")
	}
	return n.left, nil
}

func (n *network) Serve(iface string, dial func(ctx context.Context, port int) (net.Conn, error)) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.served[iface] = dial
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.served, iface)
	}
}

func (n *network) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

// manual is a clock that is moved by hand.
type manual struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed and replaced by each change
	waits map[*time.Time]struct{}
}

func (c *manual) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manual) advance(d time.Duration) { c.set(func() { c.now = c.now.Add(d) }) }

func (c *manual) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.moved)
	c.moved = make(chan struct{})
}

// step advances the clock once two wait for later: the reports, and the checks of the one target.
func (c *manual) step(t testing.TB, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		c.mu.Lock()
		waiting, moved := 0, c.moved
		for at := range c.waits {
			if at.After(c.now) {
				waiting++
			}
		}
		c.mu.Unlock()
		if waiting == 2 {
			c.advance(d)
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("nobody waits for the clock")
		case <-moved:
		}
	}
}

func (c *manual) Wait(ctx context.Context, t time.Time) error {
	c.set(func() { c.waits[&t] = struct{}{} })
	defer c.set(func() { delete(c.waits, &t) })
	for {
		c.mu.Lock()
		reached, moved := !c.now.Before(t), c.moved
		c.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// sink keeps what it is told.
type sink struct {
	mu      sync.Mutex
	health  map[string]proxy.Health // by target
	history []proxy.Change
	files   []proxy.LogFile
	data    []proxy.Datum
	changed chan struct{}
}

func (s *sink) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sink) TargetChanged(_ context.Context, c proxy.Change) {
	s.set(func() {
		s.health[c.Target.String()] = c.Health
		s.history = append(s.history, c)
	})
}

func (s *sink) AccessLog(_ context.Context, f proxy.LogFile) {
	s.set(func() { s.files = append(s.files, f) })
}

func (s *sink) Metrics(_ context.Context, _ string, d []proxy.Datum) {
	s.set(func() { s.data = append(s.data, d...) })
}

func (s *sink) Minute(context.Context, time.Time) {}

// until waits until what has been told meets a condition.
func (s *sink) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		s.mu.Lock()
		done, changed := ok(), s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("%s: have %+v", what, s.health)
		case <-changed:
		}
	}
}

func (s *sink) state(t testing.TB, target string, want proxy.State) {
	t.Helper()
	s.until(t, target+" "+string(want), func() bool { return s.health[target].State == want })
}

// certificates makes a certificate of its own for each id, which is a domain.
type certificates struct {
	mu   sync.Mutex
	have map[string]*tls.Certificate
}

func (c *certificates) Local(_ context.Context, name string) (*tls.Certificate, error) {
	return c.Certificate(name)
}

func (c *certificates) Certificate(id string) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cert := c.have[id]; cert != nil {
		return cert, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: id}, DNSNames: []string{id},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	c.have[id] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	return c.have[id], nil
}

// world is a proxy under test, with one load balancer.
type world struct {
	*proxy.Proxy
	t       testing.TB
	net     *network
	clock   *manual
	sink    *sink
	edge    string
	client  *http.Client
	config  proxy.Balancer
	servers int
}

const host = "web-1.us-east-1.elb.localhost"

func start(t testing.TB, change ...func(o *proxy.Options)) *world {
	t.Helper()
	w := &world{t: t,
		net:   &network{servers: map[netip.AddrPort]string{}, blocked: map[string]bool{}, served: map[string]func(context.Context, int) (net.Conn, error){}},
		clock: &manual{now: time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC), moved: make(chan struct{}), waits: map[*time.Time]struct{}{}},
		sink:  &sink{health: map[string]proxy.Health{}, changed: make(chan struct{})},
	}
	o := proxy.Options{Network: w.net, Clock: w.clock, Logger: slog.New(slog.DiscardHandler), Sink: w.sink,
		Certificates: &certificates{have: map[string]*tls.Certificate{}}, ConnectTimeout: 200 * time.Millisecond, Hold: 100 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	w.Proxy = proxy.New(o)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.Serve(l)
	w.edge = l.Addr().String()
	w.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp4", w.edge)
			}},
	}
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		if err := w.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	w.config = proxy.Balancer{ID: "arn:web", Resource: "app/web/1", Name: "web", DNSName: "web-1.us-east-1.elb.amazonaws.com",
		Nodes:    []proxy.Node{{Interface: "eni-a", Zone: "a", Address: netip.MustParseAddr("10.0.0.5")}, {Interface: "eni-b", Zone: "b", Address: netip.MustParseAddr("10.0.1.5")}},
		Settings: proxy.Settings{IdleTimeout: time.Minute, KeepAlive: time.Hour, Forwarded: "append", HTTP2: true, AccessLogs: true}}
	return w
}

// server runs a handler at an address of the network.
func (w *world) server(h http.HandlerFunc) netip.AddrPort {
	w.t.Helper()
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	w.servers++
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + w.servers)}), 8080)
	w.net.set(func() { w.net.servers[at] = s.Listener.Addr().String() })
	return at
}

// named is a server that answers with a name.
func (w *world) named(name string) netip.AddrPort {
	return w.server(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, name) })
}

func group(id string, targets ...netip.AddrPort) proxy.Group {
	g := proxy.Group{ID: id, Resource: "targetgroup/" + id + "/1", Version: "HTTP1", Algorithm: "round_robin", Delay: time.Minute,
		Health: proxy.Check{Path: "/", Codes: "200", Interval: 30 * time.Second, Timeout: time.Second, Healthy: 5, Unhealthy: 2}}
	for _, t := range targets {
		g.Targets = append(g.Targets, proxy.Target{Address: t, Zone: "a"})
	}
	return g
}

func forward(groups ...string) *proxy.Forward {
	f := &proxy.Forward{}
	for _, g := range groups {
		f.Groups = append(f.Groups, proxy.Weighted{Group: g, Weight: 1})
	}
	return f
}

func listener(port int, rules ...proxy.Rule) proxy.Listener {
	return proxy.Listener{ID: "listener", Port: port, Rules: rules}
}

func (w *world) apply() { w.Apply(proxy.Config{Balancers: []proxy.Balancer{w.config}}) }

// simple serves one group on port 80, and waits until its targets are healthy.
func (w *world) simple(targets ...netip.AddrPort) {
	w.t.Helper()
	w.config.Groups = []proxy.Group{group("g", targets...)}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("g")})}
	w.apply()
	for _, t := range targets {
		w.sink.state(w.t, t.String(), proxy.Healthy)
	}
}

type answer struct {
	status int
	body   string
	header http.Header
	proto  string
}

func (w *world) get(url string, change ...func(r *http.Request)) answer {
	w.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = "http://" + host + url
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(body), resp.Header, resp.Proto}
}
