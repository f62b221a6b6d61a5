package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

// server is what the load balancer calls itself in its own answers.
const server = "awselb/2.0"

func reason(status int) string {
	switch status {
	case http.StatusServiceUnavailable:
		return "Service Temporarily Unavailable"
	case http.StatusGatewayTimeout:
		return "Gateway Time-out"
	case http.StatusMethodNotAllowed:
		return "Not Allowed"
	case statusForwarded, statusProtocol, statusClientClosed:
		return ""
	}
	return http.StatusText(status)
}

// page answers with the small page that a load balancer has for a status.
func (e *exchange) page(status int) {
	title := strings.TrimSpace(strconv.Itoa(status) + " " + reason(status))
	e.answer(status, "text/html", "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n<center><h1>"+title+"</h1></center>\r\n</body>\r\n</html>\r\n")
}

// refuse answers where the configuration asks for what is not implemented.
func (e *exchange) refuse(what string) {
	e.answer(http.StatusNotImplemented, "text/plain; charset=utf-8", "The local load balancer does not implement "+what+".\n")
}

func (e *exchange) fixed(f *Fixed) {
	e.action = "fixed-response"
	kind := f.ContentType
	if kind == "" && f.Body != "" {
		kind = "text/plain"
	}
	if kind != "" {
		kind += "; charset=utf-8"
	}
	e.answer(f.Status, kind, f.Body)
}

func (e *exchange) redirect(r *Redirect) {
	e.action = "redirect"
	protocol := "http"
	if e.listener.Secure {
		protocol = "https"
	}
	scheme, host, port, rest := r.location(&e.q, protocol, e.listener.Port)
	e.redirected = scheme + "://" + host + ":" + port + rest
	to := e.redirected
	if outside := e.outside(scheme, host, port); outside != "" {
		to = scheme + "://" + outside + rest
	}
	e.Header().Set("Location", to)
	e.page(r.Status)
}

// outside gives the host and port by which a client of the edge reaches what a redirect leads to, empty where that is no load balancer
// here: the client came to the edge's port, and can come to no other.
func (e *exchange) outside(scheme, host, port string) string {
	if e.conn.bound != nil {
		return ""
	}
	b, _ := e.p.find(host)
	if b == nil {
		return ""
	}
	edge := e.p.edgePort()
	if e.local {
		host = Local(host)
	}
	if l := b.standard(scheme == "https"); l != nil && l.port == port {
		return host + ":" + edge
	}
	return "p" + port + "." + host + ":" + edge
}

// answer sends an answer of the load balancer's own.
func (e *exchange) answer(status int, kind, body string) {
	e.own = true
	h := e.Header()
	h["Server"] = []string{server}
	if kind != "" {
		h["Content-Type"] = []string{kind}
	} else {
		h["Content-Type"] = nil // no guess
	}
	for _, x := range e.listener.Response {
		h.Set(x.Name, x.Value)
	}
	if e.listener.HideServer {
		delete(h, "Server")
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	e.WriteHeader(status)
	if e.in.Method != http.MethodHead && status != http.StatusNoContent {
		_, _ = e.Write([]byte(body)) // a client that is gone needs no answer
	}
}
