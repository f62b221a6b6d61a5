package wafv2

import (
	"context"

	"atoll/internal/cloud/wire"
)

const (
	maxCapacity    = 5000 // of a web ACL or rule group
	maxTokenDomain = 253  // characters
)

type aclRecord struct {
	head
	Settings   aclSettings
	Capacity   int64
	References []string // ARNs of the sets and groups in the rules
}

// aclSettings is what CreateWebACL and UpdateWebACL set as a whole.
type aclSettings struct {
	DefaultAction        *DefaultAction
	VisibilityConfig     *VisibilityConfig
	Rules                []Rule
	CustomResponseBodies map[string]CustomResponseBody
	CaptchaConfig        *CaptchaConfig
	ChallengeConfig      *ChallengeConfig
	TokenDomains         []string
	AssociationConfig    *AssociationConfig
	DataProtection       *DataProtectionConfig
	OnSourceDDoS         *OnSourceDDoSProtectionConfig
	Application          *ApplicationConfig
}

// give checks settings and gives them to a web ACL.
func (t *txn) give(r *aclRecord, s aclSettings) error {
	c := &checker{t: t, scope: r.Scope, bodies: s.CustomResponseBodies}
	if err := c.bodiesFit(); err != nil {
		return err
	}
	if err := c.defaultAction(s.DefaultAction); err != nil {
		return err
	}
	if err := checkVisibility(s.VisibilityConfig); err != nil {
		return err
	}
	if err := checkImmunity(s.CaptchaConfig, s.ChallengeConfig); err != nil {
		return err
	}
	if err := checkAssociationConfig(s.AssociationConfig); err != nil {
		return err
	}
	for _, domain := range s.TokenDomains {
		if domain == "" || len(domain) > maxTokenDomain {
			return invalid("TOKEN_DOMAIN", domain, "The token domain must have 1 to %d characters.", maxTokenDomain)
		}
	}
	if err := c.rules(s.Rules); err != nil {
		return err
	}
	r.Settings, r.References, r.Capacity = s, c.references, c.capacity()
	if r.Capacity > maxCapacity {
		return limitExceeded()
	}
	return nil
}

// CreateWebACL makes a web ACL.
func (s *Service) CreateWebACL(ctx context.Context, in *CreateWebACLInput) (*CreateWebACLOutput, error) {
	if in.MonetizationConfig != nil {
		return nil, wire.NotImplemented("wafv2:CreateWebACL with MonetizationConfig")
	}
	out := &CreateWebACLOutput{}
	return out, s.update(ctx, func(t *txn) error {
		h, err := t.newHead(*in.Scope, *in.Name, in.Description)
		if err != nil {
			return err
		}
		r := &aclRecord{head: h}
		err = t.give(r, aclSettings{
			DefaultAction: in.DefaultAction, VisibilityConfig: in.VisibilityConfig, Rules: in.Rules, CustomResponseBodies: in.CustomResponseBodies,
			CaptchaConfig: in.CaptchaConfig, ChallengeConfig: in.ChallengeConfig, TokenDomains: in.TokenDomains, AssociationConfig: in.AssociationConfig,
			DataProtection: in.DataProtectionConfig, OnSourceDDoS: in.OnSourceDDoSProtectionConfig, Application: in.ApplicationConfig,
		})
		if err != nil {
			return err
		}
		out.Summary = &WebACLSummary{Name: &h.Name, Id: &h.ID, LockToken: &h.Lock, ARN: new(h.arn(t.sc, kindACL)), Description: new(h.Description)}
		return t.aclKind().add(t, r, in.Tags)
	})
}

// UpdateWebACL replaces a web ACL's settings.
func (s *Service) UpdateWebACL(ctx context.Context, in *UpdateWebACLInput) (*UpdateWebACLOutput, error) {
	if in.MonetizationConfig != nil {
		return nil, wire.NotImplemented("wafv2:UpdateWebACL with MonetizationConfig")
	}
	out := &UpdateWebACLOutput{}
	return out, s.update(ctx, func(t *txn) (err error) {
		out.NextLockToken, err = t.aclKind().change(t, in.Scope, in.Name, in.Id, in.LockToken, func(r *aclRecord) error {
			if err := checkDescription(in.Description); err != nil {
				return err
			}
			r.Description = text(in.Description)
			application := in.ApplicationConfig
			if application == nil {
				application = r.Settings.Application
			}
			return t.give(r, aclSettings{
				DefaultAction: in.DefaultAction, VisibilityConfig: in.VisibilityConfig, Rules: in.Rules, CustomResponseBodies: in.CustomResponseBodies,
				CaptchaConfig: in.CaptchaConfig, ChallengeConfig: in.ChallengeConfig, TokenDomains: in.TokenDomains, AssociationConfig: in.AssociationConfig,
				DataProtection: in.DataProtectionConfig, OnSourceDDoS: in.OnSourceDDoSProtectionConfig, Application: application,
			})
		})
		return err
	})
}

