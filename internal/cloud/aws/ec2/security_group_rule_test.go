package ec2_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestAuthorizeNormalisesRules(t *testing.T) {
	n := start(t)
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	for _, c := range []struct {
		in   types.IpPermission
		want string
	}{
		{permission("tcp", 22, 22, "10.0.0.0/8"), "tcp 22/22 10.0.0.0/8"},
		{permission("6", 23, 24, "10.0.0.0/8"), "tcp 23/24 10.0.0.0/8"},
		{permission("TCP", 25, 25, "100.68.0.18/18"), "tcp 25/25 100.68.0.0/18"},
		{permission("17", 53, 53, "10.0.0.1/32"), "udp 53/53 10.0.0.1/32"},
		{permission("1", 8, -1, "10.0.0.0/8"), "icmp 8/-1 10.0.0.0/8"},
		{permission("icmp", -1, -1, "10.0.0.0/8"), "icmp -1/-1 10.0.0.0/8"},
		{permission("58", 128, 0, "2001:DB8::1/32"), "icmpv6 128/0 2001:db8::/32"},
		{types.IpPermission{IpProtocol: new("icmpv6"), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: new("::/0")}}}, "icmpv6 -1/-1 ::/0"},
		{permission("-1", 0, 0, "10.0.0.0/8"), "-1 -1/-1 10.0.0.0/8"},
		{permission("all", 1, 2, "10.1.0.0/16"), "-1 -1/-1 10.1.0.0/16"},
		{permission("50", 0, 0, "10.0.0.0/8"), "50 -1/-1 10.0.0.0/8"},
		{permission("tcp", 26, 26, id), "tcp 26/26 " + id},
	} {
		out := n.allow(id, c.in).ok(t)
		if !*out.Return || len(out.SecurityGroupRules) != 1 || ruleText(out.SecurityGroupRules[0]) != c.want {
			t.Errorf("%s became %+v, want %s", *c.in.IpProtocol, out.SecurityGroupRules, c.want)
		}
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	id, far := n.group(vpcID, "web"), n.group(n.vpc("10.1.0.0/16"), "far")
	described := permission("tcp", 80, 80, "10.0.0.0/8")
	described.IpRanges[0].Description = new("quote's")
	for _, c := range []struct {
		in      types.IpPermission
		code    string
		message string
	}{
		{permission("tcp", 80, 80, "10.0.0.0"), "InvalidParameterValue", "CIDR block 10.0.0.0 is malformed"},
		{permission("tcp", 80, 80, "10.0.0.0/33"), "InvalidParameterValue", "CIDR block 10.0.0.0/33 is malformed"},
		{types.IpPermission{IpProtocol: new("-1"), IpRanges: []types.IpRange{{CidrIp: new("::/0")}}}, "InvalidParameterValue", "CIDR block ::/0 is malformed"},
		{permission("tcp", -1, 80, "10.0.0.0/8"), "InvalidPermission.Malformed", "TCP/UDP port (-1) out of range"},
		{permission("udp", 80, 65536, "10.0.0.0/8"), "InvalidPermission.Malformed", "TCP/UDP port (65536) out of range"},
		{permission("tcp", 81, 80, "10.0.0.0/8"), "InvalidParameterValue", ""},
		{types.IpPermission{IpProtocol: new("tcp"), FromPort: new(int32(1)), IpRanges: []types.IpRange{{CidrIp: new("10.0.0.0/8")}}}, "InvalidParameterValue",
			"Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."},
		{types.IpPermission{IpProtocol: new("icmp"), IpRanges: []types.IpRange{{CidrIp: new("10.0.0.0/8")}}}, "InvalidParameterValue",
			"Invalid value 'Must specify both from and to ports with ICMP.' for portRange."},
		{permission("icmp", 256, 0, "10.0.0.0/8"), "InvalidParameterValue", ""},
		{permission("icmp", -1, 0, "10.0.0.0/8"), "InvalidParameterValue", ""},
		{permission("http", 80, 80, "10.0.0.0/8"), "InvalidParameterValue", "Invalid value 'http' for IP protocol. Unknown protocol."},
		{permission("256", 80, 80, "10.0.0.0/8"), "InvalidParameterValue", ""},
		{permission("tcp", 80, 80), "MissingParameter", "Source group ID missing."},
		{permission("tcp", 80, 80, "sg-0123456789abcdef0"), "InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist"},
		{types.IpPermission{IpProtocol: new("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: new("malformed")}}}, "InvalidGroupId.Malformed", ""},
		{types.IpPermission{IpProtocol: new("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &id, UserId: new("999999999999")}}}, "InvalidGroup.NotFound", ""},
		{permission("tcp", 80, 80, far), "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."},
		{permission("tcp", 80, 80, "pl-0123456789abcdef0"), "InvalidPrefixListID.NotFound", ""},
		{described, "InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"},
		{permission("tcp", 80, 80, "10.0.0.0/8", "10.1.2.3/8"), "InvalidParameterValue", "The same permission must not appear multiple times"},
	} {
		if m := n.allow(id, c.in).fails(t, c.code); c.message != "" && m != c.message {
			t.Errorf("the message is %q, want %q", m, c.message)
		}
	}
	n.allow(id).fails(t, "MissingParameter")
	n.allow("sg-0123456789abcdef0", permission("tcp", 80, 80, "10.0.0.0/8")).fails(t, "InvalidGroup.NotFound")
	n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8"), permission("tcp", 81, 81, "bad")).fails(t, "InvalidParameterValue")
	if rules := n.groupRules(id, false); len(rules) != 0 {
		t.Errorf("refused requests left rules: %v", rules)
	}
}

func TestDuplicateRule(t *testing.T) {
	n := start(t)
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	for _, c := range []struct {
		in   types.IpPermission
		want string
	}{
		{permission("tcp", 22, 22, "10.0.0.0/8"), "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW"},
		{permission("udp", 53, 54, id), "peer: " + id + ", UDP, from port: 53, to port: 54, ALLOW"},
		{permission("icmp", -1, -1, "0.0.0.0/0"), "peer: 0.0.0.0/0, ICMP, type: ALL, code: ALL, ALLOW"},
		{permission("-1", 0, 0, "0.0.0.0/0"), "peer: 0.0.0.0/0, ALL, ALLOW"},
	} {
		n.allow(id, c.in).ok(t)
		if m := n.allow(id, c.in).fails(t, "InvalidPermission.Duplicate"); m != `the specified rule "`+c.want+`" already exists` {
			t.Errorf("the message is %q, want the rule %q", m, c.want)
		}
	}
	// In the other direction it is another rule; a new group's own outbound rule counts too.
	n.allowOut(id, permission("tcp", 22, 22, "10.0.0.0/8")).ok(t)
	n.allowOut(id, permission("-1", 0, 0, "0.0.0.0/0")).fails(t, "InvalidPermission.Duplicate")
}

func TestPermissionsGroupRules(t *testing.T) {
	n := start(t)
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	first := permission("tcp", 80, 80, "10.2.0.0/16", "10.1.0.0/16", "2001:db8::/32", id)
	first.IpRanges[0].Description = new("second office")
	n.allow(id, first, permission("tcp", 443, 443, "10.0.0.0/8")).ok(t)
	n.allow(id, permission("6", 80, 80, "10.0.0.0/16")).ok(t)
	if rules := n.groupRules(id, false); len(rules) != 6 {
		t.Errorf("there are %d rules, want one for each peer: 6", len(rules))
	}
	perms := n.describeGroup(id).IpPermissions
	if len(perms) != 2 || *perms[0].FromPort != 80 || *perms[1].FromPort != 443 {
		t.Fatalf("the permissions are %+v, want those of port 80 and of port 443", perms)
	}
	var cidrs []string
	for _, r := range perms[0].IpRanges {
		cidrs = append(cidrs, *r.CidrIp)
	}
	if want := []string{"10.2.0.0/16", "10.1.0.0/16", "10.0.0.0/16"}; !slices.Equal(cidrs, want) {
		t.Errorf("the blocks are %q, want them in the order in which they came: %q", cidrs, want)
	}
	if aws.ToString(perms[0].IpRanges[0].Description) != "second office" || perms[0].IpRanges[1].Description != nil {
		t.Errorf("the descriptions are %+v", perms[0].IpRanges)
	}
	if len(perms[0].Ipv6Ranges) != 1 || len(perms[0].UserIdGroupPairs) != 1 {
		t.Errorf("the permission of port 80 is %+v", perms[0])
	}
}

func TestRevokeRules(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	id, other := n.group(vpcID, "web"), n.group(vpcID, "other")
	made := n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8", "172.16.0.0/12"), permission("tcp", 443, 443, "10.0.0.0/8")).ok(t).SecurityGroupRules
	outside := *n.allow(other, permission("tcp", 80, 80, "10.0.0.0/8")).ok(t).SecurityGroupRules[0].SecurityGroupRuleId

	revokeIDs := func(ids ...string) result[*ec2.RevokeSecurityGroupIngressOutput] {
		return call(n.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: ids}))
	}
	revokeIDs(*made[2].SecurityGroupRuleId, outside).fails(t, "InvalidSecurityGroupRuleId.NotFound")
	revokeIDs(*n.groupRules(id, true)[0].SecurityGroupRuleId).fails(t, "InvalidSecurityGroupRuleId.NotFound") // an outbound rule
	out := revokeIDs(*made[2].SecurityGroupRuleId).ok(t)
	if len(out.RevokedSecurityGroupRules) != 1 || *out.RevokedSecurityGroupRules[0].FromPort != 443 || *out.RevokedSecurityGroupRules[0].CidrIpv4 != "10.0.0.0/8" {
		t.Errorf("revoking by id answered %+v", out.RevokedSecurityGroupRules)
	}
	revokeIDs(*made[2].SecurityGroupRuleId).fails(t, "InvalidSecurityGroupRuleId.NotFound")

	// By contents: one peer of a permission; what is unknown takes nothing away.
	want := "The specified rule does not exist in this security group."
	if m := n.deny(id, permission("tcp", 80, 80, "10.0.0.0/8", "192.168.0.0/16")).fails(t, "InvalidPermission.NotFound"); m != want {
		t.Errorf("the message is %q", m)
	}
	if len(n.groupRules(id, false)) != 2 {
		t.Error("a failed revoke took rules away")
	}
	n.deny(id, permission("tcp", 80, 80, "10.0.0.0/8")).ok(t)
	if rules := n.groupRules(id, false); len(rules) != 1 || *rules[0].CidrIpv4 != "172.16.0.0/12" {
		t.Errorf("the rules left are %+v", rules)
	}
	n.deny(id).fails(t, "MissingParameter")

	// As Terraform's provider does with every new group.
	revokeOut := func(peer string) result[*ec2.RevokeSecurityGroupEgressOutput] {
		return call(n.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, IpPermissions: []types.IpPermission{permission("-1", 0, 0, peer)}}))
	}
	revokeOut("0.0.0.0/0").ok(t)
	revokeOut("::/0").fails(t, "InvalidPermission.NotFound")
	if g := n.describeGroup(id); len(g.IpPermissionsEgress) != 0 {
		t.Errorf("the outbound permissions left are %+v", g.IpPermissionsEgress)
	}
}

func TestRevokeUnknownRuleInDefaultVPC(t *testing.T) {
	n := start(t)
	id := n.group("", "web")
	n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8")).ok(t)
	out := n.deny(id, permission("tcp", 80, 80, "10.0.0.0/8", "192.168.0.0/16")).ok(t)
	if len(out.RevokedSecurityGroupRules) != 1 || len(out.UnknownIpPermissions) != 1 || *out.UnknownIpPermissions[0].IpRanges[0].CidrIp != "192.168.0.0/16" {
		t.Errorf("the answer is revoked %+v, unknown %+v", out.RevokedSecurityGroupRules, out.UnknownIpPermissions)
	}
}

func TestModifyRules(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	id, other := n.group(vpcID, "web"), n.group(vpcID, "other")
	made := n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8", id), permission("tcp", 443, 443, "2001:db8::/32")).ok(t).SecurityGroupRules
	foreign := n.allow(other, permission("tcp", 80, 80, "10.0.0.0/8")).ok(t).SecurityGroupRules[0]
	byPeer := map[string]string{}
	for _, r := range made {
		byPeer[strings.Fields(ruleText(r))[2]] = *r.SecurityGroupRuleId
	}
	v4, byGroup, v6 := byPeer["10.0.0.0/8"], byPeer[id], byPeer["2001:db8::/32"]
	n.tag(v4, "keep", "me")
	modify := func(ruleID string, r types.SecurityGroupRuleRequest) result[*ec2.ModifySecurityGroupRulesOutput] {
		return call(n.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &id,
			SecurityGroupRules: []types.SecurityGroupRuleUpdate{{SecurityGroupRuleId: &ruleID, SecurityGroupRule: &r}}}))
	}
	read := func(ruleID string) types.SecurityGroupRule {
		t.Helper()
		return call(n.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{ruleID}})).ok(t).SecurityGroupRules[0]
	}
	tcp, p8080 := new("tcp"), new(int32(8080))
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: tcp, FromPort: p8080, ToPort: p8080, CidrIpv4: new("192.168.0.0/16"), Description: new("moved")}).ok(t)
	if r := read(v4); ruleText(r) != "tcp 8080/8080 192.168.0.0/16" || *r.Description != "moved" || tagValue(r.Tags, "keep") != "me" {
		t.Errorf("the rule reads back as %+v", r)
	}
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("192.168.0.0/16")}).ok(t)
	if r := read(v4); ruleText(r) != "-1 -1/-1 192.168.0.0/16" || r.Description != nil {
		t.Errorf("the rule reads back as %+v", r)
	}
	modify(byGroup, types.SecurityGroupRuleRequest{IpProtocol: tcp, FromPort: p8080, ToPort: p8080, ReferencedGroupId: &other}).ok(t)
	if r := read(byGroup); *r.ReferencedGroupInfo.GroupId != other {
		t.Errorf("the rule refers to %+v, want %s", r.ReferencedGroupInfo, other)
	}

	if m := modify(v4, types.SecurityGroupRuleRequest{IpProtocol: tcp, FromPort: p8080, ToPort: p8080, ReferencedGroupId: &other}).fails(t, "InvalidParameterValue"); m != "You may not specify a referenced group id for an existing IPv4 CIDR rule." {
		t.Errorf("the message is %q", m)
	}
	modify(v6, types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("10.0.0.0/8")}).fails(t, "InvalidParameterValue")
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("10.0.0.1/8")}).fails(t, "InvalidParameterValue")
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: new("-1")}).fails(t, "MissingParameter")
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("10.0.0.0/8"), CidrIpv6: new("::/0")}).fails(t, "InvalidParameterCombination")
	modify(*foreign.SecurityGroupRuleId, types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("10.0.0.0/8")}).fails(t, "InvalidSecurityGroupRuleId.NotFound")
	modify("sgr-0123456789abcdef0", types.SecurityGroupRuleRequest{IpProtocol: new("-1"), CidrIpv4: new("10.0.0.0/8")}).fails(t, "InvalidSecurityGroupRuleId.NotFound")
	n.allow(id, permission("tcp", 90, 90, "10.0.0.0/8")).ok(t)
	modify(v4, types.SecurityGroupRuleRequest{IpProtocol: tcp, FromPort: new(int32(90)), ToPort: new(int32(90)), CidrIpv4: new("10.0.0.0/8")}).fails(t, "InvalidPermission.Duplicate")
	if r := read(v4); ruleText(r) != "-1 -1/-1 192.168.0.0/16" {
		t.Errorf("a refused change left the rule as %s", ruleText(r))
	}
}

