package cloud

import (
	"context"
	"crypto/tls"
	"strings"
	"sync"
	"time"

	"atoll/internal/cloud/aws/acm"
	"atoll/internal/cloud/clock"
)

// renewal is how long before its end a certificate is replaced.
const renewal = 30 * 24 * time.Hour

// issuer gives certificates for host names that this machine answers for, signed by the cloud's own authority.
type issuer struct {
	certificates *acm.Service
	clock        clock.Clock

	mu     sync.Mutex
	issued map[string]*tls.Certificate // by what covers a host name
}

func newIssuer(certificates *acm.Service, c clock.Clock) *issuer {
	return &issuer{certificates: certificates, clock: c, issued: map[string]*tls.Certificate{}}
}

// certificate gives the certificate for a host name in lower case. Names of one level above are covered together, as AWS's are: *.s3.us-east-1.amazonaws.com.
func (i *issuer) certificate(ctx context.Context, host string) (*tls.Certificate, error) {
	covers := host
	if _, parent, ok := strings.Cut(host, "."); ok && strings.Count(parent, ".") > 1 {
		covers = "*." + parent
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.clock.Now()
	if c, ok := i.issued[covers]; ok && now.Before(c.Leaf.NotAfter.Add(-renewal)) {
		return c, nil
	}
	names := []string{covers}
	if covers != host {
		names = append(names, host)
	}
	certificate, key, _, err := i.certificates.ServerCertificate(ctx, now, names...)
	if err != nil {
		return nil, err
	}
	c, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	i.issued[covers] = &c
	return &c, nil
}
