package elbv2

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	typeApplication = "application"
	typeNetwork     = "network"
	typeGateway     = "gateway"

	schemePublic   = "internet-facing"
	schemeInternal = "internal"

	maxBalancers = 50
)

// balancerRecord is a load balancer.
type balancerRecord struct {
	ID         string // such as app/web/50dc6c495c0c9188
	Name       string
	Type       string
	Scheme     string
	VPC        string
	DNSName    string
	AddrType   string            // ipv4, dualstack or dualstack-without-public-ipv4
	Groups     []string          // security groups
	Enforce    string            // network: whether inbound rules hold for PrivateLink as well, on or off
	Zones      []zoneRecord      // in the order of their names
	Attributes map[string]string // those that were set
	Created    time.Time

	Capacity *capacityRecord
}

// zoneRecord is a load balancer's place in an availability zone.
type zoneRecord struct {
	Zone, Subnet, Interface string
	ElasticIP, PrivateIP    string `json:",omitempty"` // those that were asked for: an allocation id, an address
}

// prefix gives how ids of a type of load balancer begin.
func prefix(balancerType string) string {
	switch balancerType {
	case typeNetwork:
		return "net"
	case typeGateway:
		return "gwy"
	default:
		return "app"
	}
}

// CreateLoadBalancer makes a load balancer. The same name with the same settings gives the one that is there.
func (s *Service) CreateLoadBalancer(ctx context.Context, in *CreateLoadBalancerInput) (*CreateLoadBalancerOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	for what, set := range map[string]bool{
		"CustomerOwnedIpv4Pool":        in.CustomerOwnedIpv4Pool != nil,
		"EnablePrefixForIpv6SourceNat": text(in.EnablePrefixForIpv6SourceNat) == "on",
		"IpamPools":                    in.IpamPools != nil,
	} {
		if set {
			return nil, wire.NotImplemented("elasticloadbalancing:CreateLoadBalancer with " + what)
		}
	}
	out := &CreateLoadBalancerOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := t.newBalancer(in)
		if err != nil {
			return err
		}
		for _, old := range t.balancers.By(t.tx, t.sc, "name", b.Name) {
			if !same(old, b) || !maps.Equal(state.Tags(t.tx, arn(t.sc, kindBalancer, old.ID)), tags) {
				return wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", b.Name)
			}
			out.LoadBalancers = []LoadBalancer{t.describeBalancer(old)}
			return nil
		}
		if t.balancers.Len(t.tx, t.sc) >= maxBalancers {
			return wire.Errorf("TooManyLoadBalancers", "The maximum number of load balancers has been reached on this account")
		}
		if err := t.attach(b); err != nil {
			return err
		}
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		state.SetTags(t.tx, arn(t.sc, kindBalancer, b.ID), tags)
		out.LoadBalancers = []LoadBalancer{t.describeBalancer(b)}
		return nil
	})
}

// newBalancer checks the settings of a new load balancer. Its interfaces are not made yet.
func (t *txn) newBalancer(in *CreateLoadBalancerInput) (*balancerRecord, error) {
	if err := checkName(kindBalancer, *in.Name); err != nil {
		return nil, err
	}
	b := &balancerRecord{Name: *in.Name, Created: t.now}
	var err error
	if b.Type, err = oneOf(in.Type, "type", typeApplication, typeNetwork, typeGateway); err != nil {
		return nil, err
	}
	if b.Scheme, err = oneOf(in.Scheme, "scheme", schemePublic, schemeInternal); err != nil {
		return nil, err
	}
	if b.AddrType, err = addrType(in.IpAddressType); err != nil {
		return nil, err
	}
	if b.Type == typeGateway {
		if in.Scheme != nil {
			return nil, wire.Errorf("InvalidScheme", "Scheme cannot be specified for load balancers with type 'gateway'")
		}
		b.Scheme = ""
	}
	if err := t.place(b, in.Subnets, in.SubnetMappings); err != nil {
		return nil, err
	}
	if err := t.checkAddrType(b); err != nil {
		return nil, err
	}
	if b.Groups, err = t.securityGroups(b, in.SecurityGroups); err != nil {
		return nil, err
	}
	if b.Type == typeNetwork && len(b.Groups) > 0 {
		b.Enforce = "on"
	}
	unique := t.d.IDs.Hex(16)
	b.ID = prefix(b.Type) + "/" + b.Name + "/" + unique
	b.DNSName = dnsName(b, t.sc.Region, unique)
	return b, nil
}

// dnsName makes the name that a load balancer can be reached by. A gateway load balancer has none.
func dnsName(b *balancerRecord, region, unique string) string {
	switch b.Type {
	case typeGateway:
		return ""
	case typeNetwork:
		return b.Name + "-" + unique + ".elb." + region + ".amazonaws.com"
	}
	number, _ := strconv.ParseUint(unique[:8], 16, 32)
	name := b.Name + "-" + strconv.FormatUint(number, 10) + "." + region + ".elb.amazonaws.com"
	if b.Scheme == schemeInternal {
		return "internal-" + name
	}
	return name
}

// same says whether two load balancers were made with the same settings.
func same(a, b *balancerRecord) bool {
	subnets := func(v *balancerRecord) []string {
		var out []string
		for _, z := range v.Zones {
			out = append(out, z.Subnet)
		}
		return out
	}
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	return a.Type == b.Type && a.Scheme == b.Scheme && a.AddrType == b.AddrType &&
		slices.Equal(subnets(a), subnets(b)) && slices.Equal(sorted(a.Groups), sorted(b.Groups))
}

