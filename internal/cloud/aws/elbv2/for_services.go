package elbv2

import (
	"net/netip"
	"strings"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
)

// What other services may ask of Elastic Load Balancing, each within a transaction of theirs.

// TargetGroup gives a target group by its ARN.
func (s *Service) TargetGroup(tx *state.Tx, sc state.Scope, arn string) (network.TargetGroup, bool) {
	t := s.in(tx, sc)
	g, err := find(t, t.groups, kindGroup, &arn)
	if err != nil {
		return network.TargetGroup{}, false
	}
	return network.TargetGroup{ARN: arn, Name: g.Name, VPC: g.VPC, TargetType: g.TargetType, Protocol: g.Protocol, Port: int(g.Port),
		LoadBalancers: t.balancerARNs(g.ID)}, true
}

// RegisterTarget adds a target, such as an address in the group's VPC, to a target group; 0 takes the group's port. Its errors are
// those of RegisterTargets.
func (s *Service) RegisterTarget(tx *state.Tx, sc state.Scope, arn, target string, port int) error {
	t := s.in(tx, sc)
	g, err := find(t, t.groups, kindGroup, &arn)
	if err != nil {
		return err
	}
	in := &TargetDescription{Id: &target}
	if port != 0 {
		in.Port = new(int64(port))
	}
	t.stir()
	return t.register(g, in)
}

// DeregisterTarget takes a target from a target group, with all of its ports if port is 0. One that is not there is no error.
func (s *Service) DeregisterTarget(tx *state.Tx, sc state.Scope, arn, target string, port int) {
	t := s.in(tx, sc)
	g, err := find(t, t.groups, kindGroup, &arn)
	if err != nil {
		return
	}
	t.stir()
	if port == 0 {
		t.deregister(g.ID, target, nil)
		return
	}
	t.deregister(g.ID, target, new(int64(port)))
}

// LoadBalancer gives a load balancer by its ARN.
func (s *Service) LoadBalancer(tx *state.Tx, sc state.Scope, arn string) (network.LoadBalancer, bool) {
	t := s.in(tx, sc)
	b, err := find(t, t.balancers, kindBalancer, &arn)
	if err != nil {
		return network.LoadBalancer{}, false
	}
	return network.LoadBalancer{ARN: arn, Name: b.Name, Type: b.Type, DNSName: b.DNSName, ZoneID: zoneID(b, sc.Region)}, true
}

// ResolveName gives the addresses that a load balancer's DNS name leads to, of any account and region: one in each zone, public ones if
// the load balancer has them.
func (s *Service) ResolveName(tx *state.Tx, name string) ([]netip.Addr, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, sc := range s.balancers.Scopes(tx) {
		for _, b := range s.balancers.By(tx, sc, "dns", name) {
			return s.in(tx, sc).addresses(b), true
		}
	}
	return nil, false
}

func (t *txn) addresses(b *balancerRecord) []netip.Addr {
	var out []netip.Addr
	for _, z := range b.Zones {
		eni, _ := t.d.Interfaces.Interface(t.tx, t.sc, z.Interface)
		text := eni.PrivateIP
		if b.Scheme == schemePublic && eni.PublicIP != "" {
			text = eni.PublicIP
		}
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, addr)
		}
	}
	return out
}
