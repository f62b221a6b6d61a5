package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

type group struct {
	id, name string
	in, out  []rule
}

// rule is a rule with its prefix list resolved.
type rule struct {
	Rule
	list *PrefixList
}

func compileGroup(g Group, lists map[string]*PrefixList) *group {
	out := &group{id: g.ID, name: g.Name}
	for _, r := range g.Rules {
		to := &out.in
		if r.Egress {
			to = &out.out
		}
		*to = append(*to, rule{Rule: r, list: lists[r.PrefixList]})
	}
	return out
}

func (g *group) rules(out bool) []rule {
	if out {
		return g.out
	}
	return g.in
}

// allows reports whether a rule lets a packet's beginning through. other is the other side's address, peer its interface if the two
// speak by private addresses within the VPC: only then a rule that names a group means it.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (r *rule) allows(p *packet, other netip.Addr, peer *Interface) bool {
	switch {
	case r.Protocol != AnyProtocol && r.Protocol != p.protocol:
		return false
	case !r.covers(p):
		return false
	case r.CIDR.IsValid():
		return r.CIDR.Contains(other)
	case r.Group != "":
		return peer != nil && peer.hasGroup(r.Group)
	case r.list != nil:
		return slices.ContainsFunc(r.list.CIDRs, func(c netip.Prefix) bool { return c.Contains(other) })
	}
	return false
}

// covers compares ports, or ICMP's type and code.
func (r *rule) covers(p *packet) bool {
	switch {
	case r.Protocol == AnyProtocol || !hasPorts(r.Protocol):
		return true
	case r.Protocol == ICMP || r.Protocol == ICMPv6:
		return r.From == -1 || r.From == p.ports.from && (r.To == -1 || r.To == p.code)
	}
	return r.From == -1 || r.From <= p.ports.from && p.ports.to <= r.To
}

// peer says by what the rule means an address.
func (r *rule) peer(n *Network) string {
	switch {
	case r.Group != "":
		return "as a member of " + n.groupLabel(r.Group)
	case r.list != nil:
		return "which " + label(r.list.ID, r.list.Name) + " has"
	}
	return "which is in " + r.CIDR.String()
}

// filter holds a packet against an interface's security groups. The rules of all groups count as one set.
func (w *walker) filter(n *Network, eni *Interface, out bool, p *packet, peer *Interface) bool {
	if len(eni.Groups) == 0 {
		return true
	}
	other, direction, preposition := p.src, "in", "from"
	if out {
		other, direction, preposition = p.dst, "out", "to"
	}
	for _, id := range eni.Groups {
		g := n.groups[id]
		if g == nil {
			continue
		}
		rules := g.rules(out)
		for i := range rules {
			if rules[i].allows(p, other, peer) {
				return !w.all || w.allowedBy(n, g, &rules[i], eni, out, p)
			}
		}
	}
	h := step{kind: KindGroups, ids: eni.Groups, at: eni.ID, direction: direction}
	h.lacks = &Lack{Protocol: protocolName(p.protocol), FromPort: p.ports.from, ToPort: p.ports.to, Address: other}
	if p.protocol == ICMP || p.protocol == ICMPv6 {
		h.lacks.ToPort = p.code
	} else if !hasPorts(p.protocol) {
		h.lacks.FromPort, h.lacks.ToPort = -1, -1
	}
	if peer != nil {
		h.lacks.PeerGroups = peer.Groups
	}
	h.text = func() string {
		names := make([]string, len(eni.Groups))
		for i, id := range eni.Groups {
			names[i] = n.groupLabel(id)
		}
		way := "inbound"
		if out {
			way = "outbound"
		}
		return fmt.Sprintf("No %s rule of %s allows %s %s %s.", way, strings.Join(names, ", "), p.what(), preposition, other)
	}
	return w.block(h)
}

// allowedBy notes the rule that lets a packet through.
func (w *walker) allowedBy(n *Network, g *group, r *rule, eni *Interface, out bool, p *packet) bool {
	h := step{kind: KindGroups, ids: eni.Groups, at: eni.ID, direction: "in", rule: r.ID, ruleOf: g.id}
	other, preposition := p.src, "from"
	if out {
		h.direction, other, preposition = "out", p.dst, "to"
	}
	h.text = func() string {
		return fmt.Sprintf("%s of %s allows %s %s %s, %s.", r.ID, label(g.id, g.name), p.what(), preposition, other, r.peer(n))
	}
	return w.pass(h)
}
