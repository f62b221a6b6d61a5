package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/wire"
)

func (n *network) describeAddress(id string) types.Address {
	n.t.Helper()
	return call(n.DescribeAddresses(n.t.Context(), &ec2.DescribeAddressesInput{AllocationIds: []string{id}})).ok(n.t).Addresses[0]
}

func (n *network) address() string {
	n.t.Helper()
	return *call(n.AllocateAddress(n.t.Context(), &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc})).ok(n.t).AllocationId
}

func TestElasticIPLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	made := call(n.AllocateAddress(ctx, &ec2.AllocateAddressInput{TagSpecifications: tagged(types.ResourceTypeElasticIp, "Name", "nat")})).ok(t)
	id := *made.AllocationId
	a := n.describeAddress(id)
	if *a.PublicIp != *made.PublicIp || a.Domain != types.DomainTypeVpc || *a.NetworkBorderGroup != "us-east-1" || a.AssociationId != nil || tagValue(a.Tags, "Name") != "nat" {
		t.Errorf("the address reads back as %+v", a)
	}
	if other := n.describeAddress(n.address()); *other.PublicIp == *a.PublicIp {
		t.Errorf("two addresses are %s", *a.PublicIp)
	}
	if out := call(n.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{*a.PublicIp}})).ok(t).Addresses; len(out) != 1 || *out[0].AllocationId != id {
		t.Errorf("asking for %s gives %+v", *a.PublicIp, out)
	}
	call(n.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{"192.0.2.1"}})).fails(t, "InvalidAddress.NotFound")
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id, DryRun: new(true)})).fails(t, "DryRunOperation")
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).ok(t)
	if m := call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).fails(t, "InvalidAllocationID.NotFound"); m != "The allocation ID '"+id+"' does not exist" {
		t.Errorf("the message is %q", m)
	}
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{})).fails(t, "MissingParameter")
	call(n.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{id}})).fails(t, "InvalidAllocationID.NotFound")
	call(n.AllocateAddress(ctx, &ec2.AllocateAddressInput{PublicIpv4Pool: new("ipv4pool-ec2-1")})).fails(t, wire.CodeNotImplemented)
}

func TestElasticIPAssociation(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	subnet := n.subnet(vpcID, "10.0.1.0/24")
	first, second := n.networkInterface(subnet), n.networkInterface(subnet)
	id := n.address()
	associate := func(in ec2.AssociateAddressInput) result[*ec2.AssociateAddressOutput] {
		if in.AllocationId == nil {
			in.AllocationId = &id
		}
		return call(n.AssociateAddress(ctx, &in))
	}
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: &first}).fails(t, "Gateway.NotAttached")
	n.gateway(vpcID)
	associate(ec2.AssociateAddressInput{}).fails(t, "MissingParameter")
	associate(ec2.AssociateAddressInput{InstanceId: new("i-0123456789abcdef0")}).fails(t, "InvalidInstanceID.NotFound")
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: new("eni-0123456789abcdef0")}).fails(t, "InvalidNetworkInterfaceID.NotFound")
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: &first, PrivateIpAddress: new("10.0.1.99")}).fails(t, "InvalidParameterValue")

	association := *associate(ec2.AssociateAddressInput{NetworkInterfaceId: &first}).ok(t).AssociationId
	a := n.describeAddress(id)
	if *a.AssociationId != association || *a.NetworkInterfaceId != first || *a.PrivateIpAddress != "10.0.1.4" {
		t.Errorf("the associated address is %+v", a)
	}
	eni := n.describeInterface(first)
	if *eni.Association.PublicIp != *a.PublicIp || *eni.Association.AllocationId != id || *eni.PrivateIpAddresses[0].Association.AssociationId != association {
		t.Errorf("the interface's association is %+v", eni.Association)
	}
	if out := call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters("association.public-ip", *a.PublicIp)})).ok(t).NetworkInterfaces; len(out) != 1 {
		t.Errorf("the filter by public address gives %d interfaces, want one", len(out))
	}
	if out := call(n.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters("association-id", association)})).ok(t).Addresses; len(out) != 1 || *out[0].AllocationId != id {
		t.Errorf("the filter by association gives %+v", out)
	}
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).fails(t, "InvalidIPAddress.InUse")

	// An address moves unless that is forbidden, and takes the place of another one.
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: &second, AllowReassociation: new(false)}).fails(t, "Resource.AlreadyAssociated")
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: &second}).ok(t)
	if eni := n.describeInterface(first); eni.Association != nil {
		t.Errorf("the first interface keeps %+v", eni.Association)
	}
	other := n.address()
	associate(ec2.AssociateAddressInput{AllocationId: &other, NetworkInterfaceId: &second, AllowReassociation: new(false)}).fails(t, "Resource.AlreadyAssociated")
	association = *associate(ec2.AssociateAddressInput{AllocationId: &other, NetworkInterfaceId: &second}).ok(t).AssociationId
	if a := n.describeAddress(id); a.AssociationId != nil || a.NetworkInterfaceId != nil {
		t.Errorf("the replaced address is %+v", a)
	}
	call(n.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: &association})).ok(t)
	call(n.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: &association})).fails(t, "InvalidAssociationID.NotFound")

	// An interface that goes sets its address free.
	associate(ec2.AssociateAddressInput{NetworkInterfaceId: &first}).ok(t)
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &first})).ok(t)
	if a := n.describeAddress(id); a.AssociationId != nil {
		t.Errorf("the address of a deleted interface is %+v", a)
	}
}

func TestElasticIPOfNATGateway(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	n.gateway(vpcID)
	subnet, id := n.subnet(vpcID, "10.0.1.0/24"), n.address()
	nat := call(n.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &id})).ok(t).NatGateway
	a := n.describeAddress(id)
	call(n.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: a.AssociationId})).fails(t, "AuthFailure")
	call(n.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{PublicIp: a.PublicIp})).fails(t, "AuthFailure")
	eni := n.networkInterface(subnet)
	call(n.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: &id, NetworkInterfaceId: &eni})).fails(t, "AuthFailure")
	other := n.address()
	call(n.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: &other, NetworkInterfaceId: a.NetworkInterfaceId})).fails(t, "AuthFailure")
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: a.NetworkInterfaceId})).fails(t, "InvalidParameterValue")
	call(n.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: nat.NatGatewayId})).ok(t)
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).ok(t)
}

func TestElasticIPDomainName(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.address()
	read := func() string {
		t.Helper()
		out := call(n.DescribeAddressesAttribute(ctx, &ec2.DescribeAddressesAttributeInput{AllocationIds: []string{id}, Attribute: types.AddressAttributeNameDomainName})).ok(t).Addresses
		if len(out) != 1 || *out[0].AllocationId != id {
			t.Fatalf("the attributes are %+v", out)
		}
		return aws.ToString(out[0].PtrRecord)
	}
	if got := read(); got != "" {
		t.Errorf("a new address has the name %q", got)
	}
	call(n.ModifyAddressAttribute(ctx, &ec2.ModifyAddressAttributeInput{AllocationId: &id, DomainName: new("mail.example.com")})).ok(t)
	if got := read(); got != "mail.example.com." {
		t.Errorf("the name is %q", got)
	}
	call(n.ResetAddressAttribute(ctx, &ec2.ResetAddressAttributeInput{AllocationId: &id, Attribute: types.AddressAttributeNameDomainName})).ok(t)
	if got := read(); got != "" {
		t.Errorf("the name taken away is %q", got)
	}
}