func TestRuleDescriptions(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	made := n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8"), permission("-1", 0, 0, "172.16.0.0/12")).ok(t).SecurityGroupRules
	update := func(p types.IpPermission) result[*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput] {
		return call(n.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{p}}))
	}
	read := func(i int) string {
		out := call(n.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{*made[i].SecurityGroupRuleId}})).ok(t)
		return aws.ToString(out.SecurityGroupRules[0].Description)
	}
	p := permission("tcp", 80, 80, "10.0.0.0/8")
	p.IpRanges[0].Description = new("offices")
	update(p).ok(t)
	if got := read(0); got != "offices" {
		t.Errorf("the description is %q", got)
	}
	update(permission("tcp", 80, 80, "10.0.0.0/8")).ok(t)
	if got := read(0); got != "" {
		t.Errorf("a description taken away is %q", got)
	}
	if m := update(permission("-1", 0, 0, "172.16.0.0/12")).fails(t, "InvalidParameterValue"); m != "When protocol is ALL, you cannot specify from-port." {
		t.Errorf("the message is %q", m)
	}
	update(types.IpPermission{IpProtocol: new("-1"), IpRanges: []types.IpRange{{CidrIp: new("172.16.0.0/12"), Description: new("all")}}}).ok(t)
	if got := read(1); got != "all" {
		t.Errorf("the description is %q", got)
	}
	update(permission("tcp", 81, 81, "10.0.0.0/8")).fails(t, "InvalidPermission.NotFound")

	byID := func(ruleID, description string) result[*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput] {
		return call(n.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &id,
			SecurityGroupRuleDescriptions: []types.SecurityGroupRuleDescription{{SecurityGroupRuleId: &ruleID, Description: &description}}}))
	}
	byID(*made[0].SecurityGroupRuleId, "by id").ok(t)
	if got := read(0); got != "by id" {
		t.Errorf("the description is %q", got)
	}
	byID(*made[0].SecurityGroupRuleId, strings.Repeat("d", 256)).fails(t, "InvalidParameterValue")
	outbound := *n.groupRules(id, true)[0].SecurityGroupRuleId
	byID(outbound, "x").fails(t, "InvalidSecurityGroupRuleId.NotFound")
	call(n.UpdateSecurityGroupRuleDescriptionsEgress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsEgressInput{GroupId: &id,
		SecurityGroupRuleDescriptions: []types.SecurityGroupRuleDescription{{SecurityGroupRuleId: &outbound, Description: new("out")}}})).ok(t)
	if got := *n.groupRules(id, true)[0].Description; got != "out" {
		t.Errorf("the outbound rule's description is %q", got)
	}
}

