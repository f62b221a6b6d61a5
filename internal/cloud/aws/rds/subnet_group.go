package rds

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// defaultGroup is the subnet group of the default VPC, made when an instance first needs it.
const defaultGroup = "default"

type subnetGroupRecord struct {
	Name, Description string
	VPC               string
	Subnets           []string
}

var subnetGroupNames = regexp.MustCompile(`^[a-z0-9._ -]{1,255}$`)

func (t *txn) subnetGroup(name string) (*subnetGroupRecord, error) {
	g, ok := t.subnetGroups.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, wire.Errorf("DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", name)
	}
	return g, nil
}

// CreateDBSubnetGroup makes a group of subnets in at least two zones of one VPC.
func (s *Service) CreateDBSubnetGroup(ctx context.Context, in *CreateDBSubnetGroupInput) (*CreateDBSubnetGroupOutput, error) {
	name := strings.ToLower(*in.DBSubnetGroupName)
	if !subnetGroupNames.MatchString(name) {
		return nil, invalid("The parameter DBSubnetGroupName must contain not more than 255 letters, digits, spaces, hyphens, periods or underscores.")
	}
	if name == defaultGroup {
		return nil, invalid("The DB subnet group name 'default' is reserved.")
	}
	if *in.DBSubnetGroupDescription == "" {
		return nil, invalid("The parameter DBSubnetGroupDescription must be provided and must not be blank.")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateDBSubnetGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.subnetGroups.Get(t.tx, t.sc, name); exists {
			return wire.Errorf("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", name)
		}
		g := &subnetGroupRecord{Name: name, Description: *in.DBSubnetGroupDescription}
		if err := t.setSubnets(g, in.SubnetIds); err != nil {
			return err
		}
		t.subnetGroups.Put(t.tx, t.sc, name, g)
		state.SetTags(t.tx, arn(t.sc, "subgrp", name), tags)
		out.DBSubnetGroup = t.renderSubnetGroup(g)
		return nil
	})
}

// setSubnets checks a group's new subnets and takes them.
func (t *txn) setSubnets(g *subnetGroupRecord, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 {
		return invalid("The parameter SubnetIds must be provided and must not be blank.")
	}
	vpc := ""
	var zones, missing []string
	for _, id := range ids {
		sub, ok := t.d.Subnets.Subnet(t.tx, t.sc, id)
		if !ok {
			missing = append(missing, id)
			continue
		}
		if vpc != "" && sub.VPC != vpc {
			return wire.Errorf("InvalidParameterValue", "The DB subnet group's subnets must all be in one VPC. %s is not in %s.", id, vpc)
		}
		vpc = sub.VPC
		if !slices.Contains(zones, sub.Zone) {
			zones = append(zones, sub.Zone)
		}
	}
	if len(missing) > 0 {
		return wire.Errorf("InvalidSubnet", "Some input subnets in :[%s] are invalid.", strings.Join(missing, ", "))
	}
	if g.VPC != "" && vpc != g.VPC {
		return invalid("The new Subnets are not in the same Vpc as the existing subnet group")
	}
	if len(zones) < 2 {
		return wire.Errorf("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "+
			"Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", "))
	}
	g.VPC, g.Subnets = vpc, ids
	return nil
}

// ModifyDBSubnetGroup gives a group other subnets of its VPC. Those in which its instances are must stay.
func (s *Service) ModifyDBSubnetGroup(ctx context.Context, in *ModifyDBSubnetGroupInput) (*ModifyDBSubnetGroupOutput, error) {
	out := &ModifyDBSubnetGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := t.subnetGroup(*in.DBSubnetGroupName)
		if err != nil {
			return err
		}
		if g.Name == defaultGroup {
			return wire.Errorf("InvalidDBSubnetGroupStateFault", "The default DB subnet group cannot be modified.")
		}
		if err := t.setSubnets(g, in.SubnetIds); err != nil {
			return err
		}
		for _, r := range t.instances.By(t.tx, t.sc, "subnet-group", g.Name) {
			for _, n := range r.Interfaces {
				if !slices.Contains(g.Subnets, n.Subnet) {
					return wire.Errorf("SubnetAlreadyInUse", "The DB subnet is already in use in the Availability Zone: %s is used by the DB instance %s.", n.Subnet, r.ID)
				}
			}
		}
		if d := text(in.DBSubnetGroupDescription); d != "" {
			g.Description = d
		}
		t.subnetGroups.Put(t.tx, t.sc, g.Name, g)
		out.DBSubnetGroup = t.renderSubnetGroup(g)
		return nil
	})
}

