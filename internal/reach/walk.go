package reach

import (
	"fmt"
	"net/netip"
	"slices"
)

// Explain follows a flow and tells each hop. Behind groups and ACLs that block it goes on, so as to find all that do; behind
// anything else that does, there is no way to follow.
func Explain(src Source, f Flow) Path {
	w := &walker{src: src, all: true}
	w.run(f)
	return w.path
}

// Decide follows a flow no further than to the first hop that does not let it pass, and tells only that one.
func Decide(src Source, f Flow) Path {
	w := &walker{src: src}
	w.run(f)
	return w.path
}

// walker goes along a flow's way.
type walker struct {
	src     Source
	all     bool
	path    Path
	returns []func() bool // what the answer has to pass, in the reverse of its order
	nats    []string      // gateways passed
}

// step is a hop before it is told.
type step struct {
	kind         Kind
	ids          []string
	at           string
	direction    string
	back         bool
	verdict      Verdict
	rule, ruleOf string
	lacks        *Lack
	text         func() string
}

func (w *walker) tell(s step) {
	w.path.Hops = append(w.path.Hops, Hop{Kind: s.kind, IDs: s.ids, At: s.at, Direction: s.direction, Return: s.back, Verdict: s.verdict, Rule: s.rule, RuleOf: s.ruleOf,
		Reason: s.text(), Lacks: s.lacks})
}

// pass notes a hop that lets the flow through.
func (w *walker) pass(s step) bool {
	if w.all {
		s.verdict = Allowed
		w.tell(s)
	}
	return true
}

// block notes a hop that keeps the flow back. It reports whether to go on nevertheless.
func (w *walker) block(s step) bool {
	s.verdict = Blocked
	w.path.Allowed = false
	w.tell(s)
	return w.all
}

// stop notes the hop where the way ends, blocked unless the step says otherwise.
func (w *walker) stop(s step) bool {
	if s.verdict == "" {
		s.verdict = Blocked
	}
	w.path.Allowed = false
	w.path.Unknown = s.verdict == Unknown
	w.tell(s)
	return false
}

// back notes what an answer will have to pass; the answer meets the last one first.
func (w *walker) back(f func() bool) { w.returns = append(w.returns, f) }

func (w *walker) run(f Flow) {
	w.path = Path{Allowed: true, Hops: []Hop{}}
	f.Source, f.To = f.Source.Unmap(), f.To.Unmap()
	arrived := false
	if f.From == "" {
		arrived = w.fromInternet(f)
	} else {
		arrived = w.fromInterface(f)
	}
	if !arrived {
		w.path.Allowed = false
		return
	}
	for _, answer := range slices.Backward(w.returns) {
		if !answer() {
			return
		}
	}
}

func (w *walker) fromInterface(f Flow) bool {
	eni, net, ok := w.interfaceOf(f.From)
	if !ok {
		return false
	}
	to := f.To
	if f.ToInterface != "" {
		dest, ok := w.src.Interface(f.ToInterface)
		if !ok {
			return w.missing(f.ToInterface)
		}
		if to = dest.primary(false); !to.IsValid() {
			to = dest.primary(true)
		}
		if dest.VPC != eni.VPC {
			to = dest.public(to)
		}
		if !to.IsValid() {
			return w.stop(step{kind: KindInterface, ids: []string{dest.ID}, text: func() string {
				return label(dest.ID, dest.Name) + " is in another VPC and has no public address."
			}})
		}
	}
	from := f.Source
	if !from.IsValid() {
		from = eni.primary(to.Is6())
	}
	if !eni.has(from) || from.Is6() != to.Is6() {
		return w.stop(step{kind: KindInterface, ids: []string{eni.ID}, text: func() string {
			return fmt.Sprintf("%s has no address from which to reach %s.", label(eni.ID, eni.Name), to)
		}})
	}
	p := f.packet(from, to, eni.ports())
	w.pass(step{kind: KindInterface, ids: []string{eni.ID}, text: func() string {
		return fmt.Sprintf("%s, %s, sends %s to %s.", label(eni.ID, eni.Name), from, p.what(), to)
	}})
	w.path.Seen = from
	if eni.has(to) {
		w.path.To = eni.ID
		return w.pass(step{kind: KindInterface, ids: []string{eni.ID}, text: func() string { return "The address is its own: nothing filters the flow." }})
	}
	if done, ok := w.amazonService(net, to); done {
		return ok
	}
	return w.leave(net, eni, &p)
}

func (i *Interface) ports() PortRange {
	if i.Ports == (PortRange{}) {
		return linuxPorts
	}
	return i.Ports
}

