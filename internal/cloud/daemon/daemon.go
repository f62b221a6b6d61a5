package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"atoll/internal/cloud"
	"atoll/internal/dataplane/postgres"
	"atoll/internal/disk"
)

// Config says how a cloud runs.
type Config struct {
	Dir     Dir
	Port    int // 0: a free one
	Version string

	EdgePort  int                // where load balancers are reached; 0: a free one
	Runtime   Runtime            // what tasks run with; empty: Auto
	Downloads postgres.Downloads // PostgreSQL's programs that the machine lacks; nil: none
	Logger    *slog.Logger
}

// Info is what a running cloud says of itself.
type Info struct {
	Endpoint string    `json:"endpoint"`
	Edge     string    `json:"edge"` // where load balancers are reached, such as 127.0.0.1:8088
	PID      int       `json:"pid"`
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	Dir      string    `json:"dir"`
	Account  string    `json:"account"`
	Services []string  `json:"services"`
	Runtime  Runtime   `json:"runtime"`          // what tasks run with
	Engine   string    `json:"engine,omitempty"` // the container engine, with the runtime Docker
	Lacks    string    `json:"lacks,omitempty"`  // why tasks do not run, with the runtime None
	Wants    bool      `json:"wants,omitempty"`  // tasks were to run, and cannot
	Calls    uint64    `json:"calls"`            // answered since the start
	Free     uint64    `json:"disk_free"`        // bytes that the disk with Dir has left

	Unjudged []cloud.Unjudged `json:"unjudged,omitempty"` // of web ACLs that are in use
}

// PortError means that a port could not be listened on.
type PortError struct {
	Port int
	Edge bool // the port of load balancers
	Err  error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("listening on 127.0.0.1:%d: %v", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// shutdownTime bounds how long a stop waits for the calls under way.
const shutdownTime = 5 * time.Second

// Run runs a cloud until ctx ends or it is asked to stop. ready is called once it answers. Its errors are ErrRunning, *PortError
// and those of cloud.Open.
func Run(ctx context.Context, config Config, ready func(Info)) (err error) {
	unlock, err := config.Dir.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := cloud.Recover(config.Dir.Data()); err != nil {
		return err
	}
	listener, err := listen(ctx, config.Port)
	if err != nil {
		return &PortError{config.Port, false, err}
	}
	defer listener.Close()
	edge, err := listen(ctx, config.EdgePort)
	if err != nil {
		return &PortError{config.EdgePort, true, err}
	}
	defer edge.Close()
	running, err := openRuntime(ctx, &config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.close()) }()
	c, err := cloud.Open(ctx, cloud.Config{Dir: config.Dir.Data(), Logger: config.Logger, Edge: edge, DataPlane: running.plane})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	d := &daemon{config: config, cloud: c, edge: edge, records: running.plane == nil, stop: make(chan struct{}), quiet: time.NewTimer(restAfter), info: Info{
		Endpoint: "http://" + listener.Addr().String(), Edge: edge.Addr().String(), PID: os.Getpid(), Version: config.Version, Started: time.Now().UTC(),
		Dir: string(config.Dir), Account: cloud.DefaultAccount, Services: c.Services(),
		Runtime: running.name, Engine: running.about, Lacks: running.lacks, Wants: running.wants,
	}}
	if err := d.writeCredentials(); err != nil {
		return err
	}
	return d.serve(ctx, listener, ready)
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// nothingRuns answers in place of load balancers that are records.
func nothingRuns(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "atoll's local cloud keeps load balancers, tasks and databases as records: it was started with --runtime none.", http.StatusServiceUnavailable)
}

type daemon struct {
	config Config
	cloud  *cloud.Cloud
	info   Info
	stop   chan struct{}
	once   sync.Once
	calls  atomic.Uint64
	quiet  *time.Timer // fires when calls have ceased

	edge    net.Listener
	records bool // nothing runs, so that nobody else serves the edge
}

func (d *daemon) serve(ctx context.Context, listener net.Listener, ready func(Info)) error {
	path, err := d.config.Dir.listenPath()
	if err != nil {
		return err
	}
	control, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("opening the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("closing the control socket to other users: %w", err), control.Close())
	}
	errorLog := slog.NewLogLogger(d.config.Logger.Handler(), slog.LevelDebug)
	servers := []*http.Server{
		{Handler: d.endpoint(), ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 5 * time.Minute, ErrorLog: errorLog},
		{Handler: d.control(), ReadHeaderTimeout: 30 * time.Second, ErrorLog: errorLog},
	}
	listeners := []net.Listener{listener, control}
	if d.records {
		servers, listeners = append(servers, &http.Server{Handler: http.HandlerFunc(nothingRuns), ReadHeaderTimeout: 30 * time.Second, ErrorLog: errorLog}), append(listeners, d.edge)
	}
	failed := make(chan error, len(servers))
	for i, l := range listeners {
		go func() {
			if err := servers[i].Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving on %s: %w", l.Addr(), err)
				return
			}
			failed <- nil
		}()
	}
	resting, wake := context.WithCancel(ctx)
	var rest sync.WaitGroup
	rest.Go(func() { d.rest(resting) })
	defer rest.Wait()
	defer wake()
	ready(d.about())
	var first error
	running := len(servers)
	select {
	case <-ctx.Done():
	case <-d.stop:
	case first = <-failed:
		running--
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(end); err != nil {
			d.config.Logger.Warn("calls were cut off at the stop", "err", err)
			first = errors.Join(first, s.Close())
		}
	}
	for range running {
		first = errors.Join(first, <-failed)
	}
	return first
}

