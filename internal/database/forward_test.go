package database_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"atoll/internal/database"
)

// echo gives connections to something that gives back what it gets.
func echo(t *testing.T) func(ctx context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			_, _ = io.Copy(far, far)
			_ = far.Close()
		}()
		return near, nil
	}
}

func dial(t *testing.T, port int) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(database.Loopback, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestForward(t *testing.T) {
	f, err := database.Listen(t.Context(), 0, echo(t), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	for range 3 {
		c := dial(t, f.Port)
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Fatalf("%q, %v", got, err)
		}
		open = append(open, c)
	}
	if _, err := database.Listen(t.Context(), f.Port, nil, nil); err == nil || !strings.Contains(err.Error(), "another program listens on 127.0.0.1:") {
		t.Errorf("a port that is taken gives %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range open {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a connection is open after the end")
		}
		_ = c.Close()
	}
}

func TestForwardRefused(t *testing.T) {
	refused := errors.New("the database is stopped")
	told := make(chan error, 1)
	f, err := database.Listen(t.Context(), 0, func(context.Context) (net.Conn, error) { return nil, refused }, func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, f.Port)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
	if err := <-told; !errors.Is(err, refused) {
		t.Errorf("told %v", err)
	}
	_ = c.Close()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
