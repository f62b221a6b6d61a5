package reach

import (
	"strings"
	"testing"
)

// TestFlows has flows through the app's VPC, most of them after a change of it. block is a part of the reason that keeps the flow back,
// empty if it passes; way is the hops' rules in order.
func TestFlows(t *testing.T) {
	webToDB := Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 5432}
	lbToWeb := Flow{From: "eni-lb", To: addr("10.0.1.10"), Port: 8080}
	outToLB := Flow{Source: addr(office), To: addr("203.0.113.10"), Port: 80}
	webOut := Flow{From: "eni-web", To: addr("192.0.2.80"), Port: 443}
	local, igw, nat := Route{CIDR: block("10.0.0.0/16"), Target: "local"}, Route{CIDR: block("0.0.0.0/0"), Target: "igw-1"}, Route{CIDR: block("0.0.0.0/0"), Target: "nat-1"}
	deny := func(number int, egress bool, cidr string, from, to int32) Entry {
		return Entry{Number: number, Egress: egress, Protocol: TCP, CIDR: block(cidr), From: from, To: to}
	}
	allow := func(number int, egress bool, cidr string, from, to int32) Entry {
		e := deny(number, egress, cidr, from, to)
		e.Allow = true
		return e
	}
	for name, c := range map[string]struct {
		change  func(t *Topology)
		flow    Flow
		block   string
		unknown bool
		way     string
		to      string
		seen    string
	}{
		"task to database": {flow: webToDB, to: "eni-db", seen: "10.0.1.10",
			way: "network-interface security-groups:sgr-web-all network-acl:100 route:10.0.0.0/16 network-acl:100 security-groups:sgr-db-web network-interface" +
				" <network-acl:100 <route:10.0.0.0/16 <network-acl:100"},
		"load balancer to task": {flow: lbToWeb, to: "eni-web", seen: "10.0.0.10"},
		"by interface":          {flow: Flow{From: "eni-web", ToInterface: "eni-db", Port: 5432}, to: "eni-db", seen: "10.0.1.10"},
		"internet to load balancer": {flow: outToLB, to: "eni-lb", seen: office,
			way: "internet internet-gateway network-acl:100 security-groups:sgr-lb-80 network-interface <network-acl:100 <route:0.0.0.0/0"},
		"internet to load balancer by interface": {flow: Flow{Source: addr(office), ToInterface: "eni-lb", Port: 80}, to: "eni-lb", seen: office},
		"task to internet": {flow: webOut, seen: "203.0.113.20",
			way: "network-interface security-groups:sgr-web-all network-acl:100 route:0.0.0.0/0 network-acl:100 nat-gateway network-acl:100 route:0.0.0.0/0 internet-gateway internet" +
				" <network-acl:100 <network-acl:100 <network-acl:100"},
		"task to S3": {flow: Flow{From: "eni-web", To: addr("52.217.1.1"), Port: 443}, seen: "10.0.1.10",
			way: "network-interface security-groups:sgr-web-all network-acl:100 route:pl-s3 gateway-endpoint <network-acl:100"},
		"task to itself": {flow: Flow{From: "eni-web", To: addr("10.0.1.10"), Port: 9}, to: "eni-web", seen: "10.0.1.10"},

		// Groups.
		"no rule into the database": {change: func(t *Topology) { t.without("sgr-db-web") }, flow: webToDB, block: "No inbound rule of db (sg-db) allows tcp 5432 from 10.0.1.10."},
		"no rule out of the task":   {change: func(t *Topology) { t.without("sgr-web-all") }, flow: webToDB, block: "No outbound rule of web (sg-web) allows tcp 5432 to 10.0.2.10."},
		"another port":              {flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 5433}, block: "No inbound rule of db (sg-db)"},
		"another protocol":          {flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 5432, Protocol: UDP}, block: "No inbound rule of db (sg-db) allows udp 5432"},
		"a port range": {change: func(t *Topology) {
			t.allow("sg-db", Rule{ID: "r", Protocol: TCP, From: 5000, To: 6000, CIDR: block("10.0.1.0/24")})
		}, flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 6000}, to: "eni-db", seen: "10.0.1.10"},
		"beside a port range": {change: func(t *Topology) {
			t.allow("sg-db", Rule{ID: "r", Protocol: TCP, From: 5000, To: 6000, CIDR: block("10.0.1.0/24")})
		}, flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 6001}, block: "No inbound rule"},
		"the group lacks the sender": {flow: Flow{From: "eni-lb", To: addr("10.0.2.10"), Port: 5432}, block: "No outbound rule of lb (sg-lb)"},
		"no rule within the group":   {flow: Flow{From: "eni-web", To: addr("10.0.1.11"), Port: 8080}, block: "No inbound rule of web (sg-web)"},
		"a rule that names itself":   {change: func(t *Topology) { t.allow("sg-web", Rule{ID: "r", Protocol: AnyProtocol, Group: "sg-web"}) }, flow: Flow{From: "eni-web", To: addr("10.0.1.11"), Port: 8080}, to: "eni-web2", seen: "10.0.1.10", way: "network-interface security-groups:sgr-web-all security-groups:r network-interface"},
		"the second group allows":    {change: func(t *Topology) { t.iface("eni-db").Groups = []string{"sg-lb", "sg-db"} }, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},
		"a prefix list in a rule": {change: func(t *Topology) {
			t.without("sgr-web-all")
			t.allow("sg-web", Rule{ID: "r", Egress: true, Protocol: TCP, From: 443, To: 443, PrefixList: "pl-s3"})
		}, flow: Flow{From: "eni-web", To: addr("52.217.1.1"), Port: 443}, seen: "10.0.1.10"},
		"beside the prefix list": {change: func(t *Topology) {
			t.without("sgr-web-all")
			t.allow("sg-web", Rule{ID: "r", Egress: true, Protocol: TCP, From: 443, To: 443, PrefixList: "pl-s3"})
		}, flow: webOut, block: "No outbound rule"},
		"ping": {change: func(t *Topology) {
			t.allow("sg-lb", Rule{ID: "r", Egress: true, Protocol: ICMP, From: -1, To: -1, CIDR: block("10.0.0.0/8")})
		}, flow: Flow{From: "eni-lb", To: addr("10.0.1.10"), Protocol: ICMP}, to: "eni-web", seen: "10.0.0.10"},
		"ping with tcp's rule alone": {flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Protocol: ICMP}, block: "allows icmp echo from 10.0.1.10"},
		"groups do not filter answers": {change: func(t *Topology) {
			t.allow("sg-db", Rule{ID: "r", Egress: true, Protocol: TCP, From: 1, To: 1, CIDR: block("10.9.0.0/16")})
		}, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},

		// A rule that names a group means private addresses only.
		"task to load balancer by its public address": {flow: Flow{From: "eni-web", To: addr("203.0.113.10"), Port: 80}, to: "eni-lb", seen: "203.0.113.20"},
		"the same with a rule for the group": {change: func(t *Topology) {
			t.without("sgr-lb-80")
			t.allow("sg-lb", Rule{ID: "r", Protocol: TCP, From: 80, To: 80, Group: "sg-web"})
		}, flow: Flow{From: "eni-web", To: addr("203.0.113.10"), Port: 80}, block: "No inbound rule of lb (sg-lb) allows tcp 80 from 203.0.113.20."},

		// ACLs.
		"denied on the way out":     {change: func(t *Topology) { t.acl("acl-a", deny(90, true, "10.0.2.0/24", 5432, 5432), open(true), open(false)) }, flow: webToDB, block: "Entry 90 of a (acl-a), of private-a (subnet-a), denies tcp 5432 to 10.0.2.10."},
		"denied on the way in":      {change: func(t *Topology) { t.acl("acl-b", deny(90, false, "10.0.1.0/24", 0, 65535), open(true), open(false)) }, flow: webToDB, block: "Entry 90 of acl-b"},
		"denied behind an allow":    {change: func(t *Topology) { t.acl("acl-b", deny(110, false, "10.0.1.0/24", 0, 65535), open(true), open(false)) }, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},
		"an ACL without entries":    {change: func(t *Topology) { t.acl("acl-b") }, flow: webToDB, block: "Entry * of acl-b, of private-b (subnet-b), denies tcp 5432 from 10.0.1.10."},
		"no way for answers out":    {change: func(t *Topology) { t.acl("acl-b", open(false), allow(100, true, "0.0.0.0/0", 5432, 5432)) }, flow: webToDB, block: "Entry * of acl-b, of private-b (subnet-b), denies the answer on tcp 32768-60999 to 10.0.1.10."},
		"no way for answers in":     {change: func(t *Topology) { t.acl("acl-a", open(true), allow(100, false, "0.0.0.0/0", 8080, 8080)) }, flow: webToDB, block: "Entry * of a (acl-a), of private-a (subnet-a), denies the answer on tcp 32768-60999 from 10.0.2.10."},
		"ephemeral ports of Linux":  {change: func(t *Topology) { t.acl("acl-b", open(false), allow(100, true, "10.0.0.0/8", 32768, 65535)) }, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},
		"too few ephemeral ports":   {change: func(t *Topology) { t.acl("acl-b", open(false), allow(100, true, "10.0.0.0/8", 49152, 65535)) }, flow: webToDB, block: "denies the answer on tcp 32768-60999"},
		"a source port that passes": {change: func(t *Topology) { t.acl("acl-b", open(false), allow(100, true, "10.0.0.0/8", 49152, 65535)) }, flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 5432, SourcePort: 50000}, to: "eni-db", seen: "10.0.1.10"},
		"in two entries": {change: func(t *Topology) {
			t.acl("acl-b", open(false), allow(100, true, "10.0.0.0/8", 32768, 49151), allow(110, true, "10.0.0.0/8", 49152, 65535))
		}, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},
		"one port denied": {change: func(t *Topology) { t.acl("acl-b", open(false), deny(90, true, "10.0.0.0/8", 40000, 40000), open(true)) }, flow: webToDB, block: "Entry 90 of acl-b"},
		"denied ports allowed first": {change: func(t *Topology) {
			t.acl("acl-b", open(false), allow(80, true, "10.0.0.0/8", 40000, 50000), deny(90, true, "10.0.0.0/8", 45000, 45001), open(true))
		}, flow: webToDB, to: "eni-db", seen: "10.0.1.10"},
		"load balancers' ports": {change: func(t *Topology) { t.acl("acl-a", open(false), allow(100, true, "10.0.0.0/8", 32768, 65535)) }, flow: lbToWeb, block: "denies the answer on tcp 1024-65535"},
		"no ACL within a subnet": {change: func(t *Topology) {
			t.acl("acl-a")
			t.allow("sg-web", Rule{ID: "r", Protocol: AnyProtocol, Group: "sg-web"})
		},
			flow: Flow{From: "eni-web", To: addr("10.0.1.11"), Port: 8080}, to: "eni-web2", seen: "10.0.1.10"},
		"ping's answer": {change: func(t *Topology) {
			t.allow("sg-db", Rule{ID: "r", Protocol: ICMP, From: -1, To: -1, CIDR: block("10.0.0.0/8")})
			t.acl("acl-b", open(false), Entry{Number: 1, Egress: true, Allow: true, Protocol: ICMP, CIDR: block("0.0.0.0/0"), From: 8, To: -1})
		}, flow: Flow{From: "eni-web", To: addr("10.0.2.10"), Protocol: ICMP}, block: "denies the answer on icmp echo"},

		// Routes and gateways.
		"no such address": {flow: Flow{From: "eni-web", To: addr("10.0.2.99"), Port: 5432}, block: "No network interface of app (vpc-1) has the address 10.0.2.99."},
		"no route":        {change: func(t *Topology) { t.routes("rtb-private", local) }, flow: webOut, block: "private (rtb-private), of private-a (subnet-a), has no route to 192.0.2.80."},
		"a blackhole": {change: func(t *Topology) {
			t.routes("rtb-private", local, Route{CIDR: block("0.0.0.0/0"), Target: "nat-9", Blackhole: true})
		}, flow: webOut, block: "a blackhole"},
		"the longest prefix": {change: func(t *Topology) {
			t.routes("rtb-private", nat, Route{CIDR: block("192.0.2.0/24"), Target: "igw-9", Blackhole: true}, local)
		}, flow: webOut, block: "routes 192.0.2.0/24 to igw-9"},
		"no public address":           {change: func(t *Topology) { t.routes("rtb-private", local, igw) }, flow: webOut, block: "web (eni-web) has no public IPv4 address: igw-1 drops what it sends."},
		"a detached gateway":          {change: func(t *Topology) { t.vpc().InternetGateways = nil }, flow: webOut, block: "igw-1 is not attached"},
		"no gateway to come in by":    {change: func(t *Topology) { t.vpc().InternetGateways = nil }, flow: outToLB, block: "app (vpc-1) has no internet gateway."},
		"no way back to the internet": {change: func(t *Topology) { t.routes("rtb-public", local) }, flow: outToLB, block: "has no route to " + office},
		"the way back is another":     {change: func(t *Topology) { t.routes("rtb-public", local, nat) }, flow: outToLB, block: "The answer would have to go back by igw-1."},
		"a NAT gateway in a circle":   {change: func(t *Topology) { t.routes("rtb-public", local, nat) }, flow: webOut, block: "circle"},
		"a pending NAT gateway":       {change: func(t *Topology) { t.vpc().NATGateways[0].Available = false }, flow: webOut, block: "nat-1 is not available"},
		"a private NAT gateway":       {change: func(t *Topology) { t.vpc().NATGateways[0].Private = true }, flow: webOut, block: "nat-1 is private"},
		"a NAT gateway's ACL in":      {change: func(t *Topology) { t.acl("acl-public", open(true), allow(100, false, "0.0.0.0/0", 1024, 65535)) }, flow: webOut, block: "Entry * of acl-public, of public-a (subnet-public), denies tcp 443 from 10.0.1.10."},
		"a NAT gateway's ACL for answers": {change: func(t *Topology) {
			t.acl("acl-public", open(true), allow(100, false, "10.0.0.0/8", 0, 65535), allow(110, false, "0.0.0.0/0", 32768, 65535))
		}, flow: webOut, block: "denies the answer on tcp 1024-65535 from 192.0.2.80"},
		"no gateway endpoint": {change: func(t *Topology) { t.routes("rtb-private", local, nat) }, flow: Flow{From: "eni-web", To: addr("52.217.1.1"), Port: 443}, seen: "203.0.113.20"},
		"a block wins over a list": {change: func(t *Topology) {
			t.routes("rtb-private", Route{PrefixList: "pl-s3", Target: "vpce-s3"}, local, Route{CIDR: block("52.216.0.0/15"), Target: "nat-1"})
		}, flow: Flow{From: "eni-web", To: addr("52.217.1.1"), Port: 443}, seen: "203.0.113.20"},
		"internet to a private address": {flow: Flow{Source: addr(office), To: addr("10.0.2.10"), Port: 5432}, block: "10.0.2.10 is a private address"},
		"internet to the database":      {flow: Flow{Source: addr(office), ToInterface: "eni-db", Port: 5432}, block: "db (eni-db) has no public address"},
		"internet from a private one":   {flow: Flow{Source: addr("10.9.9.9"), To: addr("203.0.113.10"), Port: 80}, block: "10.9.9.9 is not an address of the internet."},
		"nobody's public address":       {flow: Flow{Source: addr(office), To: addr("203.0.113.99"), Port: 80}, block: "no public address of a network interface"},
		"another network's address":     {flow: Flow{From: "eni-web", To: addr("172.20.0.5"), Port: 80}, block: "172.20.0.5 is a private address: the internet does not carry it."},
		"no interface":                  {flow: Flow{From: "eni-none", To: addr("10.0.2.10"), Port: 80}, block: "There is no network interface eni-none."},
		"to no interface":               {flow: Flow{From: "eni-web", ToInterface: "eni-none", Port: 80}, block: "There is no network interface eni-none."},

		// What is not modelled.
		"peering":         {change: func(t *Topology) { t.routes("rtb-private", local, Route{CIDR: block("10.1.0.0/16"), Target: "pcx-1"}) }, flow: Flow{From: "eni-web", To: addr("10.1.0.5"), Port: 80}, block: "routes 10.1.0.0/16 to pcx-1: what stands behind", unknown: true},
		"transit gateway": {change: func(t *Topology) { t.routes("rtb-private", local, Route{CIDR: block("0.0.0.0/0"), Target: "tgw-1"}) }, flow: webOut, block: "tgw-1", unknown: true},
		"an appliance":    {change: func(t *Topology) { t.routes("rtb-private", local, Route{CIDR: block("10.0.2.0/24"), Target: "eni-fw"}) }, flow: webToDB, block: "eni-fw", unknown: true},

		"gateway routes": {change: func(t *Topology) { t.vpc().GatewayRoutes = true }, flow: outToLB, block: "has a route table of its own", unknown: true},

		// What each VPC has.
		"DNS":                  {change: func(t *Topology) { t.without("sgr-web-all"); t.acl("acl-a") }, flow: Flow{From: "eni-web", To: addr("10.0.0.2"), Protocol: UDP, Port: 53}, seen: "10.0.1.10"},
		"DNS, link-local":      {change: func(t *Topology) { t.without("sgr-web-all"); t.acl("acl-a") }, flow: Flow{From: "eni-web", To: addr("169.254.169.253"), Protocol: UDP, Port: 53}, seen: "10.0.1.10"},
		"DNS switched off":     {change: func(t *Topology) { t.vpc().DNSSupport = false }, flow: Flow{From: "eni-web", To: addr("10.0.0.2"), Protocol: UDP, Port: 53}, block: "enableDnsSupport"},
		"task credentials":     {change: func(t *Topology) { t.without("sgr-web-all"); t.acl("acl-a") }, flow: Flow{From: "eni-web", To: addr("169.254.170.2"), Port: 80}, seen: "10.0.1.10"},
		"instance metadata":    {change: func(t *Topology) { t.without("sgr-web-all"); t.acl("acl-a") }, flow: Flow{From: "eni-web", To: addr("169.254.169.254"), Port: 80}, seen: "10.0.1.10"},
		"another link-local":   {flow: Flow{From: "eni-web", To: addr("169.254.1.1"), Port: 80}, block: "link-local"},
		"no IPv6 to send from": {flow: Flow{From: "eni-web", To: addr("2001:db8::1"), Port: 80}, block: "has no address from which to reach 2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			top := app()
			if c.change != nil {
				c.change(top)
			}
			p := checkBoth(t, Static(*top), c.flow)
			if p.Allowed != (c.block == "") || p.Unknown != c.unknown || !strings.Contains(p.Reason(), c.block) {
				t.Fatalf("allowed %t, unknown %t: %q, want %q\n%s", p.Allowed, p.Unknown, p.Reason(), c.block, dump(p))
			}
			if p.Allowed && (p.To != c.to || p.Seen.String() != c.seen) {
				t.Errorf("to %q, seen from %s", p.To, p.Seen)
			}
			if got := way(p); c.way != "" && got != c.way {
				t.Errorf("the way is\n%s", got)
			}
		})
	}
}