// endpoint answers AWS calls. Go's HTTP server gives absolute-form requests, which a proxy gets, to the same handler; those for
// hosts that are not the cloud's are refused, so that a proxy setting does no harm unnoticed. Those for load balancers are passed on.
func (d *daemon) endpoint() http.Handler {
	balancers := d.balancers()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			d.tunnel(w, r)
			return
		}
		if r.URL.IsAbs() && d.isBalancer(r.URL.Hostname(), r.URL.Port()) {
			balancers.ServeHTTP(w, r)
			return
		}
		if r.URL.IsAbs() && !d.owns(r.URL.Hostname()) {
			http.Error(w, fmt.Sprintf("atoll's local cloud is no proxy for %s: HTTP_PROXY is set for S3 Control alone. Unset HTTP_PROXY for this program.", r.URL.Host), http.StatusBadGateway)
			return
		}
		d.calls.Add(1)
		d.quiet.Reset(restAfter)
		d.cloud.ServeHTTP(w, r)
	})
}

// isBalancer reports whether what a client of the proxy asks for is a load balancer: at the edge's port, or by the name that AWS gives it.
func (d *daemon) isBalancer(host, port string) bool {
	_, edge, _ := net.SplitHostPort(d.info.Edge) // it is a listener's
	return port == edge || strings.HasSuffix(host, ".elb.amazonaws.com") && (port == "" || port == "80" || port == "443")
}

// balancers passes requests on to the edge, as they are: clients whose HTTP_PROXY is the cloud come by here.
func (d *daemon) balancers() http.Handler {
	return &httputil.ReverseProxy{
		Transport: &http.Transport{DisableCompression: true},
		ErrorLog:  slog.NewLogLogger(d.config.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL.Host, pr.Out.Host, pr.Out.URL.RawQuery = d.info.Edge, pr.In.Host, pr.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if v, ok := pr.In.Header[name]; ok {
					pr.Out.Header[name] = v
				}
			}
		},
	}
}

// owns reports whether a host is the cloud's: a loopback address, localhost, or a name under these or under amazonaws.com.
func (d *daemon) owns(host string) bool {
	for _, own := range []string{"127.0.0.1", "localhost", "amazonaws.com"} {
		if host == own || strings.HasSuffix(host, "."+own) {
			return true
		}
	}
	return false
}

func (d *daemon) writeCredentials() error {
	root := d.cloud.Root()
	body := fmt.Sprintf("# The root user of atoll's local cloud. These keys work nowhere else.\n[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", root.ID, root.Secret)
	if _, err := disk.Write(d.config.Dir.Credentials(), []byte(body), 0o600); err != nil {
		return fmt.Errorf("writing the credentials: %w", err)
	}
	return nil
}
