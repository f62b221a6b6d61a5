package ssm

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	defaultKey    = "alias/aws/ssm"
	defaultData   = "text"
	maxVersions   = 100
	standardValue = 4 << 10 // bytes
	advancedValue = 8 << 10 // bytes
)

// most is how many parameters of a tier an account may have in a region.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm
var most = map[string]int{tierStandard: 10000, tierAdvanced: 100000}

// PutParameter makes a parameter, or adds a version to one.
func (s *Service) PutParameter(ctx context.Context, in *PutParameterInput) (*PutParameterOutput, error) {
	call := wire.CallFrom(ctx)
	if err := checkPut(in, arnPrefix(call.Scope())+idOf(*in.Name)); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	key, arn, err := s.keyFor(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &PutParameterOutput{}
	return out, s.update(ctx, func(t *txn) error {
		p, exists := t.parameters.Get(t.tx, t.sc, idOf(*in.Name))
		if exists && (!flag(in.Overwrite) || p.Name != *in.Name) {
			return errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
		}
		if !exists {
			p = &parameterRecord{Name: *in.Name, Labels: map[string]int64{}, Current: versionRecord{DataType: defaultData}}
		}
		before := p.Current.Tier
		if err := t.next(p, in); err != nil {
			return err
		}
		v := &p.Current
		v.User, v.Key, v.Sealed = call.ARN, key, nil
		if v.Type == typeSecure {
			if v.Sealed, err = t.d.Keys.Seal(t.tx, t.sc, arn, []byte(*in.Value), t.encryptionContext(p)); err != nil {
				return errorf("InvalidKeyId", "%v", err)
			}
			v.Value = ""
		}
		if err := t.recount(before, v.Tier); err != nil {
			return err
		}
		if err := t.makeRoom(p); err != nil {
			return err
		}
		t.parameters.Put(t.tx, t.sc, idOf(p.Name), p)
		t.versions.Put(t.tx, t.sc, versionKey(p, v.Number), v)
		if !exists {
			state.SetTags(t.tx, t.arn(p), tags)
		}
		out.Version, out.Tier = new(v.Number), new(v.Tier)
		return nil
	})
}

// checkPut checks what can be checked without the parameter that may be there already.
func checkPut(in *PutParameterInput, arn string) error {
	if err := checkName(*in.Name, arn); err != nil {
		return err
	}
	switch {
	case *in.Value == "":
		return constraint("value", "Member must have length greater than or equal to 1")
	case strings.Contains(*in.Value, "{{") && strings.Contains(*in.Value, "}}"):
		return invalid(`Parameter value, can't nest another parameter. Do not use "{{}}" in the value.`)
	case utf8.RuneCountInString(text(in.Description)) > 1024:
		return constraint("description", "Member must have length less than or equal to 1024")
	case utf8.RuneCountInString(text(in.AllowedPattern)) > 1024:
		return constraint("allowedPattern", "Member must have length less than or equal to 1024")
	case in.Type != nil && !slices.Contains([]string{typeString, typeList, typeSecure}, *in.Type):
		return constraint("type", "Member must satisfy enum value set: [SecureString, StringList, String]")
	case in.Tier != nil && !slices.Contains([]string{tierStandard, tierAdvanced, tierIntelligent}, *in.Tier):
		return constraint("tier", "Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]")
	case flag(in.Overwrite) && len(in.Tags) > 0:
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	switch data := text(in.DataType); data {
	case "", defaultData, "aws:ssm:integration":
	case "aws:ec2:image":
		return wire.NotImplemented("ssm:PutParameter with the data type aws:ec2:image")
	default:
		return invalid("The following data type is not supported: %s (Data type names are all lowercase.)", data)
	}
	return nil
}

// keyFor gives the key of a secure string as it is shown, and its ARN. It is outside of a transaction, since the AWS managed key is
// made on first use.
func (s *Service) keyFor(ctx context.Context, in *PutParameterInput) (key, arn string, err error) {
	kind := text(in.Type)
	_ = s.view(ctx, func(t *txn) error {
		if p, ok := t.find(*in.Name); ok {
			key = p.Current.Key
			if in.Type == nil {
				kind = p.Current.Type
			}
		}
		return nil
	})
	if kind != typeSecure {
		if in.KeyId != nil {
			return "", "", invalid("KeyId is required for SecureString type parameter only.")
		}
		return "", "", nil
	}
	if in.KeyId != nil {
		key = *in.KeyId
	}
	if key == "" {
		key = defaultKey
	}
	if arn, err = s.d.Keys.KeyARN(ctx, key); err != nil {
		return "", "", errorf("InvalidKeyId", "Invalid keyId %s (%v)", key, err)
	}
	return key, arn, nil
}

// next makes the current version of a parameter a new one; what the request leaves out stays as it was.
func (t *txn) next(p *parameterRecord, in *PutParameterInput) error {
	v := &p.Current
	v.Number++
	v.Modified, v.Value = t.now, *in.Value
	for _, m := range []struct {
		to   *string
		from *string
	}{{&v.Type, in.Type}, {&v.Description, in.Description}, {&v.Pattern, in.AllowedPattern}, {&v.DataType, in.DataType}} {
		if m.from != nil {
			*m.to = *m.from
		}
	}
	if v.Type == "" {
		return invalid("A parameter type is required when you create a parameter.")
	}
	if err := checkPattern(v.Pattern, *in.Value); err != nil {
		return err
	}
	if in.Policies != nil {
		policies, expires, err := parsePolicies(*in.Policies, t.now)
		if err != nil {
			return err
		}
		v.Policies, p.Expires = policies, expires
	}
	tier, err := tierOf(v.Tier, in.Tier, len(*in.Value), len(v.Policies) > 0)
	v.Tier = tier
	return err
}

// checkPattern checks a value against a parameter's pattern, which stands for the whole of it.
func checkPattern(pattern, value string) error {
	if pattern == "" {
		return nil
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return errorf("InvalidAllowedPatternException", "Invalid allowedPattern %s: %v", pattern, err)
	}
	if !re.MatchString(value) {
		return errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}
	return nil
}

// tierOf gives the tier of a version: the one asked for or, of Intelligent-Tiering, the one that its value needs.
func tierOf(before string, asked *string, size int, policies bool) (string, error) {
	tier := before
	if asked != nil {
		tier = *asked
	}
	switch tier {
	case "":
		tier = tierStandard
	case tierIntelligent:
		tier = tierStandard
		if size > standardValue || policies || before == tierAdvanced {
			tier = tierAdvanced
		}
	}
	const more = "For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
	switch {
	case tier == tierStandard && before == tierAdvanced:
		return "", invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter. %s", more)
	case tier == tierStandard && policies:
		return "", invalid("Parameter policies are supported by the advanced-parameter tier only. %s", more)
	case tier == tierStandard && size > standardValue:
		return "", invalid("Standard tier parameters support a maximum parameter value of %d characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. %s", standardValue, more)
	case size > advancedValue:
		return "", invalid("Advanced tier parameters support a maximum parameter value of %d characters.", advancedValue)
	}
	return tier, nil
}

// recount moves a parameter from one tier's count to another's; a new one was in none.
func (t *txn) recount(before, after string) error {
	if before == after {
		return nil
	}
	if before != "" {
		t.count(before, -1)
	}
	if t.count(after, 1) > most[after] {
		return errorf("ParameterLimitExceeded", "You have exceeded the number of parameters for this AWS account: %d of the tier %s. Delete one or more parameters and try again.", most[after], after)
	}
	return nil
}

// makeRoom removes the oldest version when there are as many as can be; one that has a label stays.
func (t *txn) makeRoom(p *parameterRecord) error {
	oldest := p.Current.Number - maxVersions
	if oldest < 1 {
		return nil
	}
	if len(p.labelsOf(oldest)) > 0 {
		return errorf("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", p.Name, oldest)
	}
	t.versions.Delete(t.tx, t.sc, fmt.Sprintf("%s:%010d", idOf(p.Name), oldest))
	return nil
}
