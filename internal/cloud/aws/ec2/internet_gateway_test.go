package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestInternetGatewayLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID, other := n.vpc("10.0.0.0/16"), n.vpc("10.1.0.0/16")
	made := call(n.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: tagged(types.ResourceTypeInternetGateway, "Name", "out")})).ok(t).InternetGateway
	id := *made.InternetGatewayId
	if len(made.Attachments) != 0 || tagValue(made.Tags, "Name") != "out" {
		t.Errorf("the new gateway is %+v", made)
	}
	attach := func(id, vpcID string) result[*ec2.AttachInternetGatewayOutput] {
		return call(n.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: &id, VpcId: &vpcID}))
	}
	detach := func(id, vpcID string) result[*ec2.DetachInternetGatewayOutput] {
		return call(n.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &id, VpcId: &vpcID}))
	}
	remove := func(id string) result[*ec2.DeleteInternetGatewayOutput] {
		return call(n.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &id}))
	}
	detach(id, vpcID).fails(t, "Gateway.NotAttached")
	attach(id, "vpc-0123456789abcdef0").fails(t, "InvalidVpcID.NotFound")
	attach("igw-0123456789abcdef0", vpcID).fails(t, "InvalidInternetGatewayID.NotFound")
	attach(id, vpcID).ok(t)
	attach(id, other).fails(t, "Resource.AlreadyAssociated")
	attach(n.gateway(""), vpcID).fails(t, "InvalidParameterValue") // a VPC has one gateway at most
	g := call(n.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters("attachment.vpc-id", vpcID, "attachment.state", "available")})).ok(t).InternetGateways
	if len(g) != 1 || *g[0].Attachments[0].VpcId != vpcID || g[0].Attachments[0].State != "available" {
		t.Errorf("the attached gateway is %+v", g)
	}
	if m := remove(id).fails(t, "DependencyViolation"); m != "The internetGateway '"+id+"' has dependencies and cannot be deleted." {
		t.Errorf("the message is %q", m)
	}
	detach(id, other).fails(t, "Gateway.NotAttached")

	// A public address in the VPC holds the gateway.
	eni := n.networkInterface(n.subnet(vpcID, "10.0.1.0/24"))
	address := call(n.AllocateAddress(ctx, &ec2.AllocateAddressInput{})).ok(t).AllocationId
	association := call(n.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: address, NetworkInterfaceId: &eni})).ok(t).AssociationId
	detach(id, vpcID).fails(t, "DependencyViolation")
	call(n.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: association})).ok(t)

	call(n.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &id, VpcId: &vpcID, DryRun: new(true)})).fails(t, "DryRunOperation")
	detach(id, vpcID).ok(t)
	remove(id).ok(t)
	remove(id).fails(t, "InvalidInternetGatewayID.NotFound")
	call(n.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{"vpc-1"}})).fails(t, "InvalidInternetGatewayId.Malformed")
}
