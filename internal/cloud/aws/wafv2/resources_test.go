package wafv2_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"atoll/internal/cloud"
)

func TestIPSets(t *testing.T) {
	c := start(t)
	create := &wafv2.CreateIPSetInput{Name: aws.String("s"), Scope: types.ScopeRegional, IPAddressVersion: types.IPAddressVersionIpv4, Addresses: []string{"10.0.0.0/8"}}
	sum := must(c.CreateIPSet(c.ctx, create))(t).Summary
	_, err := c.CreateIPSet(c.ctx, create)
	refused(t, err, "WAFDuplicateItemException")
	for _, bad := range []string{"10.0.0.1", "0.0.0.0/0", "::1/128"} {
		create.Addresses = []string{bad}
		_, err = c.CreateIPSet(c.ctx, create)
		refused(t, err, "WAFInvalidParameterException", "IP_ADDRESS")
	}
	six := must(c.CreateIPSet(c.ctx, &wafv2.CreateIPSetInput{Name: aws.String("s6"), Scope: types.ScopeRegional, IPAddressVersion: types.IPAddressVersionIpv6, Addresses: []string{"2001:db8::/32"}}))(t).Summary
	if got := must(c.GetIPSet(c.ctx, &wafv2.GetIPSetInput{Name: six.Name, Scope: types.ScopeRegional, Id: six.Id}))(t).IPSet; got.Addresses[0] != "2001:0db8:0000:0000:0000:0000:0000:0000/32" {
		t.Errorf("got %v", got.Addresses)
	}
	next := must(c.UpdateIPSet(c.ctx, &wafv2.UpdateIPSetInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: sum.LockToken, Addresses: []string{}}))(t).NextLockToken
	got := must(c.GetIPSet(c.ctx, &wafv2.GetIPSetInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id}))(t)
	if len(got.IPSet.Addresses) != 0 || *got.LockToken != *next || got.IPSet.Description != nil {
		t.Errorf("got %+v", got.IPSet)
	}
	uses := rule("r", 1, types.Statement{IPSetReferenceStatement: &types.IPSetReferenceStatement{ARN: sum.ARN}})
	w := must(c.CreateWebACL(c.ctx, acl("w", uses)))(t).Summary
	remove := &wafv2.DeleteIPSetInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: next}
	_, err = c.DeleteIPSet(c.ctx, remove)
	refused(t, err, "WAFAssociatedItemException")
	must(c.DeleteWebACL(c.ctx, &wafv2.DeleteWebACLInput{Name: w.Name, Scope: types.ScopeRegional, Id: w.Id, LockToken: w.LockToken}))(t)
	must(c.DeleteIPSet(c.ctx, remove))(t)
	if list := must(c.ListIPSets(c.ctx, &wafv2.ListIPSetsInput{Scope: types.ScopeRegional}))(t).IPSets; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestRegexPatternSets(t *testing.T) {
	c := start(t)
	patterns := func(n int) []types.Regex {
		out := []types.Regex{}
		for i := range n {
			out = append(out, types.Regex{RegexString: aws.String(fmt.Sprint("a", i))})
		}
		return out
	}
	create := &wafv2.CreateRegexPatternSetInput{Name: aws.String("s"), Scope: types.ScopeRegional, RegularExpressionList: patterns(11)}
	_, err := c.CreateRegexPatternSet(c.ctx, create)
	refused(t, err, "WAFLimitsExceededException")
	create.RegularExpressionList = patterns(2)
	sum := must(c.CreateRegexPatternSet(c.ctx, create))(t).Summary
	next := must(c.UpdateRegexPatternSet(c.ctx, &wafv2.UpdateRegexPatternSetInput{
		Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: sum.LockToken, RegularExpressionList: patterns(1), Description: aws.String("one pattern"),
	}))(t).NextLockToken
	got := must(c.GetRegexPatternSet(c.ctx, &wafv2.GetRegexPatternSetInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id}))(t).RegexPatternSet
	if len(got.RegularExpressionList) != 1 || *got.Description != "one pattern" {
		t.Errorf("got %+v", got)
	}
	s := types.Statement{RegexPatternSetReferenceStatement: &types.RegexPatternSetReferenceStatement{ARN: sum.ARN, FieldToMatch: path, TextTransformations: transform("LOWERCASE")}}
	if out := must(c.CheckCapacity(c.ctx, &wafv2.CheckCapacityInput{Scope: types.ScopeRegional, Rules: []types.Rule{rule("r", 1, s)}}))(t); out.Capacity != 35 {
		t.Errorf("got %d", out.Capacity)
	}
	_, err = c.CheckCapacity(c.ctx, &wafv2.CheckCapacityInput{Scope: types.ScopeCloudfront, Rules: []types.Rule{rule("r", 1, s)}})
	refused(t, err, "WAFInvalidParameterException", "scope")
	must(c.DeleteRegexPatternSet(c.ctx, &wafv2.DeleteRegexPatternSetInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: next}))(t)
	if list := must(c.ListRegexPatternSets(c.ctx, &wafv2.ListRegexPatternSetsInput{Scope: types.ScopeRegional}))(t).RegexPatternSets; len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}

