package ec2

import (
	"context"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AllocateAddress, wire.On(newOne[AllocateAddressInput]("elastic-ip"))),
		wire.Write(s.AssignPrivateNatGatewayAddress, wire.On(one("natgateway", func(in *AssignPrivateNatGatewayAddressInput) *string { return in.NatGatewayId }))),
		wire.Write(s.AssociateAddress, wire.On(two("elastic-ip", "network-interface", func(in *AssociateAddressInput) (a, b *string) { return in.AllocationId, in.NetworkInterfaceId }))),
		wire.Write(s.AssociateDhcpOptions, wire.On(two("dhcp-options", "vpc", func(in *AssociateDhcpOptionsInput) (a, b *string) { return in.DhcpOptionsId, in.VpcId }))),
		wire.Write(s.AssociateNatGatewayAddress, wire.On(one("natgateway", func(in *AssociateNatGatewayAddressInput) *string { return in.NatGatewayId }))),
		wire.Write(s.AssociateRouteTable, wire.On(two("route-table", "subnet", func(in *AssociateRouteTableInput) (a, b *string) { return in.RouteTableId, in.SubnetId }))),
		wire.Write(s.AssociateSubnetCidrBlock, wire.On(one("subnet", func(in *AssociateSubnetCidrBlockInput) *string { return in.SubnetId }))),
		wire.Write(s.AssociateVpcCidrBlock, wire.On(one("vpc", func(in *AssociateVpcCidrBlockInput) *string { return in.VpcId }))),
		wire.Write(s.AttachInternetGateway, wire.On(two("internet-gateway", "vpc", func(in *AttachInternetGatewayInput) (a, b *string) { return in.InternetGatewayId, in.VpcId }))),
		wire.Write(s.AuthorizeSecurityGroupEgress, wire.On(one("security-group", func(in *AuthorizeSecurityGroupEgressInput) *string { return in.GroupId }))),
		wire.Write(s.AuthorizeSecurityGroupIngress, wire.On(one("security-group", func(in *AuthorizeSecurityGroupIngressInput) *string { return in.GroupId }))),
		wire.Write(s.CreateDefaultSubnet, wire.On(newOne[CreateDefaultSubnetInput]("subnet"))),
		wire.Write(s.CreateDefaultVpc, wire.On(newOne[CreateDefaultVpcInput]("vpc"))),
		wire.Write(s.CreateDhcpOptions, wire.On(newOne[CreateDhcpOptionsInput]("dhcp-options"))),
		wire.Write(s.CreateEgressOnlyInternetGateway, wire.On(newOne[CreateEgressOnlyInternetGatewayInput]("egress-only-internet-gateway"))),
		wire.Write(s.CreateFlowLogs, wire.On(newOne[CreateFlowLogsInput]("vpc-flow-log"))),
		wire.Write(s.CreateInternetGateway, wire.On(newOne[CreateInternetGatewayInput]("internet-gateway"))),
		wire.Write(s.CreateManagedPrefixList, wire.On(newOne[CreateManagedPrefixListInput]("prefix-list"))),
		wire.Write(s.CreateNatGateway, wire.On(newIn("natgateway", "subnet", func(in *CreateNatGatewayInput) *string { return in.SubnetId }))),
		wire.Write(s.CreateNetworkAcl, wire.On(newIn("network-acl", "vpc", func(in *CreateNetworkAclInput) *string { return in.VpcId }))),
		wire.Write(s.CreateNetworkAclEntry, wire.On(one("network-acl", func(in *CreateNetworkAclEntryInput) *string { return in.NetworkAclId }))),
		wire.Write(s.CreateNetworkInterface, wire.On(newIn("network-interface", "subnet", func(in *CreateNetworkInterfaceInput) *string { return in.SubnetId }))),
		wire.Write(s.CreateRoute, wire.On(one("route-table", func(in *CreateRouteInput) *string { return in.RouteTableId }))),
		wire.Write(s.CreateRouteTable, wire.On(newIn("route-table", "vpc", func(in *CreateRouteTableInput) *string { return in.VpcId }))),
		wire.Write(s.CreateSecurityGroup, wire.On(newIn("security-group", "vpc", func(in *CreateSecurityGroupInput) *string { return in.VpcId }))),
		wire.Write(s.CreateSubnet, wire.On(newIn("subnet", "vpc", func(in *CreateSubnetInput) *string { return in.VpcId }))),
		wire.Write(s.CreateTags, tagged(func(in *CreateTagsInput) []string { return in.Resources })),
		wire.Write(s.CreateVpc, wire.On(newOne[CreateVpcInput]("vpc"))),
		wire.Write(s.CreateVpcEndpoint, wire.On(newIn("vpc-endpoint", "vpc", func(in *CreateVpcEndpointInput) *string { return in.VpcId }))),
		wire.Write(s.DeleteDhcpOptions, wire.On(one("dhcp-options", func(in *DeleteDhcpOptionsInput) *string { return in.DhcpOptionsId }))),
		wire.Write(s.DeleteEgressOnlyInternetGateway, wire.On(one("egress-only-internet-gateway", func(in *DeleteEgressOnlyInternetGatewayInput) *string { return in.EgressOnlyInternetGatewayId }))),
		wire.Write(s.DeleteFlowLogs, wire.On(these("vpc-flow-log", func(in *DeleteFlowLogsInput) []string { return in.FlowLogIds }))),
		wire.Write(s.DeleteInternetGateway, wire.On(one("internet-gateway", func(in *DeleteInternetGatewayInput) *string { return in.InternetGatewayId }))),
		wire.Write(s.DeleteManagedPrefixList, wire.On(one("prefix-list", func(in *DeleteManagedPrefixListInput) *string { return in.PrefixListId }))),
		wire.Write(s.DeleteNatGateway, wire.On(one("natgateway", func(in *DeleteNatGatewayInput) *string { return in.NatGatewayId }))),
		wire.Write(s.DeleteNetworkAcl, wire.On(one("network-acl", func(in *DeleteNetworkAclInput) *string { return in.NetworkAclId }))),
		wire.Write(s.DeleteNetworkAclEntry, wire.On(one("network-acl", func(in *DeleteNetworkAclEntryInput) *string { return in.NetworkAclId }))),
		wire.Write(s.DeleteNetworkInterface, wire.On(one("network-interface", func(in *DeleteNetworkInterfaceInput) *string { return in.NetworkInterfaceId }))),
		wire.Write(s.DeleteRoute, wire.On(one("route-table", func(in *DeleteRouteInput) *string { return in.RouteTableId }))),
		wire.Write(s.DeleteRouteTable, wire.On(one("route-table", func(in *DeleteRouteTableInput) *string { return in.RouteTableId }))),
		wire.Write(s.DeleteSecurityGroup, wire.On(one("security-group", func(in *DeleteSecurityGroupInput) *string { return in.GroupId }))),
		wire.Write(s.DeleteSubnet, wire.On(one("subnet", func(in *DeleteSubnetInput) *string { return in.SubnetId }))),
		wire.Write(s.DeleteTags, tagged(func(in *DeleteTagsInput) []string { return in.Resources })),
		wire.Write(s.DeleteVpc, wire.On(one("vpc", func(in *DeleteVpcInput) *string { return in.VpcId }))),
		wire.Write(s.DeleteVpcEndpoints, wire.On(these("vpc-endpoint", func(in *DeleteVpcEndpointsInput) []string { return in.VpcEndpointIds }))),
		wire.Read(s.DescribeAccountAttributes),
		wire.Read(s.DescribeAddresses),
		wire.Read(s.DescribeAddressesAttribute),
		wire.Read(s.DescribeAvailabilityZones),
		wire.Read(s.DescribeDhcpOptions),
		wire.Read(s.DescribeEgressOnlyInternetGateways),
		wire.Read(s.DescribeFlowLogs),
		wire.Read(s.DescribeImages),
		wire.Read(s.DescribeInstances),
		wire.Read(s.DescribeInternetGateways),
		wire.Read(s.DescribeManagedPrefixLists),
		wire.Read(s.DescribeNatGateways),
		wire.Read(s.DescribeNetworkAcls),
		wire.Read(s.DescribeNetworkInterfaceAttribute, wire.On(one("network-interface", func(in *DescribeNetworkInterfaceAttributeInput) *string { return in.NetworkInterfaceId }))),
		wire.Read(s.DescribeNetworkInterfaces),
		wire.Read(s.DescribePrefixLists),
		wire.Read(s.DescribeRegions),
		wire.Read(s.DescribeRouteTables),
		wire.Read(s.DescribeSecurityGroupRules),
		wire.Read(s.DescribeSecurityGroups),
		wire.Read(s.DescribeSubnets),
		wire.Read(s.DescribeTags),
		wire.Read(s.DescribeVpcAttribute, wire.On(one("vpc", func(in *DescribeVpcAttributeInput) *string { return in.VpcId }))),
		wire.Read(s.DescribeVpcEndpointServices),
		wire.Read(s.DescribeVpcEndpoints),
		wire.Read(s.DescribeVpcs),
		wire.Write(s.DetachInternetGateway, wire.On(two("internet-gateway", "vpc", func(in *DetachInternetGatewayInput) (a, b *string) { return in.InternetGatewayId, in.VpcId }))),
		wire.Write(s.DetachNetworkInterface),
		wire.Write(s.DisassociateAddress),
		wire.Write(s.DisassociateNatGatewayAddress, wire.On(one("natgateway", func(in *DisassociateNatGatewayAddressInput) *string { return in.NatGatewayId }))),
		wire.Write(s.DisassociateRouteTable),
		wire.Write(s.DisassociateSubnetCidrBlock),
		wire.Write(s.DisassociateVpcCidrBlock),
		wire.Read(s.GetManagedPrefixListAssociations, wire.On(one("prefix-list", func(in *GetManagedPrefixListAssociationsInput) *string { return in.PrefixListId }))),
		wire.Read(s.GetManagedPrefixListEntries, wire.On(one("prefix-list", func(in *GetManagedPrefixListEntriesInput) *string { return in.PrefixListId }))),
		wire.Read(s.GetSecurityGroupsForVpc, wire.On(one("vpc", func(in *GetSecurityGroupsForVpcInput) *string { return in.VpcId }))),
		wire.Write(s.ModifyAddressAttribute, wire.On(one("elastic-ip", func(in *ModifyAddressAttributeInput) *string { return in.AllocationId }))),
		wire.Write(s.ModifyManagedPrefixList, wire.On(one("prefix-list", func(in *ModifyManagedPrefixListInput) *string { return in.PrefixListId }))),
		wire.Write(s.ModifyNetworkInterfaceAttribute, wire.On(one("network-interface", func(in *ModifyNetworkInterfaceAttributeInput) *string { return in.NetworkInterfaceId }))),
		wire.Write(s.ModifySecurityGroupRules, wire.On(one("security-group", func(in *ModifySecurityGroupRulesInput) *string { return in.GroupId }))),
		wire.Write(s.ModifySubnetAttribute, wire.On(one("subnet", func(in *ModifySubnetAttributeInput) *string { return in.SubnetId }))),
		wire.Write(s.ModifyVpcAttribute, wire.On(one("vpc", func(in *ModifyVpcAttributeInput) *string { return in.VpcId }))),
		wire.Write(s.ModifyVpcEndpoint, wire.On(one("vpc-endpoint", func(in *ModifyVpcEndpointInput) *string { return in.VpcEndpointId }))),
		wire.Write(s.ModifyVpcTenancy, wire.On(one("vpc", func(in *ModifyVpcTenancyInput) *string { return in.VpcId }))),
		wire.Write(s.ReleaseAddress, wire.On(one("elastic-ip", func(in *ReleaseAddressInput) *string { return in.AllocationId }))),
		wire.Write(s.ReplaceNetworkAclAssociation, wire.On(one("network-acl", func(in *ReplaceNetworkAclAssociationInput) *string { return in.NetworkAclId }))),
		wire.Write(s.ReplaceNetworkAclEntry, wire.On(one("network-acl", func(in *ReplaceNetworkAclEntryInput) *string { return in.NetworkAclId }))),
		wire.Write(s.ReplaceRoute, wire.On(one("route-table", func(in *ReplaceRouteInput) *string { return in.RouteTableId }))),
		wire.Write(s.ReplaceRouteTableAssociation, wire.On(one("route-table", func(in *ReplaceRouteTableAssociationInput) *string { return in.RouteTableId }))),
		wire.Write(s.ResetAddressAttribute, wire.On(one("elastic-ip", func(in *ResetAddressAttributeInput) *string { return in.AllocationId }))),
		wire.Write(s.RevokeSecurityGroupEgress, wire.On(one("security-group", func(in *RevokeSecurityGroupEgressInput) *string { return in.GroupId }))),
		wire.Write(s.RevokeSecurityGroupIngress, wire.On(one("security-group", func(in *RevokeSecurityGroupIngressInput) *string { return in.GroupId }))),
		wire.Write(s.UnassignPrivateNatGatewayAddress, wire.On(one("natgateway", func(in *UnassignPrivateNatGatewayAddressInput) *string { return in.NatGatewayId }))),
		wire.Write(s.UpdateSecurityGroupRuleDescriptionsEgress, wire.On(one("security-group", func(in *UpdateSecurityGroupRuleDescriptionsEgressInput) *string { return in.GroupId }))),
		wire.Write(s.UpdateSecurityGroupRuleDescriptionsIngress, wire.On(one("security-group", func(in *UpdateSecurityGroupRuleDescriptionsIngressInput) *string { return in.GroupId }))),
	}
}

