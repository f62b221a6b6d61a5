package ecs

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// settingRecord is a setting that was put, for one principal or, with the account's root, for all that have none of their own.
type settingRecord struct{ Name, Principal, Value string }

type settingKind struct {
	initial string
	values  []string
	fixed   bool // can no longer be switched off
}

// settingKinds are the settings and their defaults. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
func settingKinds() map[string]settingKind {
	toggle := func(initial string) settingKind {
		return settingKind{initial: initial, values: []string{"enabled", "disabled"}}
	}
	return map[string]settingKind{
		"awsvpcTrunking":                  toggle("disabled"),
		"containerInsights":               {initial: "disabled", values: []string{"enabled", "disabled", "enhanced"}},
		"containerInstanceLongArnFormat":  {initial: "enabled", values: []string{"enabled", "disabled"}, fixed: true},
		"defaultLogDriverMode":            {initial: "non-blocking", values: []string{"blocking", "non-blocking"}},
		"dualStackIPv6":                   toggle("enabled"),
		"fargateFIPSMode":                 toggle("disabled"),
		"fargateTaskRetirementWaitPeriod": {initial: "7", values: []string{"0", "7", "14"}},
		"guardDutyActivate":               toggle("off"),
		"serviceLongArnFormat":            {initial: "enabled", values: []string{"enabled", "disabled"}, fixed: true},
		"tagResourceAuthorization":        toggle("on"),
		"taskLongArnFormat":               {initial: "enabled", values: []string{"enabled", "disabled"}, fixed: true},
	}
}

type effectiveSetting struct{ value, principal string }

func (t *txn) root() string { return "arn:aws:iam::" + t.sc.Account + ":root" }

// setting gives what a setting is for a principal: its own, else the account's, else AWS's default.
func (t *txn) setting(name, principal string) effectiveSetting {
	for _, p := range []string{principal, t.root()} {
		if r, ok := t.settings.Get(t.tx, t.sc, name+"/"+p); ok {
			return effectiveSetting{r.Value, p}
		}
	}
	return effectiveSetting{settingKinds()[name].initial, t.root()}
}

func renderSetting(name string, s effectiveSetting) Setting {
	kind := "user"
	if name == "guardDutyActivate" {
		kind = "aws_managed"
	}
	return Setting{Name: new(name), Value: new(s.value), PrincipalArn: new(s.principal), Type: new(kind)}
}

func checkSetting(name, value string) error {
	kind, ok := settingKinds()[name]
	switch {
	case !ok:
		return oneOf("name", &name, slices.Sorted(maps.Keys(settingKinds()))...)
	case name == "guardDutyActivate":
		return invalid("The guardDutyActivate account setting is read only.")
	case name == "tagResourceAuthorization" && (value == "on" || value == "off"):
		return nil
	case !slices.Contains(kind.values, value):
		return invalid("Invalid setting value %s for %s. Valid values are: %s", value, name, strings.Join(kind.values, ", "))
	case kind.fixed && value == "disabled":
		return invalid("You can no longer disable %s.", name)
	}
	return nil
}

// PutAccountSetting sets a setting for the caller, or for another user, role or the root user.
func (s *Service) PutAccountSetting(ctx context.Context, in *PutAccountSettingInput) (*PutAccountSettingOutput, error) {
	out := &PutAccountSettingOutput{}
	return out, s.putSetting(ctx, *in.Name, *in.Value, func(t *txn) (string, error) { return t.principal(in.PrincipalArn) }, &out.Setting)
}

// PutAccountSettingDefault sets a setting for all that have none of their own.
func (s *Service) PutAccountSettingDefault(ctx context.Context, in *PutAccountSettingDefaultInput) (*PutAccountSettingDefaultOutput, error) {
	out := &PutAccountSettingDefaultOutput{}
	return out, s.putSetting(ctx, *in.Name, *in.Value, func(t *txn) (string, error) { return t.root(), nil }, &out.Setting)
}

func (s *Service) putSetting(ctx context.Context, name, value string, principal func(t *txn) (string, error), out **Setting) error {
	if err := checkSetting(name, value); err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		p, err := principal(t)
		if err != nil {
			return err
		}
		t.settings.Put(t.tx, t.sc, name+"/"+p, &settingRecord{name, p, value})
		*out = new(renderSetting(name, effectiveSetting{value, p}))
		return nil
	})
}

// principal gives the user or role whose settings a call is about; a session's are its role's.
func (t *txn) principal(given *string) (string, error) {
	if given == nil {
		return t.caller, nil
	}
	if !strings.HasPrefix(*given, "arn:aws:iam::"+t.sc.Account+":") {
		return "", invalid("The specified principalArn %s is invalid.", *given)
	}
	return *given, nil
}

// DeleteAccountSetting takes a principal's own setting away, so that the account's holds.
func (s *Service) DeleteAccountSetting(ctx context.Context, in *DeleteAccountSettingInput) (*DeleteAccountSettingOutput, error) {
	if _, ok := settingKinds()[*in.Name]; !ok {
		return nil, oneOf("name", in.Name, slices.Sorted(maps.Keys(settingKinds()))...)
	}
	out := &DeleteAccountSettingOutput{}
	return out, s.update(ctx, func(t *txn) error {
		p, err := t.principal(in.PrincipalArn)
		if err != nil {
			return err
		}
		t.settings.Delete(t.tx, t.sc, *in.Name+"/"+p)
		out.Setting = new(renderSetting(*in.Name, t.setting(*in.Name, p)))
		return nil
	})
}

// ListAccountSettings lists the settings that were put, or those in effect for a principal.
func (s *Service) ListAccountSettings(ctx context.Context, in *ListAccountSettingsInput) (*ListAccountSettingsOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	if in.Value != nil && in.Name == nil {
		return nil, invalid("If you specify a value, you must also specify a setting name.")
	}
	out := &ListAccountSettingsOutput{Settings: []Setting{}}
	return out, s.view(ctx, func(t *txn) error {
		who, err := t.principal(in.PrincipalArn)
		if err != nil {
			return err
		}
		var keys []string
		found := map[string]Setting{}
		for _, name := range slices.Sorted(maps.Keys(settingKinds())) {
			s := t.setting(name, who)
			_, put := t.settings.Get(t.tx, t.sc, name+"/"+who)
			if (put || truth(in.EffectiveSettings)) && (in.Name == nil || *in.Name == name) && (in.Value == nil || *in.Value == s.value) {
				keys, found[name] = append(keys, name), renderSetting(name, s)
			}
		}
		keys, out.NextToken = listed(keys, p)
		for _, name := range keys {
			out.Settings = append(out.Settings, found[name])
		}
		return nil
	})
}
