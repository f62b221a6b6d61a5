package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"atoll/internal/cloud/aws/acm"
	"atoll/internal/cloud/aws/rds"
	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/postgres"
)

// databasesDir holds the data of databases, their snapshots and archives.
func databasesDir(dir string) string { return filepath.Join(dir, "databases") }

// databases is the PostgreSQL supervisor as RDS sees it. nil: databases are records.
type databases struct {
	*postgres.Supervisor
	clock clock.Clock

	// Set before anything runs:
	tell         func(rds.ServerEvent)
	tellLog      func(server string, at time.Time, entries []string)
	certificates *acm.Service
}

// openDatabases makes the supervisor if the configuration asks for one.
func openDatabases(ctx context.Context, config Config) (*databases, error) {
	if config.DataPlane == nil || config.DataPlane.Postgres == nil {
		return nil, nil
	}
	d := &databases{clock: config.Clock}
	c := *config.DataPlane.Postgres
	c.Dir, c.Logger, c.Authority = databasesDir(config.Dir), config.Logger, d
	c.Notify = func(e postgres.Event) {
		d.tell(rds.ServerEvent{Server: e.Server, Kind: eventKinds[e.Kind], Reason: e.Reason})
	}
	c.Log = func(server string, at time.Time, entries []string) { d.tellLog(server, at, entries) }
	var err error
	if d.Supervisor, err = postgres.New(ctx, c); err != nil {
		return nil, fmt.Errorf("preparing databases: %w", err)
	}
	return d, nil
}

func (c *Cloud) data() *databases {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.databases
}

func (d *databases) close() error {
	if d == nil {
		return nil
	}
	return d.Close()
}

// Issue gives a server's certificate and key, signed by the cloud's authority, which tasks trust.
func (d *databases) Issue(ctx context.Context, hosts []string) (certificate, key []byte, err error) {
	certificate, key, _, err = d.certificates.ServerCertificate(ctx, d.clock.Now(), hosts...)
	return certificate, key, err
}

// flows is the network that databases are in; nil without one.
func (c *Cloud) flows() rds.Network {
	if c.carrier == nil {
		return nil
	}
	return c.carrier.fabric
}

// DialFrom opens a TCP connection from a network interface to a host of the cloud, as a program there would: what EC2 lets
// through arrives, what it blocks ends with ctx.
func (c *Cloud) DialFrom(ctx context.Context, iface, host string, port int) (net.Conn, error) {
	if c.carrier == nil {
		return nil, errors.New("the cloud runs without a network")
	}
	addrs, known := c.carrier.Resolve(ctx, iface, host)
	if !known || len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return c.carrier.fabric.Dial(ctx, iface, netip.AddrPortFrom(addrs[0], uint16(port)))
}

// DialDatabase opens a connection to the database server of an RDS instance, past its network, for the owner of this machine.
func (c *Cloud) DialDatabase(ctx context.Context, arn string) (net.Conn, error) {
	c.mu.RLock()
	instances, closed := c.instances, c.closed
	c.mu.RUnlock()
	if closed {
		return nil, errors.New("the cloud is closed")
	}
	return instances.Dial(ctx, arn)
}

// serve makes RDS with its databases, if there are any.
func (d *databases) serve(certificates *acm.Service, deps rds.Deps) *rds.Service {
	if d == nil {
		return rds.New(deps)
	}
	deps.Servers, deps.Copies, deps.Meters = d, d, d
	s := rds.New(deps)
	d.tell, d.tellLog, d.certificates = s.Tell, s.TellLog, certificates
	return s
}

var eventKinds = map[postgres.Kind]rds.ServerEventKind{
	postgres.Crashed: rds.ServerCrashed, postgres.Recovered: rds.ServerRecovered, postgres.FailedOver: rds.ServerFailedOver,
	postgres.Failing: rds.ServerFailing, postgres.DiskFull: rds.ServerDiskFull, postgres.DiskFree: rds.ServerDiskFree,
	postgres.Downloading: rds.ServerDownloading,
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
	return rds.ServerReport{Version: r.Version, Major: r.Major, Instead: r.Instead, Notes: r.Notes}, nil
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

// Usage measures a server.
func (d *databases) Usage(ctx context.Context, name string) (rds.Usage, error) {
	u, err := d.Supervisor.Usage(ctx, name)
	return rds.Usage(u), err
}

// Keep deletes what no backup needs.
func (d *databases) Keep(snapshots []string, archives map[string][]string) error {
	return d.KeepSnapshots(snapshots, archives)
}
