package fabric

import (
	"net"
	"sync"
	"sync/atomic"
)

// Tally counts what a flow carries, in bytes of data, as the one who opened it sees it. Its maker may read it at any time.
type Tally struct {
	Sent, Received atomic.Int64
	Port           atomic.Uint32 // that the flow comes from; 0 as long as that is not known
	// End is called once: when the flow has ended, or with the error for which it did not come about.
	End func(err error)
}

// over counts what goes over a connection of the flow's, or ends the tally of one that did not come about. Without a tally it gives what
// it is given.
func (t *Tally) over(c net.Conn, err error) (net.Conn, error) {
	switch {
	case t == nil:
		return c, err
	case err != nil:
		t.End(err)
		return c, err
	}
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok && t.Port.Load() == 0 {
		t.Port.Store(uint32(a.Port))
	}
	out := &counted{Conn: c, tally: t}
	if half, ok := c.(halfCloser); ok {
		return &countedHalf{out, half}, nil
	}
	return out, nil
}

// counted is a connection that is counted.
type counted struct {
	net.Conn
	tally *Tally
	once  sync.Once
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tally.Received.Add(int64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.tally.Sent.Add(int64(n))
	return n, err
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.tally.End(nil) })
	return err
}

// halfCloser is a connection whose one direction can end before the other.
type halfCloser interface{ CloseWrite() error }

// countedHalf is a counted connection that is one.
type countedHalf struct {
	*counted
	half halfCloser
}

// CloseWrite ends what is sent.
func (c *countedHalf) CloseWrite() error { return c.half.CloseWrite() }
