package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"atoll/internal/disk"
)

// node is one postmaster with its data directory. A server has one, or two while a standby stands by.
type node struct {
	sup  *Supervisor
	name string // for messages
	data string // directory
	bin  string
	log  *logFile
	done func(*node) // called when it has ended without having been stopped; nil: nobody is told

	port     int
	cmd      *exec.Cmd
	exited   chan struct{}
	said     chan struct{} // closed when all that it wrote has been read
	stopping atomic.Bool
	live     atomic.Bool // it has answered
}

// ExitError says why a server did not start: by the end of its log.
type ExitError struct {
	Server string
	Err    error  // of the process
	Log    string // its last lines
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("PostgreSQL for %s ended at its start: %v\n%s", e.Server, e.Err, e.Log)
}

func (e *ExitError) Unwrap() error { return e.Err }

// Settings reports whether the server refused its configuration.
func (e *ExitError) Settings() bool {
	for _, words := range []string{"configuration file", "invalid value for parameter", "is outside the valid range for parameter", "could not map anonymous shared memory",
		"could not access file", "parameter settings"} {
		if strings.Contains(e.Log, words) {
			return true
		}
	}
	return false
}

const (
	portTries = 5
	readyPoll = 10 * time.Millisecond // between attempts to connect to a server that starts
	fastStop  = 30 * time.Second      // for a fast shutdown, before an immediate one
	hardStop  = 10 * time.Second      // for that, before the process is killed
	lastWords = 5 * time.Second       // for what an ended process wrote to be read
)

// resume is start with fsync off, until settle. PostgreSQL would first force each of a recovered directory's thousand files to disk,
// which takes seconds, and a new server's first commits would wait for its whole copied data. A loss of power before settle's
// sync has ended can damage the data; a crash of PostgreSQL or of this process cannot.
func (n *node) resume(ctx context.Context, files map[string]string) error {
	quick := maps.Clone(files)
	quick["postgresql.conf"] += "fsync = off\n"
	return n.start(ctx, quick)
}

// settle turns fsync on, and has all that was written before synced beside that.
func (n *node) settle(ctx context.Context, files map[string]string) error {
	if err := n.write(map[string]string{"postgresql.conf": files["postgresql.conf"]}); err != nil {
		return err
	}
	if err := n.reload(ctx); err != nil {
		return err
	}
	n.sup.running.Go(func() { _ = disk.SyncTree(n.data) }) // files may go meanwhile
	return nil
}

// start starts the postmaster with the given files in its data directory, and returns when it answers.
func (n *node) start(ctx context.Context, files map[string]string) error {
	if err := n.sup.place.complete(n.sup.who, n.data); err != nil {
		return err
	}
	if err := n.write(files); err != nil {
		return err
	}
	for try := 1; ; try++ {
		if try > 1 || n.port == 0 || !free(n.port) {
			port, err := freePort()
			if err != nil {
				return fmt.Errorf("finding a free port: %w", err)
			}
			n.port = port
		}
		err := n.launch(ctx)
		if exit, ok := errors.AsType[*ExitError](err); ok && try < portTries && strings.Contains(exit.Log, "could not bind") {
			continue // somebody took the port meanwhile
		}
		return err
	}
}

// write puts files into the data directory; a file with an empty text is removed.
func (n *node) write(files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(n.data, name)
		if text == "" {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("configuring %s: %w", n.name, err)
			}
			continue
		}
		if err := replace(path, []byte(text)); err != nil {
			return fmt.Errorf("configuring %s: %w", n.name, err)
		}
		if err := n.sup.who.own(path); err != nil {
			return fmt.Errorf("configuring %s: %w", n.name, err)
		}
	}
	return nil
}

// replace writes a file that is whole or absent unless power is lost: what is written anew at each start needs no sync, for which the disk
// would have to write all that was copied before.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".tmp", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

func (n *node) launch(ctx context.Context) error {
	n.log.forget()
	n.stopping.Store(false)
	n.live.Store(false)
	p := n.sup.place
	c := p.command(context.WithoutCancel(ctx), n.sup.who, filepath.Join(n.bin, "postgres"), "-D", p.view(n.data), "-c", "listen_addresses=127.0.0.1",
		"-c", "port="+strconv.Itoa(n.port), "-c", "unix_socket_directories="+p.view(p.sockets), "-c", "unix_socket_permissions=0700")
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", n.name, err)
	}
	c.Stdout, c.Stderr = w, w
	if err := c.Start(); err != nil {
		return errors.Join(fmt.Errorf("starting %s: %w", strings.Join(c.Args, " "), err), r.Close(), w.Close())
	}
	w.Close()
	said := make(chan struct{})
	n.cmd, n.exited, n.said = c, make(chan struct{}), said
	n.sup.running.Go(func() { n.log.read(r); r.Close(); close(said) })
	n.sup.running.Go(func() {
		_ = c.Wait()
		close(n.exited)
		if n.live.Load() && !n.stopping.Load() && n.done != nil {
			n.done(n)
		}
	})
	if err := n.ready(ctx); err != nil {
		return errors.Join(err, n.stop(context.WithoutCancel(ctx), sigImmediate))
	}
	return nil
}

// ready waits until the server answers. There is nothing to wait on but the server's answer, as pg_ctl does.
func (n *node) ready(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		c, err := n.sup.place.connect(ctx, n.port)
		if err == nil {
			n.live.Store(true)
			return c.Close(ctx)
		}
		select {
		case <-n.exited:
			n.stopping.Store(true)
			timer := time.NewTimer(lastWords)
			select {
			case <-n.said:
			case <-timer.C: // a child of its own may go on
			}
			timer.Stop()
			return &ExitError{n.name, errors.New(n.cmd.ProcessState.String()), n.log.last()}
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", n.name, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

// up reports whether the process runs.
func (n *node) up() bool {
	if n == nil || n.exited == nil {
		return false
	}
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

// stop ends the process: as asked, then harder. It returns when it has ended.
func (n *node) stop(ctx context.Context, s syscall.Signal) error {
	if !n.up() {
		return nil
	}
	n.stopping.Store(true)
	return n.sup.end(ctx, n.cmd.Process.Pid, s, n.exited)
}

// end ends a process, whose end is told by a channel.
func (s *Supervisor) end(ctx context.Context, pid int, first syscall.Signal, exited <-chan struct{}) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{first, fastStop}, {sigImmediate, hardStop}, {sigKill, hardStop}} {
		if err := signal(pid, step.signal); err != nil {
			return err
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-exited:
			timer.Stop()
			return nil
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		s.config.Logger.Warn("a PostgreSQL server does not stop", "pid", pid, "signal", step.signal)
	}
	return fmt.Errorf("process %d of PostgreSQL does not end", pid)
}

// reload has the server read its configuration again, and returns when it has.
func (n *node) reload(ctx context.Context) error {
	const loaded = "SELECT pg_conf_load_time()"
	before, err := n.sup.place.one(ctx, n.port, loaded)
	if err != nil {
		return err
	}
	if err := signal(n.cmd.Process.Pid, sigReload); err != nil {
		return err
	}
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		now, err := n.sup.place.one(ctx, n.port, loaded)
		if err != nil || now != before {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // it does not block
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func free(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // it does not block
	return err == nil && l.Close() == nil
}
