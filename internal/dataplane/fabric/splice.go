package fabric

import (
	"errors"
	"io"
	"net"
)

// Splice carries bytes both ways between two connections until both directions have ended, and closes them. An end of one direction
// is passed on as such.
func Splice(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		carry(a, b)
		close(done)
	}()
	carry(b, a)
	<-done
	_ = errors.Join(a.Close(), b.Close()) // both have ended, or failed
}

// carry copies until from has ended. After a failure neither direction can go on.
func carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(halfCloser)
	if err != nil || !ok {
		_ = errors.Join(to.Close(), from.Close())
		return
	}
	_ = half.CloseWrite()
}