// The functions below say which ARNs a call is about, from the ids in its input. kind is the resource type in ARNs.

// newOne is for calls that make a resource.
func newOne[I any](kind string) func(context.Context, *I) []string {
	return func(ctx context.Context, _ *I) []string { return []string{arn(wire.CallFrom(ctx).Scope(), kind, "*")} }
}

// newIn is for calls that make a resource inside of another one.
func newIn[I any](kind, outer string, id func(*I) *string) func(context.Context, *I) []string {
	return func(ctx context.Context, in *I) []string {
		sc := wire.CallFrom(ctx).Scope()
		return append([]string{arn(sc, kind, "*")}, arnOf(sc, outer, id(in))...)
	}
}

func one[I any](kind string, id func(*I) *string) func(context.Context, *I) []string {
	return func(ctx context.Context, in *I) []string { return arnOf(wire.CallFrom(ctx).Scope(), kind, id(in)) }
}

func two[I any](kindA, kindB string, ids func(*I) (a, b *string)) func(context.Context, *I) []string {
	return func(ctx context.Context, in *I) []string {
		sc := wire.CallFrom(ctx).Scope()
		a, b := ids(in)
		return append(arnOf(sc, kindA, a), arnOf(sc, kindB, b)...)
	}
}

func these[I any](kind string, ids func(*I) []string) func(context.Context, *I) []string {
	return func(ctx context.Context, in *I) []string {
		sc := wire.CallFrom(ctx).Scope()
		var out []string
		for _, id := range ids(in) {
			out = append(out, arn(sc, kind, id))
		}
		return out
	}
}

// tagged is for calls about resources of any type.
func tagged[I any](ids func(*I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		sc := wire.CallFrom(ctx).Scope()
		var out []string
		for _, id := range ids(in) {
			if kind, _ := kindOf(id); kind != "" {
				out = append(out, arn(sc, kind, id))
			}
		}
		return out
	})
}

// arnOf gives the ARN of an id that a call may have left out.
func arnOf(sc state.Scope, kind string, id *string) []string {
	if id == nil {
		return nil
	}
	return []string{arn(sc, kind, *id)}
}
