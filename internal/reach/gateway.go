package reach

import (
	"fmt"
	"net/netip"
	"slices"
)

// leave takes a packet out of the interface that sends it.
func (w *walker) leave(n *Network, eni *Interface, p *packet) bool {
	var peer *Interface
	if n.contains(p.dst) {
		peer, _ = w.src.At(n.id, p.dst)
	}
	if !w.filter(n, eni, true, p, peer) {
		return false
	}
	if peer != nil && peer.Subnet == eni.Subnet {
		return w.arrive(n, peer, eni, p) // within a subnet there is neither an ACL nor a route
	}
	return w.onward(n, eni, p)
}

// onward takes a packet out of a subnet, wherever its route leads. from is the interface whose address the packet bears.
func (w *walker) onward(n *Network, from *Interface, p *packet) bool {
	sub := n.subnets[from.Subnet]
	if !w.screen(from, sub, true, p, false) {
		return false
	}
	w.back(func() bool { return w.screen(from, sub, false, p, true) })
	r, hop, ok := w.route(sub, p.dst, false)
	if !ok {
		return false
	}
	switch {
	case r.Target == local:
		return w.across(n, from, hop, p)
	case r.to("nat-"):
		w.pass(hop)
		return w.translate(n, from, r.Target, p)
	case r.to("igw-"):
		w.pass(hop)
		return w.exit(n, from, r.Target, p)
	case r.to("eigw-"):
		w.pass(hop)
		return w.egressOnly(n, r.Target, p)
	}
	// What is left is a gateway endpoint.
	w.pass(hop)
	w.path.Seen = p.src
	return w.pass(step{kind: KindEndpoint, ids: []string{r.Target}, text: func() string {
		return fmt.Sprintf("%s takes it to the AWS service of %s. Its policy is not asked here.", r.Target, r.PrefixList)
	}})
}

// route looks up where a subnet's packets to an address go. The hop is told by the caller, unless it stops the flow.
func (w *walker) route(sub *subnet, to netip.Addr, back bool) (*route, step, bool) {
	hop := step{kind: KindRoute, ids: []string{sub.id}, back: back}
	if sub.table == nil {
		hop.verdict = Unknown
		hop.text = func() string { return "The route table of " + label(sub.id, sub.name) + " is not known." }
		return nil, hop, w.stop(hop)
	}
	table := label(sub.table.id, sub.table.name)
	hop.ids = []string{sub.table.id}
	r := sub.table.lookup(to)
	if r == nil {
		hop.text = func() string {
			return fmt.Sprintf("%s, of %s, has no route to %s.", table, label(sub.id, sub.name), to)
		}
		return nil, hop, w.stop(hop)
	}
	hop.rule, hop.ruleOf = r.destination(), sub.table.id
	switch {
	case r.Blackhole:
		hop.text = func() string {
			return fmt.Sprintf("%s routes %s to %s, which is gone (a blackhole).", table, r.destination(), r.Target)
		}
		return r, hop, w.stop(hop)
	case r.Target == local, r.to("nat-"), r.to("igw-"), r.to("eigw-"), r.to("vpce-") && r.PrefixList != "":
		hop.text = func() string {
			return fmt.Sprintf("%s, of %s, routes %s to %s.", table, label(sub.id, sub.name), r.destination(), r.Target)
		}
		return r, hop, true
	}
	hop.verdict = Unknown
	hop.text = func() string {
		return fmt.Sprintf("%s routes %s to %s: what stands behind a target of this kind is not known here.", table, r.destination(), r.Target)
	}
	return r, hop, w.stop(hop)
}

// across takes a packet to another subnet of the VPC.
func (w *walker) across(n *Network, from *Interface, hop step, p *packet) bool {
	peer, ok := w.src.At(n.id, p.dst)
	if !ok {
		w.pass(hop)
		return w.stop(step{kind: KindInterface, text: func() string {
			return fmt.Sprintf("No network interface of %s has the address %s.", label(n.id, n.name), p.dst)
		}})
	}
	w.pass(hop)
	w.path.To = peer.ID
	sub := n.subnets[peer.Subnet]
	if sub == nil {
		_, known := w.networkOf(peer)
		return known
	}
	if peer.Subnet != from.Subnet {
		if !w.screen(peer, sub, false, p, false) {
			return false
		}
		w.back(func() bool { return w.returnRoute(sub, p.src, local) })
		w.back(func() bool { return w.screen(peer, sub, true, p, true) })
	}
	return w.arrive(n, peer, from, p)
}

// returnRoute wants an answer to take the way that its flow came by; by another it would bear another address, or have no session.
func (w *walker) returnRoute(sub *subnet, to netip.Addr, target string) bool {
	r, hop, ok := w.route(sub, to, true)
	if !ok {
		return false
	}
	if r.Target == target {
		return w.pass(hop)
	}
	told := hop.text
	hop.text = func() string { return told() + fmt.Sprintf(" The answer would have to go back by %s.", target) }
	return w.stop(hop)
}

// arrive hands a packet to the interface that it is for. peer is the sender's interface if the packet bears its private address.
func (w *walker) arrive(n *Network, eni, peer *Interface, p *packet) bool {
	w.path.To, w.path.Seen = eni.ID, p.src
	if !w.filter(n, eni, false, p, peer) {
		return false
	}
	return w.pass(step{kind: KindInterface, ids: []string{eni.ID}, text: func() string {
		receives := "receives"
		if !w.path.Allowed {
			receives = "would receive"
		}
		return fmt.Sprintf("%s, %s, %s it from %s.", label(eni.ID, eni.Name), p.dst, receives, p.src)
	}})
}

