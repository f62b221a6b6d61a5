package ec2_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
)

func (n *network) describeGroup(id string) types.SecurityGroup {
	n.t.Helper()
	out := call(n.DescribeSecurityGroups(n.t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})).ok(n.t)
	if len(out.SecurityGroups) != 1 {
		n.t.Fatalf("%d groups with the id %s, want one", len(out.SecurityGroups), id)
	}
	return out.SecurityGroups[0]
}

// groupRules gives a group's rules in one direction, sorted by what they allow.
func (n *network) groupRules(id string, egress bool) []types.SecurityGroupRule {
	n.t.Helper()
	out := call(n.DescribeSecurityGroupRules(n.t.Context(), &ec2.DescribeSecurityGroupRulesInput{Filters: filters("group-id", id)})).ok(n.t)
	rules := slices.DeleteFunc(out.SecurityGroupRules, func(r types.SecurityGroupRule) bool { return *r.IsEgress != egress })
	slices.SortFunc(rules, func(a, b types.SecurityGroupRule) int { return cmp.Compare(ruleText(a), ruleText(b)) })
	return rules
}

// ruleText writes a rule as "tcp 80-90 10.0.0.0/8".
func ruleText(r types.SecurityGroupRule) string {
	peer := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
	if r.ReferencedGroupInfo != nil {
		peer += *r.ReferencedGroupInfo.GroupId
	}
	return fmt.Sprintf("%s %d/%d %s", *r.IpProtocol, *r.FromPort, *r.ToPort, peer)
}

func permission(protocol string, from, to int32, peers ...string) types.IpPermission {
	p := types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to}
	for _, peer := range peers {
		switch {
		case strings.HasPrefix(peer, "sg-"):
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{GroupId: &peer})
		case strings.HasPrefix(peer, "pl-"):
			p.PrefixListIds = append(p.PrefixListIds, types.PrefixListId{PrefixListId: &peer})
		case strings.Contains(peer, ":"):
			p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: &peer})
		default:
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &peer})
		}
	}
	return p
}

func (n *network) allow(id string, perms ...types.IpPermission) result[*ec2.AuthorizeSecurityGroupIngressOutput] {
	return call(n.AuthorizeSecurityGroupIngress(n.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: perms}))
}

func (n *network) allowOut(id string, perms ...types.IpPermission) result[*ec2.AuthorizeSecurityGroupEgressOutput] {
	return call(n.AuthorizeSecurityGroupEgress(n.t.Context(), &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &id, IpPermissions: perms}))
}

func (n *network) deny(id string, perms ...types.IpPermission) result[*ec2.RevokeSecurityGroupIngressOutput] {
	return call(n.RevokeSecurityGroupIngress(n.t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, IpPermissions: perms}))
}

func TestSecurityGroupLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	made := call(n.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: new("web  "), Description: new("the web"), VpcId: &vpcID,
		TagSpecifications: tagged(types.ResourceTypeSecurityGroup, "env", "test")})).ok(t)
	id := *made.GroupId
	if !strings.HasPrefix(id, "sg-0") || len(id) != len("sg-0123456789abcdef0") {
		t.Errorf("the id is %q", id)
	}
	if want := "arn:aws:ec2:us-east-1:"; !strings.HasPrefix(*made.SecurityGroupArn, want) || !strings.HasSuffix(*made.SecurityGroupArn, ":security-group/"+id) {
		t.Errorf("the ARN is %q", *made.SecurityGroupArn)
	}
	if tagValue(made.Tags, "env") != "test" {
		t.Errorf("the answer's tags are %v", made.Tags)
	}
	g := n.describeGroup(id)
	if *g.GroupName != "web" || *g.Description != "the web" || *g.VpcId != vpcID || *g.SecurityGroupArn != *made.SecurityGroupArn || tagValue(g.Tags, "env") != "test" {
		t.Errorf("the group reads back as %+v", g)
	}
	if len(g.IpPermissions) != 0 || len(g.IpPermissionsEgress) != 1 {
		t.Fatalf("a new group has %d inbound and %d outbound permissions, want 0 and 1", len(g.IpPermissions), len(g.IpPermissionsEgress))
	}
	out := g.IpPermissionsEgress[0]
	if *out.IpProtocol != "-1" || out.FromPort != nil || out.ToPort != nil || len(out.IpRanges) != 1 || *out.IpRanges[0].CidrIp != "0.0.0.0/0" || out.IpRanges[0].Description != nil {
		t.Errorf("a new group's outbound permission is %+v", out)
	}
	rules := n.groupRules(id, true)
	if len(rules) != 1 || ruleText(rules[0]) != "-1 -1/-1 0.0.0.0/0" || !strings.HasPrefix(*rules[0].SecurityGroupRuleId, "sgr-0") {
		t.Errorf("a new group's outbound rules are %+v", rules)
	}

	if d := call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})).ok(t); !*d.Return || *d.GroupId != id {
		t.Errorf("deleting answered %+v", d)
	}
	for range 2 {
		if m := call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})).fails(t, "InvalidGroup.NotFound"); m != "The security group '"+id+"' does not exist" {
			t.Errorf("the message is %q", m)
		}
	}
	call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})).fails(t, "InvalidGroup.NotFound")
	call(n.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{*rules[0].SecurityGroupRuleId}})).fails(t, "InvalidSecurityGroupRuleId.NotFound")
	call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"web"}})).fails(t, "InvalidGroupId.Malformed")
	call(n.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{"10.0.0.0/8"}})).fails(t, "InvalidSecurityGroupRuleId.Malformed")
	if left := call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filters("resource-id", id)})).ok(t); len(left.Tags) != 0 {
		t.Errorf("the deleted group left tags: %v", left.Tags)
	}
}

