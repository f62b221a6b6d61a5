package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

type acl struct {
	id, name string
	in, out  []Entry // by number
}

func compileACL(a ACL) *acl {
	out := &acl{id: a.ID, name: a.Name}
	for _, e := range a.Entries {
		to := &out.in
		if e.Egress {
			to = &out.out
		}
		*to = append(*to, e)
	}
	byNumber := func(a, b Entry) int { return cmp.Compare(a.Number, b.Number) }
	slices.SortStableFunc(out.in, byNumber)
	slices.SortStableFunc(out.out, byNumber)
	return out
}

// lastEntry is how AWS shows the entry of an ACL that denies what no other matched.
const lastEntry = "*"

// judge finds the entry that decides over a packet to or from an address, for all of some ports: the first one that denies any of
// them that no earlier entry has allowed, else the one that allowed the last of them. nil is the last entry, which denies.
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
func (a *acl) judge(out bool, protocol int, other netip.Addr, ports span, code int32) *Entry {
	entries := a.in
	if out {
		entries = a.out
	}
	if !hasPorts(protocol) {
		ports = span{}
	}
	open := ports // most often a single port, or a range that one entry covers as a whole
	var rest []span
	for i := range entries {
		e := &entries[i]
		if e.Protocol != AnyProtocol && e.Protocol != protocol || !e.CIDR.Contains(other) {
			continue
		}
		covered, ok := e.cut(protocol, ports, code)
		if !ok {
			continue
		}
		if rest == nil && covered.from <= open.from && open.to <= covered.to {
			return e
		}
		if rest == nil {
			rest = []span{open}
		}
		left, hit := subtract(rest, covered)
		if hit && !e.Allow {
			return e
		}
		if rest = left; len(rest) == 0 {
			return e
		}
	}
	return nil
}

// cut gives the part of the ports that an entry is about.
func (e *Entry) cut(protocol int, ports span, code int32) (span, bool) {
	switch {
	case e.Protocol == AnyProtocol || !hasPorts(e.Protocol):
		return ports, true
	case protocol == ICMP || protocol == ICMPv6:
		return ports, e.From == -1 || e.From == ports.from && (e.To == -1 || e.To == code)
	}
	c := span{max(ports.from, e.From), min(ports.to, e.To)}
	return c, c.from <= c.to
}

// subtract takes a range out of others, and reports whether it met any.
func subtract(from []span, cut span) (left []span, hit bool) {
	left = []span{}
	for _, s := range from {
		if cut.to < s.from || s.to < cut.from {
			left = append(left, s)
			continue
		}
		hit = true
		if s.from < cut.from {
			left = append(left, span{s.from, cut.from - 1})
		}
		if cut.to < s.to {
			left = append(left, span{cut.to + 1, s.to})
		}
	}
	return left, hit
}

// screen holds a packet, or with back its answer, against the ACL of an interface's subnet that it leaves or enters.
func (w *walker) screen(eni *Interface, sub *subnet, out bool, p *packet, back bool) bool {
	if sub.acl == nil {
		return w.stop(step{kind: KindACL, ids: []string{sub.id}, verdict: Unknown, text: func() string {
			return "The network ACL of " + label(sub.id, sub.name) + " is not known."
		}})
	}
	other, ports := p.src, p.ports
	if out != back {
		other = p.dst
	}
	if back {
		ports = p.sources
	}
	e := sub.acl.judge(out, p.protocol, other, ports, p.code)
	allowed := e != nil && e.Allow
	if allowed && !w.all {
		return true
	}
	h := step{kind: KindACL, ids: []string{sub.acl.id}, at: eni.ID, direction: "in", back: back, rule: lastEntry, ruleOf: sub.acl.id}
	preposition := "from"
	if out {
		h.direction, preposition = "out", "to"
	}
	verb := "denies"
	if allowed {
		verb = "allows"
	}
	if e != nil {
		h.rule = strconv.Itoa(e.Number)
	}
	entry := h.rule
	h.text = func() string {
		named := p.what()
		if back {
			named = "the answer on " + p.answer()
		}
		return fmt.Sprintf("Entry %s of %s, of %s, %s %s %s %s.", entry, label(sub.acl.id, sub.acl.name), label(sub.id, sub.name), verb, named, preposition, other)
	}
	if allowed {
		return w.pass(h)
	}
	h.lacks = &Lack{Protocol: protocolName(p.protocol), FromPort: ports.from, ToPort: ports.to, Address: other}
	return w.block(h)
}
