package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"atoll/internal/disk"
)

// server is a database server: a primary node, and a standby where it has one.
type server struct {
	sup  *Supervisor
	name string
	dir  string
	lock chan struct{} // held by whoever changes the server

	// Under the lock:
	want     *Spec // nil: it is to be stopped
	saved    record
	template *template
	notes    []string
	standby  *node

	primary atomic.Pointer[node] // of clients; nil while there is none
	source  string               // server that it follows
	mu      sync.Mutex           // guards the following, and primary.conf of its nodes
	synced  bool                 // commits wait for the standby, which may take over
	mending bool                 // a goroutine is on it
	lacking bool                 // it found no space, and a goroutine waits for some
	space   chan struct{}        // tells the goroutine that mends of space
}

// record is what is known of a server across restarts, in its directory.
type record struct {
	Primary            string // directory of the primary node: a or b
	Built              bool   // there is data
	Recovering         string // how far a restore replays WAL, until it has ended; "-" for all
	Archive            string // whose WAL
	Following          bool   // it is a follower of another server
	Secret             string // digest of the master user's name and password that the server has
	Database           bool   // the first database was made
	Logical            bool
	Restarts, Switches int64
	Synced             bool
	Port               int
	Instead            string `json:",omitempty"` // why the data has another major version than was wanted
}

func newServer(s *Supervisor, name string) *server {
	srv := &server{sup: s, name: name, dir: filepath.Join(s.place.servers(), name), lock: make(chan struct{}, 1), space: make(chan struct{}, 1)}
	if raw, err := os.ReadFile(srv.recordFile()); err == nil {
		_ = json.Unmarshal(raw, &srv.saved) // the file is whole or absent
	}
	if srv.saved.Primary == "" {
		srv.saved.Primary = "a"
	}
	return srv
}

func (v *server) recordFile() string { return filepath.Join(v.dir, "server.json") }

// note is save for what is found out or done again after a loss of power.
func (v *server) note() error {
	raw, err := json.Marshal(v.saved)
	if err == nil {
		err = replace(v.recordFile(), raw)
	}
	if err != nil {
		return fmt.Errorf("noting the state of %s: %w", v.name, err)
	}
	return nil
}

func (v *server) save() error {
	raw, err := json.Marshal(v.saved)
	if err != nil {
		return err
	}
	if _, err := disk.Write(v.recordFile(), raw, 0o600); err != nil {
		return fmt.Errorf("noting the state of %s: %w", v.name, err)
	}
	return nil
}

func (v *server) other() string {
	if v.saved.Primary == "a" {
		return "b"
	}
	return "a"
}

func (v *server) data(node string) string { return filepath.Join(v.dir, node) }

// bring makes the server as specified. Where that fails before it had to be stopped, it goes on as it was.
func (v *server) bring(ctx context.Context, spec Spec) (_ Report, err error) {
	before := v.want
	crashed := before != nil && !v.primary.Load().up()
	v.want = nil
	defer func() {
		switch {
		case err == nil && crashed:
			v.sup.config.Notify(Event{v.name, Recovered, ""})
		case err != nil && v.want == nil && (crashed || v.primary.Load().up()):
			v.want = before
			v.repair()
		}
	}()
	if err := v.sup.place.make(v.sup.who, v.dir, filepath.Join(v.dir, "log")); err != nil {
		return Report{}, err
	}
	if err := v.build(ctx, &spec); err != nil {
		return Report{}, err
	}
	report := Report{Version: v.template.Version, Major: v.template.Major, Instead: v.saved.Instead}
	n := v.primary.Load()
	if n.up() && v.saved.Restarts != spec.Restarts {
		if err := v.stop(ctx, sigFast); err != nil {
			return report, err
		}
		n = nil
	}
	v.want = &spec
	if err := v.serve(ctx, n); err != nil {
		v.want = nil
		if crashed || before != nil && n.up() {
			return report, err
		}
		return report, errors.Join(err, v.stop(context.WithoutCancel(ctx), sigFast))
	}
	if v.saved.Restarts != spec.Restarts || v.saved.Port != v.primary.Load().port {
		v.saved.Restarts, v.saved.Port = spec.Restarts, v.primary.Load().port
		if err := v.note(); err != nil {
			return report, err
		}
	}
	if err := v.keepStandby(ctx); err != nil {
		return report, err
	}
	if v.saved.Switches != spec.Switches {
		if err := v.fail(ctx, spec.Switches); err != nil {
			return report, err
		}
	}
	report.Notes = v.notes
	report.Pending, err = v.pending(ctx)
	return report, err
}

