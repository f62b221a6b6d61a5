package ec2

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

type securityGroupRecord struct {
	ID, VpcID, Name, Description string
	Default                      bool
}

var securityGroupQuery = query[securityGroupRecord]{
	kind: "security-group", notFound: "InvalidGroup.NotFound", noun: "securityGroup", absent: "The security group '%s' does not exist",
	prefix: "sg-", malform: "InvalidGroupId.Malformed",
	values: securityGroupValues, narrow: map[string]string{"vpc-id": "vpc"},
}

func securityGroupValues(t *txn, r *securityGroupRecord, name string) ([]string, bool) {
	switch name {
	case "description":
		return []string{r.Description}, true
	case "group-id":
		return []string{r.ID}, true
	case "group-name":
		return []string{r.Name}, true
	case "owner-id":
		return []string{t.sc.Account}, true
	case "vpc-id":
		return []string{r.VpcID}, true
	}
	of, egress := strings.CutPrefix(name, "egress.")
	of, ok := strings.CutPrefix(of, "ip-permission.")
	if !ok {
		return nil, false
	}
	get, ok := permissionValue(t, of)
	if !ok {
		return nil, false
	}
	var out []string
	for _, rule := range t.rulesOf(r.ID, egress) {
		out = append(out, some(get(rule))...)
	}
	return out, true
}

