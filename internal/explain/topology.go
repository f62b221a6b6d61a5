package explain

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"atoll/internal/reach"
)

// network is a VPC as EC2's API describes it.
type network struct {
	reach.VPC
	Interfaces []types.NetworkInterface
	Blocks     map[string]netip.Prefix // of subnets, IPv4
}

// gather asks EC2 for all of a VPC that decides over flows.
func gather(ctx context.Context, client *ec2.Client, id string) (*network, error) {
	n := &network{VPC: reach.VPC{ID: id}, Blocks: map[string]netip.Prefix{}}
	in := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{id}}}
	var (
		vpc     *ec2.DescribeVpcsOutput
		dns     *ec2.DescribeVpcAttributeOutput
		subnets []types.Subnet
		tables  []types.RouteTable
		acls    []types.NetworkAcl
	)
	g, together := errgroup.WithContext(ctx) // it ends with Wait
	g.Go(func() (err error) {
		vpc, err = client.DescribeVpcs(together, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
		return err
	})
	g.Go(func() (err error) {
		dns, err = client.DescribeVpcAttribute(together, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: types.VpcAttributeNameEnableDnsSupport})
		return err
	})
	g.Go(func() (err error) {
		subnets, err = all(together, ec2.NewDescribeSubnetsPaginator(client, &ec2.DescribeSubnetsInput{Filters: in}).NextPage, func(o *ec2.DescribeSubnetsOutput) ([]types.Subnet, *string) {
			return o.Subnets, o.NextToken
		})
		return err
	})
	g.Go(func() (err error) {
		tables, err = all(together, ec2.NewDescribeRouteTablesPaginator(client, &ec2.DescribeRouteTablesInput{Filters: in}).NextPage, func(o *ec2.DescribeRouteTablesOutput) ([]types.RouteTable, *string) {
			return o.RouteTables, o.NextToken
		})
		return err
	})
	g.Go(func() (err error) {
		acls, err = all(together, ec2.NewDescribeNetworkAclsPaginator(client, &ec2.DescribeNetworkAclsInput{Filters: in}).NextPage, func(o *ec2.DescribeNetworkAclsOutput) ([]types.NetworkAcl, *string) {
			return o.NetworkAcls, o.NextToken
		})
		return err
	})
	g.Go(func() (err error) {
		n.Interfaces, err = all(together, ec2.NewDescribeNetworkInterfacesPaginator(client, &ec2.DescribeNetworkInterfacesInput{Filters: in}).NextPage, func(o *ec2.DescribeNetworkInterfacesOutput) ([]types.NetworkInterface, *string) {
			return o.NetworkInterfaces, o.NextToken
		})
		return err
	})
	g.Go(func() error { return n.groups(together, client, in) })
	g.Go(func() error { return n.gateways(together, client, in) })
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("describing the network %s: %w", id, err)
	}
	if len(vpc.Vpcs) == 1 {
		n.vpc(vpc.Vpcs[0])
	}
	n.DNSSupport = dns.EnableDnsSupport != nil && aws.ToBool(dns.EnableDnsSupport.Value)
	n.subnets(subnets, tables, acls)
	n.acls(acls)
	n.tables(tables)
	return n, n.prefixLists(ctx, client)
}

// all takes all pages of a list.
func all[O, T any](ctx context.Context, next func(context.Context, ...func(*ec2.Options)) (*O, error), take func(*O) ([]T, *string)) ([]T, error) {
	var out []T
	for {
		page, err := next(ctx)
		if err != nil {
			return nil, err
		}
		items, token := take(page)
		if out = append(out, items...); token == nil || *token == "" {
			return out, nil
		}
	}
}

// named gives the value of the tag Name.
func named(tags []types.Tag) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == "Name" {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func block(s *string) netip.Prefix {
	p, _ := netip.ParsePrefix(aws.ToString(s))
	return p
}

func (n *network) vpc(v types.Vpc) {
	n.Name = named(v.Tags)
	n.CIDRs = append(n.CIDRs, block(v.CidrBlock))
	for _, a := range v.CidrBlockAssociationSet {
		if p := block(a.CidrBlock); p != n.CIDRs[0] {
			n.CIDRs = append(n.CIDRs, p)
		}
	}
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		n.CIDRs = append(n.CIDRs, block(a.Ipv6CidrBlock))
	}
}

