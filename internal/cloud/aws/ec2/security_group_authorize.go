package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// checkPeer checks that the other side of a rule exists, and that a group stands in the same VPC.
func (t *txn) checkPeer(g *securityGroupRecord, r *securityGroupRuleRecord) error {
	switch {
	case r.PrefixListID != "":
		return t.prefixListExists(r.PrefixListID)
	case r.ReferencedGroupID != "":
		other, err := t.group(r.ReferencedGroupID)
		if err != nil {
			return err
		}
		if other.VpcID != g.VpcID {
			return wire.Errorf("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
	}
	return nil
}

func repeated(rules []securityGroupRuleRecord) error {
	seen := map[traffic]bool{}
	for _, r := range rules {
		if seen[r.traffic] {
			return wire.Errorf("InvalidParameterValue", "The same permission must not appear multiple times")
		}
		seen[r.traffic] = true
	}
	return nil
}

// authorize adds rules to a group: all of them, or none.
func (t *txn) authorize(g *securityGroupRecord, egress bool, perms []IpPermission, specs []TagSpecification) ([]SecurityGroupRule, error) {
	rules, err := t.rulesFrom(perms, egress)
	if err != nil {
		return nil, err
	}
	if err := repeated(rules); err != nil {
		return nil, err
	}
	have := t.rulesOf(g.ID, egress)
	out := make([]SecurityGroupRule, 0, len(rules))
	for i := range rules {
		r := &rules[i]
		if slices.ContainsFunc(have, func(h *securityGroupRuleRecord) bool { return h.traffic == r.traffic }) {
			return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule %q already exists", r.traffic.String())
		}
		if err := t.checkPeer(g, r); err != nil {
			return nil, err
		}
		stored := t.newRule(g.ID, *r)
		if err := t.applyTags(specs, "security-group-rule", "security-group-rule", stored.ID); err != nil {
			return nil, err
		}
		out = append(out, t.renderRule(stored))
	}
	return out, t.checkRuleCount(g.ID, egress)
}

// AuthorizeSecurityGroupIngress adds inbound rules.
func (s *Service) AuthorizeSecurityGroupIngress(ctx context.Context, in *AuthorizeSecurityGroupIngressInput) (*AuthorizeSecurityGroupIngressOutput, error) {
	flat := flatPermission{in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId}
	perms, err := flat.or(in.IpPermissions)
	if err != nil {
		return nil, err
	}
	out := &AuthorizeSecurityGroupIngressOutput{Return: new(true)}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		g, err := t.groupBy(in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		out.SecurityGroupRules, err = t.authorize(g, false, perms, in.TagSpecifications)
		return err
	})
}

// AuthorizeSecurityGroupEgress adds outbound rules.
func (s *Service) AuthorizeSecurityGroupEgress(ctx context.Context, in *AuthorizeSecurityGroupEgressInput) (*AuthorizeSecurityGroupEgressOutput, error) {
	flat := flatPermission{in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId}
	perms, err := flat.or(in.IpPermissions)
	if err != nil {
		return nil, err
	}
	out := &AuthorizeSecurityGroupEgressOutput{Return: new(true)}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		g, err := t.group(*in.GroupId)
		if err != nil {
			return err
		}
		out.SecurityGroupRules, err = t.authorize(g, true, perms, in.TagSpecifications)
		return err
	})
}

// revocation is what a revoke operation takes away.
type revocation struct {
	ruleIDs []string
	perms   []IpPermission
	flat    flatPermission
}

// revoke takes rules from a group. A permission that the group does not have is an error, but in the default VPC, where EC2
// takes the others away and answers with those that it does not know.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
func (t *txn) revoke(g *securityGroupRecord, egress bool, what revocation) (revoked []RevokedSecurityGroupRule, unknown []IpPermission, err error) {
	revoked = []RevokedSecurityGroupRule{}
	if len(what.ruleIDs) > 0 {
		if len(what.perms) > 0 || what.flat != (flatPermission{}) {
			return nil, nil, wire.Errorf("InvalidParameterCombination", "The parameter securityGroupRuleIds may not be used together with permissions")
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(what.ruleIDs))) {
			r, err := t.ruleOf(g, egress, id)
			if err != nil {
				return nil, nil, err
			}
			t.s.rules.Delete(t.tx, t.sc, id)
			revoked = append(revoked, renderRevokedRule(r))
		}
		return revoked, nil, nil
	}
	perms, err := what.flat.or(what.perms)
	if err != nil {
		return nil, nil, err
	}
	asked, err := t.rulesFrom(perms, egress)
	if err != nil {
		return nil, nil, err
	}
	have := t.rulesOf(g.ID, egress)
	var strange []*securityGroupRuleRecord
	for i := range asked {
		at := slices.IndexFunc(have, func(h *securityGroupRuleRecord) bool { return h.traffic == asked[i].traffic })
		if at < 0 {
			strange = append(strange, &asked[i])
			continue
		}
		if t.s.rules.Delete(t.tx, t.sc, have[at].ID) {
			revoked = append(revoked, renderRevokedRule(have[at]))
		}
	}
	if len(strange) == 0 {
		return revoked, nil, nil
	}
	if vpc, ok := t.s.vpcs.Get(t.tx, t.sc, g.VpcID); !ok || !vpc.Default {
		return nil, nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
	}
	return revoked, t.permissions(strange), nil
}

// ruleOf gives a rule of a group and a direction by its id.
func (t *txn) ruleOf(g *securityGroupRecord, egress bool, id string) (*securityGroupRuleRecord, error) {
	r, err := get(t, t.s.rules, securityGroupRuleQuery, id)
	if err != nil {
		return nil, err
	}
	if r.GroupID != g.ID || r.Egress != egress {
		return nil, securityGroupRuleQuery.missing(id)
	}
	return r, nil
}

// RevokeSecurityGroupIngress takes inbound rules away, by their ids or by what they allow.
func (s *Service) RevokeSecurityGroupIngress(ctx context.Context, in *RevokeSecurityGroupIngressInput) (*RevokeSecurityGroupIngressOutput, error) {
	flat := flatPermission{in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId}
	out := &RevokeSecurityGroupIngressOutput{Return: new(true)}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		g, err := t.groupBy(in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		out.RevokedSecurityGroupRules, out.UnknownIpPermissions, err = t.revoke(g, false, revocation{in.SecurityGroupRuleIds, in.IpPermissions, flat})
		return err
	})
}

// RevokeSecurityGroupEgress takes outbound rules away, by their ids or by what they allow.
func (s *Service) RevokeSecurityGroupEgress(ctx context.Context, in *RevokeSecurityGroupEgressInput) (*RevokeSecurityGroupEgressOutput, error) {
	flat := flatPermission{in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName, in.SourceSecurityGroupOwnerId}
	out := &RevokeSecurityGroupEgressOutput{Return: new(true)}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		g, err := t.group(*in.GroupId)
		if err != nil {
			return err
		}
		out.RevokedSecurityGroupRules, out.UnknownIpPermissions, err = t.revoke(g, true, revocation{in.SecurityGroupRuleIds, in.IpPermissions, flat})
		return err
	})
}