func TestRuleGroups(t *testing.T) {
	c := start(t)
	labelled := rule("r", 1, types.Statement{LabelMatchStatement: &types.LabelMatchStatement{Scope: types.LabelMatchScopeLabel, Key: aws.String("in")}})
	labelled.RuleLabels = []types.Label{{Name: aws.String("out")}}
	create := &wafv2.CreateRuleGroupInput{Name: aws.String("g"), Scope: types.ScopeRegional, Capacity: aws.Int64(10), VisibilityConfig: visibility(), Rules: []types.Rule{labelled}}
	sum := must(c.CreateRuleGroup(c.ctx, create))(t).Summary
	get := &wafv2.GetRuleGroupInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id}
	got := must(c.GetRuleGroup(c.ctx, get))(t).RuleGroup
	space := "awswaf:" + cloud.DefaultAccount + ":rulegroup:g:"
	if *got.Capacity != 10 || *got.LabelNamespace != space || len(got.AvailableLabels) != 1 || *got.AvailableLabels[0].Name != space+"out" || *got.ConsumedLabels[0].Name != "in" {
		t.Errorf("got %+v", got)
	}
	update := &wafv2.UpdateRuleGroupInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: sum.LockToken, VisibilityConfig: visibility(), Rules: []types.Rule{rule("r", 1, contains(path, "LOWERCASE"))}}
	_, err := c.UpdateRuleGroup(c.ctx, update)
	refused(t, err, "WAFLimitsExceededException")
	update.Rules = nil
	next := must(c.UpdateRuleGroup(c.ctx, update))(t).NextLockToken
	uses := rule("r", 1, types.Statement{RuleGroupReferenceStatement: &types.RuleGroupReferenceStatement{ARN: sum.ARN}})
	w := must(c.CreateWebACL(c.ctx, acl("w", uses)))(t).Summary
	if got := must(c.GetWebACL(c.ctx, &wafv2.GetWebACLInput{ARN: w.ARN}))(t).WebACL; got.Capacity != 10 {
		t.Errorf("got %d", got.Capacity)
	}
	create.Name, create.Rules = aws.String("h"), []types.Rule{uses}
	_, err = c.CreateRuleGroup(c.ctx, create)
	refused(t, err, "WAFInvalidParameterException", "RULE_GROUP_REFERENCE_STATEMENT")
	remove := &wafv2.DeleteRuleGroupInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: next}
	_, err = c.DeleteRuleGroup(c.ctx, remove)
	refused(t, err, "WAFAssociatedItemException")
	must(c.DeleteWebACL(c.ctx, &wafv2.DeleteWebACLInput{Name: w.Name, Scope: types.ScopeRegional, Id: w.Id, LockToken: w.LockToken}))(t)
	must(c.DeleteRuleGroup(c.ctx, remove))(t)
	_, err = c.GetRuleGroup(c.ctx, get)
	refused(t, err, "WAFNonexistentItemException")
}

func TestManagedRuleGroups(t *testing.T) {
	c := start(t)
	var groups []types.ManagedRuleGroupSummary
	in := &wafv2.ListAvailableManagedRuleGroupsInput{Scope: types.ScopeRegional, Limit: aws.Int32(4)}
	for {
		out := must(c.ListAvailableManagedRuleGroups(c.ctx, in))(t)
		groups = append(groups, out.ManagedRuleGroups...)
		if in.NextMarker = out.NextMarker; in.NextMarker == nil {
			break
		}
	}
	want := map[string]int64{"AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesKnownBadInputsRuleSet": 200, "AWSManagedRulesSQLiRuleSet": 200, "AWSManagedRulesAmazonIpReputationList": 25, "AWSManagedRulesAnonymousIpList": 50}
	for _, g := range groups {
		out := must(c.DescribeManagedRuleGroup(c.ctx, &wafv2.DescribeManagedRuleGroupInput{VendorName: g.VendorName, Name: g.Name, Scope: types.ScopeRegional}))(t)
		if w, ok := want[*g.Name]; ok && *out.Capacity != w || len(out.Rules) == 0 || out.Rules[0].Action == nil || !strings.HasPrefix(*out.LabelNamespace, "awswaf:managed:aws:") {
			t.Errorf("%s: %+v", *g.Name, out)
		}
	}
	if len(groups) != 15 {
		t.Errorf("got %d groups", len(groups))
	}
	_, err := c.DescribeManagedRuleGroup(c.ctx, &wafv2.DescribeManagedRuleGroupInput{VendorName: aws.String("AWS"), Name: aws.String("None"), Scope: types.ScopeRegional})
	refused(t, err, "WAFNonexistentItemException")
}

