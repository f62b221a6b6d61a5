package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

type routeTable struct {
	id, name string
	routes   []route // the longest prefix first
}

type route struct {
	Route
	cidr netip.Prefix // the block of the destination, or one of its prefix list
	rank int          // among routes of one length: local ones, then those of blocks, then those of lists
}

// compileTable resolves prefix lists and sorts routes by AWS's priority.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func compileTable(t RouteTable, lists map[string]*PrefixList) *routeTable {
	out := &routeTable{id: t.ID, name: t.Name}
	for _, r := range t.Routes {
		switch {
		case r.CIDR.IsValid():
			rank := 1
			if r.Target == local {
				rank = 0
			}
			out.routes = append(out.routes, route{Route: r, cidr: r.CIDR.Masked(), rank: rank})
		case lists[r.PrefixList] != nil:
			for _, c := range lists[r.PrefixList].CIDRs {
				out.routes = append(out.routes, route{Route: r, cidr: c.Masked(), rank: 2})
			}
		}
	}
	slices.SortStableFunc(out.routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.cidr.Bits(), a.cidr.Bits()), cmp.Compare(a.rank, b.rank))
	})
	return out
}

// local is the target of a VPC's own blocks.
const local = "local"

// lookup gives the route that an address takes, nil if there is none.
func (t *routeTable) lookup(a netip.Addr) *route {
	for i := range t.routes {
		if t.routes[i].cidr.Contains(a) {
			return &t.routes[i]
		}
	}
	return nil
}

// destination names what the route is for.
func (r *route) destination() string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.CIDR.String()
}

func (r *route) to(prefix string) bool { return strings.HasPrefix(r.Target, prefix) }
