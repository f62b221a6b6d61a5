package rds

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

const mostParameters = 20 // in one call

// ModifyDBParameterGroup sets parameters. Static ones wait for each instance's next reboot.
func (s *Service) ModifyDBParameterGroup(ctx context.Context, in *ModifyDBParameterGroupInput) (*ModifyDBParameterGroupOutput, error) {
	out := &ModifyDBParameterGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := t.ownGroup(*in.DBParameterGroupName, "modified")
		if err != nil {
			return err
		}
		if len(in.Parameters) == 0 {
			return invalid("The parameter Parameters must be provided and must not be blank.")
		}
		if len(in.Parameters) > mostParameters {
			return invalid("You can modify at most %d parameters in one call.", mostParameters)
		}
		var changed []string
		for _, p := range in.Parameters {
			known, method, err := changeable(g, p)
			if err != nil {
				return err
			}
			if p.ParameterValue == nil {
				return invalid("The parameter ParameterValue must be provided and must not be blank.")
			}
			if err := known.check(*p.ParameterValue); err != nil {
				return err
			}
			if g.Values == nil {
				g.Values = map[string]setting{}
			}
			g.Values[known.name] = setting{*p.ParameterValue, method}
			changed = append(changed, known.name)
			t.happened("db-parameter-group", g.Name, arn(t.sc, "pg", g.Name), "RDS-EVENT-0037", "configuration change",
				"Updated parameter "+known.name+" to "+*p.ParameterValue+" with apply method "+method)
		}
		t.parameterGroups.Put(t.tx, t.sc, g.Name, g)
		t.parametersChanged(g, changed, func(name string) bool { return g.Values[name].Method == immediate })
		out.DBParameterGroupName = &g.Name
		return nil
	})
}

// changeable finds a parameter that may be changed in the way that a call asks for.
func changeable(g *parameterGroupRecord, p Parameter) (known parameter, method string, err error) {
	name := text(p.ParameterName)
	known, ok := findParameter(g.Family, name)
	if !ok {
		return known, "", invalid("Could not find parameter with name: %s", name)
	}
	if known.fixed {
		return known, "", invalid("The parameter %s cannot be modified.", name)
	}
	switch method = text(p.ApplyMethod); method {
	case immediate:
		if known.static {
			return known, "", conflict("cannot use immediate apply method for static parameter")
		}
	case pendingReboot:
	default:
		return known, "", invalid("Invalid apply method %s for the parameter %s. Valid values are: immediate, pending-reboot", method, name)
	}
	return known, method, nil
}

// parametersChanged brings changed parameters to the instances of a group: at once, or noted as pending until they start again.
func (t *txn) parametersChanged(g *parameterGroupRecord, names []string, atOnce func(name string) bool) {
	for _, member := range t.instances.By(t.tx, t.sc, "parameter-group", g.Name) {
		r, _ := t.instances.Get(t.tx, t.sc, member.ID)
		for _, name := range names {
			if !atOnce(name) || r.ParameterStatus == pendingReboot && r.AppliedGroup != g.Name {
				r.ParameterStatus = pendingReboot
				continue
			}
			if set, ok := g.Values[name]; ok {
				if r.Applied == nil {
					r.Applied = map[string]string{}
				}
				r.Applied[name] = set.Value
			} else {
				delete(r.Applied, name)
			}
		}
		t.follow(r, "")
		t.putInstance(r)
	}
}

// applyParameters gives an instance that starts all values of its group.
func (t *txn) applyParameters(r *instanceRecord) {
	r.Applied, r.AppliedGroup, r.ParameterStatus = nil, r.ParameterGroup, inSync
	g, err := t.parameterGroup(r.ParameterGroup)
	if err != nil || len(g.Values) == 0 {
		return
	}
	r.Applied = make(map[string]string, len(g.Values))
	for name, set := range g.Values {
		r.Applied[name] = set.Value
	}
}

