//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/postgrestest"
)

func TestSnapshot(t *testing.T) { postgrestest.Both(t, testSnapshot) }

func testSnapshot(t *testing.T) {
	f := start(t)
	f.run(func(s *postgres.Spec) { s.Archive = true })
	f.sql("one", "CREATE TABLE t AS SELECT 1 AS x")
	begin := time.Now()
	if err := f.Snapshot(f.ctx, "one", "first"); err != nil {
		t.Fatal(err)
	}
	t.Logf("snapshot: %v", time.Since(begin))
	f.sql("one", "INSERT INTO t VALUES (2)")
	var at time.Time
	if err := f.connect("one").QueryRow(f.ctx, "SELECT clock_timestamp()").Scan(&at); err != nil {
		t.Fatal(err)
	}
	f.sql("one", "INSERT INTO t VALUES (3)")
	const rows = "SELECT string_agg(x::text, ',' ORDER BY x) FROM t"
	for _, test := range []struct {
		name string
		from postgres.Origin
		want string
	}{
		{"snapshot", postgres.Origin{Snapshot: "first"}, "1"},
		{"time", postgres.Origin{Snapshot: "first", Archive: "one", Until: at}, "1,2"},
		{"latest", postgres.Origin{Snapshot: "first", Archive: "one"}, "1,2,3"},
		{"after-the-last", postgres.Origin{Snapshot: "first", Archive: "one", Until: time.Now()}, "1,2,3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f.run(func(s *postgres.Spec) {
				s.Name, s.From, s.Archive, s.Settings = test.name, test.from, true, map[string]string{"max_connections": "30"}
			})
			if got := f.sql(test.name, rows); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			f.sql(test.name, "INSERT INTO t VALUES (9)")
		})
	}
	begin = time.Now()
	if err := f.Stop(f.ctx, "one"); err != nil {
		t.Fatal(err)
	}
	t.Logf("stop: %v", time.Since(begin))
	if err := f.Snapshot(f.ctx, "one", "second"); err != nil {
		t.Fatal(err)
	}
	f.run(func(s *postgres.Spec) { s.Name, s.From = "cold", postgres.Origin{Snapshot: "second"} })
	if got := f.sql("cold", rows); got != "1,2,3" {
		t.Errorf("of a stopped server: %s", got)
	}
	for _, name := range []string{"snapshot", "time", "latest", "after-the-last"} {
		if err := f.Remove(f.ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.KeepSnapshots([]string{"second"}, nil); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(f.dir, "snapshots", "*"))
	archives, _ := filepath.Glob(filepath.Join(f.dir, "backups", "*"))
	if len(left) != 1 || len(archives) != 0 {
		t.Errorf("left are %v and %v", left, archives)
	}
}

func TestCrash(t *testing.T) { postgrestest.Both(t, testCrash) }

func testCrash(t *testing.T) {
	f := start(t)
	f.run()
	f.sql("one", "CREATE TABLE t AS SELECT 7 AS x")
	pid := f.pid("one")
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.events.Await(t, postgres.Crashed)
	f.events.Await(t, postgres.Recovered)
	if got := f.sql("one", "SELECT x FROM t"); got != "7" {
		t.Errorf("got %s", got)
	}
}

// pid reads the process of a server's primary node.
func (f *fixture) pid(name string) int {
	f.t.Helper()
	for _, node := range []string{"a", "b"} {
		dir := filepath.Join(f.dir, "servers", name, node)
		if _, err := os.Stat(filepath.Join(dir, "standby.signal")); err == nil {
			continue
		}
		if raw, err := os.ReadFile(filepath.Join(dir, "postmaster.pid")); err == nil {
			pid, err := strconv.Atoi(strings.SplitN(string(raw), "\n", 2)[0])
			if err != nil {
				f.t.Fatal(err)
			}
			return pid
		}
	}
	f.t.Fatal("there is no pid file")
	return 0
}

func TestFailover(t *testing.T) { postgrestest.Both(t, testFailover) }

