package ec2

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"atoll/internal/cloud/wire"
)

type endpointRecord struct {
	ID, VpcID, Kind, ServiceName string // kind: Gateway or Interface
	Policy                       string
	RouteTableIDs                []string
	SubnetIDs                    []string
	GroupIDs                     []string
	InterfaceIDs                 []string // one in each subnet
	PrivateDNS                   bool
	Created                      time.Time
}

// openPolicy is what an endpoint has when none is given.
const openPolicy = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}`

var endpointQuery = query[endpointRecord]{
	kind: "vpc-endpoint", notFound: "InvalidVpcEndpointId.NotFound", noun: "Vpc Endpoint", prefix: "vpce-", malform: "InvalidVpcEndpointId.Malformed",
	values: func(_ *txn, r *endpointRecord, name string) ([]string, bool) {
		switch name {
		case "ip-address-type":
			return []string{"ipv4"}, true
		case "service-name":
			return []string{r.ServiceName}, true
		case "vpc-endpoint-id":
			return []string{r.ID}, true
		case "vpc-endpoint-state":
			return []string{"available"}, true
		case "vpc-endpoint-type":
			return []string{r.Kind}, true
		case "vpc-id":
			return []string{r.VpcID}, true
		}
		return nil, false
	},
	narrow: map[string]string{"vpc-id": "vpc"},
}

func (t *txn) putEndpoint(r *endpointRecord) { t.s.endpoints.Put(t.tx, t.sc, r.ID, r) }

func (t *txn) renderEndpoint(r *endpointRecord) VpcEndpoint {
	v := VpcEndpoint{VpcEndpointId: new(r.ID), VpcId: new(r.VpcID), VpcEndpointType: new(r.Kind), ServiceName: new(r.ServiceName), State: new("available"),
		PolicyDocument: new(r.Policy), RouteTableIds: notNil(r.RouteTableIDs), SubnetIds: notNil(r.SubnetIDs), Groups: []SecurityGroupIdentifier{},
		NetworkInterfaceIds: notNil(r.InterfaceIDs), DnsEntries: t.endpointNames(r), IpAddressType: new("ipv4"), PrivateDnsEnabled: new(r.PrivateDNS),
		RequesterManaged: new(false), CreationTimestamp: new(r.Created), OwnerId: new(t.sc.Account), ServiceRegion: new(t.sc.Region),
		DnsOptions: &DnsOptions{DnsRecordIpType: new("ipv4"), PrivateDnsOnlyForInboundResolverEndpoint: new(false)}, Tags: t.tagSet("vpc-endpoint", r.ID)}
	if r.Kind == "Gateway" {
		v.DnsOptions.DnsRecordIpType = new("service-defined")
	}
	for _, id := range r.GroupIDs {
		if g, ok := t.s.groups.Get(t.tx, t.sc, id); ok {
			v.Groups = append(v.Groups, SecurityGroupIdentifier{GroupId: new(id), GroupName: new(g.Name)})
		}
	}
	return v
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// endpointNames gives an interface endpoint's DNS names: the regional one, one for each zone, and the service's own with private DNS.
func (t *txn) endpointNames(r *endpointRecord) []DnsEntry {
	out := []DnsEntry{}
	if len(r.SubnetIDs) == 0 {
		return out
	}
	domain, label := t.endpointDomain(r.ServiceName), r.ID+"-"+r.ID[len(r.ID)-8:]
	zoneID := "Z7HUB22UULQXV"
	out = append(out, DnsEntry{DnsName: new(label + "." + domain), HostedZoneId: new(zoneID)})
	for _, id := range r.SubnetIDs {
		if sub, ok := t.s.subnets.Get(t.tx, t.sc, id); ok {
			out = append(out, DnsEntry{DnsName: new(label + "-" + sub.Zone + "." + domain), HostedZoneId: new(zoneID)})
		}
	}
	if e, err := t.endpointService(r.ServiceName, r.Kind); err == nil && r.PrivateDNS {
		out = append(out, DnsEntry{DnsName: new(e.private), HostedZoneId: new("ZONEIDPENDING")})
	}
	return out
}

// refuseEndpointOptions refuses what the local cloud's endpoints lack.
func refuseEndpointOptions(op string, ipType *string, dns *DnsOptionsSpecification) error {
	if ipType != nil && *ipType != "ipv4" {
		return wire.NotImplemented(op + " with the IP address type " + *ipType)
	}
	if dns == nil {
		return nil
	}
	if dns.DnsRecordIpType != nil && *dns.DnsRecordIpType != "ipv4" && *dns.DnsRecordIpType != "service-defined" {
		return wire.NotImplemented(op + " with the DNS record IP type " + *dns.DnsRecordIpType)
	}
	if truth(dns.PrivateDnsOnlyForInboundResolverEndpoint) || dns.PrivateDnsPreference != nil || len(dns.PrivateDnsSpecifiedDomains) > 0 {
		return wire.NotImplemented(op + " with private DNS options")
	}
	return nil
}

func endpointPolicy(doc *string) (string, error) {
	if text(doc) == "" {
		return openPolicy, nil
	}
	if !json.Valid([]byte(*doc)) {
		return "", wire.Errorf("InvalidPolicyDocument", "The Policy document is not valid JSON.")
	}
	return *doc, nil
}

// CreateVpcEndpoint makes an endpoint to an AWS service: routes for a gateway endpoint, network interfaces for an interface endpoint.
func (s *Service) CreateVpcEndpoint(ctx context.Context, in *CreateVpcEndpointInput) (*CreateVpcEndpointOutput, error) {
	kind := text(in.VpcEndpointType)
	if kind == "" {
		kind = "Gateway"
	}
	switch {
	case kind != "Gateway" && kind != "Interface":
		return nil, wire.NotImplemented("ec2:CreateVpcEndpoint of type " + kind)
	case in.ServiceNetworkArn != nil || in.ResourceConfigurationArn != nil:
		return nil, wire.NotImplemented("ec2:CreateVpcEndpoint to VPC Lattice")
	case in.ServiceName == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter serviceName")
	case in.ServiceRegion != nil && *in.ServiceRegion != wire.CallFrom(ctx).Region:
		return nil, wire.NotImplemented("ec2:CreateVpcEndpoint to a service in another region")
	case kind == "Gateway" && (len(in.SubnetIds) > 0 || len(in.SecurityGroupIds) > 0 || truth(in.PrivateDnsEnabled)):
		return nil, wire.Errorf("InvalidParameter", "Endpoint type (Gateway) does not match the parameters: subnets, security groups and private DNS are for interface endpoints.")
	case kind == "Interface" && len(in.RouteTableIds) > 0:
		return nil, wire.Errorf("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
	}
	if err := refuseEndpointOptions("ec2:CreateVpcEndpoint", in.IpAddressType, in.DnsOptions); err != nil {
		return nil, err
	}
	policy, err := endpointPolicy(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	out := &CreateVpcEndpointOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateVpcEndpoint", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		if _, err := t.vpc(*in.VpcId); err != nil {
			return err
		}
		if _, err := t.endpointService(*in.ServiceName, kind); err != nil {
			return err
		}
		r := &endpointRecord{ID: t.id("vpce"), VpcID: *in.VpcId, Kind: kind, ServiceName: *in.ServiceName, Policy: policy, Created: t.s.d.Clock.Now()}
		if err := t.addEndpointRoutes(r, in.RouteTableIds); err != nil {
			return err
		}
		if kind == "Interface" {
			if err := t.setEndpointGroups(r, in.SecurityGroupIds); err != nil {
				return err
			}
			if err := t.addEndpointSubnets(r, in.SubnetIds, in.SubnetConfigurations); err != nil {
				return err
			}
			if err := t.setPrivateDNS(r, truth(in.PrivateDnsEnabled)); err != nil {
				return err
			}
		}
		t.putEndpoint(r)
		if err := t.applyTags(in.TagSpecifications, "vpc-endpoint", "vpc-endpoint", r.ID); err != nil {
			return err
		}
		out.VpcEndpoint = new(t.renderEndpoint(r))
		return nil
	})
}

// addEndpointRoutes puts a gateway endpoint into route tables; a table has one endpoint of a service at most.
func (t *txn) addEndpointRoutes(r *endpointRecord, ids []string) error {
	for _, id := range ids {
		table, err := t.routeTable(id)
		if err != nil {
			return err
		}
		if table.VpcID != r.VpcID {
			return wire.Errorf("InvalidParameter", "The route table %s does not belong to the VPC %s.", id, r.VpcID)
		}
		for _, other := range t.s.endpoints.By(t.tx, t.sc, "vpc", r.VpcID) {
			if other.ID != r.ID && other.ServiceName == r.ServiceName && slices.Contains(other.RouteTableIDs, id) {
				return wire.Errorf("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s", id, t.servicePrefixList(r.ServiceName))
			}
		}
		if !slices.Contains(r.RouteTableIDs, id) {
			r.RouteTableIDs = append(r.RouteTableIDs, id)
		}
	}
	return nil
}

func (t *txn) servicePrefixList(service string) string {
	for _, l := range awsPrefixLists(t.sc.Region) {
		if l.name == service {
			return l.id
		}
	}
	return ""
}

// endpointRoute is the route that a gateway endpoint puts into a table.
type endpointRoute struct{ PrefixListID, EndpointID string }

// gatewayEndpointRoutes gives a table's routes to gateway endpoints.
func (t *txn) gatewayEndpointRoutes(r *routeTableRecord) []endpointRoute {
	var out []endpointRoute
	for id, e := range t.s.endpoints.By(t.tx, t.sc, "vpc", r.VpcID) {
		if slices.Contains(e.RouteTableIDs, r.ID) {
			out = append(out, endpointRoute{t.servicePrefixList(e.ServiceName), id})
		}
	}
	return out
}

// setEndpointGroups gives an interface endpoint its security groups, the VPC's default one when there are none.
func (t *txn) setEndpointGroups(r *endpointRecord, ids []string) error {
	if len(ids) == 0 {
		for id, g := range t.s.groups.By(t.tx, t.sc, "vpc", r.VpcID) {
			if g.Default {
				ids = []string{id}
			}
		}
	}
	for _, id := range ids {
		g, err := get(t, t.s.groups, securityGroupQuery, id)
		if err != nil {
			return err
		}
		if g.VpcID != r.VpcID {
			return wire.Errorf("InvalidParameter", "The security group %s does not belong to the VPC %s.", id, r.VpcID)
		}
	}
	r.GroupIDs = slices.Clone(ids)
	for _, id := range r.InterfaceIDs {
		if eni, ok := t.s.interfaces.Get(t.tx, t.sc, id); ok {
			eni.GroupIDs = r.GroupIDs
			t.putInterface(eni)
		}
	}
	return nil
}

// addEndpointSubnets makes an interface in each subnet, with the address that its configuration asks for; a zone has one at most.
func (t *txn) addEndpointSubnets(r *endpointRecord, ids []string, configurations []SubnetConfiguration) error {
	wanted := map[string]string{}
	for _, c := range configurations {
		if c.Ipv6 != nil {
			return wire.NotImplemented("a VPC endpoint with IPv6 addresses")
		}
		wanted[text(c.SubnetId)] = text(c.Ipv4)
	}
	for _, id := range ids {
		sub, err := t.subnet(id)
		if err != nil {
			return err
		}
		if sub.VpcID != r.VpcID {
			return wire.Errorf("InvalidParameter", "The subnet %s does not belong to the VPC %s.", id, r.VpcID)
		}
		for _, have := range r.SubnetIDs {
			if other, ok := t.s.subnets.Get(t.tx, t.sc, have); ok && other.Zone == sub.Zone {
				return wire.Errorf("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s. VPC endpoint subnets should be in different availability zones.", id)
			}
		}
		eni, err := t.newEndpointInterface(r, sub, wanted[id])
		if err != nil {
			return err
		}
		r.SubnetIDs, r.InterfaceIDs = append(r.SubnetIDs, id), append(r.InterfaceIDs, eni.ID)
	}
	return nil
}

// newEndpointInterface makes an endpoint's interface in a subnet, at an address or, without one, at a free one.
func (t *txn) newEndpointInterface(r *endpointRecord, sub *subnetRecord, address string) (*interfaceRecord, error) {
	return t.newInterface(sub, interfaceOptions{Type: "vpc_endpoint", Description: "VPC Endpoint Interface " + r.ID, GroupIDs: r.GroupIDs, PrivateIP: address,
		RequesterID: endpointRequester, RequesterManaged: true, AttachedBy: "amazon-aws"})
}

// endpointRequester is the account by which AWS makes the interfaces of endpoints.
const endpointRequester = "727180483921"

// setPrivateDNS turns on the service's own name within the VPC. That needs DNS support and DNS hostnames, and no other endpoint that
// answers for the name.
func (t *txn) setPrivateDNS(r *endpointRecord, on bool) error {
	if on && !r.PrivateDNS {
		vpc, err := t.vpc(r.VpcID)
		if err != nil {
			return err
		}
		if !vpc.DNSSupport || !vpc.DNSHostnames {
			return wire.Errorf("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", r.VpcID)
		}
		for _, other := range t.s.endpoints.By(t.tx, t.sc, "vpc", r.VpcID) {
			if other.ID != r.ID && other.PrivateDNS && other.ServiceName == r.ServiceName {
				return wire.Errorf("InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s", r.ServiceName, r.VpcID)
			}
		}
	}
	r.PrivateDNS = on
	return nil
}

// DescribeVpcEndpoints lists endpoints.
func (s *Service) DescribeVpcEndpoints(ctx context.Context, in *DescribeVpcEndpointsInput) (*DescribeVpcEndpointsOutput, error) {
	out := &DescribeVpcEndpointsOutput{VpcEndpoints: []VpcEndpoint{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.endpoints, endpointQuery, in.VpcEndpointIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.VpcEndpoints = append(out.VpcEndpoints, t.renderEndpoint(r))
		}
		out.NextToken = next
		return err
	})
}
