package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// template is an empty server, made once for each version and copied for each new server.
type template struct {
	Installation
	Settings  map[string]definition
	Libraries map[string]bool // that can be preloaded
	Locale    string
	dir       string
}

// templateFormat is raised when templates are to be made anew.
const templateFormat = "2"

// template gives the template of an installation. One call makes it, others wait.
func (s *Supervisor) template(ctx context.Context, in Installation) (*template, error) {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t := s.made[in.Bin]; t != nil {
		return t, nil
	}
	build := in.Version
	if in.Downloaded { // its libraries and locales differ from those of the same version that is installed
		build += "-downloaded"
	}
	name := filepath.Join(s.place.templates(), build+"-"+templateFormat)
	t := &template{Installation: in, dir: name}
	if raw, err := os.ReadFile(name + ".json"); err == nil && json.Unmarshal(raw, t) == nil {
		t.Installation = in
		s.made[in.Bin] = t
		return t, nil
	}
	if err := s.initialize(ctx, t); err != nil {
		return nil, errors.Join(err, os.RemoveAll(name))
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(name+".json", raw, 0o600); err != nil { // last: it says that the template is whole
		return nil, fmt.Errorf("writing what is known of PostgreSQL %s: %w", in.Version, err)
	}
	s.made[in.Bin] = t
	return t, nil
}

// initialize makes a template's data directory, in the locale of RDS where the machine has it.
func (s *Supervisor) initialize(ctx context.Context, t *template) error {
	var failed error
	for _, locale := range []string{"en_US.UTF-8", "C.UTF-8", "C"} {
		if err := os.RemoveAll(t.dir); err != nil {
			return fmt.Errorf("clearing an unfinished template: %w", err)
		}
		if err := s.place.make(s.who, t.dir); err != nil {
			return err
		}
		c := s.place.command(ctx, s.who, filepath.Join(t.Bin, "initdb"), "-D", s.place.view(t.dir), "-U", superuser, "--no-sync", "--data-checksums", "--encoding=UTF8",
			"--locale="+locale, "--lc-messages=C", "--auth=trust")
		out, err := c.CombinedOutput()
		if err == nil {
			t.Locale = locale
			return s.furnish(ctx, t)
		}
		failed = fmt.Errorf("running %s: %w: %s", strings.Join(c.Args, " "), err, bytes.TrimSpace(out))
		if !bytes.Contains(out, []byte("locale")) {
			break
		}
	}
	return failed
}

// roles are RDS's, and what its documentation says that they may.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
const roles = `
CREATE ROLE rds_superuser NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE rdsrepladmin NOLOGIN;
DO $$
DECLARE r text;
BEGIN
  FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('pg_monitor', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain', 'pg_create_subscription',
    'pg_use_reserved_connections', 'rds_replication', 'rds_password') LOOP
    EXECUTE format('GRANT %I TO rds_superuser WITH ADMIN OPTION', r);
  END LOOP;
  -- The limits that a user sets must not end the supervisor's own sessions.
  FOR r IN SELECT name FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout',
    'transaction_timeout') LOOP
    EXECUTE format('ALTER ROLE rdsadmin SET %I = 0', r);
  END LOOP;
END $$`

// furnish makes RDS's roles and database, and learns which settings this PostgreSQL knows.
func (s *Supervisor) furnish(ctx context.Context, t *template) (err error) {
	files := map[string]string{"postgresql.conf": "fsync = off\n", "pg_hba.conf": hba(false, true)}
	n := &node{sup: s, data: t.dir, bin: t.Bin, name: "template", log: &logFile{}}
	if err := n.start(ctx, files); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop(context.WithoutCancel(ctx), sigFast)) }()
	if _, err := s.place.run(ctx, n.port, roles); err != nil {
		return err
	}
	for _, statement := range []string{"CREATE DATABASE " + superuser, "REVOKE ALL ON DATABASE " + superuser + " FROM public"} {
		if _, err := s.place.run(ctx, n.port, statement); err != nil {
			return err
		}
	}
	rows, err := s.place.run(ctx, n.port, "SELECT name, context = 'postmaster', array_to_string(enumvals, ',') FROM pg_settings")
	if err != nil {
		return err
	}
	t.Settings = map[string]definition{}
	for _, row := range rows {
		d := definition{Static: row[1] == "t"}
		if row[2] != "" {
			d.Values = append(strings.Split(row[2], ","), "1", "0", "true", "false") // some enumerations take booleans too
			if !strings.Contains(","+row[2]+",", ",on,") {
				d.Values = strings.Split(row[2], ",")
			}
		}
		t.Settings[strings.ToLower(row[0])] = d
	}
	libraries, err := s.place.one(ctx, n.port, "SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'")
	if err != nil {
		return err
	}
	t.Libraries = map[string]bool{}
	found, _ := filepath.Glob(filepath.Join(libraries, "*.*"))
	for _, path := range found {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Libraries[name] = true
	}
	return nil
}

// dataMajor gives the major version of a data directory.
func dataMajor(dir string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("reading the version of the data: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(raw)))
}