// GetWebACL gives a web ACL, by its ARN or by scope, name and id.
func (s *Service) GetWebACL(ctx context.Context, in *GetWebACLInput) (*GetWebACLOutput, error) {
	out := &GetWebACLOutput{}
	return out, s.view(ctx, func(t *txn) (err error) {
		var r *aclRecord
		if in.ARN != nil {
			r, err = t.aclKind().byARN(t, *in.ARN)
		} else {
			r, err = t.aclKind().find(t, in.Scope, in.Name, in.Id)
		}
		if err != nil {
			return err
		}
		out.LockToken, out.WebACL = new(r.Lock), t.renderACL(r)
		return nil
	})
}

func (t *txn) renderACL(r *aclRecord) *WebACL {
	s := r.Settings
	return &WebACL{
		Name: new(r.Name), Id: new(r.ID), ARN: new(r.arn(t.sc, kindACL)), Description: new(r.Description), DefaultAction: s.DefaultAction,
		VisibilityConfig: s.VisibilityConfig, Rules: append([]Rule{}, s.Rules...), Capacity: new(r.Capacity), ManagedByFirewallManager: new(false),
		RetrofittedByFirewallManager: new(false), LabelNamespace: new("awswaf:" + t.sc.Account + ":webacl:" + r.Name + ":"),
		CustomResponseBodies: s.CustomResponseBodies, CaptchaConfig: s.CaptchaConfig, ChallengeConfig: s.ChallengeConfig, TokenDomains: s.TokenDomains,
		AssociationConfig: s.AssociationConfig, DataProtectionConfig: s.DataProtection, OnSourceDDoSProtectionConfig: s.OnSourceDDoS, ApplicationConfig: s.Application,
	}
}

// DeleteWebACL deletes a web ACL that protects nothing, with its logging configuration.
func (s *Service) DeleteWebACL(ctx context.Context, in *DeleteWebACLInput) (*DeleteWebACLOutput, error) {
	return &DeleteWebACLOutput{}, s.update(ctx, func(t *txn) error {
		used := func(arn string) bool {
			if len(t.protected(arn)) > 0 {
				return true
			}
			t.loggings.Delete(t.tx, t.sc, arn)
			for id := range t.associations.By(t.tx, t.sc, "acl", arn) { // of load balancers that are gone
				t.associations.Delete(t.tx, t.sc, id)
			}
			return false
		}
		return t.aclKind().remove(t, in.Scope, in.Name, in.Id, in.LockToken, used)
	})
}

// ListWebACLs lists a scope's web ACLs by name.
func (s *Service) ListWebACLs(ctx context.Context, in *ListWebACLsInput) (*ListWebACLsOutput, error) {
	out := &ListWebACLsOutput{WebACLs: []WebACLSummary{}}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.NextMarker, err = t.aclKind().list(t, in.Scope, in.NextMarker, in.Limit, func(h *head, arn string) {
			out.WebACLs = append(out.WebACLs, WebACLSummary{Name: new(h.Name), Id: new(h.ID), LockToken: new(h.Lock), ARN: &arn, Description: new(h.Description)})
		})
		return err
	})
}

// CheckCapacity counts what rules need.
func (s *Service) CheckCapacity(ctx context.Context, in *CheckCapacityInput) (*CheckCapacityOutput, error) {
	out := &CheckCapacityOutput{}
	return out, s.view(ctx, func(t *txn) error {
		if err := t.checkScope(*in.Scope); err != nil {
			return err
		}
		c := &checker{t: t, scope: *in.Scope, anyBody: true}
		if err := c.rules(in.Rules); err != nil {
			return err
		}
		out.Capacity = new(c.capacity())
		return nil
	})
}
