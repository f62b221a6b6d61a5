package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"atoll/internal/dataplane/fabric"
	"atoll/internal/hint"
)

// Forward is a port of this machine that leads somewhere else.
type Forward struct {
	Port int

	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)
	failed   func(error)
	end      context.CancelFunc
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // both ends of all connections
}

// Listen opens a port, 0 for a free one, until Close. Each connection goes on with what dial gives; failed is told of those that go nowhere.
func Listen(ctx context.Context, port int, dial func(ctx context.Context) (net.Conn, error), failed func(error)) (*Forward, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", local(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, portTaken(port)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the port %d: %w", port, err)
	}
	run, end := context.WithCancel(context.WithoutCancel(ctx))
	f := &Forward{Port: l.Addr().(*net.TCPAddr).Port, listener: l, dial: dial, failed: failed, end: end, conns: map[net.Conn]bool{}}
	f.serving.Go(func() { f.accept(run) })
	return f, nil
}

func portTaken(port int) error {
	return hint.Errorf("--port 0      (takes a free one)", "another program listens on %s", local(port))
}

func (f *Forward) accept(ctx context.Context) {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return // it is closed
		}
		f.serving.Go(func() { f.carry(ctx, near) })
	}
}

func (f *Forward) carry(ctx context.Context, near net.Conn) {
	if !f.keep(near) {
		return
	}
	defer f.drop(near)
	far, err := f.dial(ctx)
	if err != nil {
		if ctx.Err() == nil {
			f.failed(err)
		}
		return
	}
	if !f.keep(far) {
		return
	}
	defer f.drop(far)
	fabric.Splice(near, far)
}

// keep notes a connection that Close is to end. It is false after Close, and then closes it.
func (f *Forward) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		_ = c.Close()
		return false
	}
	f.conns[c] = true
	return true
}

func (f *Forward) drop(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	_ = c.Close() // it may be closed already
}

// Close closes the port, ends all connections, and waits for their end.
func (f *Forward) Close() error {
	f.end()
	err := f.listener.Close()
	f.mu.Lock()
	for c := range f.conns {
		_ = c.Close()
	}
	f.conns = nil
	f.mu.Unlock()
	f.serving.Wait()
	return err
}
