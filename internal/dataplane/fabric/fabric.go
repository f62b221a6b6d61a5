package fabric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Flow is a connection, or an exchange of datagrams, that is about to begin.
type Flow struct {
	From     string     // the interface that it comes from; empty from outside
	Source   netip.Addr // where it comes from outside; unset otherwise
	To       netip.AddrPort
	Target   string // the interface that it goes to, where that is known; found by the address otherwise
	Protocol string // tcp or udp
	Port     uint16 // that it comes from; 0 where that is not known yet
}

// Verdict says what becomes of a flow.
type Verdict struct {
	Allowed bool
	Reason  string     // why it is blocked
	Target  string     // the interface that it leads to; empty for one to the outside
	Source  netip.Addr // the address that it has on arrival
	Tally   *Tally     // counts what the flow carries; nil for what nobody counts
}

// Policy decides on flows.
type Policy interface {
	Permit(ctx context.Context, f Flow) Verdict
}

// Names answers questions for addresses by name.
type Names interface {
	// Resolve gives the IPv4 addresses that a name has for an interface. known is false for names that are not the virtual
	// network's matter: the machine's own name servers are asked for those.
	Resolve(ctx context.Context, iface, name string) (addrs []netip.Addr, known bool)
}

// Dialer connects to what serves an interface's port. Its errors wrap syscall.ECONNREFUSED where nothing listens.
type Dialer func(ctx context.Context, port int) (net.Conn, error)

// Config says what a fabric works with.
type Config struct {
	Policy Policy // nil: everything is allowed, and nothing leads to an interface by its address
	Names  Names  // nil: there are no names but the machine's
	// Services are addresses that lead out of the virtual network to this machine, whatever the policy says, such as that of a
	// metadata endpoint. They are told which interface asks.
	Services map[netip.Addr]func(ctx context.Context, iface string, port int) (net.Conn, error)
	// Endpoints are such addresses that the policy judges as addresses outside.
	Endpoints map[netip.Addr]func(ctx context.Context, iface string, port int) (net.Conn, error)
	// Outside connects to addresses that are no interface's; nil takes the machine's network.
	Outside func(ctx context.Context, network, address string) (net.Conn, error)
	Logger  *slog.Logger
}

// Fabric carries flows.
type Fabric struct {
	config Config

	mu      sync.RWMutex
	dialers map[string]*served // by interface
}

type served struct{ dial Dialer }

// New makes a fabric.
func New(config Config) *Fabric {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Outside == nil {
		config.Outside = new(net.Dialer).DialContext
	}
	return &Fabric{config: config, dialers: map[string]*served{}}
}

// Interface says what is to be in a network namespace.
type Interface struct {
	ID       string
	Address  netip.Addr   // IPv4
	Subnet   netip.Prefix // that it lies in
	Hostname string       // of what is in it, for container engines, which give a host its name with its network
}

// NetworkCommand is the first argument with which this executable is the network process of a container engine's containers, on Linux:
// see RunNetwork.
const NetworkCommand = "container-network"

// NetworkArgs are the arguments with which it makes an interface.
func NetworkArgs(i Interface) []string {
	return []string{NetworkCommand, netip.PrefixFrom(i.Address, i.Subnet.Bits()).String()}
}

// BlockedError means that nothing answered a flow because it is not allowed.
type BlockedError struct {
	To     netip.AddrPort
	Reason string
}

func (e *BlockedError) Error() string { return fmt.Sprintf("no answer from %s: %s", e.To, e.Reason) }

// Timeout says that this is what a caller sees as a time-out.
func (e *BlockedError) Timeout() bool { return true }

// Temporary is part of net.Error.
func (e *BlockedError) Temporary() bool { return true }

// Serve has flows to an interface connected by dial, until stop is called. One who serves it already is replaced.
func (f *Fabric) Serve(iface string, dial func(ctx context.Context, port int) (net.Conn, error)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &served{dial}
	f.dialers[iface] = s
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.dialers[iface] == s {
			delete(f.dialers, iface)
		}
	}
}

