package rds

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type parameterGroupRecord struct {
	Name, Family, Description string
	Values                    map[string]setting `json:",omitempty"`
}

// setting is a value that a user gave a parameter.
type setting struct {
	Value  string
	Method string // immediate or pending-reboot
}

const (
	immediate     = "immediate"
	pendingReboot = "pending-reboot"
	inSync        = "in-sync"
)

// parameterGroup gives a group. The default groups of families exist without having been made.
func (t *txn) parameterGroup(name string) (*parameterGroupRecord, error) {
	name = strings.ToLower(name)
	if g, ok := t.parameterGroups.Get(t.tx, t.sc, name); ok {
		return g, nil
	}
	if family, ok := strings.CutPrefix(name, "default."); ok && slices.Contains(families(), family) {
		return defaultGroupOf(family), nil
	}
	return nil, wire.Errorf("DBParameterGroupNotFound", "DBParameterGroup not found: %s", name)
}

func defaultGroupOf(family string) *parameterGroupRecord {
	return &parameterGroupRecord{Name: "default." + family, Family: family, Description: "Default parameter group for " + family}
}

func (g *parameterGroupRecord) standard() bool { return strings.HasPrefix(g.Name, "default.") }

// ownGroup gives a group that can be changed.
func (t *txn) ownGroup(name, what string) (*parameterGroupRecord, error) {
	g, err := t.parameterGroup(name)
	if err == nil && g.standard() {
		return nil, wire.Errorf("InvalidDBParameterGroupState", "Default DBParameterGroup cannot be %s: %s", what, g.Name)
	}
	return g, err
}

// CreateDBParameterGroup makes a group of a family.
func (s *Service) CreateDBParameterGroup(ctx context.Context, in *CreateDBParameterGroupInput) (*CreateDBParameterGroupOutput, error) {
	name, err := identifier(*in.DBParameterGroupName, "DBParameterGroupName", 255)
	if err != nil {
		return nil, err
	}
	family := strings.ToLower(*in.DBParameterGroupFamily)
	if !slices.Contains(families(), family) {
		for _, prefix := range unknownEngines {
			if strings.HasPrefix(family, prefix) {
				return nil, wire.NotImplemented("rds:CreateDBParameterGroup with the family " + family)
			}
		}
		return nil, invalid("ParameterGroupFamily %s is not a valid parameter group family", family)
	}
	if *in.Description == "" {
		return nil, invalid("The parameter Description must be provided and must not be blank.")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateDBParameterGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.parameterGroups.Get(t.tx, t.sc, name); exists {
			return wire.Errorf("DBParameterGroupAlreadyExists", "Parameter group %s already exists", name)
		}
		g := &parameterGroupRecord{Name: name, Family: family, Description: *in.Description}
		t.parameterGroups.Put(t.tx, t.sc, name, g)
		state.SetTags(t.tx, arn(t.sc, "pg", name), tags)
		out.DBParameterGroup = t.renderParameterGroup(g)
		return nil
	})
}

func (t *txn) renderParameterGroup(g *parameterGroupRecord) *DBParameterGroup {
	return &DBParameterGroup{DBParameterGroupName: &g.Name, DBParameterGroupFamily: &g.Family, Description: &g.Description,
		DBParameterGroupArn: new(arn(t.sc, "pg", g.Name))}
}

// DeleteDBParameterGroup deletes a group that no instance has.
func (s *Service) DeleteDBParameterGroup(ctx context.Context, in *DeleteDBParameterGroupInput) (*DeleteDBParameterGroupOutput, error) {
	return &DeleteDBParameterGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.ownGroup(*in.DBParameterGroupName, "deleted")
		if err != nil {
			return err
		}
		used := wire.Errorf("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group %s, so the group cannot be deleted", g.Name)
		for range t.instances.By(t.tx, t.sc, "parameter-group", g.Name) {
			return used
		}
		for _, r := range t.instances.All(t.tx, t.sc) {
			if r.Pending != nil && text(r.Pending.ParameterGroup) == g.Name {
				return used
			}
		}
		t.parameterGroups.Delete(t.tx, t.sc, g.Name)
		return nil
	})
}

// DescribeDBParameterGroups lists groups: one's own, and the default ones of the families that instances can have now.
func (s *Service) DescribeDBParameterGroups(ctx context.Context, in *DescribeDBParameterGroupsInput) (*DescribeDBParameterGroupsOutput, error) {
	out := &DescribeDBParameterGroupsOutput{DBParameterGroups: []DBParameterGroup{}}
	return out, s.view(ctx, func(t *txn) error {
		if name := text(in.DBParameterGroupName); name != "" {
			g, err := t.parameterGroup(name)
			if err != nil {
				return err
			}
			out.DBParameterGroups = append(out.DBParameterGroups, *t.renderParameterGroup(g))
			return nil
		}
		size, err := pageSize(in.MaxRecords, 100)
		if err != nil {
			return err
		}
		pass, err := filtered(in.Filters, map[string]func(*parameterGroupRecord) []string{})
		if err != nil {
			return err
		}
		last, err := after(in.Marker)
		if err != nil {
			return err
		}
		var all []*parameterGroupRecord
		for _, e := range engines() {
			for _, v := range e.versions {
				if v.standard {
					all = append(all, defaultGroupOf(v.family))
				}
			}
		}
		for _, g := range t.parameterGroups.All(t.tx, t.sc) {
			all = append(all, g)
		}
		all = slices.DeleteFunc(all, func(g *parameterGroupRecord) bool { return g.Name <= last || !pass(g) })
		slices.SortFunc(all, func(a, b *parameterGroupRecord) int { return strings.Compare(a.Name, b.Name) })
		if len(all) > size {
			out.Marker, all = state.Token(all[size-1].Name), all[:size]
		}
		for _, g := range all {
			out.DBParameterGroups = append(out.DBParameterGroups, *t.renderParameterGroup(g))
		}
		return nil
	})
}