func TestSecurityGroupNames(t *testing.T) {
	n := start(t)
	vpcID, other := n.vpc("10.0.0.0/16"), n.vpc("10.1.0.0/16")
	create := func(vpcID, name, description string) result[*ec2.CreateSecurityGroupOutput] {
		return call(n.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{VpcId: &vpcID, GroupName: &name, Description: &description}))
	}
	create(vpcID, "web", "d").ok(t)
	create(other, "web", "the same name in another VPC").ok(t)
	create(vpcID, strings.Repeat("n", 255), strings.Repeat("d", 255)).ok(t)
	create(vpcID, "a b._-:/()#,@[]+=&;{}!$*", "a b._-:/()#,@[]+=&;{}!$*").ok(t)
	if m := create(vpcID, "WEB", "d").fails(t, "InvalidGroup.Duplicate"); m != "The security group 'WEB' already exists for VPC '"+vpcID+"'" {
		t.Errorf("the message is %q", m)
	}
	if m := create(vpcID, "default", "d").fails(t, "InvalidParameterValue"); m != "Cannot use reserved security group name: default" {
		t.Errorf("the message is %q", m)
	}
	for _, name := range []string{"sg-web", strings.Repeat("n", 256), "quote's", "ünder", "   "} {
		create(vpcID, name, "d").fails(t, "InvalidParameterValue")
	}
	for _, description := range []string{"quote's", strings.Repeat("d", 256), "naïve"} {
		create(vpcID, "described", description).fails(t, "InvalidParameterValue")
	}
	create("vpc-0123456789abcdef0", "lost", "d").fails(t, "InvalidVpcID.NotFound")
	call(n.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: new("tagged"), Description: new("d"),
		TagSpecifications: tagged(types.ResourceTypeVpc, "a", "b")})).fails(t, "InvalidParameterValue")
}

func TestDefaultSecurityGroup(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	found := call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: filters("vpc-id", vpcID)})).ok(t).SecurityGroups
	if len(found) != 1 || *found[0].GroupName != "default" || *found[0].Description != "default VPC security group" {
		t.Fatalf("a new VPC has the groups %+v", found)
	}
	id := *found[0].GroupId
	if len(found[0].IpPermissions) != 1 || len(found[0].IpPermissions[0].UserIdGroupPairs) != 1 {
		t.Fatalf("the default group's inbound permissions are %+v", found[0].IpPermissions)
	}
	if pair := found[0].IpPermissions[0].UserIdGroupPairs[0]; *pair.GroupId != id || *pair.UserId != *found[0].OwnerId || pair.GroupName != nil {
		t.Errorf("the default group admits %+v, want its own members", pair)
	}
	want := `the specified group: "` + id + `" name: "default" cannot be deleted by a user`
	if m := call(n.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &id})).fails(t, "CannotDelete"); m != want {
		t.Errorf("the message is %q", m)
	}
	call(n.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: &vpcID})).ok(t)
	call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})).fails(t, "InvalidGroup.NotFound")
}

func TestSecurityGroupByNameInDefaultVPC(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.group("", "legacy")
	if g := n.describeGroup(id); *g.VpcId != n.defaultVPC() {
		t.Fatalf("a group without a VPC went to %s", *g.VpcId)
	}
	call(n.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupName: new("legacy"), IpProtocol: new("tcp"), FromPort: new(int32(22)),
		ToPort: new(int32(22)), CidrIp: new("192.0.2.0/24")})).ok(t)
	call(n.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupName: new("legacy"), SourceSecurityGroupName: new("default")})).ok(t)
	var got []string
	for _, r := range n.groupRules(id, false) {
		got = append(got, strings.Fields(ruleText(r))[0]+" "+strings.Fields(ruleText(r))[1])
	}
	if want := []string{"icmp -1/-1", "tcp 0/65535", "tcp 22/22", "udp 0/65535"}; !slices.Equal(got, want) {
		t.Errorf("the rules are %q, want %q", got, want)
	}
	byName := call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"legacy", "default"}})).ok(t)
	if len(byName.SecurityGroups) != 2 {
		t.Errorf("two names give %d groups", len(byName.SecurityGroups))
	}
	n.group(n.vpc("10.0.0.0/16"), "elsewhere")
	call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"nobody"}})).fails(t, "InvalidGroup.NotFound")
	call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"elsewhere"}})).fails(t, "InvalidGroup.NotFound")
	call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupName: new("elsewhere")})).fails(t, "InvalidParameterValue")
	call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{})).fails(t, "MissingParameter")
	call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupName: new("legacy")})).ok(t)
}

