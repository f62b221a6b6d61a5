package ec2

import (
	"net/netip"
	"strconv"
	"sync"

	"atoll/internal/cloud/state"
	"atoll/internal/reach"
)

// networks are the VPCs of all accounts and regions, each made ready for questions when it is first asked about. They stand until a
// record changes that they are made of; network interfaces, which come and go with each task, are none of these.
type networks struct {
	mu     sync.Mutex
	of     [11]state.Version
	scopes []state.Scope
	vpcs   map[string]placedNetwork
}

type placedNetwork struct {
	scope   state.Scope
	network *reach.Network // nil: there is no such VPC
}

// versions tells whether networks made in another transaction are still good.
func (s *Service) versions(tx *state.Tx) [11]state.Version {
	return [...]state.Version{s.vpcs.Version(tx), s.subnets.Version(tx), s.gateways.Version(tx), s.egressGateways.Version(tx), s.routeTables.Version(tx),
		s.groups.Version(tx), s.rules.Version(tx), s.acls.Version(tx), s.natGateways.Version(tx), s.endpoints.Version(tx), s.prefixLists.Version(tx)}
}

// Decide says whether a flow gets through, as far as to the first hop that keeps it back. It looks at the records as they stand, of
// all accounts and regions, and takes some microseconds, however many interfaces there are.
func (s *Service) Decide(f reach.Flow) reach.Path {
	var p reach.Path
	_ = s.d.Store.View(func(tx *state.Tx) error {
		p = reach.Decide(s.Reach(tx), f)
		return nil
	})
	return p
}

// Reach gives what flows are judged by, for the time of a transaction.
func (s *Service) Reach(tx *state.Tx) reach.Source {
	r := &reachSource{s: s, tx: tx, nets: &s.networks}
	if tx.Writable() { // what it sees may never come to be
		r.nets = &networks{}
	}
	r.nets.mu.Lock()
	defer r.nets.mu.Unlock()
	if of := s.versions(tx); r.nets.vpcs == nil || of != r.nets.of {
		r.nets.of, r.nets.vpcs, r.nets.scopes = of, map[string]placedNetwork{}, s.vpcs.Scopes(tx)
	}
	r.of, r.scopes, r.vpcs = r.nets.of, r.nets.scopes, r.nets.vpcs
	return r
}

// reachSource reads what reach asks for out of the records.
type reachSource struct {
	s      *Service
	tx     *state.Tx
	nets   *networks
	of     [11]state.Version
	scopes []state.Scope
	vpcs   map[string]placedNetwork // guarded by nets.mu; nets may have gone on to others
}

func (r *reachSource) VPC(id string) (*reach.Network, bool) {
	n := r.vpc(id)
	return n.network, n.network != nil
}

func (r *reachSource) vpc(id string) placedNetwork {
	r.nets.mu.Lock()
	defer r.nets.mu.Unlock()
	if n, ok := r.vpcs[id]; ok {
		return n
	}
	var n placedNetwork
	for _, sc := range r.scopes {
		if v, ok := r.s.vpcs.Get(r.tx, sc, id); ok {
			n = placedNetwork{sc, reach.Compile(r.s.in(r.tx, sc).reachVPC(v))}
			break
		}
	}
	r.vpcs[id] = n
	return n
}

func (r *reachSource) Interface(id string) (*reach.Interface, bool) {
	for _, sc := range r.scopes {
		if i, ok := r.s.interfaces.Get(r.tx, sc, id); ok {
			return r.s.in(r.tx, sc).reachInterface(i), true
		}
	}
	return nil, false
}

func (r *reachSource) At(vpc string, addr netip.Addr) (*reach.Interface, bool) {
	sc := r.vpc(vpc).scope
	for _, i := range r.s.interfaces.By(r.tx, sc, "address", vpc+" "+addr.String()) {
		return r.s.in(r.tx, sc).reachInterface(i), true
	}
	return nil, false
}

