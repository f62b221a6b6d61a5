package fabric

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
)

// counting lets everything to an interface, and counts it.
type counting struct {
	ended   chan error
	tally   *Tally
	blocked bool
}

func (c *counting) Permit(context.Context, Flow) Verdict {
	if c.blocked {
		return Verdict{}
	}
	c.tally = &Tally{End: func(err error) { c.ended <- err }}
	return Verdict{Allowed: true, Target: "eni-1", Tally: c.tally}
}

func TestTally(t *testing.T) {
	policy := &counting{ended: make(chan error, 1)}
	f := New(Config{Policy: policy})
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, c) // to the end of what is sent
		_, _ = c.Write([]byte("hello"))
		_ = c.Close()
	}()
	at := netip.MustParseAddrPort("10.0.0.1:80")
	f.Serve("eni-1", func(ctx context.Context, _ int) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp4", l.Addr().String())
	})
	c, err := f.Dial(t.Context(), "eni-0", at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := c.(halfCloser).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	_ = c.Close() // the tally ends once
	if err := <-policy.ended; err != nil || policy.tally.Sent.Load() != 1000 || policy.tally.Received.Load() != 5 {
		t.Errorf("%v, %d sent, %d received", err, policy.tally.Sent.Load(), policy.tally.Received.Load())
	}
	if port := c.LocalAddr().(*net.TCPAddr).Port; policy.tally.Port.Load() != uint32(port) {
		t.Errorf("from port %d", policy.tally.Port.Load())
	}

	f.Serve("eni-1", func(_ context.Context, port int) (net.Conn, error) { return nil, Refused(port) })
	if _, err := f.Dial(t.Context(), "eni-0", at); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
	if err := <-policy.ended; !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("ended with %v", err)
	}
}