// DescribeLoadBalancers lists load balancers, all or those with the given ARNs or names.
func (s *Service) DescribeLoadBalancers(ctx context.Context, in *DescribeLoadBalancersInput) (*DescribeLoadBalancersOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	if len(in.LoadBalancerArns) > 0 && len(in.Names) > 0 {
		return nil, invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	out := &DescribeLoadBalancersOutput{LoadBalancers: []LoadBalancer{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next, err := t.selectBalancers(in, limit, after)
		if err != nil {
			return err
		}
		for _, b := range found {
			out.LoadBalancers = append(out.LoadBalancers, t.describeBalancer(b))
		}
		out.NextMarker = state.Token(next)
		return nil
	})
}

func (t *txn) selectBalancers(in *DescribeLoadBalancersInput, limit int, after string) (found []*balancerRecord, next string, err error) {
	switch {
	case len(in.LoadBalancerArns) > 0:
		for i := range in.LoadBalancerArns {
			b, err := find(t, t.balancers, kindBalancer, &in.LoadBalancerArns[i])
			if err != nil {
				return nil, "", err
			}
			found = append(found, b)
		}
		return found, "", nil
	case len(in.Names) > 0:
		var missing []string
		for _, name := range in.Names {
			n := len(found)
			for _, b := range t.balancers.By(t.tx, t.sc, "name", name) {
				found = append(found, b)
			}
			if len(found) == n {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			return nil, "", wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(missing, ", "))
		}
		return found, "", nil
	}
	found, next = state.Page(t.balancers.From(t.tx, t.sc, after), limit, nil)
	return found, next, nil
}

func (t *txn) describeBalancer(b *balancerRecord) LoadBalancer {
	out := LoadBalancer{
		LoadBalancerArn: new(arn(t.sc, kindBalancer, b.ID)), LoadBalancerName: new(b.Name), Type: new(b.Type), VpcId: new(b.VPC),
		CreatedTime: new(b.Created), IpAddressType: new(b.AddrType), State: &LoadBalancerState{Code: new("active")}, AvailabilityZones: t.describeZones(b),
	}
	if b.Scheme != "" {
		out.Scheme = new(b.Scheme)
	}
	if b.DNSName != "" {
		out.DNSName, out.CanonicalHostedZoneId = new(b.DNSName), new(zoneID(b, t.sc.Region))
	}
	if b.Type == typeApplication || len(b.Groups) > 0 {
		out.SecurityGroups = b.Groups
	}
	if b.Enforce != "" {
		out.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic = new(b.Enforce)
	}
	if b.Type == typeNetwork && b.AddrType == "dualstack" {
		out.EnablePrefixForIpv6SourceNat = new("off")
	}
	return out
}

func (t *txn) describeZones(b *balancerRecord) []AvailabilityZone {
	out := make([]AvailabilityZone, 0, len(b.Zones))
	for _, z := range b.Zones {
		zone := AvailabilityZone{ZoneName: new(z.Zone), SubnetId: new(z.Subnet), LoadBalancerAddresses: []LoadBalancerAddress{}}
		switch {
		case z.ElasticIP != "":
			eni, _ := t.d.Interfaces.Interface(t.tx, t.sc, z.Interface)
			zone.LoadBalancerAddresses = append(zone.LoadBalancerAddresses, LoadBalancerAddress{IpAddress: new(eni.PublicIP), AllocationId: new(z.ElasticIP)})
		case z.PrivateIP != "":
			zone.LoadBalancerAddresses = append(zone.LoadBalancerAddresses, LoadBalancerAddress{PrivateIPv4Address: new(z.PrivateIP)})
		}
		out = append(out, zone)
	}
	return out
}

// zoneID gives the hosted zone of a load balancer's name.
func zoneID(b *balancerRecord, region string) string {
	r := regionOf(region)
	if b.Type == typeNetwork {
		return r.networkZone
	}
	return r.applicationZone
}

// DeleteLoadBalancer removes a load balancer with its listeners, rules and interfaces. One that does not exist is no error.
func (s *Service) DeleteLoadBalancer(ctx context.Context, in *DeleteLoadBalancerInput) (*DeleteLoadBalancerOutput, error) {
	return &DeleteLoadBalancerOutput{}, s.update(ctx, func(t *txn) error {
		id, err := t.identify(kindBalancer, *in.LoadBalancerArn)
		if err != nil {
			return err
		}
		b, ok := t.balancers.Get(t.tx, t.sc, id)
		if !ok {
			return nil
		}
		if t.balancerAttributes(b)["deletion_protection.enabled"] == "true" {
			return wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", *in.LoadBalancerArn)
		}
		if err := t.asTarget(*in.LoadBalancerArn); err != nil {
			return err
		}
		for _, l := range t.listenersOf(id) {
			t.deleteListener(l)
		}
		for _, z := range b.Zones {
			t.d.Interfaces.ReleaseInterface(t.tx, t.sc, z.Interface)
		}
		t.balancers.Delete(t.tx, t.sc, id)
		return nil
	})
}

// asTarget refuses when a load balancer is a target of another's group.
func (t *txn) asTarget(arn string) error {
	for id := range t.targets.By(t.tx, t.sc, "target", arn) {
		group, _, _ := strings.Cut(id, "/")
		return wire.Errorf("ResourceInUse", "Load balancer '%s' is currently in use by target group '%s'", arn, group)
	}
	return nil
}
