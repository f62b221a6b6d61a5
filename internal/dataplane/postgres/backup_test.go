//go:build unix

package postgres_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/postgrestest"
)

// TestBusy takes snapshots of a server, and of a server that follows it, while rows, tables and indexes come and go.
func TestBusy(t *testing.T) { postgrestest.Both(t, testBusy) }

func testBusy(t *testing.T) {
	f := start(t)
	f.run()
	f.sql("one", "DO $$ BEGIN IF current_setting('server_version_num')::int >= 140000 THEN ALTER ROLE app SET idle_session_timeout = 0; END IF; END $$",
		"CREATE TABLE account (id int PRIMARY KEY, balance int)", "INSERT INTO account SELECT x, 0 FROM generate_series(1, 2000) x",
		"CREATE TABLE done (x int PRIMARY KEY)")
	f.run(func(s *postgres.Spec) { s.Settings = map[string]string{"idle_session_timeout": "10"} }) // the supervisor's own sessions have none
	f.run(func(s *postgres.Spec) { s.Name, s.Source = "reader", "one" })
	ctx, cancel := context.WithCancel(f.ctx)
	var busy sync.WaitGroup
	var done atomic.Int64
	for worker := range 3 {
		c := f.connect("one")
		busy.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				statement := fmt.Sprintf("UPDATE account SET balance = balance + CASE WHEN id %% 2 = 0 THEN 1 ELSE -1 END WHERE id BETWEEN %d AND %d", 2*(i%900)+1, 2*(i%900)+60)
				switch {
				case worker == 1:
					statement = fmt.Sprintf("DROP TABLE IF EXISTS passing; CREATE TABLE passing AS SELECT * FROM account LIMIT 200; CREATE INDEX ON passing (balance); CREATE UNLOGGED TABLE IF NOT EXISTS u%d (x int)", i%20)
				case worker == 2:
					statement = fmt.Sprintf("INSERT INTO done VALUES (%d)", i+1)
				}
				if _, err := c.Exec(ctx, statement); err != nil {
					if ctx.Err() == nil {
						t.Errorf("%s: %v", statement, err)
					}
					return
				}
				if worker == 2 {
					done.Store(int64(i + 1))
				}
			}
		})
	}
	committed := map[string]int64{}
	for i := range 2 {
		name := fmt.Sprint("s", i)
		committed[name] = done.Load()
		begin := time.Now()
		if err := f.Snapshot(f.ctx, "one", name); err != nil {
			t.Fatal(err)
		}
		t.Logf("snapshot after %d rows: %v", committed[name], time.Since(begin))
	}
	begin := time.Now()
	if err := f.Snapshot(f.ctx, "reader", "followed"); err != nil {
		t.Fatal(err)
	}
	t.Logf("snapshot of the follower: %v", time.Since(begin))
	cancel()
	busy.Wait()
	if committed["s1"] == 0 {
		t.Error("nothing was committed meanwhile")
	}
	begin = time.Now()
	for _, name := range []string{"s0", "s1", "followed"} {
		f.run(func(s *postgres.Spec) { s.Name, s.From = "of-"+name, postgres.Origin{Snapshot: name} })
		if got := f.sql("of-"+name, "SELECT sum(balance) || ' of ' || count(*) FROM account"); got != "0 of 2000" {
			t.Errorf("%s: the balances are %s", name, got)
		}
		count, err := strconv.ParseInt(f.sql("of-"+name, "SELECT count(*) FROM done"), 10, 64)
		if err != nil || count < committed[name] {
			t.Errorf("%s: %d of at least %d rows are there, %v", name, count, committed[name], err)
		}
		f.sql("of-"+name, "REINDEX TABLE account", "VACUUM FULL account", "CREATE TABLE later AS SELECT * FROM account")
		if err := f.Remove(f.ctx, "of-"+name); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("restores: %v", time.Since(begin))
}