func testFailover(t *testing.T) {
	f := start(t)
	standby := func(s *postgres.Spec) { s.Standby = true }
	f.run(standby)
	f.sql("one", "CREATE TABLE t (x int)")
	f.run(func(s *postgres.Spec) { s.Name, s.Source = "reader", "one" })
	written := 0
	write := func() error {
		c, err := f.dial("one", login, f.authority.Pool())
		if err != nil {
			return err
		}
		defer c.Close(context.WithoutCancel(f.ctx))
		for range 50 {
			if _, err := c.Exec(f.ctx, "INSERT INTO t VALUES ($1)", written+1); err != nil {
				return err
			}
			written++
		}
		return nil
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	f.run(standby, func(s *postgres.Spec) { s.Switches = 1 })
	count := f.sql("one", "SELECT count(*) FROM t")
	t.Logf("failover when asked: %v", time.Since(begin))
	if count != strconv.Itoa(written) {
		t.Errorf("%s of %d rows are there", count, written)
	}
	f.run(standby, func(s *postgres.Spec) { s.Switches = 1 }) // waits for the new standby
	if err := write(); err != nil {
		t.Fatal(err)
	}
	begin = time.Now()
	if err := syscall.Kill(f.pid("one"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.events.Await(t, postgres.FailedOver)
	count = f.sql("one", "SELECT count(*) FROM t")
	t.Logf("failover after a kill: %v", time.Since(begin))
	if count != strconv.Itoa(written) {
		t.Errorf("%s of %d rows are there", count, written)
	}
	f.run(standby, func(s *postgres.Spec) { s.Switches = 1 })
	f.sql("one", "INSERT INTO t VALUES (-1)")
	f.await("reader", "SELECT count(*) FROM t WHERE x = -1", "1") // it followed through both
	c := f.connect("reader")
	if _, err := c.Exec(f.ctx, "INSERT INTO t VALUES (0)"); err == nil || !strings.Contains(err.Error(), "25006") {
		t.Errorf("writing to a replica: %v", err)
	}
	f.run(func(s *postgres.Spec) { s.Name = "reader" }) // promoted
	f.sql("reader", "INSERT INTO t VALUES (0)")
	f.run(func(s *postgres.Spec) { s.Switches = 1 }) // without a standby from now on
	if _, err := f.Run(f.ctx, spec(func(s *postgres.Spec) { s.Switches = 2 })); err == nil {
		t.Error("a server without a standby failed over")
	}
}

// await asks until the answer is as wanted.
func (f *fixture) await(name, query, want string) {
	f.t.Helper()
	for {
		if f.sql(name, query) == want {
			return
		}
		if f.ctx.Err() != nil {
			f.t.Fatalf("%s never gave %s", query, want)
		}
	}
}

// TestMain plays the daemon that is killed, in a process of its own.
func TestMain(m *testing.M) {
	dir := os.Getenv("ATOLL_TEST_ORPHAN")
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := postgres.New(context.Background(), postgres.Config{Dir: dir})
	if err == nil {
		_, err = s.Run(context.Background(), spec(func(s *postgres.Spec) { s.Standby = true }))
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	println("ready")
	select {}
}

func TestKilledDaemon(t *testing.T) { postgrestest.Both(t, testKilledDaemon) }

func testKilledDaemon(t *testing.T) {
	f := start(t)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(f.ctx, os.Args[0])
	child.Env = append(os.Environ(), "ATOLL_TEST_ORPHAN="+f.dir)
	out, err := child.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 200)
	n, _ := out.Read(said)
	if !strings.HasPrefix(string(said[:n]), "ready") {
		t.Fatalf("the child said %s", said[:n])
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	pid := f.pid("one")
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the server did not outlive its daemon: %v", err)
	}
	f.open()
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the server left running is still there")
	}
	f.run(func(s *postgres.Spec) { s.Standby = true })
	if got := f.sql("one", "SELECT 1"); got != "1" {
		t.Errorf("got %s", got)
	}
}

func TestNoPostgreSQL(t *testing.T) {
	postgrestest.Need(t)
	_, err := postgres.Find(t.Context(), func(name string) string {
		if name == postgres.BinVariable {
			return "/nowhere"
		}
		return ""
	})
	if err == nil || !strings.Contains(err.Error(), "Try: let ATOLL_POSTGRES_BIN name") {
		t.Errorf("got %v", err)
	}
	f := start(t)
	if _, err := f.Dial(f.ctx, "none"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a server that is not there: %v", err)
	}
}