func (w *walker) fromInternet(f Flow) bool {
	to := f.To
	var dest *Interface
	if f.ToInterface != "" {
		d, ok := w.src.Interface(f.ToInterface)
		if !ok {
			return w.missing(f.ToInterface)
		}
		if to = d.public(d.primary(false)); !to.IsValid() {
			to = d.public(d.primary(true))
		}
		if dest = d; !to.IsValid() {
			return w.stop(step{kind: KindInterface, ids: []string{d.ID}, text: func() string {
				return label(d.ID, d.Name) + " has no public address: the internet cannot reach it."
			}})
		}
	}
	p := f.packet(f.Source, to, anyPorts)
	at := step{kind: KindInternet}
	switch {
	case !f.Source.IsValid() || !to.IsValid() || f.Source.Is6() != to.Is6():
		at.text = func() string { return "The flow has no source and destination of one address family." }
		return w.stop(at)
	case !routable(f.Source):
		at.text = func() string { return f.Source.String() + " is not an address of the internet." }
		return w.stop(at)
	case !routable(to):
		at.text = func() string { return to.String() + " is a private address: the internet cannot reach it." }
		return w.stop(at)
	}
	at.text = func() string { return fmt.Sprintf("%s, on the internet, sends %s to %s.", f.Source, p.what(), to) }
	w.pass(at)
	if dest == nil {
		d, ok := w.src.Public(to)
		if !ok {
			at.text = func() string { return to.String() + " is no public address of a network interface." }
			return w.stop(at)
		}
		dest = d
	}
	return w.enter(dest, &p)
}

// routable reports whether the internet carries packets from or to an address.
func routable(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrierGrade.Contains(a)
}

// carrierGrade is shared address space, which VPCs may use. https://www.rfc-editor.org/rfc/rfc6598
var carrierGrade = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

func (w *walker) missing(id string) bool {
	return w.stop(step{kind: KindInterface, ids: []string{id}, text: func() string { return "There is no network interface " + id + "." }})
}

// interfaceOf gives an interface and its network; with them comes its subnet.
func (w *walker) interfaceOf(id string) (*Interface, *Network, bool) {
	eni, ok := w.src.Interface(id)
	if !ok {
		return nil, nil, w.missing(id)
	}
	n, ok := w.networkOf(eni)
	return eni, n, ok
}

func (w *walker) networkOf(eni *Interface) (*Network, bool) {
	n, ok := w.src.VPC(eni.VPC)
	if !ok || n.subnets[eni.Subnet] == nil {
		return nil, w.stop(step{kind: KindInterface, ids: []string{eni.ID}, verdict: Unknown, text: func() string {
			return fmt.Sprintf("The network of %s, %s in %s, is not known.", eni.ID, eni.Subnet, eni.VPC)
		}})
	}
	return n, true
}

// Addresses of services that each VPC has, and that neither groups nor ACLs filter.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func amazonServices(a netip.Addr) string {
	switch a {
	case netip.AddrFrom4([4]byte{169, 254, 169, 253}), resolverIPv6:
		return "Amazon's DNS server"
	case netip.AddrFrom4([4]byte{169, 254, 169, 254}), metadataIPv6:
		return "the instance metadata service"
	case netip.AddrFrom4([4]byte{169, 254, 170, 2}):
		return "the ECS task metadata and credentials endpoint"
	case netip.AddrFrom4([4]byte{169, 254, 169, 123}), timeIPv6:
		return "the Amazon Time Sync Service"
	case netip.AddrFrom4([4]byte{169, 254, 169, 250}), netip.AddrFrom4([4]byte{169, 254, 169, 251}):
		return "Windows licence activation"
	}
	return ""
}

var (
	resolverIPv6 = netip.AddrFrom16([16]byte{0: 0xfd, 2: 0x0e, 3: 0xc2, 14: 0x02, 15: 0x53})
	metadataIPv6 = netip.AddrFrom16([16]byte{0: 0xfd, 2: 0x0e, 3: 0xc2, 14: 0x02, 15: 0x54})
	timeIPv6     = netip.AddrFrom16([16]byte{0: 0xfd, 2: 0x0e, 3: 0xc2, 14: 0x01, 15: 0x23})
)

// amazonService ends flows to the addresses that are a VPC's own. done reports whether the address is one.
func (w *walker) amazonService(n *Network, to netip.Addr) (done, ok bool) {
	name := amazonServices(to)
	if to == n.resolver {
		name = "Amazon's DNS server"
	}
	s := step{kind: KindAmazonService, ids: []string{n.id}}
	switch {
	case name == "" && to.IsLinkLocalUnicast():
		s.text = func() string { return to.String() + " is a link-local address that nothing answers." }
		return true, w.stop(s)
	case name == "":
		return false, false
	case name == "Amazon's DNS server" && !n.dns:
		s.text = func() string { return label(n.id, n.name) + " has DNS support switched off (enableDnsSupport)." }
		return true, w.stop(s)
	}
	s.text = func() string {
		return to.String() + " is " + name + ": security groups and network ACLs do not filter it."
	}
	return true, w.pass(s)
}