// serve has the primary answer with the wanted configuration and master user. n is the node if it runs.
func (v *server) serve(ctx context.Context, n *node) error {
	files, err := v.files(ctx, v.want)
	if err != nil {
		return err
	}
	launched := !n.up()
	if !launched {
		if err := n.write(files); err != nil {
			return err
		}
		if err := n.reload(ctx); err != nil {
			return err
		}
	} else if n, err = v.launch(ctx, files); err != nil {
		return err
	}
	v.primary.Store(n)
	v.source = v.want.Source
	if err := v.promote(ctx, n); err != nil {
		return err
	}
	if v.want.Source == "" {
		if err := v.furnish(ctx, n); err != nil {
			return err
		}
	}
	if launched {
		if err := n.settle(ctx, files); err != nil {
			return err
		}
	}
	return v.lead(ctx)
}

// launch starts the primary node.
func (v *server) launch(ctx context.Context, files map[string]string) (*node, error) {
	n := v.node(v.saved.Primary)
	n.port = v.saved.Port
	files["primary.conf"] = v.primaryConf()
	switch {
	case v.saved.Recovering != "":
		return n, v.recover(ctx, n, files)
	case v.want.Source != "":
		port, err := v.sup.lead(ctx, v.want.Source, slot(v.name))
		if err != nil {
			return nil, err
		}
		least, err := v.sup.least(ctx, port, v.want.Settings)
		if err != nil {
			return nil, err
		}
		files["standby.signal"], files["primary.conf"] = "\n", v.followConf(port, slot(v.name), "")+lines(least)
	}
	return n, n.resume(ctx, files)
}

func (v *server) node(name string) *node {
	return &node{sup: v.sup, name: v.name, data: v.data(name), bin: v.template.Bin, done: v.ended, log: &logFile{
		dir: filepath.Join(v.dir, "log"), now: v.sup.config.Now, each: v.logged}}
}

// logged passes on what a node logs, and tells when it lacks space.
func (v *server) logged(at time.Time, entries []string) {
	if slices.ContainsFunc(entries, func(e string) bool { return strings.Contains(e, noSpace) }) {
		v.full()
	}
	if v.sup.config.Log != nil {
		v.sup.config.Log(v.name, at, entries)
	}
}

// files gives the configuration files for a specification.
func (v *server) files(ctx context.Context, spec *Spec) (map[string]string, error) {
	settings, notes := fit(spec.Settings, v.template.Settings, v.template.Libraries)
	v.notes = notes
	own := map[string]string{
		"archive_mode": "on", "archive_command": "true", "wal_level": "replica", "hot_standby": "on", "huge_pages": "off", "logging_collector": "off",
		"log_destination": "stderr", "log_timezone": "UTC", "restart_after_crash": "off", "ssl": "off", "data_sync_retry": "off",
	}
	if spec.Logical {
		own["wal_level"] = "logical"
	}
	if spec.Archive {
		dir := v.sup.place.view(v.sup.archive(v.name))
		own["archive_command"] = `test ! -f ` + dir + `/%f && (cp --sparse=always %p ` + dir + `/.%f 2>/dev/null || cp %p ` + dir + `/.%f) && mv ` + dir + `/.%f ` + dir +
			`/%f || cmp -s %p ` + dir + `/%f`
		if err := v.sup.place.make(v.sup.who, filepath.Dir(v.sup.archive(v.name)), v.sup.archive(v.name)); err != nil {
			return nil, err
		}
	}
	files := map[string]string{"pg_hba.conf": hba(spec.ForceTLS, spec.SCRAM), "pg_ident.conf": "# none\n", "postgresql.auto.conf": "# none\n"}
	if v.sup.config.Authority != nil {
		certificate, key, err := v.sup.config.Authority.Issue(ctx, spec.Hosts)
		if err != nil {
			return nil, fmt.Errorf("issuing the TLS certificate of %s: %w", v.name, err)
		}
		files["server.crt"], files["server.key"] = string(certificate), string(key)
		own["ssl"], own["ssl_cert_file"], own["ssl_key_file"] = "on", "server.crt", "server.key"
	}
	files["postgresql.conf"] = conf(settings, own)
	return files, nil
}

