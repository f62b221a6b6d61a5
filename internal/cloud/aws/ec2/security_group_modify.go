package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// ModifySecurityGroupRules gives rules of a group other contents under the same ids. A rule keeps its direction and the kind of
// its peer. Unlike a new rule's, a CIDR block must have no host bits set.
func (s *Service) ModifySecurityGroupRules(ctx context.Context, in *ModifySecurityGroupRulesInput) (*ModifySecurityGroupRulesOutput, error) {
	return &ModifySecurityGroupRulesOutput{Return: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		g, err := t.group(*in.GroupId)
		if err != nil {
			return err
		}
		changed := map[string]bool{}
		for _, u := range in.SecurityGroupRules {
			id := *u.SecurityGroupRuleId
			r, err := get(t, s.rules, securityGroupRuleQuery, id)
			switch {
			case err != nil:
				return err
			case r.GroupID != g.ID:
				return securityGroupRuleQuery.missing(id)
			case changed[id]:
				return wire.Errorf("InvalidParameterValue", "The security group rule ID '%s' must not appear multiple times", id)
			}
			changed[id] = true
			if err := t.change(g, r, u.SecurityGroupRule); err != nil {
				return err
			}
			t.putRule(r)
		}
		for _, egress := range []bool{false, true} {
			if err := t.checkUnique(g.ID, egress); err != nil {
				return err
			}
			if err := t.checkRuleCount(g.ID, egress); err != nil {
				return err
			}
		}
		return nil
	})
}

// peerKind says in an error's words what a rule's peer is.
func peerKind(tr traffic) string {
	switch {
	case tr.CIDRv4 != "":
		return "IPv4 CIDR"
	case tr.CIDRv6 != "":
		return "IPv6 CIDR"
	case tr.PrefixListID != "":
		return "prefix list"
	}
	return "referenced group id"
}

// change puts a request's contents into a rule.
func (t *txn) change(g *securityGroupRecord, r *securityGroupRuleRecord, in *SecurityGroupRuleRequest) error {
	if in == nil {
		return wire.Errorf("MissingParameter", "The request must contain the parameter SecurityGroupRule")
	}
	p := IpPermission{IpProtocol: in.IpProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
	if in.CidrIpv4 != nil {
		p.IpRanges = []IpRange{{CidrIp: in.CidrIpv4, Description: in.Description}}
	}
	if in.CidrIpv6 != nil {
		p.Ipv6Ranges = []Ipv6Range{{CidrIpv6: in.CidrIpv6, Description: in.Description}}
	}
	if in.PrefixListId != nil {
		p.PrefixListIds = []PrefixListId{{PrefixListId: in.PrefixListId, Description: in.Description}}
	}
	if in.ReferencedGroupId != nil {
		p.UserIdGroupPairs = []UserIdGroupPair{{GroupId: in.ReferencedGroupId, Description: in.Description}}
	}
	next, err := t.rulesFrom([]IpPermission{p}, r.Egress)
	if err != nil {
		return err
	}
	if len(next) != 1 {
		return wire.Errorf("InvalidParameterCombination", "A security group rule has exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId")
	}
	for _, cidr := range []*string{in.CidrIpv4, in.CidrIpv6} {
		if cidr == nil {
			continue
		}
		if block, err := ruleCIDR(*cidr, cidr == in.CidrIpv4); err != nil || block != block.Masked() {
			return wire.Errorf("InvalidParameterValue", "CIDR block %s is not in its canonical form", *cidr)
		}
	}
	if was, is := peerKind(r.traffic), peerKind(next[0].traffic); was != is {
		return wire.Errorf("InvalidParameterValue", "You may not specify a %s for an existing %s rule.", is, was)
	}
	if err := t.checkPeer(g, &next[0]); err != nil {
		return err
	}
	r.traffic, r.Description, r.Automatic = next[0].traffic, next[0].Description, false
	return nil
}

func (t *txn) checkUnique(groupID string, egress bool) error {
	seen := map[traffic]bool{}
	for _, r := range t.rulesOf(groupID, egress) {
		if seen[r.traffic] {
			return wire.Errorf("InvalidPermission.Duplicate", "the specified rule %q already exists", r.traffic.String())
		}
		seen[r.traffic] = true
	}
	return nil
}

// setDescriptions changes the descriptions of rules, named by what they allow or by their ids.
func (t *txn) setDescriptions(groupID, groupName *string, egress bool, perms []IpPermission, byID []SecurityGroupRuleDescription) error {
	g, err := t.groupBy(groupID, groupName)
	if err != nil {
		return err
	}
	switch {
	case len(perms) > 0 && len(byID) > 0:
		return wire.Errorf("InvalidParameterCombination", "The parameter ipPermissions may not be used together with securityGroupRuleDescriptions")
	case len(perms)+len(byID) == 0:
		return wire.Errorf("MissingParameter", "The request must contain the parameter ipPermissions or securityGroupRuleDescriptions")
	}
	for _, d := range byID {
		r, err := t.ruleOf(g, egress, text(d.SecurityGroupRuleId))
		if err != nil {
			return err
		}
		if r.Description = text(d.Description); !plain(r.Description) {
			return invalidRuleDescription()
		}
		t.putRule(r)
	}
	if err := checkPortless(perms); err != nil {
		return err
	}
	asked, err := t.rulesFrom(perms, egress)
	if err != nil {
		return err
	}
	have := t.rulesOf(g.ID, egress)
	for _, a := range asked {
		at := slices.IndexFunc(have, func(h *securityGroupRuleRecord) bool { return h.traffic == a.traffic })
		if at < 0 {
			return wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		r := *have[at]
		r.Description = a.Description
		t.putRule(&r)
	}
	return nil
}

// checkPortless refuses ports with a protocol that has none, which only these operations do.
func checkPortless(perms []IpPermission) error {
	for _, p := range perms {
		name, err := protocolOf(p.IpProtocol)
		if err != nil {
			return err
		}
		if tr := (traffic{Protocol: name}); tr.hasPorts() {
			continue
		}
		if name == "-1" {
			name = "ALL"
		}
		if p.FromPort != nil {
			return wire.Errorf("InvalidParameterValue", "When protocol is %s, you cannot specify from-port.", name)
		}
		if p.ToPort != nil {
			return wire.Errorf("InvalidParameterValue", "When protocol is %s, you cannot specify to-port.", name)
		}
	}
	return nil
}

// UpdateSecurityGroupRuleDescriptionsIngress changes or removes descriptions of inbound rules.
func (s *Service) UpdateSecurityGroupRuleDescriptionsIngress(ctx context.Context, in *UpdateSecurityGroupRuleDescriptionsIngressInput) (*UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	return &UpdateSecurityGroupRuleDescriptionsIngressOutput{Return: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		return t.setDescriptions(in.GroupId, in.GroupName, false, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	})
}

// UpdateSecurityGroupRuleDescriptionsEgress changes or removes descriptions of outbound rules.
func (s *Service) UpdateSecurityGroupRuleDescriptionsEgress(ctx context.Context, in *UpdateSecurityGroupRuleDescriptionsEgressInput) (*UpdateSecurityGroupRuleDescriptionsEgressOutput, error) {
	return &UpdateSecurityGroupRuleDescriptionsEgressOutput{Return: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		return t.setDescriptions(in.GroupId, in.GroupName, true, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	})
}