func way(p Path) string {
	var out []string
	for _, h := range p.Hops {
		s := string(h.Kind)
		if h.Return {
			s = "<" + s
		}
		if h.Rule != "" {
			s += ":" + h.Rule
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func dump(p Path) string {
	var b strings.Builder
	for _, h := range p.Hops {
		b.WriteString(string(h.Verdict) + " " + h.Reason + "\n")
	}
	return b.String()
}

// TestAllThatBlocks wants every group and ACL on the way that blocks, not only the first.
func TestAllThatBlocks(t *testing.T) {
	top := app()
	top.without("sgr-web-all")
	top.without("sgr-db-web")
	top.acl("acl-b", open(true))
	p := Explain(Static(*top), Flow{From: "eni-web", To: addr("10.0.2.10"), Port: 5432})
	var got []string
	for _, h := range p.Blocking() {
		got = append(got, h.IDs[0]+" "+h.Direction)
	}
	if s := strings.Join(got, ", "); s != "sg-web out, acl-b in, sg-db in" {
		t.Errorf("blocked by %s\n%s", s, dump(p))
	}
	lack := p.Blocking()[2].Lacks
	if lack == nil || lack.Protocol != "tcp" || lack.FromPort != 5432 || lack.ToPort != 5432 || lack.Address != addr("10.0.1.10") || strings.Join(lack.PeerGroups, " ") != "sg-web" {
		t.Errorf("lacks %+v", lack)
	}
}

// TestBetweenVPCs has a task reach another VPC's load balancer over the internet.
func TestBetweenVPCs(t *testing.T) {
	top := app()
	top.VPCs = append(top.VPCs, VPC{ID: "vpc-2", CIDRs: blocks("10.0.0.0/16"), InternetGateways: []string{"igw-2"},
		Subnets:     []Subnet{{ID: "subnet-2", ACL: "acl-2", RouteTable: "rtb-2"}},
		Groups:      []Group{{ID: "sg-2", Rules: []Rule{{ID: "sgr-2", Protocol: TCP, From: 443, To: 443, CIDR: block("203.0.113.20/32")}}}},
		ACLs:        []ACL{{ID: "acl-2", Entries: opened()}},
		RouteTables: []RouteTable{{ID: "rtb-2", Routes: []Route{{CIDR: block("10.0.0.0/16"), Target: "local"}, {CIDR: block("0.0.0.0/0"), Target: "igw-2"}}}},
	})
	top.Interfaces = append(top.Interfaces, Interface{ID: "eni-2", VPC: "vpc-2", Subnet: "subnet-2", Addresses: mapped("10.0.1.10", "203.0.113.200"), Groups: []string{"sg-2"}})
	src := Static(*top)
	for _, f := range []Flow{{From: "eni-web", To: addr("203.0.113.200"), Port: 443}, {From: "eni-web", ToInterface: "eni-2", Port: 443}} {
		if p := checkBoth(t, src, f); !p.Allowed || p.To != "eni-2" || p.Seen != addr("203.0.113.20") {
			t.Errorf("allowed %t, to %s from %s\n%s", p.Allowed, p.To, p.Seen, dump(p))
		}
	}
	if p := checkBoth(t, src, Flow{From: "eni-web", To: addr("203.0.113.200"), Port: 80}); p.Allowed || !strings.Contains(p.Reason(), "sg-2 allows tcp 80 from 203.0.113.20") {
		t.Errorf("%s", dump(p))
	}
	if p := checkBoth(t, src, Flow{From: "eni-2", ToInterface: "eni-web", Port: 443}); p.Allowed || !strings.Contains(p.Reason(), "is in another VPC and has no public address") {
		t.Errorf("%s", dump(p))
	}
}

// TestIPv6 has flows over public IPv6 addresses, and through an egress-only gateway.
func TestIPv6(t *testing.T) {
	top := app()
	v := top.vpc()
	v.CIDRs = append(v.CIDRs, block("2600:1f00::/56"))
	v.EgressOnlyGateways = []string{"eigw-1"}
	six := Entry{Number: 101, Allow: true, Protocol: AnyProtocol, CIDR: block("::/0")}
	out := six
	out.Egress = true
	for _, id := range []string{"acl-public", "acl-a", "acl-b"} {
		top.acl(id, append(opened(), six, out)...)
	}
	local := Route{CIDR: block("2600:1f00::/56"), Target: "local"}
	top.routes("rtb-public", local, Route{CIDR: block("::/0"), Target: "igw-1"})
	top.routes("rtb-private", local, Route{CIDR: block("::/0"), Target: "eigw-1"})
	top.iface("eni-lb").Addresses = append(top.iface("eni-lb").Addresses, private("2600:1f00::10")...)
	top.iface("eni-web").Addresses = append(top.iface("eni-web").Addresses, private("2600:1f00:0:1::10")...)
	top.iface("eni-db").Addresses = append(top.iface("eni-db").Addresses, private("2600:1f00:0:2::10")...)
	top.allow("sg-lb", Rule{ID: "r1", Protocol: TCP, From: 80, To: 80, CIDR: block("::/0")})
	top.allow("sg-web", Rule{ID: "r2", Egress: true, Protocol: AnyProtocol, CIDR: block("::/0")})
	top.allow("sg-web", Rule{ID: "r3", Protocol: TCP, From: 80, To: 80, CIDR: block("::/0")})
	src := Static(*top)
	for name, c := range map[string]struct {
		flow  Flow
		block string
	}{
		"within the VPC":            {flow: Flow{From: "eni-web", To: addr("2600:1f00:0:2::10"), Port: 5432}},
		"in to a public subnet":     {flow: Flow{Source: addr("2001:db8::1"), To: addr("2600:1f00::10"), Port: 80}},
		"out by egress-only":        {flow: Flow{From: "eni-web", To: addr("2001:db8::1"), Port: 443}},
		"in against egress-only":    {flow: Flow{Source: addr("2001:db8::1"), To: addr("2600:1f00:0:1::10"), Port: 80}, block: "go back by igw-1"},
		"out by the internet's":     {flow: Flow{From: "eni-lb", To: addr("2001:db8::1"), Port: 443}, block: "No outbound rule of lb (sg-lb)"},
		"IPv4's rule means no IPv6": {flow: Flow{Source: addr("2001:db8::1"), To: addr("2600:1f00::10"), Port: 81}, block: "No inbound rule of lb (sg-lb)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := checkBoth(t, src, c.flow)
			if p.Allowed != (c.block == "") || !strings.Contains(p.Reason(), c.block) {
				t.Errorf("%q\n%s", p.Reason(), dump(p))
			}
		})
	}
}

func TestEphemeralPorts(t *testing.T) {
	for _, c := range []struct {
		kind, requester string
		want            PortRange
	}{{"interface", "", linuxPorts}, {"", "", linuxPorts}, {"interface", "amazon-elb", anyPorts}, {"nat_gateway", "", anyPorts}, {"interface", "amazon-rds", linuxPorts}} {
		if got := EphemeralPorts(c.kind, c.requester); got != c.want {
			t.Errorf("%s %s: %v", c.kind, c.requester, got)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	src := Static(*app())
	for name, f := range map[string]Flow{
		"task to database": {From: "eni-web", To: addr("10.0.2.10"), Port: 5432},
		"task to internet": {From: "eni-web", To: addr("192.0.2.80"), Port: 443},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := Decide(src, f); !p.Allowed {
					b.Fatal(p.Reason())
				}
			}
		})
	}
}