// subnets ties each subnet to its ACL and its route table; a subnet that none is associated with has the VPC's main table.
func (n *network) subnets(subnets []types.Subnet, tables []types.RouteTable, acls []types.NetworkAcl) {
	mainTable, tableOf, aclOf := "", map[string]string{}, map[string]string{}
	for _, t := range tables {
		for _, a := range t.Associations {
			switch {
			case aws.ToBool(a.Main):
				mainTable = aws.ToString(t.RouteTableId)
			case a.SubnetId != nil:
				tableOf[*a.SubnetId] = aws.ToString(t.RouteTableId)
			case a.GatewayId != nil:
				n.GatewayRoutes = true
			}
		}
	}
	for _, l := range acls {
		for _, a := range l.Associations {
			aclOf[aws.ToString(a.SubnetId)] = aws.ToString(l.NetworkAclId)
		}
	}
	for _, s := range subnets {
		id := aws.ToString(s.SubnetId)
		v := reach.Subnet{ID: id, Name: named(s.Tags), ACL: aclOf[id], RouteTable: mainTable}
		if t, ok := tableOf[id]; ok {
			v.RouteTable = t
		}
		n.Subnets = append(n.Subnets, v)
		n.Blocks[id] = block(s.CidrBlock)
	}
}

// lastEntry is the number from which on an ACL's entries are those that AWS adds itself, to deny what no other matched.
const lastEntry = 32767

func (n *network) acls(acls []types.NetworkAcl) {
	for _, l := range acls {
		v := reach.ACL{ID: aws.ToString(l.NetworkAclId), Name: named(l.Tags)}
		for _, e := range l.Entries {
			if aws.ToInt32(e.RuleNumber) >= lastEntry {
				continue
			}
			to := reach.Entry{Number: int(aws.ToInt32(e.RuleNumber)), Egress: aws.ToBool(e.Egress), Allow: e.RuleAction == types.RuleActionAllow, CIDR: block(e.CidrBlock)}
			if e.CidrBlock == nil {
				to.CIDR = block(e.Ipv6CidrBlock)
			}
			to.Protocol, _ = reach.ParseProtocol(aws.ToString(e.Protocol))
			if e.PortRange != nil {
				to.From, to.To = aws.ToInt32(e.PortRange.From), aws.ToInt32(e.PortRange.To)
			}
			if e.IcmpTypeCode != nil {
				to.From, to.To = aws.ToInt32(e.IcmpTypeCode.Type), aws.ToInt32(e.IcmpTypeCode.Code)
			}
			v.Entries = append(v.Entries, to)
		}
		n.ACLs = append(n.ACLs, v)
	}
}

func (n *network) tables(tables []types.RouteTable) {
	for _, t := range tables {
		v := reach.RouteTable{ID: aws.ToString(t.RouteTableId), Name: named(t.Tags)}
		for _, r := range t.Routes {
			to := reach.Route{CIDR: block(r.DestinationCidrBlock), PrefixList: aws.ToString(r.DestinationPrefixListId), Blackhole: r.State == types.RouteStateBlackhole}
			if r.DestinationIpv6CidrBlock != nil {
				to.CIDR = block(r.DestinationIpv6CidrBlock)
			}
			for _, target := range []*string{r.GatewayId, r.NatGatewayId, r.EgressOnlyInternetGatewayId, r.InstanceId, r.NetworkInterfaceId, r.TransitGatewayId,
				r.VpcPeeringConnectionId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn} {
				if target != nil && to.Target == "" {
					to.Target = *target
				}
			}
			v.Routes = append(v.Routes, to)
		}
		n.RouteTables = append(n.RouteTables, v)
	}
}

// groupsAtOnce bounds the values of a filter. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const groupsAtOnce = 200

func (n *network) groups(ctx context.Context, client *ec2.Client, in []types.Filter) error {
	groups, err := all(ctx, ec2.NewDescribeSecurityGroupsPaginator(client, &ec2.DescribeSecurityGroupsInput{Filters: in}).NextPage, func(o *ec2.DescribeSecurityGroupsOutput) ([]types.SecurityGroup, *string) {
		return o.SecurityGroups, o.NextToken
	})
	if err != nil {
		return err
	}
	at := map[string]int{}
	var ids []string
	for i, g := range groups {
		ids, at[aws.ToString(g.GroupId)] = append(ids, aws.ToString(g.GroupId)), i
		n.Groups = append(n.Groups, reach.Group{ID: aws.ToString(g.GroupId), Name: aws.ToString(g.GroupName)})
	}
	for batch := range slices.Chunk(ids, groupsAtOnce) {
		rules, err := all(ctx, ec2.NewDescribeSecurityGroupRulesPaginator(client, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{{Name: aws.String("group-id"), Values: batch}}}).NextPage,
			func(o *ec2.DescribeSecurityGroupRulesOutput) ([]types.SecurityGroupRule, *string) {
				return o.SecurityGroupRules, o.NextToken
			})
		if err != nil {
			return err
		}
		for _, r := range rules {
			g := &n.Groups[at[aws.ToString(r.GroupId)]]
			g.Rules = append(g.Rules, rule(r))
		}
	}
	return nil
}