func TestSecurityGroupDependencies(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	web, db := n.group(vpcID, "web"), n.group(vpcID, "db")
	remove := func(id string) result[*ec2.DeleteSecurityGroupOutput] {
		return call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id}))
	}
	n.allow(web, permission("tcp", 80, 80, web)).ok(t) // naming itself holds nothing back
	n.allow(db, permission("tcp", 5432, 5432, web)).ok(t)
	if m := remove(web).fails(t, "DependencyViolation"); m != "resource "+web+" has a dependent object" {
		t.Errorf("the message is %q", m)
	}
	eni := n.networkInterface(n.subnet(vpcID, "10.0.1.0/24"), db)
	remove(db).fails(t, "DependencyViolation")
	call(n.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &vpcID})).fails(t, "DependencyViolation")
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni})).ok(t)
	remove(db).ok(t)
	remove(web).ok(t)
}

func TestSecurityGroupFilters(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	web, db := n.group(vpcID, "web"), n.group(vpcID, "db")
	n.allow(web, permission("tcp", 80, 90, "198.51.100.0/24", "2001:db8::/32")).ok(t)
	n.allow(db, permission("tcp", 5432, 5432, web), permission("icmp", 8, -1, "10.0.0.0/8")).ok(t)
	n.allowOut(db, permission("udp", 53, 53, "192.0.2.53/32")).ok(t)
	n.tag(web, "tier", "front", "env", "test")
	n.tag(db, "tier", "back", "env", "test")
	for _, c := range []struct{ name, value, want string }{
		{"group-name", "web", "web"},
		{"group-name", "*b", "db web"},
		{"group-name", "w?b", "web"},
		{"group-id", db, "db"},
		{"description", "for a*", "db web"},
		{"owner-id", "0", ""},
		{"ip-permission.cidr", "198.51.100.0/24", "web"},
		{"ip-permission.ipv6-cidr", "2001:db8::/32", "web"},
		{"ip-permission.from-port", "80", "web"},
		{"ip-permission.to-port", "90", "web"},
		{"ip-permission.from-port", "8", "db"},
		{"ip-permission.protocol", "icmp", "db"},
		{"ip-permission.group-id", web, "db"},
		{"ip-permission.group-name", "web", "db"},
		{"egress.ip-permission.cidr", "192.0.2.53/32", "db"},
		{"egress.ip-permission.protocol", "-1", "db default web"},
		{"egress.ip-permission.from-port", "53", "db"},
		{"egress.ip-permission.from-port", "80", ""},
		{"tag:tier", "back", "db"},
		{"tag:env", "t*", "db web"},
		{"tag-key", "tier", "db web"},
	} {
		out := call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: append(filters("vpc-id", vpcID), filters(c.name, c.value)...)})).ok(t)
		var got []string
		for _, g := range out.SecurityGroups {
			got = append(got, *g.GroupName)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("the filter %s=%s gives %q, want %q", c.name, c.value, got, c.want)
		}
	}
	call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: filters("ip-permission.colour", "red")})).fails(t, "InvalidParameterValue")
}

func TestSecurityGroupsForVPC(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	n.group(vpcID, "web")
	n.group("", "elsewhere")
	out := call(n.GetSecurityGroupsForVpc(t.Context(), &ec2.GetSecurityGroupsForVpcInput{VpcId: &vpcID})).ok(t)
	if len(out.SecurityGroupForVpcs) != 2 {
		t.Fatalf("the VPC has %d groups, want 2", len(out.SecurityGroupForVpcs))
	}
	out = call(n.GetSecurityGroupsForVpc(t.Context(), &ec2.GetSecurityGroupsForVpcInput{VpcId: &vpcID, Filters: filters("group-name", "web")})).ok(t)
	if len(out.SecurityGroupForVpcs) != 1 || *out.SecurityGroupForVpcs[0].PrimaryVpcId != vpcID {
		t.Errorf("the filter gives %+v", out.SecurityGroupForVpcs)
	}
	call(n.GetSecurityGroupsForVpc(t.Context(), &ec2.GetSecurityGroupsForVpcInput{VpcId: new("vpc-0123456789abcdef0")})).fails(t, "InvalidVpcID.NotFound")
}

