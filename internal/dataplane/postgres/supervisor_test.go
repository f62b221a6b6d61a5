package postgres_test

import (
	"context"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/postgrestest"
)

const host = "db.example.test"

var login = postgres.Login{User: "app", Password: "correct-horse"}

type fixture struct {
	*postgres.Supervisor
	t         testing.TB
	ctx       context.Context
	dir       string
	events    *postgrestest.Events
	authority *postgrestest.Authority
}

func start(t testing.TB) *fixture {
	t.Helper()
	return startIn(t, filepath.Join(t.TempDir(), "postgres"))
}

func startIn(t testing.TB, dir string) *fixture {
	t.Helper()
	postgrestest.Need(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	f := &fixture{t: t, ctx: ctx, dir: dir, events: &postgrestest.Events{}, authority: postgrestest.NewAuthority(t)}
	f.open()
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	s, err := postgres.New(f.ctx, postgres.Config{Dir: f.dir, Authority: f.authority, Notify: f.events.Notify, Logger: slog.New(slog.NewTextHandler(writer{f.t}, nil))})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Supervisor = s
}

type writer struct{ t testing.TB }

func (w writer) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func spec(change ...func(*postgres.Spec)) postgres.Spec {
	s := postgres.Spec{Name: "one", Major: 15, Hosts: []string{host}, Master: login, Database: "shop", Settings: map[string]string{"shared_buffers": "1024"}}
	for _, f := range change {
		f(&s)
	}
	return s
}

func (f *fixture) run(change ...func(*postgres.Spec)) postgres.Report {
	f.t.Helper()
	r, err := f.Run(f.ctx, spec(change...))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fixture) connect(name string) *pgx.Conn {
	f.t.Helper()
	c, err := f.dial(name, login, f.authority.Pool())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close(context.WithoutCancel(f.ctx)) })
	return c
}

func (f *fixture) dial(name string, l postgres.Login, roots *x509.CertPool) (*pgx.Conn, error) {
	return postgrestest.Connect(f.ctx, f, name, l, "shop", host, roots)
}

// sql runs statements on a server and gives the last one's first value as a text.
func (f *fixture) sql(name string, statements ...string) string {
	f.t.Helper()
	c := f.connect(name)
	defer c.Close(f.ctx)
	out := ""
	for _, s := range statements {
		results, err := c.PgConn().Exec(f.ctx, s).ReadAll()
		if err != nil {
			f.t.Fatalf("%s: %v", s, err)
		}
		if r := results[len(results)-1]; len(r.Rows) > 0 {
			out = string(r.Rows[0][0])
		}
	}
	return out
}

func TestServer(t *testing.T) { postgrestest.Both(t, testServer) }

func testServer(t *testing.T) {
	f := start(t)
	begin := time.Now()
	r := f.run()
	t.Logf("with initdb: %v; %+v", time.Since(begin), r)
	if got := f.sql("one", "CREATE TABLE t (x int)", "INSERT INTO t VALUES (42)", "SELECT x FROM t"); got != "42" {
		t.Errorf("got %s", got)
	}
	if got := f.sql("one", "SELECT rolsuper::text || rolcreatedb || rolcreaterole || pg_has_role('rds_superuser', 'member') FROM pg_roles WHERE rolname = 'app'"); got != "falsetruetruetrue" {
		t.Errorf("the master user is %s", got)
	}
	if got := f.sql("one", "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'"); got != "app" {
		t.Errorf("the database belongs to %s", got)
	}
	if _, err := f.dial("one", postgres.Login{User: "app", Password: "wrong"}, f.authority.Pool()); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := f.dial("one", postgres.Login{User: "rdsadmin"}, f.authority.Pool()); err == nil || !strings.Contains(err.Error(), "pg_hba.conf rejects connection") {
		t.Errorf("as the superuser: %v", err)
	}
	begin = time.Now()
	f.run(func(s *postgres.Spec) { s.Name = "two" })
	f.sql("two", "SELECT 1")
	t.Logf("from a template to the first answer: %v", time.Since(begin))
	if err := f.Remove(f.ctx, "two"); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) { postgrestest.Both(t, testSettings) }

func testSettings(t *testing.T) {
	f := start(t)
	f.run()
	if _, err := f.dial("one", login, nil); err != nil {
		t.Fatal(err)
	}
	r := f.run(func(s *postgres.Spec) {
		s.ForceTLS, s.Settings = true, map[string]string{"work_mem": "8192", "max_connections": "50", "no_such_setting": "1", "shared_buffers": "1024",
			"shared_preload_libraries": "pg_stat_statements,pg_nothing"}
	})
	if got := f.sql("one", "SHOW work_mem"); got != "8MB" {
		t.Errorf("work_mem is %s", got)
	}
	if len(r.Notes) != 2 || strings.Join(r.Pending, " ") != "max_connections shared_preload_libraries" {
		t.Errorf("got %+v", r)
	}
	_, err := f.dial("one", login, nil)
	if err == nil || !strings.Contains(err.Error(), `no pg_hba.conf entry for host "127.0.0.1", user "app", database "shop", no encryption`) {
		t.Errorf("without TLS: %v", err)
	}
	f.run(func(s *postgres.Spec) {
		s.Restarts, s.Settings, s.Master.Password = 1, map[string]string{"max_connections": "50"}, "other-horse"
	})
	c, err := f.dial("one", postgres.Login{User: "app", Password: "other-horse"}, f.authority.Pool())
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := c.QueryRow(f.ctx, "SHOW max_connections").Scan(&got); err != nil || got != "50" {
		t.Errorf("max_connections is %s, %v", got, err)
	}
	_, err = f.Run(f.ctx, spec(func(s *postgres.Spec) { s.Restarts, s.Settings = 2, map[string]string{"max_connections": "-1"} }))
	if err == nil || !strings.Contains(err.Error(), "outside the valid range") {
		t.Errorf("a bad setting: %v", err)
	}
}