func TestRuleQuota(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	var v4, v6 []string
	for i := range 60 {
		v4, v6 = append(v4, fmt.Sprintf("10.0.%d.0/24", i)), append(v6, fmt.Sprintf("2001:db8:%x::/48", i))
	}
	n.allow(id, permission("tcp", 80, 80, v4...)).ok(t)
	n.allow(id, permission("tcp", 80, 80, v6...)).ok(t) // counted apart
	want := "The maximum number of rules per security group has been reached."
	for _, peer := range []string{"10.1.0.0/16", "2001:db8:ffff::/48", id} {
		if m := n.allow(id, permission("tcp", 80, 80, peer)).fails(t, "RulesPerSecurityGroupLimitExceeded"); m != want {
			t.Errorf("the message is %q", m)
		}
	}
	list := call(n.CreateManagedPrefixList(ctx, &ec2.CreateManagedPrefixListInput{PrefixListName: new("offices"), AddressFamily: new("IPv4"), MaxEntries: new(int32(40))})).ok(t)
	lists := n.group("", "lists")
	n.allow(lists, permission("tcp", 80, 80, *list.PrefixList.PrefixListId)).ok(t)
	n.allow(lists, permission("tcp", 443, 443, *list.PrefixList.PrefixListId)).fails(t, "RulesPerSecurityGroupLimitExceeded")
}

