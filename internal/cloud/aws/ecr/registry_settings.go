package ecr

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

// registryID is the id of a registry's only record.
const registryID = "registry"

// registryRecord is the settings of an account's registry in a region. They are stored and read back; see the package's comment.
type registryRecord struct {
	Scanning    *RegistryScanningConfiguration `json:",omitempty"`
	Replication *ReplicationConfiguration      `json:",omitempty"`
	Policy      string                         `json:",omitempty"`
	Settings    map[string]string              `json:",omitempty"`
}

// registry gives the registry's settings, none of them set if there is no record.
func (t *txn) registry() *registryRecord {
	if r, ok := t.registries.Get(t.tx, t.sc, registryID); ok {
		return r
	}
	return &registryRecord{}
}

func (s *Service) changeRegistry(ctx context.Context, fn func(t *txn, r *registryRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		r := t.registry()
		if err := fn(t, r); err != nil {
			return err
		}
		t.registries.Put(t.tx, t.sc, registryID, r)
		return nil
	})
}

// DescribeRegistry gives the account's registry and where it is replicated to.
func (s *Service) DescribeRegistry(ctx context.Context, _ *DescribeRegistryInput) (*DescribeRegistryOutput, error) {
	out := &DescribeRegistryOutput{RegistryId: new(wire.CallFrom(ctx).Account), ReplicationConfiguration: &ReplicationConfiguration{Rules: []ReplicationRule{}}}
	return out, s.view(ctx, func(t *txn) error {
		if c := t.registry().Replication; c != nil {
			out.ReplicationConfiguration = c
		}
		return nil
	})
}

var regionNames = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// PutReplicationConfiguration says where the registry is replicated to; without rules nowhere.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
func (s *Service) PutReplicationConfiguration(ctx context.Context, in *PutReplicationConfigurationInput) (*PutReplicationConfigurationOutput, error) {
	call, c := wire.CallFrom(ctx), in.ReplicationConfiguration
	if len(c.Rules) > 10 {
		return nil, invalid("replicationConfiguration", "Member must have length less than or equal to 10")
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		if len(r.Destinations) < 1 || len(r.Destinations) > 25 {
			return nil, invalid("destinations", "Member must have length between 1 and 25")
		}
		for _, d := range r.Destinations {
			switch {
			case !regionNames.MatchString(*d.Region):
				return nil, invalid("region", "Invalid region "+*d.Region)
			case !registryIDs.MatchString(*d.RegistryId):
				return nil, invalid("registryId", "must satisfy regular expression '[0-9]{12}'")
			case *d.Region == call.Region && *d.RegistryId == call.Account:
				return nil, invalid("replicationConfiguration", "Destination cannot be the same as the source registry")
			}
		}
		for _, f := range r.RepositoryFilters {
			if err := oneOf("filterType", f.FilterType, "PREFIX_MATCH"); err != nil {
				return nil, err
			}
		}
	}
	if c.Rules == nil {
		c.Rules = []ReplicationRule{}
	}
	return &PutReplicationConfigurationOutput{ReplicationConfiguration: c}, s.changeRegistry(ctx, func(_ *txn, r *registryRecord) error {
		r.Replication = c
		return nil
	})
}

const scanBasic, scanEnhanced = "BASIC", "ENHANCED"

// GetRegistryScanningConfiguration tells how the registry's images are scanned: by default with the basic scan and without rules.
func (s *Service) GetRegistryScanningConfiguration(ctx context.Context, _ *GetRegistryScanningConfigurationInput) (*GetRegistryScanningConfigurationOutput, error) {
	out := &GetRegistryScanningConfigurationOutput{RegistryId: new(wire.CallFrom(ctx).Account),
		ScanningConfiguration: &RegistryScanningConfiguration{ScanType: new(scanBasic), Rules: []RegistryScanningRule{}}}
	return out, s.view(ctx, func(t *txn) error {
		if c := t.registry().Scanning; c != nil {
			out.ScanningConfiguration = c
		}
		return nil
	})
}

// PutRegistryScanningConfiguration says how the registry's images are scanned.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
func (s *Service) PutRegistryScanningConfiguration(ctx context.Context, in *PutRegistryScanningConfigurationInput) (*PutRegistryScanningConfigurationOutput, error) {
	c := &RegistryScanningConfiguration{ScanType: in.ScanType, Rules: in.Rules}
	if c.ScanType == nil {
		c.ScanType = new(scanBasic)
	}
	if c.Rules == nil {
		c.Rules = []RegistryScanningRule{}
	}
	if err := oneOf("scanType", c.ScanType, scanBasic, scanEnhanced); err != nil {
		return nil, err
	}
	frequencies := []string{"SCAN_ON_PUSH", "MANUAL"}
	if *c.ScanType == scanEnhanced {
		frequencies = []string{"SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"}
	}
	if len(c.Rules) > 2 {
		return nil, invalid("rules", "Member must have length less than or equal to 2")
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		if !slices.Contains(frequencies, *r.ScanFrequency) {
			return nil, invalid("scanFrequency", "Scan frequency "+*r.ScanFrequency+" is not supported for scan type "+*c.ScanType)
		}
		if len(r.RepositoryFilters) > 100 {
			return nil, invalid("repositoryFilters", "Member must have length less than or equal to 100")
		}
		for _, f := range r.RepositoryFilters {
			if err := oneOf("filterType", f.FilterType, "WILDCARD"); err != nil {
				return nil, err
			}
		}
	}
	return &PutRegistryScanningConfigurationOutput{RegistryScanningConfiguration: c}, s.changeRegistry(ctx, func(_ *txn, r *registryRecord) error {
		r.Scanning = c
		return nil
	})
}

