package rds

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// optionGroupRecord is an option group that a user made. Its options are stored and shown; no server acts on them.
type optionGroupRecord struct {
	Name, Description string
	Engine, Major     string
	Options           map[string]optionRecord `json:",omitempty"` // by name
}

// optionRecord is an option with the values that were given to its settings.
type optionRecord struct{ Settings map[string]string }

// optionSettings are the settings of an engine's options and their defaults, "" where there is none.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.html; PostgreSQL has no options.
func optionSettings(engine string) map[string]map[string]string {
	if engine != "mysql" {
		return nil
	}
	return map[string]map[string]string{"MARIADB_AUDIT_PLUGIN": {
		"SERVER_AUDIT": "FORCE_PLUS_PERMANENT", "SERVER_AUDIT_EVENTS": "CONNECT,QUERY", "SERVER_AUDIT_EXCL_USERS": "", "SERVER_AUDIT_FILE_PATH": "/rdsdbdata/log/audit/",
		"SERVER_AUDIT_FILE_ROTATE_SIZE": "1000000", "SERVER_AUDIT_FILE_ROTATIONS": "9", "SERVER_AUDIT_INCL_USERS": "", "SERVER_AUDIT_LOGGING": "ON",
		"SERVER_AUDIT_QUERY_LOG_LIMIT": "1024",
	}}
}

func noOptionGroup(name string) error {
	return wire.Errorf("OptionGroupNotFoundFault", "Specified OptionGroupName: %s not found.", name)
}

// ownOptionGroup gives a group that can be changed.
func (t *txn) ownOptionGroup(name string) (*optionGroupRecord, error) {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "default:") {
		return nil, invalid("Default option groups cannot be modified or deleted: %s", name)
	}
	g, ok := t.optionGroups.Get(t.tx, t.sc, name)
	if !ok {
		return nil, noOptionGroup(name)
	}
	return g, nil
}

// optionGroupOf gives the option group that an instance or a snapshot of a version is to have: the named one, else the present one where it
// fits the version, else the default one.
func (t *txn) optionGroupOf(named *string, present string, e *engine, v version) (string, error) {
	standard, name := defaultOptionGroup(e.name, v), strings.ToLower(text(named))
	asked := name != ""
	if !asked {
		name = present
	}
	if name == "" || name == standard || !asked && strings.HasPrefix(name, "default:") {
		return standard, nil
	}
	switch g, ok := t.optionGroups.Get(t.tx, t.sc, name); {
	case ok && g.Engine == e.name && g.Major == v.major:
		return name, nil
	case !asked:
		return standard, nil
	case !ok:
		return "", noOptionGroup(name)
	}
	return "", conflict("The option group %s is not associated with the engine %s and the major version %s.", name, e.name, v.major)
}

func (t *txn) renderOptionGroup(g *optionGroupRecord) *OptionGroup {
	out := &OptionGroup{OptionGroupName: &g.Name, OptionGroupDescription: &g.Description, EngineName: &g.Engine, MajorEngineVersion: &g.Major,
		Options: []Option{}, AllowsVpcAndNonVpcInstanceMemberships: new(true), OptionGroupArn: new(arn(t.sc, "og", g.Name))}
	for _, name := range slices.Sorted(maps.Keys(g.Options)) {
		o := Option{OptionName: &name, Persistent: new(false), Permanent: new(false), OptionSettings: []OptionSetting{}}
		defaults := optionSettings(g.Engine)[name]
		for _, setting := range slices.Sorted(maps.Keys(defaults)) {
			v := OptionSetting{Name: &setting, DefaultValue: given(defaults[setting]), Value: given(defaults[setting]), IsModifiable: new(true), IsCollection: new(false)}
			if value, ok := g.Options[name].Settings[setting]; ok {
				v.Value = &value
			}
			o.OptionSettings = append(o.OptionSettings, v)
		}
		out.Options = append(out.Options, o)
	}
	return out
}