func TestRuleTags(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	made := call(n.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id,
		IpPermissions:     []types.IpPermission{permission("tcp", 80, 80, "10.0.0.0/8", "172.16.0.0/12")},
		TagSpecifications: tagged(types.ResourceTypeSecurityGroupRule, "env", "test")})).ok(t).SecurityGroupRules
	for _, r := range made {
		if tagValue(r.Tags, "env") != "test" || !strings.HasSuffix(*r.SecurityGroupRuleArn, ":security-group-rule/"+*r.SecurityGroupRuleId) {
			t.Errorf("the new rule is %+v", r)
		}
	}
	n.tag(*made[0].SecurityGroupRuleId, "Name", "first")
	found := call(n.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: filters("tag:Name", "f*")})).ok(t).SecurityGroupRules
	if len(found) != 1 || *found[0].SecurityGroupRuleId != *made[0].SecurityGroupRuleId {
		t.Errorf("the tag filter gives %+v", found)
	}
	call(n.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: []string{*made[0].SecurityGroupRuleId}})).ok(t)
	left := call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filters("resource-type", "security-group-rule")})).ok(t).Tags
	if len(left) != 1 || *left[0].ResourceId != *made[1].SecurityGroupRuleId {
		t.Errorf("the rules' tags left are %+v", left)
	}
	call(n.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{permission("tcp", 81, 81, "10.0.0.0/8")},
		TagSpecifications: tagged(types.ResourceTypeSecurityGroup, "env", "test")})).fails(t, "InvalidParameterValue")
}