func (r *reachSource) Public(addr netip.Addr) (*reach.Interface, bool) {
	for _, sc := range r.scopes {
		if i := r.s.in(r.tx, sc).byPublicAddress(addr.String()); i != nil {
			return r.s.in(r.tx, sc).reachInterface(i), true
		}
	}
	return nil, false
}

// byPublicAddress gives the interface with a public address of AWS's own or an Elastic IP, shared: read only.
func (t *txn) byPublicAddress(ip string) *interfaceRecord {
	for _, i := range t.s.interfaces.By(t.tx, t.sc, "public", ip) {
		return i
	}
	for _, a := range t.s.addresses.By(t.tx, t.sc, "public", ip) {
		i, _ := t.s.interfaces.Get(t.tx, t.sc, a.InterfaceID)
		return i
	}
	return nil
}

func (t *txn) reachInterface(r *interfaceRecord) *reach.Interface {
	i := &reach.Interface{ID: r.ID, Name: r.Description, VPC: r.VpcID, Subnet: r.SubnetID, Groups: r.GroupIDs, Ports: reach.EphemeralPorts(r.Type, r.RequesterID),
		Addresses: make([]reach.Address, 0, len(r.PrivateIPs))}
	for n, p := range r.PrivateIPs {
		a := reach.Address{Private: address(p.IP)}
		if public := t.publicAddress(r, n); public != "" {
			a.Public = address(public)
		}
		i.Addresses = append(i.Addresses, a)
	}
	return i
}

// publicAddress gives the public address that an interface's n-th private one has, empty if it has none.
func (t *txn) publicAddress(r *interfaceRecord, n int) string {
	if id := r.PrivateIPs[n].AllocationID; id != "" {
		if a, ok := t.s.addresses.Get(t.tx, t.sc, id); ok {
			return a.PublicIP
		}
	}
	if n == 0 {
		return r.PublicIP
	}
	return ""
}

// address and prefix read what is stored, which was checked when it came in.
func address(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}

func prefix(s string) netip.Prefix {
	p, _ := netip.ParsePrefix(s)
	return p
}

func prefixes(list []string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = prefix(s)
	}
	return out
}

// reachVPC puts a VPC's records together.
func (t *txn) reachVPC(r *vpcRecord) reach.VPC {
	v := reach.VPC{ID: r.ID, CIDRs: append(prefixes(cidrsOf(r.Blocks)), prefixes(cidrsOf(r.IPv6))...), DNSSupport: r.DNSSupport}
	defaultACL, mainTable := "", ""
	aclOf, tableOf, lists := map[string]string{}, map[string]string{}, map[string]bool{}
	for id, a := range t.s.acls.By(t.tx, t.sc, "vpc", r.ID) {
		v.ACLs = append(v.ACLs, reachACL(a))
		if a.Default {
			defaultACL = id
		}
		for _, s := range a.subnetIDs() {
			aclOf[s] = id
		}
	}
	for id, table := range t.s.routeTables.By(t.tx, t.sc, "vpc", r.ID) {
		v.RouteTables = append(v.RouteTables, t.reachTable(table, lists))
		if table.main() {
			mainTable = id
		}
		for _, a := range table.Associations {
			tableOf[a.SubnetID] = id
			v.GatewayRoutes = v.GatewayRoutes || a.GatewayID != ""
		}
	}
	for id := range t.s.subnets.By(t.tx, t.sc, "vpc", r.ID) {
		s := reach.Subnet{ID: id, ACL: defaultACL, RouteTable: mainTable}
		if a, ok := aclOf[id]; ok {
			s.ACL = a
		}
		if table, ok := tableOf[id]; ok {
			s.RouteTable = table
		}
		v.Subnets = append(v.Subnets, s)
	}
	for id, g := range t.s.groups.By(t.tx, t.sc, "vpc", r.ID) {
		v.Groups = append(v.Groups, t.reachGroup(id, g.Name, lists))
	}
	for id, g := range t.s.natGateways.By(t.tx, t.sc, "vpc", r.ID) {
		v.NATGateways = append(v.NATGateways, reach.NATGateway{ID: id, Interface: g.InterfaceID, Private: g.Private, Available: true})
	}
	for id := range t.s.gateways.By(t.tx, t.sc, "vpc", r.ID) {
		v.InternetGateways = append(v.InternetGateways, id)
	}
	for id := range t.s.egressGateways.By(t.tx, t.sc, "vpc", r.ID) {
		v.EgressOnlyGateways = append(v.EgressOnlyGateways, id)
	}
	for id := range lists {
		v.PrefixLists = append(v.PrefixLists, t.reachPrefixList(id))
	}
	return v
}