// loadBalancer makes a load balancer and gives its ARN.
func (c *client) loadBalancer() string {
	c.t.Helper()
	net, lb := ec2.NewFromConfig(c.cloud.Config()), elasticloadbalancingv2.NewFromConfig(c.cloud.Config())
	vpc := must(net.CreateVpc(c.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}))(c.t).Vpc.VpcId
	var subnets []string
	for i, zone := range []string{"a", "b"} {
		out := must(net.CreateSubnet(c.ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String(fmt.Sprintf("10.0.%d.0/24", i)), AvailabilityZone: aws.String("us-east-1" + zone)}))(c.t)
		subnets = append(subnets, *out.Subnet.SubnetId)
	}
	out := must(lb.CreateLoadBalancer(c.ctx, &elasticloadbalancingv2.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: subnets, Scheme: "internal"}))(c.t)
	return *out.LoadBalancers[0].LoadBalancerArn
}

func TestAssociations(t *testing.T) {
	c := start(t)
	lb := c.loadBalancer()
	w := must(c.CreateWebACL(c.ctx, acl("w")))(t).Summary
	of := func() *types.WebACL {
		t.Helper()
		return must(c.GetWebACLForResource(c.ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: &lb}))(t).WebACL
	}
	if of() != nil {
		t.Error("a new load balancer has a web ACL")
	}
	must(c.AssociateWebACL(c.ctx, &wafv2.AssociateWebACLInput{WebACLArn: w.ARN, ResourceArn: &lb}))(t)
	if got := of(); got == nil || *got.ARN != *w.ARN {
		t.Errorf("got %+v", got)
	}
	list := must(c.ListResourcesForWebACL(c.ctx, &wafv2.ListResourcesForWebACLInput{WebACLArn: w.ARN}))(t).ResourceArns
	if len(list) != 1 || list[0] != lb {
		t.Errorf("got %v", list)
	}
	remove := &wafv2.DeleteWebACLInput{Name: w.Name, Scope: types.ScopeRegional, Id: w.Id, LockToken: w.LockToken}
	_, err := c.DeleteWebACL(c.ctx, remove)
	refused(t, err, "WAFAssociatedItemException")
	must(c.DisassociateWebACL(c.ctx, &wafv2.DisassociateWebACLInput{ResourceArn: &lb}))(t)
	if of() != nil {
		t.Error("the web ACL is still there")
	}
	must(c.AssociateWebACL(c.ctx, &wafv2.AssociateWebACLInput{WebACLArn: w.ARN, ResourceArn: &lb}))(t)
	must(elasticloadbalancingv2.NewFromConfig(c.cloud.Config()).DeleteLoadBalancer(c.ctx, &elasticloadbalancingv2.DeleteLoadBalancerInput{LoadBalancerArn: &lb}))(t)
	_, err = c.GetWebACLForResource(c.ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: &lb})
	refused(t, err, "WAFNonexistentItemException")
	must(c.DeleteWebACL(c.ctx, remove))(t)
	_, err = c.AssociateWebACL(c.ctx, &wafv2.AssociateWebACLInput{WebACLArn: w.ARN, ResourceArn: &lb})
	refused(t, err, "WAFNonexistentItemException")
	_, err = c.GetWebACLForResource(c.ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: aws.String("arn:aws:apigateway:us-east-1::/restapis/x/stages/y")})
	refused(t, err, "NotImplementedByLocalCloud", "apigateway")
}