func TestAuthorizeAtOnce(t *testing.T) {
	n := start(t)
	id := n.group(n.vpc("10.0.0.0/16"), "web")
	var wg sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		wg.Go(func() {
			in := &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{permission("tcp", int32(i), int32(i), "10.0.0.0/8")}}
			_, errs[i] = n.AuthorizeSecurityGroupIngress(t.Context(), in)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("port %d: %v", i, err)
		}
	}
	if rules := n.groupRules(id, false); len(rules) != 30 {
		t.Errorf("there are %d rules, want 30", len(rules))
	}
}

// BenchmarkDescribeSecurityGroups asks for one group of many, by its id and by a filter, over the whole wire.
func BenchmarkDescribeSecurityGroups(b *testing.B) {
	n := start(b)
	vpcID := n.vpc("10.0.0.0/16")
	id := n.group(vpcID, "web")
	n.allow(id, permission("tcp", 80, 80, "10.0.0.0/8", "172.16.0.0/12", id)).ok(b)
	crowd := n.vpc("10.1.0.0/16")
	for i := range 1000 {
		n.group(crowd, fmt.Sprintf("g%d", i))
	}
	for name, in := range map[string]*ec2.DescribeSecurityGroupsInput{
		"id":     {GroupIds: []string{id}},
		"filter": {Filters: filters("vpc-id", vpcID, "group-name", "web")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if out := call(n.DescribeSecurityGroups(b.Context(), in)).ok(b); len(out.SecurityGroups) != 1 {
					b.Fatalf("%d groups, want one", len(out.SecurityGroups))
				}
			}
		})
	}
}
