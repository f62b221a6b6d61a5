package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tlsKey is what a TLS configuration is for. Configurations are kept, so that sessions can be resumed.
type tlsKey struct {
	listener, certificate string
	http2                 bool
}

type tlsEntry struct {
	leaf     *tls.Certificate
	config   *tls.Config
	min, max uint16
	ciphers  []uint16
}

// configFor finds the listener of a handshake, holds clients that are blocked, and gives the certificate and the policy.
func (p *Proxy) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c, ok := hello.Conn.(*clientConn)
	if !ok {
		return nil, errors.New("not a client of the edge")
	}
	l, b := p.listenerOf(c, hello.ServerName, true)
	if hello.ServerName == "" && c.bound == nil {
		l, b = p.onlySecure()
	}
	switch {
	case b == nil:
		return nil, fmt.Errorf("no load balancer has the name %q", hello.ServerName)
	case l == nil || !l.Secure:
		return nil, fmt.Errorf("the load balancer %s has no such HTTPS listener", b.Name)
	case l.ClientCertificates:
		return nil, fmt.Errorf("the load balancer %s asks for clients' certificates, which is not implemented", b.Name)
	case p.certificates == nil:
		return nil, errors.New("there are no certificates")
	}
	if _, err := p.admit(hello.Context(), c, l); err != nil {
		p.holdOn(hello.Context())
		return nil, err
	}
	id, cert, err := p.certificate(l, c, hello)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.chosen = id
	c.mu.Unlock()
	return p.tlsConfig(l, id, cert), nil
}

// onlySecure gives the HTTPS listener for clients that send no name, if there is but one load balancer with one.
func (p *Proxy) onlySecure() (*listener, *balancer) {
	var found *listener
	for _, b := range p.now.Load().balancers {
		if l := b.standard(true); l != nil {
			if found != nil {
				return nil, nil
			}
			found = l
		}
	}
	if found == nil {
		return nil, nil
	}
	return found, found.balancer
}

// certificate chooses the listener's certificate for a client: the first that goes with the name and the client, else the default one. For
// a name that leads to the edge alone, of which no certificate of a listener can be, there is one of its own.
func (p *Proxy) certificate(l *listener, c *clientConn, hello *tls.ClientHelloInfo) (string, *tls.Certificate, error) {
	if name := strings.ToLower(hello.ServerName); c.bound == nil && strings.HasSuffix(name, localDomain) {
		cert, err := p.certificates.Local(hello.Context(), name)
		return name, cert, err
	}
	var standard *tls.Certificate
	var wrong error
	for i, id := range l.Certificates {
		cert, err := p.certificates.Certificate(id)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		if hello.SupportsCertificate(cert) == nil {
			return id, cert, nil
		}
		if i == 0 {
			standard = cert
		}
	}
	if standard == nil {
		return "", nil, fmt.Errorf("finding the listener's certificate: %w", wrong)
	}
	return l.Certificates[0], standard, nil
}

func (p *Proxy) tlsConfig(l *listener, id string, cert *tls.Certificate) *tls.Config {
	key := tlsKey{l.ID, id, l.balancer.Settings.HTTP2}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.tls[key]; e != nil && e.leaf == cert && e.min == l.MinTLS && e.max == l.MaxTLS && slices.Equal(e.ciphers, l.Ciphers) {
		return e.config
	}
	config := &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: l.MinTLS, MaxVersion: l.MaxTLS, CipherSuites: l.Ciphers, NextProtos: []string{"http/1.1"}}
	if key.http2 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	p.tls[key] = &tlsEntry{leaf: cert, config: config, min: l.MinTLS, max: l.MaxTLS, ciphers: l.Ciphers}
	return config
}

// pruneTLS forgets the configurations of listeners that are gone. The lock is held.
func (p *Proxy) pruneTLS(now *snapshot) {
	have := map[string]bool{}
	for _, b := range now.balancers {
		for _, l := range b.listeners {
			have[l.ID] = true
		}
	}
	for key := range p.tls {
		if !have[key.listener] {
			delete(p.tls, key)
		}
	}
}
