package cloud

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"atoll/internal/cloud/aws/rds"
	"atoll/internal/dataplane/postgres"
)

// databasesDir holds the data of databases, their snapshots and archives.
func databasesDir(dir string) string { return filepath.Join(dir, "databases") }

// databases is the PostgreSQL supervisor as RDS sees it. nil: databases are records.
type databases struct {
	*postgres.Supervisor
	tell func(rds.ServerEvent) // set before anything runs
}

// openDatabases makes the supervisor if the configuration asks for one.
func openDatabases(ctx context.Context, config Config) (*databases, error) {
	if config.Postgres == nil {
		return nil, nil
	}
	d := &databases{}
	c := *config.Postgres
	c.Dir, c.Logger = databasesDir(config.Dir), config.Logger
	c.Notify = func(e postgres.Event) {
		d.tell(rds.ServerEvent{Server: e.Server, Kind: eventKinds[e.Kind], Reason: e.Reason})
	}
	if c.Authority == nil {
		authority, err := openAuthority(config.Dir, config.Clock)
		if err != nil {
			return nil, err
		}
		c.Authority = authority
	}
	var err error
	if d.Supervisor, err = postgres.New(ctx, c); err != nil {
		return nil, fmt.Errorf("preparing databases: %w", err)
	}
	return d, nil
}

func (d *databases) close() error {
	if d == nil {
		return nil
	}
	return d.Close()
}

// wire gives RDS its databases, if there are any.
func (d *databases) wire(deps rds.Deps) *rds.Service {
	if d == nil {
		return rds.New(deps)
	}
	deps.Servers, deps.Copies = d, d
	s := rds.New(deps)
	d.tell = s.Tell
	return s
}

var eventKinds = map[postgres.Kind]rds.ServerEventKind{
	postgres.Crashed: rds.ServerCrashed, postgres.Recovered: rds.ServerRecovered, postgres.FailedOver: rds.ServerFailedOver,
	postgres.Failing: rds.ServerFailing, postgres.DiskFull: rds.ServerDiskFull,
}

// Run has a server be as asked.
func (d *databases) Run(ctx context.Context, s rds.Server) (rds.ServerReport, error) {
	r, err := d.Supervisor.Run(ctx, postgres.Spec{
		Name: s.Name, Major: s.Major, Hosts: s.Hosts, Settings: s.Settings, ForceTLS: s.ForceTLS, SCRAM: s.SCRAM, Logical: s.Logical, Archive: s.Archive,
		Master: postgres.Login{User: s.User, Password: s.Password}, Database: s.Database, Exists: s.Exists, Source: s.Source, Standby: s.Standby,
		From: postgres.Origin{Snapshot: s.Snapshot, Archive: s.Replay, Until: s.Until}, Restarts: s.Restarts, Switches: s.Switches,
	})
	if err != nil {
		return rds.ServerReport{}, &rds.ServerError{Status: statusOf(err), Err: err}
	}
	return rds.ServerReport{Version: r.Version, Major: r.Major, Notes: r.Notes}, nil
}

// statusOf gives the status of an instance whose server does not run for a reason.
func statusOf(err error) string {
	exit, ok := errors.AsType[*postgres.ExitError](err)
	switch {
	case postgres.Full(err):
		return "storage-full"
	case ok && exit.Settings():
		return "incompatible-parameters"
	}
	return "failed"
}

// Keep deletes what no backup needs.
func (d *databases) Keep(snapshots []string, archives map[string][]string) error {
	return d.KeepSnapshots(snapshots, archives)
}
