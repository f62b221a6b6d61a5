package ec2_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestDefaultVPCOfEachRegion(t *testing.T) {
	n, ctx := start(t), t.Context()
	for region, zones := range map[string]int{"us-east-1": 6, "us-west-2": 4, "eu-west-1": 3} {
		r := n.in(region)
		id := r.defaultVPC()
		v := r.describeVPC(id)
		if *v.CidrBlock != "172.31.0.0/16" || !*v.IsDefault {
			t.Errorf("%s: the default VPC is %+v", region, v)
		}
		subnets := call(r.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters("vpc-id", id, "default-for-az", "true")})).ok(t).Subnets
		if len(subnets) != zones {
			t.Errorf("%s: %d default subnets, want %d", region, len(subnets), zones)
		}
		seen := map[string]bool{}
		for _, s := range subnets {
			seen[*s.AvailabilityZone] = true
			if !*s.MapPublicIpOnLaunch || *s.AvailableIpAddressCount != 4091 {
				t.Errorf("%s: a default subnet is %+v", region, s)
			}
		}
		if len(seen) != zones {
			t.Errorf("%s: the default subnets stand in %d zones, want %d", region, len(seen), zones)
		}
		gateways := call(r.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters("attachment.vpc-id", id)})).ok(t).InternetGateways
		tables := call(r.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("vpc-id", id, "route.destination-cidr-block", "0.0.0.0/0")})).ok(t).RouteTables
		if len(gateways) != 1 || len(tables) != 1 {
			t.Errorf("%s: %d internet gateways and %d tables with a default route, want one of each", region, len(gateways), len(tables))
		}
	}
	call(n.in("us-east-1").DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{n.in("us-west-2").defaultVPC()}})).fails(t, "InvalidVpcID.NotFound")
}

func TestUnknownRegion(t *testing.T) {
	n := start(t)
	call(n.in("mars-north-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})).fails(t, "InvalidRegion")
}

func TestDefaultVPCAnew(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.defaultVPC()
	call(n.CreateDefaultVpc(ctx, &ec2.CreateDefaultVpcInput{})).fails(t, "DefaultVpcAlreadyExists")
	call(n.CreateDefaultSubnet(ctx, &ec2.CreateDefaultSubnetInput{AvailabilityZone: new("us-east-1a")})).fails(t, "DefaultSubnetAlreadyExistsInAvailabilityZone")
	n.deleteVPC(id).fails(t, "DependencyViolation")
	subnets := call(n.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters("vpc-id", id)})).ok(t).Subnets
	for _, s := range subnets {
		call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: s.SubnetId})).ok(t)
	}
	again := call(n.CreateDefaultSubnet(ctx, &ec2.CreateDefaultSubnetInput{AvailabilityZone: new("us-east-1c")})).ok(t).Subnet
	if !*again.DefaultForAz || *again.AvailabilityZone != "us-east-1c" || *again.VpcId != id {
		t.Errorf("the default subnet made anew is %+v", again)
	}
	call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: again.SubnetId})).ok(t)
	gateway := call(n.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters("attachment.vpc-id", id)})).ok(t).InternetGateways[0].InternetGatewayId
	call(n.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: gateway, VpcId: &id})).ok(t)
	n.deleteVPC(id).ok(t)

	call(n.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: new("web"), Description: new("d")})).fails(t, "VPCIdNotSpecified")
	call(n.CreateDefaultSubnet(ctx, &ec2.CreateDefaultSubnetInput{AvailabilityZone: new("us-east-1a")})).fails(t, "DefaultVpcDoesNotExist")
	if out := call(n.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})).ok(t).Vpcs; len(out) != 0 {
		t.Errorf("the deleted default VPC came back: %+v", out)
	}
	if made := call(n.CreateDefaultVpc(ctx, &ec2.CreateDefaultVpcInput{})).ok(t).Vpc; *made.VpcId != n.defaultVPC() || !*made.IsDefault {
		t.Errorf("the default VPC made anew is %+v", made)
	}
}

func TestAvailabilityZones(t *testing.T) {
	n, ctx := start(t), t.Context()
	describe := func(in *ec2.DescribeAvailabilityZonesInput) result[*ec2.DescribeAvailabilityZonesOutput] {
		return call(n.DescribeAvailabilityZones(ctx, in))
	}
	names := func(out *ec2.DescribeAvailabilityZonesOutput) (got []string) {
		for _, z := range out.AvailabilityZones {
			got = append(got, *z.ZoneName)
		}
		return got
	}
	all := describe(&ec2.DescribeAvailabilityZonesInput{Filters: filters("state", "available", "opt-in-status", "opt-in-not-required")}).ok(t)
	if got := names(all); len(got) != 6 || got[0] != "us-east-1a" {
		t.Errorf("the zones are %q", got)
	}
	if z := all.AvailabilityZones[0]; z.OptInStatus != types.AvailabilityZoneOptInStatusOptInNotRequired || *z.RegionName != "us-east-1" || *z.ZoneType != "availability-zone" {
		t.Errorf("a zone is %+v", z)
	}
	id := *all.AvailabilityZones[2].ZoneId
	for _, in := range []*ec2.DescribeAvailabilityZonesInput{{ZoneNames: []string{"us-east-1c"}}, {ZoneIds: []string{id}}, {Filters: filters("zone-id", id)}, {Filters: filters("zone-name", "*1c")}} {
		if got := names(describe(in).ok(t)); !slices.Equal(got, []string{"us-east-1c"}) {
			t.Errorf("asking for us-east-1c gives %q", got)
		}
	}
	describe(&ec2.DescribeAvailabilityZonesInput{ZoneNames: []string{"us-east-1z"}}).fails(t, "InvalidParameterValue")
	describe(&ec2.DescribeAvailabilityZonesInput{Filters: filters("colour", "red")}).fails(t, "InvalidParameterValue")
}

func TestRegions(t *testing.T) {
	n, ctx := start(t), t.Context()
	if out := call(n.DescribeRegions(ctx, &ec2.DescribeRegionsInput{})).ok(t).Regions; len(out) != 17 {
		t.Errorf("there are %d regions, want the 17 that every account has", len(out))
	}
	one := call(n.DescribeRegions(ctx, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-1"}})).ok(t).Regions
	if len(one) != 1 || *one[0].Endpoint != "ec2.eu-west-1.amazonaws.com" {
		t.Errorf("eu-west-1 is %+v", one)
	}
	if out := call(n.DescribeRegions(ctx, &ec2.DescribeRegionsInput{Filters: filters("region-name", "us-*")})).ok(t).Regions; len(out) != 4 {
		t.Errorf("us-* gives %d regions, want 4", len(out))
	}
	call(n.DescribeRegions(ctx, &ec2.DescribeRegionsInput{RegionNames: []string{"mars-north-1"}})).fails(t, "InvalidParameterValue")
}
