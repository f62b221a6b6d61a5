package daemon

import (
	"net"
	"net/http"
	"strings"
	"time"

	"atoll/internal/dataplane/fabric"
)

// dialTime bounds how long a tunnel waits for its other end.
const dialTime = 30 * time.Second

// tunnel serves CONNECT, with which programs whose HTTPS_PROXY is the cloud reach hosts over TLS: AWS's are answered here, all others
// are connected to.
func (d *daemon) tunnel(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, "CONNECT needs HOST:PORT", http.StatusBadRequest)
		return
	}
	own := host == "amazonaws.com" || strings.HasSuffix(host, ".amazonaws.com")
	to := r.Host
	if d.isBalancer(host, port) {
		own, to = false, d.info.Edge
	}
	var far net.Conn
	if !own {
		if far, err = (&net.Dialer{Timeout: dialTime}).DialContext(r.Context(), "tcp", to); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		if far != nil {
			_ = far.Close()
		}
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := near.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil || buffered.Reader.Buffered() > 0 {
		_ = near.Close() // nobody speaks before the answer
		if far != nil {
			_ = far.Close()
		}
		return
	}
	if !own {
		fabric.Splice(near, far)
		return
	}
	if err := d.cloud.ServeAWS(r.Context(), near); err != nil {
		_ = near.Close()
	}
}
