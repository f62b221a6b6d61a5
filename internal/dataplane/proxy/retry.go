package proxy

import (
	"errors"
	"io"
	"net/http"
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
		resp, err := a.e.target.transport(a.e.node).RoundTrip(r)
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