// Admit judges a flow from outside that has been accepted on behalf of an interface. Its error is a *BlockedError. Unless ended is nil,
// it wants to be told at the flow's end how many bytes came in and went out.
func (f *Fabric) Admit(ctx context.Context, source netip.AddrPort, iface string, port int) (ended func(in, out int64), err error) {
	if f.config.Policy == nil {
		return nil, nil
	}
	to := netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))
	v := f.config.Policy.Permit(ctx, Flow{Source: source.Addr(), Port: source.Port(), Target: iface, To: to, Protocol: "tcp"})
	if !v.Allowed {
		return nil, &BlockedError{to, v.Reason}
	}
	if t := v.Tally; t != nil {
		return func(in, out int64) {
			t.Sent.Add(in)
			t.Received.Add(out)
			t.End(nil)
		}, nil
	}
	return nil, nil
}

// Dial opens a TCP connection from an interface. A blocked one gets no answer: Dial returns a *BlockedError when ctx ends. Where
// nothing listens, its error wraps syscall.ECONNREFUSED.
func (f *Fabric) Dial(ctx context.Context, iface string, to netip.AddrPort) (net.Conn, error) {
	c, err := f.connect(ctx, Flow{From: iface, To: to, Protocol: "tcp"})
	var blocked *BlockedError
	if errors.As(err, &blocked) {
		<-ctx.Done()
	}
	return c, err
}

// connect is Dial that does not wait where a flow is blocked.
func (f *Fabric) connect(ctx context.Context, flow Flow) (net.Conn, error) {
	iface, to := flow.From, flow.To
	if service, ok := f.config.Services[to.Addr()]; ok {
		return service(ctx, iface, int(to.Port()))
	}
	v := Verdict{Allowed: true}
	if f.config.Policy != nil {
		v = f.config.Policy.Permit(ctx, flow)
	}
	switch endpoint, isEndpoint := f.config.Endpoints[to.Addr()]; {
	case !v.Allowed:
		return nil, &BlockedError{to, v.Reason}
	case v.Target != "":
		c, err := f.enter(WithSource(ctx, v.Source), v.Target, to)
		return v.Tally.over(c, err)
	case isEndpoint:
		c, err := endpoint(ctx, iface, int(to.Port()))
		return v.Tally.over(c, err)
	}
	c, err := f.outside(ctx, flow)
	return v.Tally.over(c, err)
}

// errNames means that a flow leads to the virtual network's own name server.
var errNames = errors.New("the flow is for the name server")

// carrierGrade is shared address space, which virtual networks may use. https://www.rfc-editor.org/rfc/rfc6598
var carrierGrade = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// outside connects to an address that is no interface's. What answers at addresses that the internet does not carry is this machine, such as
// its own metadata, and its neighbours: nothing leads there. Of a virtual network's own addresses, a policy allows none without an interface
// but that of the name server. https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
func (f *Fabric) outside(ctx context.Context, flow Flow) (net.Conn, error) {
	switch a := flow.To.Addr(); {
	case !a.IsGlobalUnicast():
		return nil, &BlockedError{flow.To, "nothing answers at this address"}
	case f.config.Policy == nil || !a.IsPrivate() && !carrierGrade.Contains(a):
		return f.config.Outside(ctx, flow.Protocol, flow.To.String())
	case flow.To.Port() == 53:
		return nil, errNames
	}
	return nil, &BlockedError{flow.To, "nothing answers at this address"}
}

// enter connects to an interface.
func (f *Fabric) enter(ctx context.Context, iface string, to netip.AddrPort) (net.Conn, error) {
	f.mu.RLock()
	s := f.dialers[iface]
	f.mu.RUnlock()
	if s == nil { // an address without a machine behind it: nothing answers
		return nil, &BlockedError{to, "nothing runs behind the network interface " + iface}
	}
	c, err := s.dial(ctx, int(to.Port()))
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", to, err)
	}
	return c, nil
}

type sourceKey struct{}

// WithSource gives a Dialer the address that a flow comes from.
func WithSource(ctx context.Context, source netip.Addr) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Source gives the address that a flow comes from; it is invalid where that is not known.
func Source(ctx context.Context) netip.Addr {
	source, _ := ctx.Value(sourceKey{}).(netip.Addr)
	return source
}

// refused reports whether an error means that nothing listens.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// Refused is the error of a Dialer where nothing listens on a port.
func Refused(port int) error { return fmt.Errorf("port %d: %w", port, syscall.ECONNREFUSED) }
