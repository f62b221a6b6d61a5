package postgres

import "time"

// Spec says how a server is to be. Run brings it there.
type Spec struct {
	Name     string   // of the server and its directory: letters, digits and hyphens
	Major    int      // version of PostgreSQL that a new server should have
	Hosts    []string // names in its TLS certificate
	Settings map[string]string
	ForceTLS bool // over TCP
	SCRAM    bool // passwords are checked by SCRAM only, not by MD5
	Master   Login
	Database string // made with the server; empty for none
	Logical  bool   // wal_level logical, and the master user may replicate
	Archive  bool   // WAL is archived, for Restore
	Exists   bool   // its data must be there: a lost database is an error, not an empty one
	From     Origin // where its data comes from when it has none yet
	Source   string // server that it follows, read-only; a follower without one is promoted
	Standby  bool   // a synchronous standby stands by
	Restarts int64  // a server that has been started with another number is started anew
	Switches int64  // a server whose number is another one fails over to its standby
}

// Login is a user and its password.
type Login struct{ User, Password string }

// Origin says where a new server's data comes from; the zero one is an empty database.
type Origin struct {
	Snapshot string    // a copy made by Snapshot
	Archive  string    // the server whose archived WAL is replayed on the snapshot; empty for none
	Until    time.Time // the last transaction that is replayed was committed before; zero: all that are archived
}

// Report says what Run has found or done.
type Report struct {
	Version string   // of PostgreSQL, such as "15.18"
	Major   int      // of the data
	Instead string   // why the data was made of another major version than the one wanted
	Notes   []string // settings that could not be applied as given, and why
	Pending []string // settings in force only after a restart
}

// Kind says what has happened to a server by itself.
type Kind int

// What happens to servers.
const (
	Crashed     Kind = iota // it ended, and is being started again
	Recovered               // it answers again after a crash
	FailedOver              // its standby has taken over
	Failing                 // it cannot be started for now
	DiskFull                // it found no space to write
	DiskFree                // there is space again
	Downloading             // PostgreSQL is being downloaded for it
)

// Event is something that happened to a server by itself.
type Event struct {
	Server string
	Kind   Kind
	Reason string
}
