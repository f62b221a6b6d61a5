package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"atoll/internal/dataplane/fabric"
)

// endpoint answers for AWS's own host names, with TLS and without, on connections that others have accepted.
type endpoint struct {
	handler http.Handler
	issuer  *issuer
	logger  *slog.Logger
	plain   *pipes
	secure  *pipes
}

func newEndpoint(handler http.Handler, issuer *issuer, logger *slog.Logger) *endpoint {
	return &endpoint{handler: handler, issuer: issuer, logger: logger, plain: newPipes(), secure: newPipes()}
}

// dial connects to the endpoint from within this process.
func (e *endpoint) dial(ctx context.Context, port int) (net.Conn, error) {
	switch port {
	case 80:
		return e.plain.dial(ctx)
	case 443:
		return e.secure.dial(ctx)
	}
	return nil, fabric.Refused(port)
}

// Run serves until ctx ends.
func (e *endpoint) Run(ctx context.Context) error {
	server := &http.Server{Handler: e.handler, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(e.logger.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: e.certificate}}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(e.plain) }()
	go func() { failed <- server.ServeTLS(e.secure, "", "") }()
	for range 2 {
		if err := <-failed; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}

func (e *endpoint) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := strings.ToLower(hello.ServerName)
	if host == "" {
		host = "amazonaws.com"
	}
	return e.issuer.certificate(hello.Context(), host)
}

// pipes is a listener whose connections come from this process.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	if err := p.give(ctx, far); err != nil {
		return nil, errors.Join(err, near.Close(), far.Close())
	}
	return near, nil
}

// give hands over a connection that was made elsewhere.
func (p *pipes) give(ctx context.Context, c net.Conn) error {
	select {
	case p.conns <- c:
		return nil
	case <-p.done:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept gives the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close lets no more connections in.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is that of AWS's endpoints within the cloud.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: awsAddress("").AsSlice(), Port: 443} }

// ServeAWS answers on a connection to one of AWS's own host names, which begins with TLS. It returns when the connection has been
// taken over.
func (c *Cloud) ServeAWS(ctx context.Context, conn net.Conn) error {
	c.mu.RLock()
	live := c.live
	c.mu.RUnlock()
	return live.endpoint.secure.give(ctx, conn)
}

// Authority gives the certificate of the authority that signs for the cloud, in PEM: of AWS's host names, of ACM's certificates and of databases.
func (c *Cloud) Authority(ctx context.Context) ([]byte, error) {
	c.mu.RLock()
	live := c.live
	c.mu.RUnlock()
	return live.endpoint.issuer.certificates.Authority(ctx, c.config.Clock.Now())
}
