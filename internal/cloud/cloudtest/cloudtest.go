// Package cloudtest runs a local cloud inside a test, and gives real SDK clients for it.
package cloudtest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"atoll/internal/cloud"
	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/postgres"
)

// Region is the region of a test's clients.
const Region = "us-east-1"

// Cloud is a running cloud and its server.
type Cloud struct {
	*cloud.Cloud
	URL   string
	Dir   string
	Clock *clock.Manual // nil with RealTime
	Edge  string        // where load balancers are reached, with Serving

	t       testing.TB
	options options
	server  *httptest.Server
}

type options struct {
	postgres *postgres.Config
	runtime  container.Runtime
	durable  bool
	realTime bool
	http     *http.Client
	network  cloud.Network
	serve    bool
}

// Option changes how a test's cloud runs.
type Option func(*options)

// Durable keeps the records on disk, as in production, so that Restart finds them.
func Durable() Option { return func(o *options) { o.durable = true } }

// RealTime runs the cloud on the machine's clock, for clients that sign with theirs.
func RealTime() Option { return func(o *options) { o.realTime = true } }

// HTTP gives the client by which the cloud reaches other hosts, such as an OIDC issuer.
func HTTP(c *http.Client) Option { return func(o *options) { o.http = c } }

// Serving has load balancers serve, over a network of the test's.
func Serving(n cloud.Network) Option {
	return func(o *options) { o.network, o.serve = n, true }
}

// Postgres runs real databases behind RDS's PostgreSQL instances; a test that uses it calls postgrestest.Need first.
func Postgres() Option { return PostgresFrom(postgres.Config{}) }

// PostgresFrom is Postgres with programs from elsewhere than the machine: those of the configuration's Find and Downloads.
func PostgresFrom(config postgres.Config) Option { return func(o *options) { o.postgres = &config } }

// Containers runs tasks with a runtime, in network namespaces: the test is skipped where these are not allowed.
func Containers(r container.Runtime) Option { return func(o *options) { o.runtime = r } }

// Start runs a cloud until the test ends. Its clock stands still at the time of the start unless RealTime is given; signatures
// are accepted within 15 minutes of it.
func Start(t testing.TB, opts ...Option) *Cloud {
	t.Helper()
	c := &Cloud{t: t, Dir: filepath.Join(t.TempDir(), "cloud")}
	for _, o := range opts {
		o(&c.options)
	}
	if !c.options.realTime {
		c.Clock = clock.NewManual(time.Now())
	}
	if c.options.runtime != nil && os.Getuid() != 0 {
		t.Skip("network namespaces need root: run the tests as root to have tasks tested")
	}
	c.open()
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.ServeHTTP(w, r) }))
	c.URL = c.server.URL
	t.Cleanup(func() {
		c.server.Close()
		if err := c.Close(); err != nil {
			t.Errorf("closing the cloud: %v", err)
		}
	})
	return c
}

func (c *Cloud) open() {
	c.t.Helper()
	config := cloud.Config{Dir: c.Dir, Ephemeral: !c.options.durable, Logger: logger(c.t), HTTP: c.options.http}
	if c.options.postgres != nil || c.options.runtime != nil {
		config.DataPlane = &cloud.DataPlane{Containers: c.options.runtime}
	}
	if c.options.postgres != nil {
		config.DataPlane.Postgres = c.options.postgres
	}
	if c.Clock != nil {
		config.Clock = c.Clock
	}
	if c.options.serve {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", "127.0.0.1:0")
		if err != nil {
			c.t.Fatal(err)
		}
		config.Edge, config.Network, c.Edge = l, c.options.network, l.Addr().String()
	}
	inner, err := cloud.Open(context.Background(), config)
	if err != nil {
		c.t.Fatalf("opening a cloud: %v", err)
	}
	c.Cloud = inner
}

// Restart closes the cloud and opens it again from its directory. It needs Durable.
func (c *Cloud) Restart() {
	c.t.Helper()
	c.RestartWith(func() {})
}

// RestartWith is Restart with something done to the directory in between.
func (c *Cloud) RestartWith(between func()) {
	c.t.Helper()
	if !c.options.durable {
		c.t.Fatal("Restart needs cloudtest.Durable()")
	}
	if err := c.Close(); err != nil {
		c.t.Fatalf("closing the cloud: %v", err)
	}
	between()
	c.open()
}

// Config gives the SDK configuration of the account's root user. Calls are made once: a test sees the first answer.
func (c *Cloud) Config() aws.Config {
	root := c.Root()
	return c.ConfigFor(root.ID, root.Secret, "")
}

// ConfigFor gives the SDK configuration for other keys.
func (c *Cloud) ConfigFor(accessKeyID, secret, sessionToken string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(c.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKeyID, secret, sessionToken),
		HTTPClient:   &http.Client{Transport: transport{c.server.Client().Transport}},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// Retrying gives Config with the SDK's own retries.
func (c *Cloud) Retrying() aws.Config {
	config := c.Config()
	config.Retryer = func() aws.Retryer { return retry.NewStandard() }
	return config
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	w.t.Log(string(p))
	return len(p), nil
}

func logger(t testing.TB) *slog.Logger {
	var w io.Writer = testWriter{t}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
