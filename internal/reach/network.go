package reach

import "net/netip"

// VPC is a VPC with all that decides over its flows, network interfaces aside: they come and go while this stays. Names are for
// people and may be empty.
type VPC struct {
	ID, Name           string
	CIDRs              []netip.Prefix // of both families; the first IPv4 one is the primary block
	DNSSupport         bool           // enableDnsSupport: Amazon's DNS server answers
	Subnets            []Subnet
	Groups             []Group
	ACLs               []ACL
	RouteTables        []RouteTable
	NATGateways        []NATGateway
	InternetGateways   []string // ids of attached ones
	GatewayRoutes      bool     // some gateway has a route table of its own
	EgressOnlyGateways []string
	PrefixLists        []PrefixList // those that rules and routes name
}

// Subnet is a subnet with the ACL and the route table that are in force in it, by explicit association or as the VPC's default.
type Subnet struct {
	ID, Name   string
	ACL        string
	RouteTable string
}

// Group is a security group.
type Group struct {
	ID, Name string
	Rules    []Rule
}

// Rule is a rule of a security group. Exactly one of the four peers is given.
type Rule struct {
	ID       string // sgr-...
	Egress   bool
	Protocol int   // AnyProtocol for all
	From, To int32 // ports, or an ICMP type and code; -1 is any

	CIDR       netip.Prefix
	Group      string
	PrefixList string
}

// ACL is a network ACL. The last entry of each direction, which denies all that no other entry matched, is left out.
type ACL struct {
	ID, Name string
	Entries  []Entry // in any order
}

// Entry is a numbered entry of a network ACL.
type Entry struct {
	Number   int
	Egress   bool
	Allow    bool
	Protocol int // AnyProtocol for all
	CIDR     netip.Prefix
	From, To int32 // ports of TCP and UDP; an ICMP type and code, where -1 is any
}

// RouteTable is a subnets' route table, its local routes included.
type RouteTable struct {
	ID, Name string
	Routes   []Route
}

// Route is a route. Its destination is a block or a prefix list.
type Route struct {
	CIDR       netip.Prefix
	PrefixList string
	Target     string // "local", or the id of a gateway, endpoint, interface or connection
	Blackhole  bool   // the target is gone, or detached
}

// NATGateway is a NAT gateway; the subnet is that of its network interface.
type NATGateway struct {
	ID, Name  string
	Interface string // eni-..., the primary one
	Private   bool   // of connectivity type private
	Available bool   // neither pending nor failed nor on its way out
}

// PrefixList is a list of blocks, AWS's own or a customer's.
type PrefixList struct {
	ID, Name string
	CIDRs    []netip.Prefix
}

// Interface is a network interface.
type Interface struct {
	ID, Name    string
	VPC, Subnet string
	Addresses   []Address // the first of a family is the primary one
	Groups      []string  // none: nothing is filtered, as with NAT gateways
	Ports       PortRange // that its own connections come from; zero: those of Linux
}

// Address is an address of an interface, with the public IPv4 address that is mapped to it, if there is one. IPv6 addresses are
// public by themselves.
type Address struct{ Private, Public netip.Addr }

// PortRange has both its ends.
type PortRange struct{ From, To uint16 }

// Where connections come from: Linux, and so Fargate tasks and databases, takes ip_local_port_range; load balancers and NAT gateways
// take more, and so may clients anywhere.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
var (
	linuxPorts = PortRange{32768, 60999}
	anyPorts   = PortRange{1024, 65535}
)

// EphemeralPorts gives the ports that connections of an interface come from, by its InterfaceType and RequesterId in EC2's API.
func EphemeralPorts(interfaceType, requester string) PortRange {
	switch {
	case interfaceType != "" && interfaceType != "interface", requester == "amazon-elb":
		return anyPorts
	}
	return linuxPorts
}

// primary gives the first address of a family.
func (i *Interface) primary(ipv6 bool) netip.Addr {
	for _, a := range i.Addresses {
		if a.Private.Is6() == ipv6 {
			return a.Private
		}
	}
	return netip.Addr{}
}

// private gives the address behind a public one.
func (i *Interface) private(public netip.Addr) netip.Addr {
	for _, a := range i.Addresses {
		if a.Public == public || a.Private == public && public.Is6() {
			return a.Private
		}
	}
	return netip.Addr{}
}

// public gives the address that the internet sees an address as, the zero one if it sees none.
func (i *Interface) public(private netip.Addr) netip.Addr {
	for _, a := range i.Addresses {
		if a.Private == private {
			if private.Is6() {
				return private
			}
			return a.Public
		}
	}
	return netip.Addr{}
}

func (i *Interface) has(addr netip.Addr) bool {
	for _, a := range i.Addresses {
		if a.Private == addr {
			return true
		}
	}
	return false
}

func (i *Interface) hasGroup(id string) bool {
	for _, g := range i.Groups {
		if g == id {
			return true
		}
	}
	return false
}
