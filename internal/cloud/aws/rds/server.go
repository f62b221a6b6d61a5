package rds

import (
	"context"
	"net"
	"time"
)

// Servers runs the database servers behind instances. Servers are named by the resource ids of their instances.
type Servers interface {
	// Run brings a server to what is asked, and returns when it answers. Its error may be a *ServerError.
	Run(ctx context.Context, s Server) (ServerReport, error)
	Stop(ctx context.Context, name string) error
	Remove(ctx context.Context, name string) error
	Dial(ctx context.Context, name string) (net.Conn, error)
}

// Copies keeps the data of snapshots and the archives for restores to a time.
type Copies interface {
	Snapshot(ctx context.Context, server, snapshot string) error
	// Keep deletes all snapshots but these, and of the archives all but those of the servers given with the snapshots that need them.
	Keep(snapshots []string, archives map[string][]string) error
}

// Network connects flows to an interface's address with what listens there.
type Network interface {
	Serve(iface string, dial func(ctx context.Context, port int) (net.Conn, error)) (stop func())
}

// Server says how a database server is to be.
type Server struct {
	Name           string
	Major          int      // of the engine's version
	Hosts          []string // names in its TLS certificate
	Settings       map[string]string
	ForceTLS       bool
	SCRAM          bool
	User, Password string // of the master user
	Database       string
	Logical        bool   // logical replication
	Archive        bool   // for restores to a time
	Exists         bool   // its data must be there: it ran before
	Snapshot       string // that a new server begins from
	Replay         string // the server whose archive is replayed on it
	Until          time.Time
	Source         string // the server that it follows
	Standby        bool
	Restarts       int64 // another number than before: it is started anew
	Switches       int64 // another number than before: its standby takes over
}

// ServerReport says what runs.
type ServerReport struct {
	Version string   // such as "15.18"
	Major   int      // of its data
	Instead string   // why that is another one than was asked for
	Notes   []string // settings that could not be applied as they are
}

// ServerError says what an instance's status is when its server cannot run.
type ServerError struct {
	Status string // failed, storage-full or incompatible-parameters
	Err    error
}

func (e *ServerError) Error() string { return e.Err.Error() }

func (e *ServerError) Unwrap() error { return e.Err }

// ServerEventKind says what has happened to a server by itself.
type ServerEventKind int

// What happens to servers by themselves.
const (
	ServerCrashed ServerEventKind = iota
	ServerRecovered
	ServerFailedOver
	ServerFailing
	ServerDiskFull // it goes on as far as it can
	ServerDiskFree
	ServerDownloading // its programs are
)

// ServerEvent is something that has happened to a server by itself.
type ServerEvent struct {
	Server string
	Kind   ServerEventKind
	Reason string
}

// origin says where the data of an instance's server comes from, until it is there.
type origin struct {
	Snapshot string    // of a snapshotRecord's Data
	Replay   string    `json:",omitempty"` // resource id
	Until    time.Time // zero: all of the archive
}

// running says what the instance's server is asked to be, and how far it is. It is nil for instances without a server.
type running struct {
	Status             string // while something is under way or has failed; empty otherwise
	Wanted, Done       int64  // numbers of the last change that the server should follow, and of that which it follows
	Restarts, Switches int64
	Switched           int64   // switches that the instance's zones have followed
	Origin             *origin `json:",omitempty"`
	Told               string  // what was said of the server's version and settings
	Ran                bool    // it has answered once
	KeepBackups        bool    // of an instance that is being deleted
}

// served reports whether an instance has a server.
func (t *txn) served(r *instanceRecord) bool { return t.d.Servers != nil && r.Engine == postgres }

// follow has the instance's server follow a change that is about to be stored, under a status until it does.
func (t *txn) follow(r *instanceRecord, status string) {
	if !t.served(r) {
		return
	}
	if r.Server == nil {
		r.Server = &running{}
	}
	r.Server.Wanted++
	if status != "" {
		r.Server.Status = status
	}
	key := serverKey{t.sc, r.ResourceID}
	t.tx.AfterCommit(func() { t.keeper.kick(key) })
}

// restart is follow with a new start of the server.
func (t *txn) restart(r *instanceRecord, status string) {
	t.follow(r, status)
	if r.Server != nil {
		r.Server.Restarts++
	}
}

// sweep has the data of deleted snapshots and backups removed.
func (t *txn) sweep() {
	if t.d.Copies != nil {
		t.tx.AfterCommit(t.keeper.sweep)
	}
}
