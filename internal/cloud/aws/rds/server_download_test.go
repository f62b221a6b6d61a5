package rds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/download"
	"atoll/internal/dataplane/postgres/postgrestest"
)

// mirror downloads one version, after the test has looked.
type mirror struct {
	major int
	look  func()
	bin   string
	fails error
}

func (m *mirror) Cached() []string { return nil }

func (m *mirror) Majors() []int { return []int{m.major} }

func (m *mirror) Offers(major int) (download.Package, error) {
	if major != m.major {
		return download.Package{}, fmt.Errorf("%w: no package", download.ErrUnavailable)
	}
	return download.Package{Version: fmt.Sprintf("%d.99.0-beta.1", major), Size: 22 << 20}, nil
}

func (m *mirror) Fetch(context.Context, int) (string, error) {
	m.look()
	return m.bin, m.fails
}

func startWith(t *testing.T, m *mirror, find func(ctx context.Context) ([]postgres.Installation, error)) *real {
	c := &real{client: start(t, cloudtest.Durable(), cloudtest.RealTime(), cloudtest.PostgresFrom(postgres.Config{Downloads: m, Find: find}))}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	c.ctx = ctx
	return c
}

// TestServerOfADownload makes an instance on a machine without PostgreSQL.
func TestServerOfADownload(t *testing.T) {
	var c *real
	status := ""
	m := &mirror{major: 17, bin: postgrestest.Download(t, 17), look: func() { status = *c.instance("a").DBInstanceStatus }}
	c = startWith(t, m, func(context.Context) ([]postgres.Installation, error) { return nil, postgres.ErrNoServer })
	c.create("a", fifteen, func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("17") })
	c.available("a")
	if status != "creating" {
		t.Errorf("meanwhile it was %s", status)
	}
	if got := c.sql("a", "SHOW server_version_num"); !strings.HasPrefix(got, "17") {
		t.Errorf("it is PostgreSQL %s", got)
	}
	if got := c.sql("a", "SHOW shared_preload_libraries"); !strings.Contains(got, "pg_stat_statements") {
		t.Errorf("the libraries are %s", got)
	}
	if _, err := c.connect("a", "correct-horse", false); err == nil || !strings.Contains(err.Error(), "no encryption") {
		t.Errorf("without TLS: %v", err) // rds.force_ssl is 1 since PostgreSQL 15
	}
	said := strings.Join(c.events("a"), "\n")
	if !strings.Contains(said, "PostgreSQL 17.99 (22 MB) is being downloaded, for this machine has no PostgreSQL 17.") || strings.Contains(said, "in place of") {
		t.Errorf("the events are\n%s", said)
	}
}

// TestServerOffline makes instances where nothing can be downloaded: with an older PostgreSQL on the machine, and with none.
func TestServerOffline(t *testing.T) {
	postgrestest.Need(t)
	for _, none := range []bool{false, true} {
		m := &mirror{major: 99, look: func() {}, fails: errors.New("no such host")}
		find := postgres.Config{}.Find
		if none {
			find = func(context.Context) ([]postgres.Installation, error) { return nil, postgres.ErrNoServer }
		}
		c := startWith(t, m, find)
		c.create("a", fifteen, func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("13") })
		i := c.settled("a")
		said := strings.Join(c.events("a"), "\n")
		want, message := "available", "in place of 13.22: this machine has no PostgreSQL 13: PostgreSQL cannot be downloaded: no package"
		if none {
			want, message = "failed", "no PostgreSQL server is installed on this machine: PostgreSQL 13 is wanted: no such host\nTry: "
		}
		if *i.DBInstanceStatus != want || !strings.Contains(said, message) {
			t.Errorf("it is %s, want %s with %q; the events are\n%s", *i.DBInstanceStatus, want, message, said)
		}
	}
}
