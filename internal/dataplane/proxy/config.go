package proxy

import (
	"net/netip"
	"time"
)

// Config is all that is to be served.
type Config struct {
	Balancers []Balancer
}

// Balancer is an application load balancer.
type Balancer struct {
	ID        string // unique, such as an ARN
	Resource  string // what logs and metrics call it, such as app/web/50dc6c495c0c9188
	Name      string
	DNSName   string
	Nodes     []Node // one in each zone
	Listeners []Listener
	Groups    []Group // those that its rules forward to
	Settings  Settings
	Refused   string // why it does not serve; empty if it does
}

// Node is a load balancer's place in a zone.
type Node struct {
	Interface string
	Zone      string
	Address   netip.Addr // by which logs name it
}

// Settings are the attributes of a load balancer.
type Settings struct {
	IdleTimeout        time.Duration // without data, on connections of clients and of targets
	KeepAlive          time.Duration // how old clients' connections get
	DropInvalidHeaders bool
	TLSHeaders         bool   // tell targets of version and cipher
	ClientPort         bool   // in X-Forwarded-For
	Forwarded          string // what is done to X-Forwarded-For: append, preserve or remove
	HTTP2              bool
	AccessLogs         bool
	FailOpen           bool // let requests through that a guard could not judge
}

// Listener is a listener. Its rules stand in their order; the last one has no conditions.
type Listener struct {
	ID                 string
	Port               int
	Secure             bool     // HTTPS
	Certificates       []string // ids, the default one first
	MinTLS, MaxTLS     uint16
	Ciphers            []uint16 // up to TLS 1.2; none: Go's
	Rules              []Rule
	HideServer         bool // keep targets' Server header from clients
	Response           []Header
	VersionHeader      string // the names of the headers that TLSHeaders adds
	CipherSuiteHeader  string
	ClientCertificates bool // mutual TLS, which is refused
}

// Header is a header and its value.
type Header struct{ Name, Value string }

// Rule is what a listener does with requests that meet all conditions.
type Rule struct {
	Priority   int // 0: the default rule
	Conditions []Condition
	Host, URL  *Rewrite
	Refused    string // an action that is not performed
	Forward    *Forward
	Redirect   *Redirect
	Fixed      *Fixed
}

// Field is what a condition looks at.
type Field string

// The fields of conditions.
const (
	FieldHost   Field = "host-header"
	FieldPath   Field = "path-pattern"
	FieldHeader Field = "http-header"
	FieldMethod Field = "http-request-method"
	FieldQuery  Field = "query-string"
	FieldSource Field = "source-ip"
)

// Condition is met by any of its values.
type Condition struct {
	Field   Field
	Name    string   // the header's
	Values  []string // with the wildcards * and ?
	Regexes []string // instead of values
	Pairs   []Pair   // of a query string
	Sources []netip.Prefix
}

// Pair is a key, which may be empty for any, and a value of a query string.
type Pair struct{ Key, Value string }

// Rewrite replaces what a regular expression matches; $1 stands for its first group.
type Rewrite struct{ Regex, Replace string }

// Forward sends to one of several groups.
type Forward struct {
	Groups []Weighted
	Sticky time.Duration // 0: each request is free to go to any group
}

// Weighted is a group's id and its share.
type Weighted struct {
	Group  string
	Weight int
}

// Redirect tells the client to go elsewhere. Its members may have placeholders such as #{host}.
type Redirect struct {
	Status                            int
	Protocol, Host, Port, Path, Query string
}

// Fixed is an answer.
type Fixed struct {
	Status            int
	ContentType, Body string
}

// Group is a target group.
type Group struct {
	ID        string
	Resource  string // what metrics call it, such as targetgroup/web/73e2d6bc24d8a067
	Secure    bool   // HTTPS towards targets; certificates are not verified
	Version   string // HTTP1, HTTP2 or GRPC
	Health    Check
	Targets   []Target
	Algorithm string // round_robin, least_outstanding_requests or weighted_random
	Sticky    Stickiness
	SlowStart time.Duration
	Delay     time.Duration // of deregistration
	ZonesOnly bool          // send only to targets in the node's zone
	Refused   string        // why it cannot be forwarded to

	// With fewer healthy targets, requests go to all targets.
	MinHealthyCount, MinHealthyPercent int
}

// Stickiness keeps clients with their target. The zero value does not.
type Stickiness struct {
	Cookie   string // the application's cookie; empty for the load balancer's own
	Duration time.Duration
}

// Target is where a group's requests go.
type Target struct {
	Address netip.AddrPort
	Zone    string // all or empty: any
	Unused  bool   // it is in a zone that the load balancer is not in
}

// Check is how targets' health is checked.
type Check struct {
	Secure             bool
	Port               int // 0: the target's
	Path               string
	Codes              string // such as 200,300-399
	Interval, Timeout  time.Duration
	Healthy, Unhealthy int // results in a row
}
