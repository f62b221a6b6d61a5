package fabric

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"atoll/internal/dataplane/thread"
)

// rules is a policy by hand: who may reach which address, and who is there.
type rules struct {
	blocked map[netip.AddrPort]bool
	at      map[netip.Addr]string
	counts  bool
}

func (r *rules) Permit(_ context.Context, f Flow) Verdict {
	if r.blocked[f.To] {
		return Verdict{Reason: "no rule allows it"}
	}
	v := Verdict{Allowed: true, Target: r.at[f.To.Addr()]}
	if r.counts {
		v.Tally = &Tally{End: func(error) {}}
	}
	return v
}

type names map[string]netip.Addr

func (n names) Resolve(_ context.Context, _, name string) ([]netip.Addr, bool) {
	if a, ok := n[name]; ok {
		return []netip.Addr{a}, true
	}
	return nil, true
}

// attached makes a namespace in a fabric; the test is skipped where that is not allowed.
func attached(tb testing.TB, f *Fabric, id, address string) *Namespace {
	tb.Helper()
	return attachedBy(tb, f, id, address, openInterface)
}

// attachedByPair is attached where /dev/net/tun is closed.
func attachedByPair(tb testing.TB, f *Fabric, id, address string) *Namespace {
	tb.Helper()
	return attachedBy(tb, f, id, address, openPair)
}

func attachedBy(tb testing.TB, f *Fabric, id, address string, open func() (far, error)) *Namespace {
	tb.Helper()
	if os.Getuid() != 0 {
		tb.Skip("network namespaces need root: run the tests as root to have them tested")
	}
	n, err := f.attach(Interface{ID: id, Address: netip.MustParseAddr(address), Subnet: netip.MustParsePrefix("10.0.1.0/24")}, open)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

// attachedByStream is attached for a namespace that lies at the other end of a stream, as those of container engines do.
func attachedByStream(tb testing.TB, f *Fabric, id, address string) *Namespace {
	tb.Helper()
	if os.Getuid() != 0 {
		tb.Skip("network namespaces need root: run the tests as root to have them tested")
	}
	iface := Interface{ID: id, Address: netip.MustParseAddr(address), Subnet: netip.MustParsePrefix("10.0.1.0/24")}
	far, near := streams()
	opened, ended := make(chan *os.File, 1), make(chan error, 1)
	go func() {
		ended <- thread.Run(func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			ns, err := os.Open("/proc/thread-self/ns/net")
			opened <- ns
			if err != nil {
				return err
			}
			return errors.Join(runNetwork(NetworkArgs(iface)[1:], far, far), far.Close())
		})
	}()
	ns := <-opened
	if _, err := io.ReadFull(near, make([]byte, frameHeader)); err != nil {
		tb.Fatal(err)
	}
	n, err := f.AttachStream(iface, "stream", near)
	if err != nil {
		tb.Fatal(err)
	}
	n.ns = ns
	tb.Cleanup(func() {
		if err := errors.Join(n.Close(), <-ended); err != nil {
			tb.Error(err)
		}
	})
	return n
}

// duplex is a stream of two pipes of the system's, as containers have.
type duplex struct {
	io.Reader
	io.Writer
	close func() error
}

func (d duplex) Close() error { return d.close() }

func streams() (a, b io.ReadWriteCloser) {
	r1, w1, err1 := os.Pipe()
	r2, w2, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return duplex{r1, w2, func() error { return errors.Join(r1.Close(), w2.Close()) }}, duplex{r2, w1, func() error { return errors.Join(r2.Close(), w1.Close()) }}
}

// attaching are the ways in which a namespace comes to a fabric.
func attaching() map[string]func(tb testing.TB, f *Fabric, id, address string) *Namespace {
	return map[string]func(tb testing.TB, f *Fabric, id, address string) *Namespace{"here": attached, "by a pair": attachedByPair, "over a stream": attachedByStream}
}

// echo serves connections within a namespace by giving back what they send.
func echo(tb testing.TB, n *Namespace, address string) {
	tb.Helper()
	var l net.Listener
	err := within(n.ns, func() (err error) { l, err = new(net.ListenConfig).Listen(tb.Context(), "tcp4", address); return err })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
}

func dialWithin(ctx context.Context, n *Namespace, network, address string) (c net.Conn, err error) {
	err = within(n.ns, func() error { c, err = new(net.Dialer).DialContext(ctx, network, address); return err })
	return c, err
}

func roundTrip(c net.Conn) error {
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		return err
	}
	if err := c.(halfCloser).CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err == nil && string(got) != "hello" {
		err = errors.New("got " + string(got))
	}
	return err
}

func TestNamespaces(t *testing.T) {
	for name, attached := range attaching() {
		t.Run(name, func(t *testing.T) { testNamespaces(t, attached) })
	}
}

