package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// regionRecord marks an account's region as in use: its default VPC was made.
type regionRecord struct{ Ready bool }

// regionData is what AWS publishes of a region: the short name in zone ids, and the zones' letters.
type regionData struct{ name, short, zones string }

// regions are those that are enabled in every account.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
func regions() []regionData {
	return []regionData{
		{"ap-northeast-1", "apne1", "acd"}, {"ap-northeast-2", "apne2", "abcd"}, {"ap-northeast-3", "apne3", "abc"},
		{"ap-south-1", "aps1", "abc"}, {"ap-southeast-1", "apse1", "abc"}, {"ap-southeast-2", "apse2", "abc"},
		{"ca-central-1", "cac1", "abd"}, {"eu-central-1", "euc1", "abc"}, {"eu-north-1", "eun1", "abc"},
		{"eu-west-1", "euw1", "abc"}, {"eu-west-2", "euw2", "abc"}, {"eu-west-3", "euw3", "abc"},
		{"sa-east-1", "sae1", "abc"}, {"us-east-1", "use1", "abcdef"}, {"us-east-2", "use2", "abc"},
		{"us-west-1", "usw1", "ac"}, {"us-west-2", "usw2", "abcd"},
	}
}

func regionOf(name string) (regionData, bool) {
	for _, r := range regions() {
		if r.name == name {
			return r, true
		}
	}
	return regionData{}, false
}

// zone is an Availability Zone; its id is the same in all accounts of the local cloud.
type zone struct{ name, id string }

func (r regionData) list() []zone {
	out := make([]zone, len(r.zones))
	for i, letter := range r.zones {
		out[i] = zone{r.name + string(letter), r.short + "-az" + strconv.Itoa(i+1)}
	}
	return out
}

// zoneBy finds a zone of the region by its name or by its id.
func (t *txn) zoneBy(name, id *string) (zone, error) {
	r, _ := regionOf(t.sc.Region)
	zones := r.list()
	if name == nil && id == nil {
		return zones[0], nil
	}
	for _, z := range zones {
		if (name == nil || *name == z.name) && (id == nil || *id == z.id) {
			return z, nil
		}
	}
	names := make([]string, len(zones))
	for i, z := range zones {
		names[i] = z.name
	}
	return zone{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		text(name)+text(id), strings.Join(names, ", "))
}

// ensureRegion makes the default VPC when an account first uses a region.
func (s *Service) ensureRegion(ctx context.Context, sc state.Scope) error {
	ready := false
	_ = s.d.Store.View(func(tx *state.Tx) error {
		_, ready = s.regions.Get(tx, sc, "region")
		return nil
	})
	if ready {
		return nil
	}
	if _, ok := regionOf(sc.Region); !ok {
		return wire.Errorf("InvalidRegion", "The local cloud has no region '%s'.", sc.Region)
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		(&txn{s: s, tx: tx, sc: sc}).firstUse()
		return nil
	})
}

// firstUse makes the default VPC if the account has never used the region, which must exist.
func (t *txn) firstUse() {
	if _, ok := t.s.regions.Get(t.tx, t.sc, "region"); ok {
		return
	}
	t.s.regions.Put(t.tx, t.sc, "region", &regionRecord{Ready: true})
	t.newDefaultVPC()
}

// newDefaultVPC makes 172.31.0.0/16 with a public /20 in each zone and a route to the internet.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
func (t *txn) newDefaultVPC() *vpcRecord {
	vpc := t.newVPC(netip.MustParsePrefix("172.31.0.0/16"), "default", true)
	gateway := &internetGatewayRecord{ID: t.id("igw"), VpcID: vpc.ID}
	t.s.gateways.Put(t.tx, t.sc, gateway.ID, gateway)
	t.addDefaultRoute(vpc.ID, gateway.ID)
	r, _ := regionOf(t.sc.Region)
	for i, z := range r.list() {
		block := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(i * 16), 0}), 20)
		sub := t.newSubnet(vpc, block, z)
		sub.DefaultForAZ, sub.MapPublicIP = true, true
		t.putSubnet(sub)
	}
	return vpc
}

// defaultVPC gives the region's default VPC, nil where it was deleted.
func (t *txn) defaultVPC() *vpcRecord {
	for _, r := range t.s.vpcs.All(t.tx, t.sc) {
		if r.Default {
			return r
		}
	}
	return nil
}

