package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

// place is the supervisor's directory, under two names. The directory lies in the cloud's, which is closed to all but its owner: a
// server that runs as another user could not walk there. On Linux its processes get the open directory as descriptor 3 instead, and
// name every file by way of it: /proc/self/fd/3/…. They reach this directory and nothing beside it, no directory above has to be
// opened to others, and the names are short enough for sockets. Elsewhere both names are the path.
type place struct {
	dir     string
	file    *os.File // open directory, on Linux
	sockets string   // as this process names it
}

const descriptor = 3 // that children get

func openPlace(dir string, who identity) (*place, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir}
	if err := p.make(who, dir, p.servers(), p.templates(), p.backups(), p.snapshots()); err != nil {
		return nil, err
	}
	if err := p.claim(who); err != nil {
		return nil, err
	}
	if runtime.GOOS == "linux" {
		p.sockets = filepath.Join(dir, "s")
		if err := p.make(who, p.sockets); err != nil {
			return nil, err
		}
		if p.file, err = os.Open(dir); err != nil {
			return nil, fmt.Errorf("opening the databases' directory: %w", err)
		}
		return p, nil
	}
	// A socket's address has about 100 bytes: too few for a path in a home directory.
	sum := sha256.Sum256([]byte(dir))
	parent := filepath.Join(os.TempDir(), "atoll-"+strconv.Itoa(os.Getuid()))
	p.sockets = filepath.Join(parent, "pg-"+hex.EncodeToString(sum[:4]))
	if err := os.MkdirAll(p.sockets, 0o700); err != nil {
		return nil, fmt.Errorf("making the databases' socket directory: %w", err)
	}
	if info, err := os.Lstat(parent); err != nil || !private(info) {
		return nil, fmt.Errorf("the directory %s of the databases' sockets is open to other users", parent)
	}
	return p, nil
}

// make makes directories that belong to the servers' user alone.
func (p *place) make(who identity, dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the databases' directory: %w", err)
		}
		if err := who.own(dir); err != nil {
			return fmt.Errorf("giving the databases' directory to their user: %w", err)
		}
	}
	return nil
}

func (p *place) close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// ContentDirs are the directories in a supervisor's that hold what servers have, as opposed to what is made anew when it is missing.
func ContentDirs(dir string) []string {
	p := &place{dir: dir}
	return []string{p.servers(), p.backups(), p.snapshots()}
}

func (p *place) servers() string   { return filepath.Join(p.dir, "servers") }
func (p *place) templates() string { return filepath.Join(p.dir, "templates") }
func (p *place) backups() string   { return filepath.Join(p.dir, "backups") }
func (p *place) snapshots() string { return filepath.Join(p.dir, "snapshots") }

// view gives the name that a path in the directory has for a server.
func (p *place) view(path string) string {
	if p.file == nil {
		return path
	}
	rel, err := filepath.Rel(p.dir, path)
	if err != nil {
		return path
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(descriptor), rel)
}

// command makes a command that runs as the servers' user and can use the names that view gives. The end of ctx ends its children too.
func (p *place) command(ctx context.Context, who identity, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = "/"
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if p.file != nil {
		c.ExtraFiles = []*os.File{p.file}
	}
	who.become(c)
	c.Cancel = func() error { return endGroup(c.Process) }
	return c
}

// dialSocket connects to the Unix socket of the server with a port.
func (p *place) dialSocket(ctx context.Context, port int) (net.Conn, error) {
	path := filepath.Join(p.sockets, ".s.PGSQL."+strconv.Itoa(port))
	if p.file != nil {
		path = fmt.Sprintf("/proc/self/fd/%d/s/.s.PGSQL.%d", p.file.Fd(), port)
	}
	return new(net.Dialer).DialContext(ctx, "unix", path)
}
