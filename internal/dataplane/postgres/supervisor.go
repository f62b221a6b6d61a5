package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Authority issues the servers' TLS certificates.
type Authority interface {
	// Issue gives a certificate for host names and its key, in PEM.
	Issue(ctx context.Context, hosts []string) (certificate, key []byte, err error)
}

// Config says where servers live and whom they tell of themselves.
type Config struct {
	Dir       string                                              // holds everything
	Find      func(ctx context.Context) ([]Installation, error)   // nil: Find with the process's environment
	Downloads Downloads                                           // what Find lacks; nil: nothing
	Authority Authority                                           // nil: no TLS
	Logger    *slog.Logger                                        // nil: none
	Now       func() time.Time                                    // names log files; nil: time.Now
	Notify    func(Event)                                         // must not block or call the supervisor; nil: nobody
	Log       func(server string, at time.Time, entries []string) // likewise, of what servers log
}

// Supervisor runs servers.
type Supervisor struct {
	config Config
	who    identity
	unfit  error // why no server can run on this machine
	place  *place
	making chan struct{} // held while installations are sought and templates made
	found  []Installation
	// By the installation's directory:
	fetched map[string]Installation
	made    map[string]*template

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	servers map[string]*server
}

// complete fills in what may be left out.
func (config *Config) complete() {
	if config.Find == nil {
		config.Find = func(ctx context.Context) ([]Installation, error) { return Find(ctx, os.Getenv) }
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Notify == nil {
		config.Notify = func(Event) {}
	}
}

// New makes a supervisor in a directory, and ends what a killed process left running there. It needs no PostgreSQL yet.
func New(ctx context.Context, config Config) (*Supervisor, error) {
	config.complete()
	who, unfit := whoami()
	s := &Supervisor{config: config, who: who, unfit: unfit, making: make(chan struct{}, 1), fetched: map[string]Installation{}, made: map[string]*template{}, servers: map[string]*server{}}
	var err error
	if s.place, err = openPlace(config.Dir, who); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.leftovers(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("ending PostgreSQL servers that were left running: %w", err), s.Close())
	}
	return s, nil
}

// Close stops all servers by a fast shutdown, and returns when they have ended. Their data stays.
func (s *Supervisor) Close() error {
	s.cancel()
	s.mu.Lock()
	all := s.servers
	s.servers = nil
	s.mu.Unlock()
	errs := make([]error, len(all))
	var stopped sync.WaitGroup
	i := 0
	for _, srv := range all {
		at := i
		stopped.Go(func() {
			srv.lock <- struct{}{}
			errs[at] = srv.stop(context.Background(), sigFast)
			<-srv.lock
		})
		i++
	}
	stopped.Wait()
	s.running.Wait()
	return errors.Join(errors.Join(errs...), s.place.close())
}

var errClosed = errors.New("the databases are shutting down")

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

// with runs f for a server, alone.
func (s *Supervisor) with(ctx context.Context, name string, f func(srv *server) error) error {
	if !names.MatchString(name) {
		return fmt.Errorf("%q cannot name a server", name)
	}
	s.mu.Lock()
	srv := s.servers[name]
	if srv == nil && s.servers != nil {
		srv = newServer(s, name)
		s.servers[name] = srv
	}
	s.mu.Unlock()
	if srv == nil {
		return errClosed
	}
	select {
	case srv.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-srv.lock }()
	if s.ctx.Err() != nil {
		return errClosed
	}
	return f(srv)
}

// find gives a server that there is.
func (s *Supervisor) find(name string) *server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.servers[name]
}

// Run brings a server to what its specification says, and returns when it answers. It stays so, restarted when it ends by itself,
// until Stop, Remove or another Run. Errors: ErrNoServer, *ExitError, and those of the disk.
func (s *Supervisor) Run(ctx context.Context, spec Spec) (Report, error) {
	var report Report
	err := s.with(ctx, spec.Name, func(srv *server) (err error) {
		report, err = srv.bring(ctx, spec)
		return err
	})
	return report, err
}

// Stop stops a server by a fast shutdown. One that does not run is no error.
func (s *Supervisor) Stop(ctx context.Context, name string) error {
	return s.with(ctx, name, func(srv *server) error { return srv.stop(ctx, sigFast) })
}

// Remove stops a server and deletes its data and logs. Its archive stays, as do snapshots.
func (s *Supervisor) Remove(ctx context.Context, name string) error {
	return s.with(ctx, name, func(srv *server) error {
		source := srv.source
		if err := srv.stop(ctx, sigImmediate); err != nil {
			return err
		}
		if source != "" {
			s.release(ctx, source, name)
		}
		if err := os.RemoveAll(srv.dir); err != nil {
			return fmt.Errorf("removing the data of %s: %w", name, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.servers, name)
		return nil
	})
}

// Dial opens a TCP connection to a server. Its error wraps syscall.ECONNREFUSED while the server does not run.
func (s *Supervisor) Dial(ctx context.Context, name string) (net.Conn, error) {
	srv := s.find(name)
	if srv == nil {
		return nil, fmt.Errorf("connecting to %s: %w", name, syscall.ECONNREFUSED)
	}
	n := srv.primary.Load()
	if !n.up() {
		return nil, fmt.Errorf("connecting to %s: %w", name, syscall.ECONNREFUSED)
	}
	return new(net.Dialer).DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port)))
}

// Logs gives the files of a server's log, the oldest first.
func (s *Supervisor) Logs(name string) []LogFile {
	if !names.MatchString(name) {
		return nil
	}
	return logFiles(filepath.Join(s.place.servers(), name, "log"))
}

// OpenLog opens a file of a server's log.
func (s *Supervisor) OpenLog(name, file string) (*os.File, error) {
	if !names.MatchString(name) || filepath.Base(file) != file || file == "." || file == ".." {
		return nil, os.ErrNotExist
	}
	return os.Open(filepath.Join(s.place.servers(), name, "log", file))
}