// CreateDefaultVpc makes a default VPC anew, where the region's was deleted.
func (s *Service) CreateDefaultVpc(ctx context.Context, in *CreateDefaultVpcInput) (*CreateDefaultVpcOutput, error) {
	out := &CreateDefaultVpcOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		if r := t.defaultVPC(); r != nil {
			return wire.Errorf("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region: %s", r.ID)
		}
		out.Vpc = new(t.renderVPC(t.newDefaultVPC()))
		return nil
	})
}

// DescribeAvailabilityZones lists the region's zones.
func (s *Service) DescribeAvailabilityZones(ctx context.Context, in *DescribeAvailabilityZonesInput) (*DescribeAvailabilityZonesOutput, error) {
	out := &DescribeAvailabilityZonesOutput{AvailabilityZones: []AvailabilityZone{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		known := 0
		data, _ := regionOf(t.sc.Region)
		v := func(_ *txn, z *zone, name string) ([]string, bool) { return zoneValues(t.sc.Region, z, name) }
		if err := checkFilters(t, v, in.Filters); err != nil {
			return err
		}
		for _, z := range data.list() {
			named := slices.Contains(in.ZoneNames, z.name) || slices.Contains(in.ZoneIds, z.id)
			if named {
				known++
			} else if len(in.ZoneNames)+len(in.ZoneIds) > 0 {
				continue
			}
			if !matches(t, query[zone]{values: v}, &z, z.name, in.Filters) {
				continue
			}
			out.AvailabilityZones = append(out.AvailabilityZones, AvailabilityZone{
				GroupName: new(t.sc.Region + "-zg-1"), NetworkBorderGroup: new(t.sc.Region), OptInStatus: new("opt-in-not-required"),
				RegionName: new(t.sc.Region), State: new("available"), ZoneId: new(z.id), ZoneName: new(z.name),
				ZoneType: new("availability-zone"), Messages: []AvailabilityZoneMessage{},
			})
		}
		if known < len(in.ZoneNames)+len(in.ZoneIds) {
			return wire.Errorf("InvalidParameterValue", "Invalid availability zones: %v", append(in.ZoneNames, in.ZoneIds...))
		}
		return nil
	})
}

func zoneValues(region string, z *zone, name string) ([]string, bool) {
	switch name {
	case "group-name":
		return []string{region + "-zg-1"}, true
	case "message":
		return nil, true
	case "opt-in-status":
		return []string{"opt-in-not-required"}, true
	case "region-name":
		return []string{region}, true
	case "state":
		return []string{"available"}, true
	case "zone-id":
		return []string{z.id}, true
	case "zone-name":
		return []string{z.name}, true
	case "zone-type":
		return []string{"availability-zone"}, true
	case "parent-zoneID", "parent-zone-id", "parent-zoneName", "parent-zone-name", "group-long-name":
		return nil, true
	}
	return nil, false
}

// DescribeRegions lists the regions.
func (s *Service) DescribeRegions(ctx context.Context, in *DescribeRegionsInput) (*DescribeRegionsOutput, error) {
	out := &DescribeRegionsOutput{Regions: []Region{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		v := func(_ *txn, r *regionData, name string) ([]string, bool) {
			switch name {
			case "endpoint":
				return []string{"ec2." + r.name + ".amazonaws.com"}, true
			case "opt-in-status":
				return []string{"opt-in-not-required"}, true
			case "region-name":
				return []string{r.name}, true
			}
			return nil, false
		}
		if err := checkFilters(t, v, in.Filters); err != nil {
			return err
		}
		for _, name := range in.RegionNames {
			if _, ok := regionOf(name); !ok {
				return wire.Errorf("InvalidParameterValue", "Region not found: %s", name)
			}
		}
		for _, r := range regions() {
			if len(in.RegionNames) > 0 && !slices.Contains(in.RegionNames, r.name) || !matches(t, query[regionData]{values: v}, &r, r.name, in.Filters) {
				continue
			}
			out.Regions = append(out.Regions, Region{RegionName: new(r.name), Endpoint: new("ec2." + r.name + ".amazonaws.com"), OptInStatus: new("opt-in-not-required")})
		}
		return nil
	})
}