func TestLogging(t *testing.T) {
	c := start(t)
	w := must(c.CreateWebACL(c.ctx, acl("w")))(t).Summary
	put := func(arn string, change func(*types.LoggingConfiguration)) error {
		config := &types.LoggingConfiguration{ResourceArn: w.ARN, LogDestinationConfigs: []string{arn}}
		change(config)
		_, err := c.PutLoggingConfiguration(c.ctx, &wafv2.PutLoggingConfigurationInput{LoggingConfiguration: config})
		return err
	}
	as := func(*types.LoggingConfiguration) {}
	const groups = "arn:aws:logs:us-east-1:" + cloud.DefaultAccount + ":log-group:"
	refused(t, put(groups+"waf", as), "WAFInvalidParameterException", "LOG_DESTINATION")
	refused(t, put(groups+"aws-waf-logs-x", as), "WAFNonexistentItemException")
	refused(t, put("arn:aws:s3:::aws-waf-logs-x", as), "WAFNonexistentItemException")
	refused(t, put("arn:aws:firehose:us-east-1:111111111111:deliverystream/aws-waf-logs-x", as), "NotImplementedByLocalCloud")
	must(cloudwatchlogs.NewFromConfig(c.cloud.Config()).CreateLogGroup(c.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("aws-waf-logs-x")}))(t)
	buckets := s3.NewFromConfig(c.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	must(buckets.CreateBucket(c.ctx, &s3.CreateBucketInput{Bucket: aws.String("aws-waf-logs-x")}))(t)
	for _, arn := range []string{"arn:aws:s3:::aws-waf-logs-x", groups + "aws-waf-logs-x"} {
		if err := put(arn, as); err != nil {
			t.Error(err)
		}
	}
	refused(t, put(groups+"aws-waf-logs-x", func(l *types.LoggingConfiguration) { l.RedactedFields = []types.FieldToMatch{{Body: &types.Body{}}} }), "WAFInvalidParameterException", "redacted")
	refused(t, put(groups+"aws-waf-logs-x", func(l *types.LoggingConfiguration) {
		l.LoggingFilter = &types.LoggingFilter{DefaultBehavior: "X", Filters: []types.Filter{}}
	}), "WAFInvalidParameterException", "LOGGING_FILTER")
	err := put(groups+"aws-waf-logs-x", func(l *types.LoggingConfiguration) {
		l.RedactedFields = []types.FieldToMatch{{SingleHeader: &types.SingleHeader{Name: aws.String("cookie")}}, {Method: &types.Method{}}}
		l.LoggingFilter = &types.LoggingFilter{DefaultBehavior: types.FilterBehaviorDrop, Filters: []types.Filter{{
			Behavior: types.FilterBehaviorKeep, Requirement: types.FilterRequirementMeetsAny, Conditions: []types.Condition{{ActionCondition: &types.ActionCondition{Action: types.ActionValueBlock}}}}}}
	})
	if err != nil {
		t.Error(err)
	}
	got := must(c.GetLoggingConfiguration(c.ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: w.ARN}))(t).LoggingConfiguration
	if len(got.RedactedFields) != 2 || got.RedactedFields[1].Method == nil || got.LoggingFilter == nil || got.LogDestinationConfigs[0] != groups+"aws-waf-logs-x" {
		t.Errorf("got %+v", got)
	}
	if list := must(c.ListLoggingConfigurations(c.ctx, &wafv2.ListLoggingConfigurationsInput{Scope: types.ScopeRegional}))(t).LoggingConfigurations; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
	must(c.DeleteLoggingConfiguration(c.ctx, &wafv2.DeleteLoggingConfigurationInput{ResourceArn: w.ARN}))(t)
	_, err = c.GetLoggingConfiguration(c.ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: w.ARN})
	refused(t, err, "WAFNonexistentItemException")
}

func TestTags(t *testing.T) {
	c := start(t)
	w := must(c.CreateWebACL(c.ctx, acl("w")))(t).Summary
	tag := func(key string) error {
		_, err := c.TagResource(c.ctx, &wafv2.TagResourceInput{ResourceARN: w.ARN, Tags: []types.Tag{{Key: &key, Value: aws.String("v")}}})
		return err
	}
	if err := tag("a"); err != nil {
		t.Error(err)
	}
	refused(t, tag("aws:x"), "WAFTagOperationException")
	refused(t, tag(strings.Repeat("x", 129)), "WAFInvalidParameterException")
	for i := range 49 {
		if err := tag(fmt.Sprint(i)); err != nil {
			t.Error(err)
		}
	}
	refused(t, tag("more"), "WAFTagOperationException")
	page := must(c.ListTagsForResource(c.ctx, &wafv2.ListTagsForResourceInput{ResourceARN: w.ARN, Limit: aws.Int32(30)}))(t)
	rest := must(c.ListTagsForResource(c.ctx, &wafv2.ListTagsForResourceInput{ResourceARN: w.ARN, NextMarker: page.NextMarker}))(t)
	if len(page.TagInfoForResource.TagList) != 30 || len(rest.TagInfoForResource.TagList) != 20 || rest.NextMarker != nil {
		t.Errorf("got %d and %d", len(page.TagInfoForResource.TagList), len(rest.TagInfoForResource.TagList))
	}
	must(c.UntagResource(c.ctx, &wafv2.UntagResourceInput{ResourceARN: w.ARN, TagKeys: []string{"a"}}))(t)
	refused(t, func() error {
		_, err := c.TagResource(c.ctx, &wafv2.TagResourceInput{ResourceARN: aws.String(*w.ARN + "x"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("v")}}})
		return err
	}(), "WAFNonexistentItemException")
}