// permissionValue gives what the ip-permission filters compare of a rule; an empty value matches nothing.
func permissionValue(t *txn, name string) (get func(r *securityGroupRuleRecord) string, ok bool) {
	port := func(r *securityGroupRuleRecord, n int64) string {
		if !r.hasPorts() {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	switch name {
	case "cidr":
		return func(r *securityGroupRuleRecord) string { return r.CIDRv4 }, true
	case "ipv6-cidr":
		return func(r *securityGroupRuleRecord) string { return r.CIDRv6 }, true
	case "prefix-list-id":
		return func(r *securityGroupRuleRecord) string { return r.PrefixListID }, true
	case "group-id":
		return func(r *securityGroupRuleRecord) string { return r.ReferencedGroupID }, true
	case "group-name":
		return func(r *securityGroupRuleRecord) string {
			g, ok := t.s.groups.Get(t.tx, t.sc, r.ReferencedGroupID)
			if !ok {
				return ""
			}
			return g.Name
		}, true
	case "user-id":
		return func(r *securityGroupRuleRecord) string {
			if r.ReferencedGroupID == "" {
				return ""
			}
			return t.sc.Account
		}, true
	case "protocol":
		return func(r *securityGroupRuleRecord) string { return r.Protocol }, true
	case "from-port":
		return func(r *securityGroupRuleRecord) string { return port(r, r.FromPort) }, true
	case "to-port":
		return func(r *securityGroupRuleRecord) string { return port(r, r.ToPort) }, true
	}
	return nil, false
}

func (t *txn) group(id string) (*securityGroupRecord, error) {
	return get(t, t.s.groups, securityGroupQuery, id)
}

// groupBy finds a group by its id or, in the default VPC, by its name.
func (t *txn) groupBy(id, name *string) (*securityGroupRecord, error) {
	if text(id) != "" {
		return t.group(*id)
	}
	if text(name) == "" {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	g, err := t.groupNamed(*name)
	if err == nil {
		return g, nil
	}
	for _, other := range t.s.groups.All(t.tx, t.sc) {
		if strings.EqualFold(other.Name, *name) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for groupName. You may not reference Amazon VPC security groups by name. Please use the corresponding id for this operation.", *name)
		}
	}
	return nil, err
}

// groupNamed finds a group of the default VPC.
func (t *txn) groupNamed(name string) (*securityGroupRecord, error) {
	vpc := t.defaultVPC()
	if vpc == nil {
		return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", name)
	}
	for id, g := range t.s.groups.By(t.tx, t.sc, "vpc", vpc.ID) {
		if strings.EqualFold(g.Name, name) {
			return t.group(id)
		}
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", name, vpc.ID)
}

// newSecurityGroup stores a group with the rules that AWS gives each one: out to everywhere, and, in a VPC's default group, in
// from its own members.
func (t *txn) newSecurityGroup(vpcID, name, description string, isDefault bool) *securityGroupRecord {
	r := &securityGroupRecord{ID: t.id("sg"), VpcID: vpcID, Name: name, Description: description, Default: isDefault}
	t.s.groups.Put(t.tx, t.sc, r.ID, r)
	all := func(egress bool, to traffic) {
		to.Protocol, to.FromPort, to.ToPort = "-1", -1, -1
		t.newRule(r.ID, securityGroupRuleRecord{Egress: egress, Automatic: true, traffic: to})
	}
	if isDefault {
		all(false, traffic{ReferencedGroupID: r.ID})
	}
	all(true, traffic{CIDRv4: "0.0.0.0/0"})
	if vpc, ok := t.s.vpcs.Get(t.tx, t.sc, vpcID); ok && len(vpc.IPv6) > 0 {
		all(true, traffic{CIDRv6: "::/0"})
	}
	return r
}

// openIPv6Egress lets the groups of a VPC that got an IPv6 block out over IPv6 too, unless their outbound rules were changed.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (t *txn) openIPv6Egress(vpcID string) {
	for id := range t.s.groups.By(t.tx, t.sc, "vpc", vpcID) {
		rules := t.rulesOf(id, true)
		if len(rules) == 1 && rules[0].Automatic && rules[0].CIDRv4 != "" {
			t.newRule(id, securityGroupRuleRecord{Egress: true, Automatic: true, traffic: traffic{Protocol: "-1", FromPort: -1, ToPort: -1, CIDRv6: "::/0"}})
		}
	}
}

// deleteGroup removes a group with its rules.
func (t *txn) deleteGroup(id string) {
	for rule := range t.s.rules.By(t.tx, t.sc, "group", id) {
		t.s.rules.Delete(t.tx, t.sc, rule)
	}
	t.s.groups.Delete(t.tx, t.sc, id)
}

// groupInUse reports whether a network interface has a group, or another group's rule names it.
func (t *txn) groupInUse(id string) bool {
	for range t.s.interfaces.By(t.tx, t.sc, "group", id) {
		return true
	}
	for _, rule := range t.s.rules.By(t.tx, t.sc, "source", id) {
		if rule.GroupID != id {
			return true
		}
	}
	return false
}

func (t *txn) renderSecurityGroup(r *securityGroupRecord) SecurityGroup {
	return SecurityGroup{
		GroupId: new(r.ID), GroupName: new(r.Name), Description: new(r.Description), VpcId: new(r.VpcID), OwnerId: new(t.sc.Account),
		SecurityGroupArn: new(arn(t.sc, "security-group", r.ID)), Tags: t.tagSet("security-group", r.ID),
		IpPermissions: t.permissions(t.rulesOf(r.ID, false)), IpPermissionsEgress: t.permissions(t.rulesOf(r.ID, true)),
	}
}

const groupCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789. _-:/()#,@[]+=&;{}!$*"

// plain reports whether a name or a description has only the characters that EC2 takes there, and at most 255 of them.
func plain(s string) bool {
	return len(s) <= 255 && !strings.ContainsFunc(s, func(c rune) bool { return !strings.ContainsRune(groupCharacters, c) })
}

func checkGroupName(name string) error {
	switch {
	case strings.HasPrefix(name, "sg-"):
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Group names may not be in the format sg-*.", name)
	case name == "" || !plain(name):
		return wire.Errorf("InvalidParameterValue", "Invalid security group name. Valid names are non-empty strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	case strings.EqualFold(name, "default"):
		return wire.Errorf("InvalidParameterValue", "Cannot use reserved security group name: default")
	}
	return nil
}

// CreateSecurityGroup makes a group in a VPC, the default one when none is named. Names are unique in a VPC whatever their case.
func (s *Service) CreateSecurityGroup(ctx context.Context, in *CreateSecurityGroupInput) (*CreateSecurityGroupOutput, error) {
	name := strings.TrimRight(*in.GroupName, " ")
	if err := checkGroupName(name); err != nil {
		return nil, err
	}
	if *in.Description == "" {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter GroupDescription")
	}
	if !plain(*in.Description) {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	out := &CreateSecurityGroupOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		vpc := t.defaultVPC()
		if in.VpcId != nil {
			var err error
			if vpc, err = t.vpc(*in.VpcId); err != nil {
				return err
			}
		}
		if vpc == nil {
			return wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
		}
		for _, other := range s.groups.By(t.tx, t.sc, "vpc", vpc.ID) {
			if strings.EqualFold(other.Name, name) {
				return wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpc.ID)
			}
		}
		r := t.newSecurityGroup(vpc.ID, name, *in.Description, false)
		if err := t.applyTags(in.TagSpecifications, "security-group", "security-group", r.ID); err != nil {
			return err
		}
		*out = CreateSecurityGroupOutput{GroupId: new(r.ID), SecurityGroupArn: new(arn(t.sc, "security-group", r.ID)), Tags: t.tagSet("security-group", r.ID)}
		return nil
	})
}

// DescribeSecurityGroups lists groups with their permissions.
func (s *Service) DescribeSecurityGroups(ctx context.Context, in *DescribeSecurityGroupsInput) (*DescribeSecurityGroupsOutput, error) {
	out := &DescribeSecurityGroupsOutput{SecurityGroups: []SecurityGroup{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		ids := slices.Clone(in.GroupIds)
		for _, name := range in.GroupNames {
			g, err := t.groupNamed(name)
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		found, next, err := find(t, s.groups, securityGroupQuery, ids, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.SecurityGroups = append(out.SecurityGroups, t.renderSecurityGroup(r))
		}
		out.NextToken = next
		return err
	})
}

// GetSecurityGroupsForVpc lists the groups that can be used in a VPC; with none shared, these are its own.
func (s *Service) GetSecurityGroupsForVpc(ctx context.Context, in *GetSecurityGroupsForVpcInput) (*GetSecurityGroupsForVpcOutput, error) {
	out := &GetSecurityGroupsForVpcOutput{SecurityGroupForVpcs: []SecurityGroupForVpc{}}
	q := securityGroupQuery
	q.narrow = map[string]string{"primary-vpc-id": "vpc"}
	q.values = func(t *txn, r *securityGroupRecord, name string) ([]string, bool) {
		switch name {
		case "primary-vpc-id":
			return []string{r.VpcID}, true
		case "description", "group-id", "group-name", "owner-id":
			return securityGroupValues(t, r, name)
		}
		return nil, false
	}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		if _, err := t.vpc(*in.VpcId); err != nil {
			return err
		}
		filters := append([]Filter{{Name: new("primary-vpc-id"), Values: []string{*in.VpcId}}}, in.Filters...)
		found, next, err := find(t, s.groups, q, nil, filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.SecurityGroupForVpcs = append(out.SecurityGroupForVpcs, SecurityGroupForVpc{GroupId: new(r.ID), GroupName: new(r.Name),
				Description: new(r.Description), OwnerId: new(t.sc.Account), PrimaryVpcId: new(r.VpcID), Tags: t.tagSet("security-group", r.ID)})
		}
		out.NextToken = next
		return err
	})
}

// DeleteSecurityGroup deletes a group that nothing uses. A VPC's default group goes with the VPC only.
func (s *Service) DeleteSecurityGroup(ctx context.Context, in *DeleteSecurityGroupInput) (*DeleteSecurityGroupOutput, error) {
	out := &DeleteSecurityGroupOutput{Return: new(true)}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.groupBy(in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		if r.Default {
			return wire.Errorf("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", r.ID)
		}
		if t.groupInUse(r.ID) {
			return wire.Errorf("DependencyViolation", "resource %s has a dependent object", r.ID)
		}
		t.deleteGroup(r.ID)
		out.GroupId = new(r.ID)
		return nil
	})
}
