package postgres_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/disk/disktest"
)

// TestDiskFull fills the disk of a server: it refuses writes and goes on reading; a snapshot fails and leaves nothing; a change fails and leaves
// the server as it was. Once it cannot write WAL it ends, and comes back by itself when there is space, with all that was committed.
func TestDiskFull(t *testing.T) {
	dir := disktest.Small(t, "256m")
	f := startIn(t, filepath.Join(dir, "postgres"))
	f.run()
	f.sql("one", "CREATE TABLE t (x int)", "INSERT INTO t VALUES (42)", "CREATE TABLE big (x text)")
	release := disktest.Fill(t, dir)
	c := f.connect("one")
	_, err := c.Exec(f.ctx, "INSERT INTO big SELECT repeat(md5(x::text), 200) FROM generate_series(1, 2000) AS x")
	if err == nil || !strings.Contains(err.Error(), "53100") { // disk_full
		t.Errorf("writing gave %v", err)
	}
	f.events.Await(t, postgres.DiskFull)
	if err := f.Snapshot(f.ctx, "one", "half"); !postgres.Full(err) {
		t.Errorf("a snapshot gave %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(f.dir, "snapshots")); len(left) > 0 {
		t.Errorf("of the snapshot is left %v", left)
	}
	if _, err := f.Run(f.ctx, spec(func(s *postgres.Spec) { s.Settings = map[string]string{"work_mem": "9216"} })); !postgres.Full(err) {
		t.Errorf("a change gave %v", err)
	}
	var x int
	if err := c.QueryRow(f.ctx, "SELECT x FROM t").Scan(&x); err != nil || x != 42 {
		t.Errorf("reading gave %d, %v", x, err)
	}
	for err = nil; err == nil; { // until it needs another file of WAL, which ends it
		_, err = c.Exec(f.ctx, "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
	}
	f.events.Await(t, postgres.Crashed)
	release()
	f.events.Await(t, postgres.DiskFree)
	f.events.Await(t, postgres.Recovered)
	f.run(func(s *postgres.Spec) { s.Settings = map[string]string{"work_mem": "9216"} })
	if got := f.sql("one", "INSERT INTO big VALUES ('')", "SELECT x || current_setting('work_mem') FROM t"); got != "429MB" {
		t.Errorf("with space again it says %s", got)
	}
	if err := f.Snapshot(f.ctx, "one", "whole"); err != nil {
		t.Error(err)
	}
}
