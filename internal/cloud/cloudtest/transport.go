package cloudtest

import (
	"io"
	"net/http"
)

// transport hides that the SDK's request bodies are io.WriterTo. smithy-go answers io.EOF from their WriteTo once a response has
// begun, which net/http takes for a failed request: it then closes the connection under a response that is still being read.
type transport struct{ http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return t.RoundTripper.RoundTrip(r)
}