// translate takes a packet through a NAT gateway, which has no groups, and whose subnet has an ACL and routes of its own.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (w *walker) translate(n *Network, from *Interface, id string, p *packet) bool {
	hop := step{kind: KindNATGateway, ids: []string{id}}
	g := n.nats[id]
	if g == nil {
		hop.verdict = Unknown
		hop.text = func() string { return "The NAT gateway " + id + " is not known." }
		return w.stop(hop)
	}
	if !g.Available {
		hop.text = func() string { return label(g.ID, g.Name) + " is not available." }
		return w.stop(hop)
	}
	eni, ok := w.src.Interface(g.Interface)
	if !ok {
		return w.missing(g.Interface)
	}
	sub := n.subnets[eni.Subnet]
	switch {
	case sub == nil:
		_, known := w.networkOf(eni)
		return known
	case slices.Contains(w.nats, id):
		hop.text = func() string {
			return "The routes lead back to " + label(g.ID, g.Name) + ": the packet goes in a circle."
		}
		return w.stop(hop)
	case p.dst.Is6():
		hop.verdict = Unknown
		hop.text = func() string { return "NAT64 is not modelled." }
		return w.stop(hop)
	}
	w.nats = append(w.nats, id)
	if eni.Subnet != from.Subnet {
		if !w.screen(eni, sub, false, p, false) {
			return false
		}
		w.back(func() bool { return w.screen(eni, sub, true, p, true) })
	}
	q := *p
	if q.src = eni.primary(false); hasPorts(q.protocol) && q.protocol != ICMP {
		q.sources = span{int32(anyPorts.From), int32(anyPorts.To)}
	}
	hop.text = func() string { return fmt.Sprintf("%s sends it on from %s.", label(g.ID, g.Name), q.src) }
	w.pass(hop)
	if g.Private {
		if r := sub.table; r != nil {
			if to := r.lookup(q.dst); to != nil && to.to("igw-") {
				hop.text = func() string { return label(g.ID, g.Name) + " is private: the internet gateway drops what it sends." }
				return w.stop(hop)
			}
		}
	}
	if n.contains(q.dst) {
		if peer, ok := w.src.At(n.id, q.dst); ok && peer.Subnet == eni.Subnet {
			return w.arrive(n, peer, eni, &q)
		}
	}
	return w.onward(n, eni, &q)
}

// exit takes a packet out to the internet, and into the VPC of the interface that has its destination, if one has.
func (w *walker) exit(n *Network, from *Interface, id string, p *packet) bool {
	hop := step{kind: KindInternetGateway, ids: []string{id}}
	public := from.public(p.src)
	switch {
	case !slices.Contains(n.gateways, id):
		hop.text = func() string { return id + " is not attached to " + label(n.id, n.name) + "." }
		return w.stop(hop)
	case !routable(p.dst):
		hop.text = func() string { return p.dst.String() + " is a private address: the internet does not carry it." }
		return w.stop(hop)
	case !public.IsValid():
		hop.text = func() string {
			return fmt.Sprintf("%s has no public IPv4 address: %s drops what it sends.", label(from.ID, from.Name), id)
		}
		return w.stop(hop)
	}
	q := *p
	q.src = public
	hop.text = func() string { return fmt.Sprintf("%s sends it to the internet from %s.", id, public) }
	w.pass(hop)
	if dest, ok := w.src.Public(q.dst); ok {
		return w.enter(dest, &q)
	}
	return w.outside(&q)
}

func (w *walker) outside(p *packet) bool {
	w.path.Seen = p.src
	return w.pass(step{kind: KindInternet, text: func() string { return fmt.Sprintf("%s is on the internet, beyond what AWS filters.", p.dst) }})
}

// egressOnly takes an IPv6 packet out; flows that others open do not come in.
func (w *walker) egressOnly(n *Network, id string, p *packet) bool {
	hop := step{kind: KindEgressOnly, ids: []string{id}}
	if !slices.Contains(n.egressOnlys, id) {
		hop.text = func() string { return id + " is not attached to " + label(n.id, n.name) + "." }
		return w.stop(hop)
	}
	hop.text = func() string { return fmt.Sprintf("%s sends it to the internet from %s.", id, p.src) }
	w.pass(hop)
	if dest, ok := w.src.Public(p.dst); ok {
		return w.enter(dest, p)
	}
	return w.outside(p)
}

// enter takes a packet from the internet to an interface by its public address. The answer has to leave by the internet gateway.
func (w *walker) enter(eni *Interface, p *packet) bool {
	w.path.To = eni.ID
	n, ok := w.networkOf(eni)
	if !ok {
		return false
	}
	sub := n.subnets[eni.Subnet]
	hop := step{kind: KindInternetGateway, ids: n.gateways}
	if len(n.gateways) == 0 {
		hop.text = func() string { return label(n.id, n.name) + " has no internet gateway." }
		return w.stop(hop)
	}
	if n.edgeRouted {
		hop.verdict = Unknown
		hop.text = func() string {
			return "A gateway of " + label(n.id, n.name) + " has a route table of its own: its routes are not followed here."
		}
		return w.stop(hop)
	}
	gateway := n.gateways[0] // AWS attaches one at most
	q := *p
	q.dst = eni.private(p.dst)
	hop.text = func() string {
		return fmt.Sprintf("%s takes it to %s, which has the public address %s.", gateway, q.dst, p.dst)
	}
	w.pass(hop)
	if !w.screen(eni, sub, false, &q, false) {
		return false
	}
	w.back(func() bool { return w.returnRoute(sub, q.src, gateway) })
	w.back(func() bool { return w.screen(eni, sub, true, &q, true) })
	return w.arrive(n, eni, nil, &q)
}