func testNamespaces(t *testing.T, attached func(tb testing.TB, f *Fabric, id, address string) *Namespace) {
	policy := &rules{
		blocked: map[netip.AddrPort]bool{netip.MustParseAddrPort("10.0.1.20:81"): true},
		at:      map[netip.Addr]string{netip.MustParseAddr("10.0.1.10"): "eni-1", netip.MustParseAddr("10.0.1.20"): "eni-2"},
	}
	outside, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	go func() {
		for {
			c, err := outside.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	f := New(Config{
		Policy: policy, Names: names{"db.example": netip.MustParseAddr("10.0.1.20")},
		Outside: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "93.184.216.34:80" {
				return nil, syscall.ECONNREFUSED
			}
			return new(net.Dialer).DialContext(ctx, network, outside.Addr().String())
		},
	})
	a, b := attached(t, f, "eni-1", "10.0.1.10"), attached(t, f, "eni-2", "10.0.1.20")
	echo(t, b, "0.0.0.0:80")
	echo(t, b, "0.0.0.0:81")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	t.Run("between namespaces", func(t *testing.T) {
		c, err := dialWithin(ctx, a, "tcp4", "10.0.1.20:80")
		if err == nil {
			err = roundTrip(c)
		}
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("from an interface without a namespace", func(t *testing.T) {
		c, err := f.Dial(ctx, "eni-3", netip.MustParseAddrPort("10.0.1.20:80"))
		if err == nil {
			err = roundTrip(c)
		}
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("nothing listens", func(t *testing.T) {
		for _, dial := range []func() (net.Conn, error){
			func() (net.Conn, error) { return dialWithin(ctx, a, "tcp4", "10.0.1.20:82") },
			func() (net.Conn, error) { return f.Dial(ctx, "eni-3", netip.MustParseAddrPort("10.0.1.20:82")) },
			func() (net.Conn, error) { return dialWithin(ctx, a, "tcp4", "1.2.3.4:80") },
		} {
			if _, err := dial(); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("blocked", func(t *testing.T) {
		for _, dial := range []func(ctx context.Context) (net.Conn, error){
			func(ctx context.Context) (net.Conn, error) { return dialWithin(ctx, a, "tcp4", "10.0.1.20:81") },
			func(ctx context.Context) (net.Conn, error) {
				return f.Dial(ctx, "eni-3", netip.MustParseAddrPort("10.0.1.20:81"))
			},
		} {
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			_, err := dial(short)
			cancel()
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("outside", func(t *testing.T) {
		c, err := dialWithin(ctx, a, "tcp4", "93.184.216.34:80")
		if err == nil {
			err = roundTrip(c)
		}
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("the machine's own addresses", func(t *testing.T) { // such as its metadata, and its neighbours
		for _, to := range []string{"169.254.169.254:80", "192.168.1.1:80", "10.0.0.2:80", "100.64.0.1:80"} {
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			_, err := dialWithin(short, a, "tcp4", to)
			cancel()
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%s: got %v", to, err)
			}
		}
	})
	t.Run("names", func(t *testing.T) {
		for network, server := range map[string]string{"udp4": amazonDNS.String(), "tcp4": amazonDNS.String(), "udp": "10.0.0.2", "tcp": "10.0.0.2"} {
			resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialWithin(ctx, a, network, server+":53")
			}}
			got, err := resolver.LookupHost(ctx, "db.example")
			if err != nil || len(got) != 1 || got[0] != "10.0.1.20" {
				t.Errorf("over %s: %q, %v", network, got, err)
			}
			var unknown *net.DNSError
			if _, err := resolver.LookupHost(ctx, "none.example"); !errors.As(err, &unknown) || !unknown.IsNotFound {
				t.Errorf("over %s: %v", network, err)
			}
		}
	})
}

func BenchmarkBetweenNamespaces(b *testing.B) {
	for name, attached := range attaching() {
		b.Run(name, func(b *testing.B) { benchmarkBetween(b, attached) })
	}
}

func benchmarkBetween(b *testing.B, attached func(tb testing.TB, f *Fabric, id, address string) *Namespace) {
	for name, counts := range map[string]bool{"plain": false, "counted": true} {
		policy := &rules{at: map[netip.Addr]string{netip.MustParseAddr("10.0.1.20"): "eni-2"}, counts: counts}
		f := New(Config{Policy: policy})
		from, to := attached(b, f, "eni-1", "10.0.1.10"), attached(b, f, "eni-2", "10.0.1.20")
		echo(b, to, "0.0.0.0:80")
		c, err := dialWithin(b.Context(), from, "tcp4", "10.0.1.20:80")
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		for _, size := range []int{64, 1 << 20} {
			buffer := make([]byte, size)
			b.Run(name+"/"+map[bool]string{true: "ping", false: "MiB"}[size < 1000], func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					done := make(chan error, 1)
					go func() { _, err := c.Write(buffer); done <- err }()
					if _, err := io.ReadFull(c, make([]byte, size)); err != nil {
						b.Fatal(err)
					}
					if err := <-done; err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
