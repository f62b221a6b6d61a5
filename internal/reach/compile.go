package reach

import (
	"net/netip"
	"slices"
)

// Network is a VPC made ready for questions.
type Network struct {
	id, name    string
	cidrs       []netip.Prefix
	dns         bool
	resolver    netip.Addr // the primary block's base plus two
	subnets     map[string]*subnet
	groups      map[string]*group
	nats        map[string]*NATGateway
	gateways    []string
	egressOnlys []string
	edgeRouted  bool
}

type subnet struct {
	id, name string
	acl      *acl
	table    *routeTable
}

// Source has the networks and their interfaces.
type Source interface {
	// VPC gives a VPC by its id.
	VPC(id string) (*Network, bool)
	// Interface gives an interface by its id.
	Interface(id string) (*Interface, bool)
	// At gives the interface of a VPC that has an address.
	At(vpc string, addr netip.Addr) (*Interface, bool)
	// Public gives the interface that the internet knows under an address.
	Public(addr netip.Addr) (*Interface, bool)
}

// Compile makes a VPC ready for questions. It keeps none of the VPC's slices.
func Compile(v VPC) *Network {
	n := &Network{id: v.ID, name: v.Name, cidrs: slices.Clone(v.CIDRs), dns: v.DNSSupport, subnets: map[string]*subnet{}, groups: map[string]*group{},
		nats: map[string]*NATGateway{}, gateways: slices.Clone(v.InternetGateways), egressOnlys: slices.Clone(v.EgressOnlyGateways),
		edgeRouted: v.GatewayRoutes}
	for _, c := range v.CIDRs {
		if c.Addr().Is4() {
			n.resolver = c.Masked().Addr().Next().Next()
			break
		}
	}
	lists := map[string]*PrefixList{}
	for _, l := range v.PrefixLists {
		l.CIDRs = slices.Clone(l.CIDRs)
		lists[l.ID] = &l
	}
	for _, g := range v.Groups {
		n.groups[g.ID] = compileGroup(g, lists)
	}
	acls, tables := map[string]*acl{}, map[string]*routeTable{}
	for _, a := range v.ACLs {
		acls[a.ID] = compileACL(a)
	}
	for _, t := range v.RouteTables {
		tables[t.ID] = compileTable(t, lists)
	}
	for _, s := range v.Subnets {
		n.subnets[s.ID] = &subnet{id: s.ID, name: s.Name, acl: acls[s.ACL], table: tables[s.RouteTable]}
	}
	for _, g := range v.NATGateways {
		n.nats[g.ID] = &g
	}
	return n
}

// contains reports whether an address lies in the VPC's blocks.
func (n *Network) contains(a netip.Addr) bool {
	return slices.ContainsFunc(n.cidrs, func(p netip.Prefix) bool { return p.Contains(a) })
}

// label gives the name that people gave a thing, with its id.
func label(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return name + " (" + id + ")"
}

func (n *Network) groupLabel(id string) string {
	if g := n.groups[id]; g != nil {
		return label(id, g.name)
	}
	return id
}

// Topology is plain data: VPCs and the interfaces in them.
type Topology struct {
	VPCs       []VPC
	Interfaces []Interface
}

type place struct {
	vpc  string
	addr netip.Addr
}

// static is a topology that does not change.
type static struct {
	networks map[string]*Network
	byID     map[string]*Interface
	at       map[place]*Interface
	public   map[netip.Addr]*Interface
}

// Static gives a source over a topology as it stands.
func Static(t Topology) Source {
	s := &static{networks: map[string]*Network{}, byID: map[string]*Interface{}, at: map[place]*Interface{}, public: map[netip.Addr]*Interface{}}
	for _, v := range t.VPCs {
		s.networks[v.ID] = Compile(v)
	}
	for _, i := range t.Interfaces {
		s.byID[i.ID] = &i
		for _, a := range i.Addresses {
			s.at[place{i.VPC, a.Private}] = &i
			if p := i.public(a.Private); p.IsValid() {
				s.public[p] = &i
			}
		}
	}
	return s
}

func (s *static) VPC(id string) (*Network, bool)            { n, ok := s.networks[id]; return n, ok }
func (s *static) Interface(id string) (*Interface, bool)    { i, ok := s.byID[id]; return i, ok }
func (s *static) Public(addr netip.Addr) (*Interface, bool) { i, ok := s.public[addr]; return i, ok }
func (s *static) At(vpc string, addr netip.Addr) (*Interface, bool) {
	i, ok := s.at[place{vpc, addr}]
	return i, ok
}