// furnish makes the master user, as RDS does: in rds_superuser, no superuser. Its name, password and privileges follow the
// specification only where that has changed, so that what the user did by SQL stays.
func (v *server) furnish(ctx context.Context, n *node) error {
	m := v.want.Master
	sum := sha256.Sum256([]byte(m.User + "\x00" + m.Password))
	digest := hex.EncodeToString(sum[:])
	if v.saved.Secret == digest && v.saved.Logical == v.want.Logical && v.saved.Database {
		return nil
	}
	statements := "SET log_statement = 'none'; SET synchronous_commit = 'local';"
	if v.saved.Secret != digest {
		secret, err := scramSecret(m.Password)
		if err != nil {
			return err
		}
		exists, err := v.sup.place.one(ctx, n.port, "SELECT 1 FROM pg_roles WHERE rolname = "+quote(m.User))
		if err != nil {
			return err
		}
		verb := "ALTER"
		if exists == "" {
			verb = "CREATE"
		}
		statements += verb + " ROLE " + identifierSQL(m.User) + " LOGIN CREATEDB CREATEROLE VALID UNTIL 'infinity' PASSWORD " + quote(secret) + ";"
		if exists == "" {
			statements += "GRANT rds_superuser TO " + identifierSQL(m.User) + " WITH ADMIN OPTION;"
			for _, database := range []string{"postgres", "template1"} {
				statements += "ALTER DATABASE " + database + " OWNER TO " + identifierSQL(m.User) + ";"
			}
		}
	}
	if v.want.Logical {
		statements += "ALTER ROLE " + identifierSQL(m.User) + " REPLICATION;"
	}
	if _, err := v.sup.place.run(ctx, n.port, statements); err != nil {
		return fmt.Errorf("making the master user of %s: %w", v.name, err)
	}
	if d := v.want.Database; d != "" && !v.saved.Database {
		exists, err := v.sup.place.one(ctx, n.port, "SELECT 1 FROM pg_database WHERE datname = "+quote(d))
		if err == nil && exists == "" {
			_, err = v.sup.place.run(ctx, n.port, "CREATE DATABASE "+identifierSQL(d)+" OWNER "+identifierSQL(m.User))
		}
		if err != nil {
			return fmt.Errorf("making the database %s of %s: %w", d, v.name, err)
		}
	}
	v.saved.Secret, v.saved.Logical, v.saved.Database = digest, v.want.Logical, true
	return v.note()
}

// pending gives the settings that wait for a restart.
func (v *server) pending(ctx context.Context) ([]string, error) {
	rows, err := v.sup.place.run(ctx, v.primary.Load().port, "SELECT name FROM pg_settings WHERE pending_restart ORDER BY name")
	var out []string
	for _, row := range rows {
		out = append(out, row[0])
	}
	return out, err
}

// stop stops the nodes: the primary first, which sends its standby what that still lacks.
func (v *server) stop(ctx context.Context, s syscall.Signal) error {
	v.want = nil
	n := v.primary.Swap(nil)
	if n.up() {
		n.stopping.Store(true)
	}
	if v.standby.up() {
		v.standby.stopping.Store(true)
	}
	err := n.stop(ctx, s)
	err = errors.Join(err, v.standby.stop(ctx, s))
	v.standby = nil
	return err
}
