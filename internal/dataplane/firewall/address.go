package firewall

import (
	"net/netip"
	"slices"
	"strings"
)

// addressSet finds the ranges that an address lies in by their lengths, of which there are few.
type addressSet struct {
	ranges map[netip.Prefix]struct{}
	bits4  []int
	bits6  []int
}

func newAddressSet(list []netip.Prefix) *addressSet {
	s := &addressSet{ranges: make(map[netip.Prefix]struct{}, len(list))}
	for _, p := range list {
		s.ranges[p.Masked()] = struct{}{}
		bits := &s.bits4
		if p.Addr().Is6() {
			bits = &s.bits6
		}
		if !slices.Contains(*bits, p.Bits()) {
			*bits = append(*bits, p.Bits())
		}
	}
	return s
}

func (s *addressSet) has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	bits := s.bits4
	if a.Is6() {
		bits = s.bits6
	}
	for _, n := range bits {
		if p, err := a.Prefix(n); err == nil {
			if _, ok := s.ranges[p]; ok {
				return true
			}
		}
	}
	return false
}

type addressMatch struct {
	set       *addressSet
	forwarded *Forwarded
}

// match is unknown without the header: AWS does not apply the rule then.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html
func (m *addressMatch) match(j *judging) truth {
	if m.forwarded == nil {
		return truthOf(m.set.has(j.r.Source))
	}
	found, ok := j.forwarded(m.forwarded)
	if !ok {
		return unknown
	}
	invalid := false
	for _, text := range found {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			invalid = true
		case m.set.has(a):
			return yes
		}
	}
	return truthOf(invalid && m.forwarded.Fallback)
}

// maxForwarded is how many addresses of a header are looked at.
const maxForwarded = 10

// forwarded gives the addresses that a header tells of, as text; ok is false without the header.
func (j *judging) forwarded(f *Forwarded) (found []string, ok bool) {
	values := j.header(f.Header)
	if len(values) == 0 {
		return nil, false
	}
	all := strings.Split(strings.Join(values, ","), ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	switch f.Position {
	case "LAST":
		return all[len(all)-1:], true
	case "ANY":
		return all[max(0, len(all)-maxForwarded):], true
	}
	return all[:1], true
}