// DeleteDBSubnetGroup deletes a group that no instance is in.
func (s *Service) DeleteDBSubnetGroup(ctx context.Context, in *DeleteDBSubnetGroupInput) (*DeleteDBSubnetGroupOutput, error) {
	return &DeleteDBSubnetGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.subnetGroup(*in.DBSubnetGroupName)
		if err != nil {
			return err
		}
		for _, r := range t.instances.By(t.tx, t.sc, "subnet-group", g.Name) {
			return wire.Errorf("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '%s' because at least one database instance: %s is still using it.", g.Name, r.ID)
		}
		for _, r := range t.instances.All(t.tx, t.sc) {
			if r.Pending != nil && text(r.Pending.SubnetGroup) == g.Name {
				return wire.Errorf("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '%s' because the database instance: %s is moving to it.", g.Name, r.ID)
			}
		}
		t.subnetGroups.Delete(t.tx, t.sc, g.Name)
		return nil
	})
}

// DescribeDBSubnetGroups lists groups.
func (s *Service) DescribeDBSubnetGroups(ctx context.Context, in *DescribeDBSubnetGroupsInput) (*DescribeDBSubnetGroupsOutput, error) {
	out := &DescribeDBSubnetGroupsOutput{DBSubnetGroups: []DBSubnetGroup{}}
	return out, s.view(ctx, func(t *txn) error {
		if name := text(in.DBSubnetGroupName); name != "" {
			g, err := t.subnetGroup(name)
			if err != nil {
				return err
			}
			out.DBSubnetGroups = append(out.DBSubnetGroups, *t.renderSubnetGroup(g))
			return nil
		}
		found, next, err := pageOf(t, t.subnetGroups, list{in.MaxRecords, in.Marker, in.Filters}, nil, nil)
		if err != nil {
			return err
		}
		for _, g := range found {
			out.DBSubnetGroups = append(out.DBSubnetGroups, *t.renderSubnetGroup(g))
		}
		out.Marker = next
		return nil
	})
}

// useDefaultGroup gives the default VPC's group, with the subnets that are the default ones of their zones now.
func (t *txn) useDefaultGroup() (*subnetGroupRecord, error) {
	vpc, ok := t.d.Subnets.DefaultVPC(t.tx, t.sc)
	if !ok {
		return nil, wire.Errorf("DBSubnetGroupNotFoundFault", "No default VPC found. Create one, or give a DB subnet group.")
	}
	g := &subnetGroupRecord{Name: defaultGroup, Description: defaultGroup}
	var ids []string
	for _, sub := range t.d.Subnets.SubnetsOf(t.tx, t.sc, vpc.ID) {
		if sub.DefaultForAZ {
			ids = append(ids, sub.ID)
		}
	}
	if err := t.setSubnets(g, ids); err != nil {
		return nil, err
	}
	t.subnetGroups.Put(t.tx, t.sc, defaultGroup, g)
	return g, nil
}

// members gives a group's subnets that are still there.
func (t *txn) members(g *subnetGroupRecord) []network.Subnet {
	out := make([]network.Subnet, 0, len(g.Subnets))
	for _, id := range g.Subnets {
		if sub, ok := t.d.Subnets.Subnet(t.tx, t.sc, id); ok {
			out = append(out, sub)
		}
	}
	return out
}

const (
	networkIPv4 = "IPV4"
	networkDual = "DUAL"
)

func networkTypes(subnets []network.Subnet) []string {
	for _, sub := range subnets {
		if len(sub.IPv6) == 0 {
			return []string{networkIPv4}
		}
	}
	return []string{networkDual, networkIPv4}
}

func (t *txn) renderSubnetGroup(g *subnetGroupRecord) *DBSubnetGroup {
	members := t.members(g)
	out := &DBSubnetGroup{
		DBSubnetGroupName: &g.Name, DBSubnetGroupDescription: &g.Description, VpcId: &g.VPC, SubnetGroupStatus: new("Complete"),
		DBSubnetGroupArn: new(arn(t.sc, "subgrp", g.Name)), SupportedNetworkTypes: networkTypes(members), Subnets: []Subnet{},
	}
	for _, sub := range members {
		out.Subnets = append(out.Subnets, Subnet{SubnetIdentifier: &sub.ID, SubnetAvailabilityZone: &AvailabilityZone{Name: &sub.Zone},
			SubnetOutpost: &Outpost{}, SubnetStatus: new("Active")})
	}
	return out
}
