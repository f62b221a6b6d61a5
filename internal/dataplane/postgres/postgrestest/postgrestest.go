// Package postgrestest runs PostgreSQL servers inside tests.
package postgrestest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/download"
	"atoll/internal/monitor"
)

// Need skips a test on a machine without PostgreSQL, and says what to install.
func Need(t testing.TB) {
	t.Helper()
	if _, err := postgres.Find(t.Context(), os.Getenv); err != nil {
		t.Skipf("this test needs a PostgreSQL server: %v", err)
	}
}

// Both runs a test on the machine's PostgreSQL and on a downloaded one, of this major version.
func Both(t *testing.T, test func(t *testing.T)) {
	t.Run("installed", func(t *testing.T) {
		Need(t)
		test(t)
	})
	t.Run("downloaded", func(t *testing.T) {
		t.Setenv(postgres.BinVariable, Download(t, downloaded))
		test(t)
	})
}

const downloaded = 17

// Download gives the programs of a major version from atoll's cache, where it downloads them if need be. It skips a test where that cannot be.
func Download(t testing.TB, major int) string {
	t.Helper()
	cache := os.Getenv("ATOLL_CACHE_DIR")
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			t.Skip(err)
		}
		cache = filepath.Join(dir, "atoll")
	}
	source := download.Open(download.Options{Cache: cache})
	for _, bin := range source.Cached() {
		if strings.HasPrefix(filepath.Base(filepath.Dir(bin)), strconv.Itoa(major)+".") {
			return bin
		}
	}
	if err := source.Answers(t.Context()); err != nil {
		t.Skipf("this test needs PostgreSQL %d from npm's registry (npm_config_registry names another one): %v", major, err)
	}
	bin, err := source.Fetch(t.Context(), major)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// Events collects what a supervisor tells. The zero value is ready; Notify is for the supervisor's configuration.
type Events struct {
	monitor monitor.Monitor
	all     []postgres.Event
}

// Notify takes an event.
func (e *Events) Notify(ev postgres.Event) {
	e.monitor.Change(func() { e.all = append(e.all, ev) })
}

// Await waits for an event of a kind.
func (e *Events) Await(t testing.TB, kind postgres.Kind) (ev postgres.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := e.monitor.Wait(ctx, func() bool {
		i := slices.IndexFunc(e.all, func(ev postgres.Event) bool { return ev.Kind == kind })
		if i >= 0 {
			ev = e.all[i]
			e.all = slices.Delete(e.all, i, i+1)
		}
		return i >= 0
	})
	if err != nil {
		t.Fatalf("no event of kind %d came: %v", kind, err)
	}
	return ev
}

// Authority is a certificate authority for a test.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes one.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err == nil {
		a.certificate, err = x509.ParseCertificate(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Issue makes a certificate for hosts.
func (a *Authority) Issue(_ context.Context, hosts []string) (certificate, key []byte, err error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &own.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), err
}

// Pool gives the authority's own certificate, for clients.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.certificate)
	return p
}

// Dialer opens connections to a server by its name.
type Dialer interface {
	Dial(ctx context.Context, name string) (net.Conn, error)
}

// Connect connects a client to a server through a dialer; roots nil means without TLS.
func Connect(ctx context.Context, d Dialer, name string, login postgres.Login, database, host string, roots *x509.CertPool) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port, config.User, config.Password, config.Database = host, 5432, login.User, login.Password, database
	config.TLSConfig, config.Fallbacks = nil, nil
	if roots != nil {
		config.TLSConfig = &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return d.Dial(ctx, name) }
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, errors.Join(errors.New("connecting to the database"), err)
	}
	return c, nil
}