// ResetDBParameterGroup gives parameters their defaults again.
func (s *Service) ResetDBParameterGroup(ctx context.Context, in *ResetDBParameterGroupInput) (*ResetDBParameterGroupOutput, error) {
	out := &ResetDBParameterGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := t.ownGroup(*in.DBParameterGroupName, "modified")
		if err != nil {
			return err
		}
		all := or(in.ResetAllParameters, len(in.Parameters) == 0)
		if all && len(in.Parameters) > 0 {
			return conflict("You can't specify parameters when ResetAllParameters is true.")
		}
		if !all && len(in.Parameters) == 0 {
			return conflict("You must specify parameters when ResetAllParameters is false.")
		}
		if len(in.Parameters) > mostParameters {
			return invalid("You can reset at most %d parameters in one call.", mostParameters)
		}
		atOnce := map[string]bool{}
		if all {
			for name := range g.Values {
				known, _ := findParameter(g.Family, name)
				atOnce[name] = !known.static
			}
		}
		for _, p := range in.Parameters {
			known, method, err := changeable(g, p)
			if err != nil {
				return err
			}
			if _, set := g.Values[known.name]; set {
				atOnce[known.name] = method == immediate
			}
		}
		var names []string
		for name := range atOnce {
			delete(g.Values, name)
			names = append(names, name)
		}
		slices.Sort(names)
		t.parameterGroups.Put(t.tx, t.sc, g.Name, g)
		t.parametersChanged(g, names, func(name string) bool { return atOnce[name] })
		out.DBParameterGroupName = &g.Name
		return nil
	})
}

// DescribeDBParameters lists a group's parameters.
func (s *Service) DescribeDBParameters(ctx context.Context, in *DescribeDBParametersInput) (*DescribeDBParametersOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	source := text(in.Source)
	if !slices.Contains([]string{"", "user", "system", "engine-default"}, source) {
		return nil, invalid("Invalid source: %s. Valid values are: user, system, engine-default", source)
	}
	pass, err := filtered(in.Filters, map[string]func(*Parameter) []string{"parameter-name": func(p *Parameter) []string { return []string{*p.ParameterName} }})
	if err != nil {
		return nil, err
	}
	out := &DescribeDBParametersOutput{Parameters: []Parameter{}}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.parameterGroup(*in.DBParameterGroupName)
		if err != nil {
			return err
		}
		var all []Parameter
		for _, p := range parameters(g.Family) {
			shown := p.render()
			if set, ok := g.Values[p.name]; ok {
				shown.ParameterValue, shown.ApplyMethod, shown.Source = &set.Value, &set.Method, new("user")
			}
			if (source == "" || *shown.Source == source) && pass(&shown) {
				all = append(all, shown)
			}
		}
		out.Parameters, out.Marker, err = pageOfSlice(all, size, in.Marker)
		return err
	})
}

func (p *parameter) render() Parameter {
	return Parameter{
		ParameterName: &p.name, ParameterValue: given(p.value), Description: &p.description, Source: new(p.source()), ApplyType: new(p.applyType()),
		DataType: &p.kind, AllowedValues: given(p.allowed), IsModifiable: new(!p.fixed), ApplyMethod: new(pendingReboot),
	}
}

// DescribeEngineDefaultParameters lists a family's parameters.
func (s *Service) DescribeEngineDefaultParameters(_ context.Context, in *DescribeEngineDefaultParametersInput) (*DescribeEngineDefaultParametersOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	family := *in.DBParameterGroupFamily
	if !slices.Contains(families(), family) {
		return nil, invalid("ParameterGroupFamily %s is not a valid parameter group family", family)
	}
	if len(in.Filters) > 0 {
		return nil, wire.NotImplemented("rds:DescribeEngineDefaultParameters with Filters")
	}
	all := parameters(family)
	page, next, err := pageOfSlice(all, size, in.Marker)
	if err != nil {
		return nil, err
	}
	shown := make([]Parameter, 0, len(page))
	for _, p := range page {
		shown = append(shown, p.render())
	}
	return &DescribeEngineDefaultParametersOutput{EngineDefaults: &EngineDefaults{DBParameterGroupFamily: &family, Marker: next, Parameters: shown}}, nil
}