func rule(r types.SecurityGroupRule) reach.Rule {
	to := reach.Rule{ID: aws.ToString(r.SecurityGroupRuleId), Egress: aws.ToBool(r.IsEgress), From: aws.ToInt32(r.FromPort), To: aws.ToInt32(r.ToPort),
		CIDR: block(r.CidrIpv4), PrefixList: aws.ToString(r.PrefixListId)}
	to.Protocol, _ = reach.ParseProtocol(aws.ToString(r.IpProtocol))
	if r.CidrIpv6 != nil {
		to.CIDR = block(r.CidrIpv6)
	}
	if r.ReferencedGroupInfo != nil {
		to.Group = aws.ToString(r.ReferencedGroupInfo.GroupId)
	}
	return to
}

func (n *network) gateways(ctx context.Context, client *ec2.Client, in []types.Filter) error {
	nats, err := all(ctx, ec2.NewDescribeNatGatewaysPaginator(client, &ec2.DescribeNatGatewaysInput{Filter: in}).NextPage, func(o *ec2.DescribeNatGatewaysOutput) ([]types.NatGateway, *string) {
		return o.NatGateways, o.NextToken
	})
	if err != nil {
		return err
	}
	for _, g := range nats {
		v := reach.NATGateway{ID: aws.ToString(g.NatGatewayId), Name: named(g.Tags), Private: g.ConnectivityType == types.ConnectivityTypePrivate, Available: g.State == types.NatGatewayStateAvailable}
		for _, a := range g.NatGatewayAddresses {
			if v.Interface == "" || aws.ToBool(a.IsPrimary) {
				v.Interface = aws.ToString(a.NetworkInterfaceId)
			}
		}
		n.NATGateways = append(n.NATGateways, v)
	}
	attached := []types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{n.ID}}}
	internet, err := client.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: attached})
	if err != nil {
		return err
	}
	for _, g := range internet.InternetGateways {
		n.InternetGateways = append(n.InternetGateways, aws.ToString(g.InternetGatewayId))
	}
	egressOnly, err := all(ctx, ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(client, &ec2.DescribeEgressOnlyInternetGatewaysInput{}).NextPage, func(o *ec2.DescribeEgressOnlyInternetGatewaysOutput) ([]types.EgressOnlyInternetGateway, *string) {
		return o.EgressOnlyInternetGateways, o.NextToken
	})
	if err != nil {
		return err
	}
	for _, g := range egressOnly {
		for _, a := range g.Attachments {
			if aws.ToString(a.VpcId) == n.ID {
				n.EgressOnlyGateways = append(n.EgressOnlyGateways, aws.ToString(g.EgressOnlyInternetGatewayId))
			}
		}
	}
	return nil
}

// prefixLists fetches the lists that routes and rules name.
func (n *network) prefixLists(ctx context.Context, client *ec2.Client) error {
	seen := map[string]bool{"": true}
	fetch := func(id string) error {
		if seen[id] {
			return nil
		}
		seen[id] = true
		entries, err := all(ctx, ec2.NewGetManagedPrefixListEntriesPaginator(client, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id}).NextPage, func(o *ec2.GetManagedPrefixListEntriesOutput) ([]types.PrefixListEntry, *string) {
			return o.Entries, o.NextToken
		})
		if err != nil {
			return fmt.Errorf("reading the prefix list %s: %w", id, err)
		}
		l := reach.PrefixList{ID: id}
		for _, e := range entries {
			l.CIDRs = append(l.CIDRs, block(e.Cidr))
		}
		n.PrefixLists = append(n.PrefixLists, l)
		return nil
	}
	for _, t := range n.RouteTables {
		for _, r := range t.Routes {
			if err := fetch(r.PrefixList); err != nil {
				return err
			}
		}
	}
	for _, g := range n.Groups {
		for _, r := range g.Rules {
			if err := fetch(r.PrefixList); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain gives an interface as package reach wants it, under a name for people.
func plain(i types.NetworkInterface, name string) reach.Interface {
	out := reach.Interface{ID: aws.ToString(i.NetworkInterfaceId), Name: name, VPC: aws.ToString(i.VpcId), Subnet: aws.ToString(i.SubnetId),
		Ports: reach.EphemeralPorts(string(i.InterfaceType), aws.ToString(i.RequesterId))}
	for _, g := range i.Groups {
		out.Groups = append(out.Groups, aws.ToString(g.GroupId))
	}
	for _, p := range i.PrivateIpAddresses {
		a := reach.Address{}
		a.Private, _ = netip.ParseAddr(aws.ToString(p.PrivateIpAddress))
		if p.Association != nil {
			a.Public, _ = netip.ParseAddr(aws.ToString(p.Association.PublicIp))
		}
		out.Addresses = append(out.Addresses, a)
	}
	for _, p := range i.Ipv6Addresses {
		if addr, err := netip.ParseAddr(aws.ToString(p.Ipv6Address)); err == nil {
			out.Addresses = append(out.Addresses, reach.Address{Private: addr})
		}
	}
	return out
}
