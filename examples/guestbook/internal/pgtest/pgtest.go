// Package pgtest runs a PostgreSQL for tests.
package pgtest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Server is a running PostgreSQL.
type Server struct {
	Host, Port, User, Database string

	t    testing.TB
	data string
}

// Start runs a PostgreSQL until the test ends, and sets the environment so that clients find it. Where there are no binaries the test is
// skipped. PostgreSQL does not run as root: then it runs as the user "postgres".
func Start(t testing.TB) *Server {
	t.Helper()
	if _, err := os.Stat(filepath.Join(bin(t), "initdb")); err != nil {
		t.Skip("PostgreSQL is not installed: its programs are looked for in PATH and in /usr/lib/postgresql")
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	_ = listener.Close()
	data, err := os.MkdirTemp("", "guestbook-test-")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: "127.0.0.1", Port: port, User: "app", Database: "postgres", t: t, data: data}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	if os.Geteuid() == 0 {
		s.do("chown", "postgres", data)
	}
	s.run("initdb", "-D", data, "-U", s.User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	t.Cleanup(s.Stop)
	s.Run()
	for name, value := range map[string]string{"PGHOST": s.Host, "PGPORT": s.Port, "PGUSER": s.User, "PGDATABASE": s.Database, "PGSSLMODE": "disable", "PGPASSWORD": ""} {
		t.Setenv(name, value)
	}
	return s
}

// Run starts the server, and Stop ends it at once; it may be started again.
func (s *Server) Run() {
	s.t.Helper()
	s.run("pg_ctl", "-D", s.data, "-w", "-l", filepath.Join(s.data, "log"), "-o", "-F -h 127.0.0.1 -k '' -p "+s.Port, "start")
}

// Stop ends the server, if it runs.
func (s *Server) Stop() {
	s.t.Helper()
	if _, err := os.Stat(filepath.Join(s.data, "postmaster.pid")); err == nil {
		s.run("pg_ctl", "-D", s.data, "-w", "-m", "immediate", "stop")
	}
}

// run runs one of PostgreSQL's programs.
func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	program := filepath.Join(bin(s.t), name)
	if os.Geteuid() == 0 {
		s.do("runuser", append([]string{"-u", "postgres", "--", program}, args...)...)
		return
	}
	s.do(program, args...)
}

func (s *Server) do(name string, args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), name, args...) // also in a clean-up
	cmd.Dir = os.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
}

// bin is the folder of PostgreSQL's programs.
func bin(t testing.TB) string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Skip("PostgreSQL is not installed: its programs are looked for in PATH and in /usr/lib/postgresql")
	}
	return found[len(found)-1]
}