// CreateOptionGroup makes a group without options.
func (s *Service) CreateOptionGroup(ctx context.Context, in *CreateOptionGroupInput) (*CreateOptionGroupOutput, error) {
	name, err := identifier(*in.OptionGroupName, "OptionGroupName", 255)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	e, ok := findEngine(*in.EngineName)
	switch {
	case !ok:
		return nil, wire.NotImplemented("rds:CreateOptionGroup with the engine " + *in.EngineName)
	case !slices.ContainsFunc(e.versions, func(v version) bool { return v.major == *in.MajorEngineVersion }):
		return nil, invalid("Invalid engine major version: %s for the engine %s", *in.MajorEngineVersion, e.name)
	case *in.OptionGroupDescription == "":
		return nil, invalid("The parameter OptionGroupDescription must be provided and must not be blank.")
	}
	out := &CreateOptionGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := t.optionGroups.Get(t.tx, t.sc, name); taken {
			return wire.Errorf("OptionGroupAlreadyExistsFault", "An option group named %s already exists.", name)
		}
		g := &optionGroupRecord{Name: name, Description: *in.OptionGroupDescription, Engine: e.name, Major: *in.MajorEngineVersion}
		t.optionGroups.Put(t.tx, t.sc, name, g)
		state.SetTags(t.tx, arn(t.sc, "og", name), tags)
		out.OptionGroup = t.renderOptionGroup(g)
		return nil
	})
}

// ModifyOptionGroup adds options, changes or removes them.
func (s *Service) ModifyOptionGroup(ctx context.Context, in *ModifyOptionGroupInput) (*ModifyOptionGroupOutput, error) {
	if len(in.OptionsToInclude)+len(in.OptionsToRemove) == 0 {
		return nil, conflict("At least one option must be added, modified, or removed.")
	}
	out := &ModifyOptionGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := t.ownOptionGroup(*in.OptionGroupName)
		if err != nil {
			return err
		}
		if g.Options == nil {
			g.Options = map[string]optionRecord{}
		}
		for _, name := range in.OptionsToRemove {
			delete(g.Options, strings.ToUpper(name))
		}
		for i := range in.OptionsToInclude {
			if err := g.include(&in.OptionsToInclude[i]); err != nil {
				return err
			}
		}
		t.optionGroups.Put(t.tx, t.sc, g.Name, g)
		out.OptionGroup = t.renderOptionGroup(g)
		return nil
	})
}

func (g *optionGroupRecord) include(c *OptionConfiguration) error {
	name := strings.ToUpper(*c.OptionName)
	known, ok := optionSettings(g.Engine)[name]
	switch {
	case !ok:
		return invalid("Invalid option: %s is not an option of %s %s.", *c.OptionName, g.Engine, g.Major)
	case c.Port != nil || len(c.DBSecurityGroupMemberships)+len(c.VpcSecurityGroupMemberships) > 0:
		return conflict("The option %s has no port and no security groups.", name)
	}
	o := optionRecord{Settings: map[string]string{}}
	maps.Copy(o.Settings, g.Options[name].Settings)
	for _, setting := range c.OptionSettings {
		if _, ok := known[text(setting.Name)]; !ok {
			return invalid("Invalid setting: %s is not a setting of the option %s.", text(setting.Name), name)
		}
		o.Settings[*setting.Name] = text(setting.Value)
	}
	g.Options[name] = o
	return nil
}

// DeleteOptionGroup deletes a group that no instance and no snapshot has.
func (s *Service) DeleteOptionGroup(ctx context.Context, in *DeleteOptionGroupInput) (*DeleteOptionGroupOutput, error) {
	return &DeleteOptionGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.ownOptionGroup(*in.OptionGroupName)
		if err != nil {
			return err
		}
		used := false
		for _, r := range t.instances.All(t.tx, t.sc) {
			used = used || r.OptionGroup == g.Name || r.Pending != nil && text(r.Pending.OptionGroup) == g.Name
		}
		for _, r := range t.snapshots.All(t.tx, t.sc) {
			used = used || r.OptionGroup == g.Name
		}
		if used {
			return wire.Errorf("InvalidOptionGroupStateFault", "The option group '%s' cannot be deleted because it is in use.", g.Name)
		}
		t.optionGroups.Delete(t.tx, t.sc, g.Name)
		return nil
	})
}