func TestSecurityGroupPaging(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	for i := range 12 {
		n.group(vpcID, fmt.Sprintf("g%d", i))
	}
	var sizes []int
	seen := map[string]bool{}
	pages := ec2.NewDescribeSecurityGroupsPaginator(n, &ec2.DescribeSecurityGroupsInput{Filters: filters("vpc-id", vpcID), MaxResults: new(int32(5))})
	for pages.HasMorePages() {
		page := call(pages.NextPage(t.Context())).ok(t)
		sizes = append(sizes, len(page.SecurityGroups))
		for _, g := range page.SecurityGroups {
			seen[*g.GroupId] = true
		}
	}
	if !slices.Equal(sizes, []int{5, 5, 3}) || len(seen) != 13 {
		t.Errorf("the pages have %v groups, %d in all; want 5, 5 and 3, 13 in all", sizes, len(seen))
	}
	call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{MaxResults: new(int32(4))})).fails(t, "InvalidParameterValue")
	call(n.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{NextToken: new("%%%")})).fails(t, "InvalidNextToken")
}

func TestSecurityGroupInIPv6VPC(t *testing.T) {
	n, ctx := start(t), t.Context()
	text := func(id string) (out []string) {
		for _, r := range n.groupRules(id, true) {
			out = append(out, *cmp.Or(r.CidrIpv4, r.CidrIpv6))
		}
		return out
	}
	both := []string{"0.0.0.0/0", "::/0"}
	vpcID := n.vpc("10.0.0.0/16")
	untouched, emptied := n.group(vpcID, "untouched"), n.group(vpcID, "emptied")
	call(n.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &emptied, SecurityGroupRuleIds: []string{*n.groupRules(emptied, true)[0].SecurityGroupRuleId}})).ok(t)
	call(n.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &vpcID, AmazonProvidedIpv6CidrBlock: new(true)})).ok(t)
	for id, want := range map[string][]string{untouched: both, emptied: nil, n.group(vpcID, "later"): both} {
		if got := text(id); !slices.Equal(got, want) {
			t.Errorf("the group %s lets out to %q, want %q", *n.describeGroup(id).GroupName, got, want)
		}
	}
}

func TestSecurityGroupsSurviveRestart(t *testing.T) {
	n := start(t, cloudtest.Durable())
	vpcID := n.vpc("10.0.0.0/16")
	web, db := n.group(vpcID, "web"), n.group(vpcID, "db")
	n.allow(db, permission("tcp", 5432, 5432, web, "10.0.0.0/8")).ok(t)
	rules := n.groupRules(db, false)
	n.tag(*rules[0].SecurityGroupRuleId, "why", "because")
	before, beforeRules := n.describeGroup(db), n.groupRules(db, false)
	n.cloud.Restart()
	if after, afterRules := n.describeGroup(db), n.groupRules(db, false); fmt.Sprint(flat(before)) != fmt.Sprint(flat(after)) || tagValue(afterRules[0].Tags, "why") != tagValue(beforeRules[0].Tags, "why") {
		t.Errorf("after the restart the group is %v, before it was %v", flat(after), flat(before))
	}
	call(n.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &web})).fails(t, "DependencyViolation")
}

// flat writes a group's inbound permissions one by one.
func flat(g types.SecurityGroup) (out []string) {
	for _, p := range g.IpPermissions {
		for _, r := range p.IpRanges {
			out = append(out, *p.IpProtocol+" "+*r.CidrIp)
		}
		for _, r := range p.UserIdGroupPairs {
			out = append(out, *p.IpProtocol+" "+*r.GroupId)
		}
	}
	return out
}

func TestSecurityGroupsApartByRegion(t *testing.T) {
	n := start(t)
	west := n.in("us-west-2")
	id := n.group("", "web")
	call(west.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})).fails(t, "InvalidGroup.NotFound")
	west.group("", "web")
}

func TestSecurityGroupDryRun(t *testing.T) {
	n, ctx := start(t), t.Context()
	call(n.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: new("dry"), Description: new("d"), DryRun: new(true)})).fails(t, "DryRunOperation")
	if out := call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters("group-name", "dry")})).ok(t); len(out.SecurityGroups) != 0 {
		t.Error("a dry run made a group")
	}
	id := n.group("", "wet")
	call(n.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, DryRun: new(true),
		IpPermissions: []types.IpPermission{permission("tcp", 1, 1, "10.0.0.0/8")}})).fails(t, "DryRunOperation")
	if rules := n.groupRules(id, false); len(rules) != 0 {
		t.Errorf("a dry run made rules: %v", rules)
	}
}