func reachACL(r *networkACLRecord) reach.ACL {
	out := reach.ACL{ID: r.ID}
	for _, e := range r.Entries {
		to := reach.Entry{Number: int(e.Number), Egress: e.Egress, Allow: e.Allow, CIDR: prefix(e.CIDR), From: int32(e.From), To: int32(e.To)}
		to.Protocol, _ = strconv.Atoi(e.Protocol)
		if e.icmp() {
			to.From, to.To = int32(e.Type), int32(e.Code)
		}
		out.Entries = append(out.Entries, to)
	}
	return out
}

// reachTable puts a table's routes together, and notes the prefix lists that they name.
func (t *txn) reachTable(r *routeTableRecord, lists map[string]bool) reach.RouteTable {
	out := reach.RouteTable{ID: r.ID}
	for _, block := range t.localBlocks(r) {
		out.Routes = append(out.Routes, reach.Route{CIDR: prefix(block), Target: "local"})
	}
	for _, route := range r.Routes {
		to := reach.Route{Target: route.Target.ID}
		if route.Target.Kind != targetInterface { // interfaces are looked up when a flow gets there
			to.Blackhole = !t.alive(r.VpcID, route.Target)
		}
		if isPrefixList(route.Destination) {
			to.PrefixList = route.Destination
			lists[route.Destination] = true
		} else {
			to.CIDR = prefix(route.Destination)
		}
		out.Routes = append(out.Routes, to)
	}
	for _, e := range t.gatewayEndpointRoutes(r) {
		lists[e.PrefixListID] = true
		out.Routes = append(out.Routes, reach.Route{PrefixList: e.PrefixListID, Target: e.EndpointID})
	}
	return out
}

func (t *txn) reachGroup(id, name string, lists map[string]bool) reach.Group {
	out := reach.Group{ID: id, Name: name}
	for _, r := range t.s.rules.By(t.tx, t.sc, "group", id) {
		to := reach.Rule{ID: r.ID, Egress: r.Egress, From: int32(r.FromPort), To: int32(r.ToPort), Group: r.ReferencedGroupID, PrefixList: r.PrefixListID}
		to.Protocol, _ = reach.ParseProtocol(r.Protocol)
		switch {
		case r.CIDRv4 != "":
			to.CIDR = prefix(r.CIDRv4)
		case r.CIDRv6 != "":
			to.CIDR = prefix(r.CIDRv6)
		case r.PrefixListID != "":
			lists[r.PrefixListID] = true
		}
		out.Rules = append(out.Rules, to)
	}
	return out
}

func (t *txn) reachPrefixList(id string) reach.PrefixList {
	if l, ok := t.awsPrefixList(id); ok {
		return reach.PrefixList{ID: id, Name: l.name, CIDRs: prefixes(l.cidrs)}
	}
	out := reach.PrefixList{ID: id}
	if r, ok := t.s.prefixLists.Get(t.tx, t.sc, id); ok {
		out.Name = r.Name
		for _, e := range r.Versions[r.Version] {
			out.CIDRs = append(out.CIDRs, prefix(e.CIDR))
		}
	}
	return out
}
