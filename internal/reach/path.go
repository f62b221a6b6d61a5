package reach

import "net/netip"

// Kind says what stands on a flow's way.
type Kind string

// What a hop may be.
const (
	KindInternet        Kind = "internet"
	KindInterface       Kind = "network-interface"
	KindGroups          Kind = "security-groups"
	KindACL             Kind = "network-acl"
	KindRoute           Kind = "route"
	KindNATGateway      Kind = "nat-gateway"
	KindInternetGateway Kind = "internet-gateway"
	KindEgressOnly      Kind = "egress-only-internet-gateway"
	KindEndpoint        Kind = "gateway-endpoint"
	KindAmazonService   Kind = "amazon-service" // what each VPC has by itself, such as its DNS server
)

// Verdict is what a hop does with a flow.
type Verdict string

// Verdicts.
const (
	Allowed Verdict = "allowed"
	Blocked Verdict = "blocked"
	Unknown Verdict = "unknown" // the hop is of a kind that this package does not model
)

// Hop is a step of a flow's way.
type Hop struct {
	Kind      Kind     `json:"kind"`
	IDs       []string `json:"ids,omitempty"`       // of what the flow passes: an interface, its security groups, an ACL, a route table...
	At        string   `json:"at,omitempty"`        // of groups and ACLs: the interface that they filter for
	Direction string   `json:"direction,omitempty"` // of groups and ACLs: "out" or "in", as seen from the interface or the subnet
	Return    bool     `json:"return,omitempty"`    // on the way back
	Verdict   Verdict  `json:"verdict"`
	Rule      string   `json:"rule,omitempty"` // what decided: the id of a group's rule, the number of an ACL's entry ("*" for the last), a route's destination
	RuleOf    string   `json:"rule_of,omitempty"`
	Reason    string   `json:"reason"` // a sentence for people
	Lacks     *Lack    `json:"lacks,omitempty"`
}

// Lack is what would let a flow pass the groups or the ACL that blocks it.
type Lack struct {
	Protocol   string     `json:"protocol"`
	FromPort   int32      `json:"from_port"` // or the ICMP type; -1 where the protocol has no ports
	ToPort     int32      `json:"to_port"`
	Address    netip.Addr `json:"address"`               // of the other side
	PeerGroups []string   `json:"peer_groups,omitempty"` // groups of the other side, that a rule could name instead
}

// Path is a flow's way, as far as it gets, and back.
type Path struct {
	Allowed bool       `json:"allowed"`
	Unknown bool       `json:"unknown,omitempty"` // it cannot be told: some hop is not modelled
	To      string     `json:"to,omitempty"`      // the interface that the flow leads to, if it gets as far as that is known
	Seen    netip.Addr `json:"seen,omitzero"`     // the address that the receiver sees the flow come from
	Hops    []Hop      `json:"hops"`
}

// Blocking gives the hops that do not let the flow pass.
func (p *Path) Blocking() []Hop {
	var out []Hop
	for _, h := range p.Hops {
		if h.Verdict != Allowed {
			out = append(out, h)
		}
	}
	return out
}

// Reason says in a sentence why the flow does not get through; it is empty if it does.
func (p *Path) Reason() string {
	for _, h := range p.Hops {
		if h.Verdict != Allowed {
			return h.Reason
		}
	}
	return ""
}
