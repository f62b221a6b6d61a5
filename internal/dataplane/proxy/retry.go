package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
)

// attempts sends a request to the target of an exchange, and to another one as long as a target refuses the connection: nothing of the request
// has been sent then.
type attempts struct{ e *exchange }

// RoundTrip implements http.RoundTripper.
func (a attempts) RoundTrip(r *http.Request) (*http.Response, error) {
	body := r.Body
	refused := map[*target]bool{}
	for {
		if body != nil && body != http.NoBody {
			r.Body = io.NopCloser(body) // a transport that could not connect closes it, and has read nothing
		}
		resp, err := roundTripOnce(a.e.target.transport(a.e.node), r)
		connect := (*errConnect)(nil)
		if err == nil || !errors.As(err, &connect) || connect.timeout {
			return resp, err
		}
		refused[a.e.target] = true
		other := a.e.group.pickOther(a.e.node, refused)
		if other == nil {
			return nil, err
		}
		a.e.target.release()
		a.e.target = other
		r.URL.Host = other.address.String()
	}
}

var errSent = errors.New("the request has been sent to the target, which did not answer it")

// roundTripOnce has a transport send a request once: by itself, it sends those with methods that are to change nothing again if a connection
// that was used before breaks. What was not written to such a connection is sent over another one.
func roundTripOnce(transport *http.Transport, r *http.Request) (*http.Response, error) {
	if !transport.Protocols.HTTP1() { // of HTTP/2, it repeats only what the target has refused to process
		return transport.RoundTrip(r)
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	var conn *targetConn
	var before int64
	again := false
	resp, err := transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if conn != nil && conn.written.Load() > before {
			again = true
			cancel(errSent)
			_ = info.Conn.Close() // before anything is written to it
			return
		}
		if conn = targetConnOf(info.Conn); conn != nil {
			before = conn.written.Load()
		}
	}})))
	if err == nil {
		return resp, nil // whose body ends with the context of r
	}
	cancel(nil)
	if again {
		if cause := conn.broken.Load(); cause != nil {
			return nil, *cause
		}
		return nil, errSent
	}
	return resp, err
}

// targetConnOf takes TLS off a connection.
func targetConnOf(c net.Conn) *targetConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	out, _ := c.(*targetConn)
	return out
}