// PutRegistryPolicy gives the registry a policy.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
func (s *Service) PutRegistryPolicy(ctx context.Context, in *PutRegistryPolicyInput) (*PutRegistryPolicyOutput, error) {
	bad := func(why string) error {
		return wire.Errorf("InvalidParameterException", "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided': %s", why)
	}
	out := &PutRegistryPolicyOutput{RegistryId: new(wire.CallFrom(ctx).Account), PolicyText: in.PolicyText}
	return out, s.changeRegistry(ctx, func(t *txn, r *registryRecord) error {
		if len(*in.PolicyText) > maxPolicy {
			return invalid("PolicyText", "Member must have length less than or equal to 10240")
		}
		p, err := auth.ParsePolicy([]byte(*in.PolicyText))
		if err != nil {
			return bad(err.Error())
		}
		for i := range p.Statements {
			switch s := &p.Statements[i]; {
			case s.Principal == nil && s.NotPrincipal == nil:
				return bad("Missing required field Principal")
			case s.Resources == nil && s.NotResources == nil:
				return bad("Missing required field Resource")
			case slices.ContainsFunc(s.Actions, func(a string) bool { return a != "*" && !strings.HasPrefix(strings.ToLower(a), "ecr:") }):
				return bad("Invalid action")
			case s.Principal != nil && !t.known(s.Principal):
				return bad("Principal not found")
			}
		}
		r.Policy = *in.PolicyText
		return nil
	})
}

func (t *txn) noRegistryPolicy() error {
	return wire.Errorf("RegistryPolicyNotFoundException", "Registry policy does not exist in the registry with id '%s'", t.sc.Account)
}

// GetRegistryPolicy gives the registry's policy.
func (s *Service) GetRegistryPolicy(ctx context.Context, _ *GetRegistryPolicyInput) (*GetRegistryPolicyOutput, error) {
	out := &GetRegistryPolicyOutput{RegistryId: new(wire.CallFrom(ctx).Account)}
	return out, s.view(ctx, func(t *txn) error {
		if out.PolicyText = optional(t.registry().Policy); out.PolicyText == nil {
			return t.noRegistryPolicy()
		}
		return nil
	})
}

// DeleteRegistryPolicy takes the registry's policy away.
func (s *Service) DeleteRegistryPolicy(ctx context.Context, _ *DeleteRegistryPolicyInput) (*DeleteRegistryPolicyOutput, error) {
	out := &DeleteRegistryPolicyOutput{RegistryId: new(wire.CallFrom(ctx).Account)}
	return out, s.changeRegistry(ctx, func(t *txn, r *registryRecord) error {
		if out.PolicyText = optional(r.Policy); out.PolicyText == nil {
			return t.noRegistryPolicy()
		}
		r.Policy = ""
		return nil
	})
}

// accountSettings are the settings of an account and their values, the default first.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html
var accountSettings = map[string][]string{
	"BASIC_SCAN_TYPE_VERSION": {"AWS_NATIVE", "CLAIR"},
	"REGISTRY_POLICY_SCOPE":   {"V2", "V1"},
	"BLOB_MOUNTING":           {"DISABLED", "ENABLED"},
}

func settingValues(name string) ([]string, error) {
	values, ok := accountSettings[name]
	if !ok {
		return nil, invalid("name", "Invalid setting name "+name)
	}
	return values, nil
}

// GetAccountSetting gives one of the account's settings.
func (s *Service) GetAccountSetting(ctx context.Context, in *GetAccountSettingInput) (*GetAccountSettingOutput, error) {
	values, err := settingValues(*in.Name)
	if err != nil {
		return nil, err
	}
	out := &GetAccountSettingOutput{Name: in.Name, Value: new(values[0])}
	return out, s.view(ctx, func(t *txn) error {
		if v, ok := t.registry().Settings[*in.Name]; ok {
			out.Value = new(v)
		}
		return nil
	})
}

// PutAccountSetting changes one of the account's settings.
func (s *Service) PutAccountSetting(ctx context.Context, in *PutAccountSettingInput) (*PutAccountSettingOutput, error) {
	values, err := settingValues(*in.Name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(values, *in.Value) {
		return nil, invalid("value", "Invalid value "+*in.Value+" for the setting "+*in.Name)
	}
	return &PutAccountSettingOutput{Name: in.Name, Value: in.Value}, s.changeRegistry(ctx, func(_ *txn, r *registryRecord) error {
		if r.Settings == nil {
			r.Settings = map[string]string{}
		}
		r.Settings[*in.Name] = *in.Value
		return nil
	})
}
