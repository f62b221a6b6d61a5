package ec2

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

// traffic is what a rule allows. Two rules of a group and a direction never allow the same.
type traffic struct {
	Protocol         string // tcp, udp, icmp, icmpv6, another protocol's number, or -1 for all
	FromPort, ToPort int64  // ICMP's type and code; -1 for all of these, and for protocols without ports

	// The other side, exactly one of these.
	CIDRv4, CIDRv6, PrefixListID, ReferencedGroupID string
}

type securityGroupRuleRecord struct {
	ID, GroupID string
	Seq         int // grows with each rule of the group: answers keep the order in which rules were made
	Egress      bool
	Automatic   bool // made with the group
	Description string
	traffic
}

var securityGroupRuleQuery = query[securityGroupRuleRecord]{
	kind: "security-group-rule", notFound: "InvalidSecurityGroupRuleId.NotFound", noun: "securityGroupRule",
	absent: "The security group rule ID '%s' does not exist", prefix: "sgr-", malform: "InvalidSecurityGroupRuleId.Malformed",
	values: func(t *txn, r *securityGroupRuleRecord, name string) ([]string, bool) {
		switch name {
		case "group-id":
			return []string{r.GroupID}, true
		case "security-group-rule-id":
			return []string{r.ID}, true
		}
		return nil, false
	},
	narrow: map[string]string{"group-id": "group"},
}

// hasPorts reports whether the protocol has ports, or ICMP's types and codes.
func (tr *traffic) hasPorts() bool {
	switch tr.Protocol {
	case "tcp", "udp", "icmp", "icmpv6":
		return true
	}
	return false
}

func (tr *traffic) peer() string {
	return cmp.Or(tr.CIDRv4, tr.CIDRv6, tr.PrefixListID, tr.ReferencedGroupID)
}

// String describes the traffic as EC2's errors do: "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW".
func (tr *traffic) String() string {
	all := func(n int64) string {
		if n == -1 {
			return "ALL"
		}
		return strconv.FormatInt(n, 10)
	}
	what := tr.Protocol
	switch tr.Protocol {
	case "-1":
		what = "ALL"
	case "tcp", "udp":
		what = fmt.Sprintf("%s, from port: %d, to port: %d", strings.ToUpper(tr.Protocol), tr.FromPort, tr.ToPort)
	case "icmp", "icmpv6":
		what = fmt.Sprintf("%s, type: %s, code: %s", strings.ToUpper(tr.Protocol), all(tr.FromPort), all(tr.ToPort))
	}
	return "peer: " + tr.peer() + ", " + what + ", ALLOW"
}

// rulesOf gives a group's rules of one direction in the order in which they were made. They are shared: read only.
func (t *txn) rulesOf(groupID string, egress bool) []*securityGroupRuleRecord {
	var out []*securityGroupRuleRecord
	for _, r := range t.s.rules.By(t.tx, t.sc, "group", groupID) {
		if r.Egress == egress {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *securityGroupRuleRecord) int { return a.Seq - b.Seq })
	return out
}

func (t *txn) putRule(r *securityGroupRuleRecord) { t.s.rules.Put(t.tx, t.sc, r.ID, r) }

// newRule stores a rule as its group's last.
func (t *txn) newRule(groupID string, r securityGroupRuleRecord) *securityGroupRuleRecord {
	r.ID, r.GroupID, r.Seq = t.id("sgr"), groupID, 1
	for _, other := range t.s.rules.By(t.tx, t.sc, "group", groupID) {
		r.Seq = max(r.Seq, other.Seq+1)
	}
	t.putRule(&r)
	return &r
}

// maxRules is AWS's quota of rules in each direction of a group, for IPv4 and for IPv6 apart.
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
const maxRules = 60

func (t *txn) checkRuleCount(groupID string, egress bool) error {
	v4, v6 := int64(0), int64(0)
	for _, r := range t.rulesOf(groupID, egress) {
		switch {
		case r.CIDRv4 != "":
			v4++
		case r.CIDRv6 != "":
			v6++
		default: // counts for both; a prefix list as often as it may have entries
			weight := int64(1)
			if r.PrefixListID != "" {
				weight = t.prefixListWeight(r.PrefixListID)
			}
			v4, v6 = v4+weight, v6+weight
		}
	}
	if max(v4, v6) > maxRules {
		return wire.Errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	return nil
}

// prefixListWeight is how many rules a list stands for: as many as it may have entries, or what AWS says for its own.
func (t *txn) prefixListWeight(id string) int64 {
	if l, ok := t.awsPrefixList(id); ok {
		return l.weight
	}
	if l, ok := t.s.prefixLists.Get(t.tx, t.sc, id); ok {
		return l.MaxEntries
	}
	return 1
}

func (t *txn) renderRule(r *securityGroupRuleRecord) SecurityGroupRule {
	v := SecurityGroupRule{
		SecurityGroupRuleId: new(r.ID), GroupId: new(r.GroupID), GroupOwnerId: new(t.sc.Account), IsEgress: new(r.Egress),
		IpProtocol: new(r.Protocol), FromPort: new(r.FromPort), ToPort: new(r.ToPort), CidrIpv4: unlessEmpty(r.CIDRv4), CidrIpv6: unlessEmpty(r.CIDRv6),
		PrefixListId: unlessEmpty(r.PrefixListID), Description: unlessEmpty(r.Description),
		SecurityGroupRuleArn: new(arn(t.sc, "security-group-rule", r.ID)), Tags: t.tagSet("security-group-rule", r.ID),
	}
	if r.ReferencedGroupID != "" {
		v.ReferencedGroupInfo = &ReferencedSecurityGroup{GroupId: new(r.ReferencedGroupID), UserId: new(t.sc.Account)}
	}
	return v
}

func renderRevokedRule(r *securityGroupRuleRecord) RevokedSecurityGroupRule {
	return RevokedSecurityGroupRule{
		SecurityGroupRuleId: new(r.ID), GroupId: new(r.GroupID), IsEgress: new(r.Egress), IpProtocol: new(r.Protocol), FromPort: new(r.FromPort),
		ToPort: new(r.ToPort), CidrIpv4: unlessEmpty(r.CIDRv4), CidrIpv6: unlessEmpty(r.CIDRv6), PrefixListId: unlessEmpty(r.PrefixListID),
		ReferencedGroupId: unlessEmpty(r.ReferencedGroupID), Description: unlessEmpty(r.Description),
	}
}

// unlessEmpty gives a pointer to a text, nil for none.
func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// DescribeSecurityGroupRules lists rules, each with one peer.
func (s *Service) DescribeSecurityGroupRules(ctx context.Context, in *DescribeSecurityGroupRulesInput) (*DescribeSecurityGroupRulesOutput, error) {
	out := &DescribeSecurityGroupRulesOutput{SecurityGroupRules: []SecurityGroupRule{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.rules, securityGroupRuleQuery, in.SecurityGroupRuleIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.SecurityGroupRules = append(out.SecurityGroupRules, t.renderRule(r))
		}
		out.NextToken = next
		return err
	})
}
