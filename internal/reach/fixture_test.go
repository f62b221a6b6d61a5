package reach

import (
	"net/netip"
	"testing"
)

func addr(s string) netip.Addr    { return netip.MustParseAddr(s) }
func block(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func blocks(s ...string) (out []netip.Prefix) {
	for _, b := range s {
		out = append(out, block(b))
	}
	return out
}

func open(egress bool) Entry {
	return Entry{Number: 100, Egress: egress, Allow: true, Protocol: AnyProtocol, CIDR: block("0.0.0.0/0")}
}

func opened() []Entry { return []Entry{open(false), open(true)} }

func private(s string) []Address { return []Address{{Private: addr(s)}} }

func mapped(s, public string) []Address { return []Address{{addr(s), addr(public)}} }

// office is someone on the internet.
const office = "192.0.2.10"

// app is a VPC as the blueprint makes it: a load balancer in a public subnet, tasks and a database in private ones, a NAT gateway,
// and a gateway endpoint for S3.
func app() *Topology {
	return &Topology{
		VPCs: []VPC{{
			ID: "vpc-1", Name: "app", CIDRs: blocks("10.0.0.0/16"), DNSSupport: true,
			Subnets: []Subnet{
				{ID: "subnet-public", Name: "public-a", ACL: "acl-public", RouteTable: "rtb-public"},
				{ID: "subnet-a", Name: "private-a", ACL: "acl-a", RouteTable: "rtb-private"},
				{ID: "subnet-b", Name: "private-b", ACL: "acl-b", RouteTable: "rtb-private"},
			},
			Groups: []Group{
				{ID: "sg-lb", Name: "lb", Rules: []Rule{
					{ID: "sgr-lb-80", Protocol: TCP, From: 80, To: 80, CIDR: block("0.0.0.0/0")},
					{ID: "sgr-lb-web", Egress: true, Protocol: TCP, From: 8080, To: 8080, Group: "sg-web"},
				}},
				{ID: "sg-web", Name: "web", Rules: []Rule{
					{ID: "sgr-web-lb", Protocol: TCP, From: 8080, To: 8080, Group: "sg-lb"},
					{ID: "sgr-web-ping", Protocol: ICMP, From: 8, To: -1, Group: "sg-lb"},
					{ID: "sgr-web-all", Egress: true, Protocol: AnyProtocol, CIDR: block("0.0.0.0/0")},
				}},
				{ID: "sg-db", Name: "db", Rules: []Rule{
					{ID: "sgr-db-web", Protocol: TCP, From: 5432, To: 5432, Group: "sg-web"},
				}},
			},
			ACLs: []ACL{{ID: "acl-public", Entries: opened()}, {ID: "acl-a", Name: "a", Entries: opened()}, {ID: "acl-b", Entries: opened()}},
			RouteTables: []RouteTable{
				{ID: "rtb-public", Name: "public", Routes: []Route{{CIDR: block("10.0.0.0/16"), Target: "local"}, {CIDR: block("0.0.0.0/0"), Target: "igw-1"}}},
				{ID: "rtb-private", Name: "private", Routes: []Route{{CIDR: block("10.0.0.0/16"), Target: "local"}, {CIDR: block("0.0.0.0/0"), Target: "nat-1"},
					{PrefixList: "pl-s3", Target: "vpce-s3"}}},
			},
			NATGateways:      []NATGateway{{ID: "nat-1", Interface: "eni-nat", Available: true}},
			InternetGateways: []string{"igw-1"},
			PrefixLists:      []PrefixList{{ID: "pl-s3", Name: "com.amazonaws.us-east-1.s3", CIDRs: blocks("52.216.0.0/15")}},
		}},
		Interfaces: []Interface{
			{ID: "eni-lb", Name: "lb", VPC: "vpc-1", Subnet: "subnet-public", Addresses: mapped("10.0.0.10", "203.0.113.10"), Groups: []string{"sg-lb"}, Ports: anyPorts},
			{ID: "eni-nat", VPC: "vpc-1", Subnet: "subnet-public", Addresses: mapped("10.0.0.20", "203.0.113.20"), Ports: anyPorts},
			{ID: "eni-web", Name: "web", VPC: "vpc-1", Subnet: "subnet-a", Addresses: private("10.0.1.10"), Groups: []string{"sg-web"}},
			{ID: "eni-web2", Name: "web", VPC: "vpc-1", Subnet: "subnet-a", Addresses: private("10.0.1.11"), Groups: []string{"sg-web"}},
			{ID: "eni-db", Name: "db", VPC: "vpc-1", Subnet: "subnet-b", Addresses: private("10.0.2.10"), Groups: []string{"sg-db"}},
		},
	}
}

func (t *Topology) vpc() *VPC { return &t.VPCs[0] }

func (t *Topology) group(id string) *Group {
	for i := range t.vpc().Groups {
		if t.vpc().Groups[i].ID == id {
			return &t.vpc().Groups[i]
		}
	}
	panic(id)
}

func (t *Topology) without(rule string) {
	for i := range t.vpc().Groups {
		g := &t.vpc().Groups[i]
		var keep []Rule
		for _, r := range g.Rules {
			if r.ID != rule {
				keep = append(keep, r)
			}
		}
		g.Rules = keep
	}
}

func (t *Topology) allow(group string, r Rule) { g := t.group(group); g.Rules = append(g.Rules, r) }

func (t *Topology) acl(id string, entries ...Entry) {
	for i := range t.vpc().ACLs {
		if t.vpc().ACLs[i].ID == id {
			t.vpc().ACLs[i].Entries = entries
			return
		}
	}
	panic(id)
}

func (t *Topology) routes(id string, routes ...Route) {
	for i := range t.vpc().RouteTables {
		if t.vpc().RouteTables[i].ID == id {
			t.vpc().RouteTables[i].Routes = routes
			return
		}
	}
	panic(id)
}

func (t *Topology) iface(id string) *Interface {
	for i := range t.Interfaces {
		if t.Interfaces[i].ID == id {
			return &t.Interfaces[i]
		}
	}
	panic(id)
}

// checkBoth wants Decide to agree with Explain.
func checkBoth(t *testing.T, src Source, f Flow) Path {
	t.Helper()
	long, short := Explain(src, f), Decide(src, f)
	if long.Allowed != short.Allowed || long.Unknown != short.Unknown || long.Reason() != short.Reason() || short.Allowed && (long.To != short.To || long.Seen != short.Seen) {
		t.Errorf("Explain says %t %t %q %s %s, Decide %t %t %q %s %s", long.Allowed, long.Unknown, long.Reason(), long.To, long.Seen,
			short.Allowed, short.Unknown, short.Reason(), short.To, short.Seen)
	}
	return long
}
