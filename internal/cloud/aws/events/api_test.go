package events_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func TestBuses(t *testing.T) {
	c := start(t, cloudtest.Durable())
	name := aws.String("orders")
	out := must(c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: name, Description: aws.String("d")}))(t)
	if *out.EventBusArn != arnPrefix+"event-bus/orders" {
		t.Errorf("got %s", *out.EventBusArn)
	}
	for _, again := range []*string{name, aws.String("default")} {
		_, err := c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: again})
		refused(t, err, "ResourceAlreadyExistsException", "already exists")
	}
	for _, bad := range []string{"a/b", "a b", strings.Repeat("a", 257)} {
		_, err := c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: &bad})
		refused(t, err, "ValidationException")
	}
	_, err := c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("x"), DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:111111111111:q")}})
	refused(t, err, unavailable)
	must(c.UpdateEventBus(c.ctx, &eventbridge.UpdateEventBusInput{Name: name, LogConfig: &types.LogConfig{Level: types.LevelTrace}}))(t)
	c.cloud.Restart()
	got := must(c.DescribeEventBus(c.ctx, &eventbridge.DescribeEventBusInput{Name: out.EventBusArn}))(t)
	if *got.Name != "orders" || got.Description != nil || got.LogConfig.Level != types.LevelTrace || got.Policy != nil || got.CreationTime == nil {
		t.Errorf("got %+v", got)
	}
	if got := must(c.DescribeEventBus(c.ctx, &eventbridge.DescribeEventBusInput{}))(t); *got.Name != "default" || *got.Arn != arnPrefix+"event-bus/default" {
		t.Errorf("got %+v", got)
	}
	must(c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("a")}))(t)
	names := ""
	in := &eventbridge.ListEventBusesInput{Limit: aws.Int32(1)}
	for {
		page := must(c.ListEventBuses(c.ctx, in))(t)
		for _, b := range page.EventBuses {
			names += *b.Name + " "
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if names != "a default orders " {
		t.Errorf("got %s", names)
	}
	if list := must(c.ListEventBuses(c.ctx, &eventbridge.ListEventBusesInput{NamePrefix: aws.String("or")}))(t).EventBuses; len(list) != 1 {
		t.Errorf("got %d buses", len(list))
	}
	c.put(eventbridge.PutRuleInput{Name: aws.String("q"), EventBusName: name, EventPattern: aws.String(`{"source":["app"]}`)})
	_, err = c.DeleteEventBus(c.ctx, &eventbridge.DeleteEventBusInput{Name: name})
	refused(t, err, "ValidationException", "rules")
	must(c.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("q"), EventBusName: name}))(t)
	for range 2 {
		must(c.DeleteEventBus(c.ctx, &eventbridge.DeleteEventBusInput{Name: name}))(t)
	}
	_, err = c.DescribeEventBus(c.ctx, &eventbridge.DescribeEventBusInput{Name: name})
	refused(t, err, "ResourceNotFoundException", "Event bus orders does not exist.")
	_, err = c.DeleteEventBus(c.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")})
	refused(t, err, "ValidationException")
}

func TestPermissions(t *testing.T) {
	c := start(t)
	put := func(id, principal string, condition *types.Condition) error {
		_, err := c.PutPermission(c.ctx, &eventbridge.PutPermissionInput{StatementId: &id, Principal: &principal, Action: aws.String("events:PutEvents"), Condition: condition})
		return err
	}
	policy := func() string {
		p := must(c.DescribeEventBus(c.ctx, &eventbridge.DescribeEventBusInput{}))(t).Policy
		return aws.ToString(p)
	}
	if err := put("a", "222222222222", nil); err != nil {
		t.Fatal(err)
	}
	if err := put("b", "*", &types.Condition{Type: aws.String("StringEquals"), Key: aws.String("aws:PrincipalOrgID"), Value: aws.String("o-1")}); err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"events:PutEvents","Resource":"` + arnPrefix + `event-bus/default"},` +
		`{"Sid":"b","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"` + arnPrefix + `event-bus/default","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`
	if got := policy(); got != want {
		t.Errorf("got %s", got)
	}
	refused(t, put("c", "root", nil), "ValidationException")
	refused(t, put("c d", "*", nil), "ValidationException")
	_, err := c.RemovePermission(c.ctx, &eventbridge.RemovePermissionInput{StatementId: aws.String("c")})
	refused(t, err, "ResourceNotFoundException")
	must(c.RemovePermission(c.ctx, &eventbridge.RemovePermissionInput{StatementId: aws.String("a")}))(t)
	must(c.RemovePermission(c.ctx, &eventbridge.RemovePermissionInput{RemoveAllPermissions: true}))(t)
	if got := policy(); got != "" {
		t.Errorf("got %s", got)
	}
	_, err = c.RemovePermission(c.ctx, &eventbridge.RemovePermissionInput{StatementId: aws.String("b")})
	refused(t, err, "ResourceNotFoundException", "does not have a policy")
	_, err = c.PutPermission(c.ctx, &eventbridge.PutPermissionInput{Policy: aws.String("{")})
	refused(t, err, "ValidationException")
	whole := aws.String(`{"Version":"2012-10-17","Statement":{"Sid":"x","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"*"}}`)
	must(c.PutPermission(c.ctx, &eventbridge.PutPermissionInput{Policy: whole}))(t)
	if got := policy(); got != *whole {
		t.Errorf("got %s", got)
	}
}

func TestRules(t *testing.T) {
	c := start(t)
	role := c.role("events")
	arn := c.put(eventbridge.PutRuleInput{Name: aws.String("s"), ScheduleExpression: aws.String("rate(5 minutes)"), Description: aws.String("d"), RoleArn: &role, State: types.RuleStateDisabled})
	if arn != arnPrefix+"rule/s" {
		t.Errorf("got %s", arn)
	}
	describe := func() *eventbridge.DescribeRuleOutput {
		t.Helper()
		return must(c.DescribeRule(c.ctx, &eventbridge.DescribeRuleInput{Name: aws.String("s")}))(t)
	}
	if got := describe(); *got.ScheduleExpression != "rate(5 minutes)" || got.EventPattern != nil || *got.Description != "d" || got.State != types.RuleStateDisabled ||
		*got.EventBusName != "default" || *got.CreatedBy != cloud.DefaultAccount || *got.RoleArn != role || got.ManagedBy != nil {
		t.Errorf("got %+v", got)
	}
	must(c.EnableRule(c.ctx, &eventbridge.EnableRuleInput{Name: aws.String("s")}))(t)
	if got := describe(); got.State != types.RuleStateEnabled {
		t.Errorf("got %s", got.State)
	}
	must(c.DisableRule(c.ctx, &eventbridge.DisableRuleInput{Name: aws.String("s")}))(t)
	c.put(eventbridge.PutRuleInput{Name: aws.String("s"), EventPattern: aws.String(`{"source":["x"]}`)})
	if got := describe(); got.ScheduleExpression != nil || got.Description != nil || got.RoleArn != nil || got.State != types.RuleStateEnabled {
		t.Errorf("replaced: %+v", got)
	}
	for _, f := range []struct {
		in   eventbridge.PutRuleInput
		code string
		word string
	}{
		{eventbridge.PutRuleInput{}, "ValidationException", "must be specified"},
		{eventbridge.PutRuleInput{ScheduleExpression: aws.String("rate(1 minutes)")}, "ValidationException", "ScheduleExpression is not valid"},
		{eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":"x"}`)}, "InvalidEventPatternException", "Event pattern is not valid. Reason:"},
		{eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":["x"]}`), State: "ON"}, "ValidationException", "state"},
		{eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":["x"]}`), RoleArn: aws.String("arn:aws:iam::111111111111:role/none")}, "ValidationException", "cannot be assumed by principal"},
		{eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":["x"]}`), EventBusName: aws.String("none")}, "ResourceNotFoundException", "Event bus none does not exist"},
	} {
		f.in.Name = aws.String("bad")
		_, err := c.PutRule(c.ctx, &f.in)
		refused(t, err, f.code, f.word)
	}
	_, err := c.PutRule(c.ctx, &eventbridge.PutRuleInput{Name: aws.String("a/b"), EventPattern: aws.String(`{"source":["x"]}`)})
	refused(t, err, "ValidationException", "regular expression")
	_, err = c.DescribeRule(c.ctx, &eventbridge.DescribeRuleInput{Name: aws.String("none")})
	refused(t, err, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
	must(c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("b")}))(t)
	if arn := c.put(eventbridge.PutRuleInput{Name: aws.String("s"), EventBusName: aws.String(arnPrefix + "event-bus/b"), EventPattern: aws.String(`{"source":["x"]}`)}); arn != arnPrefix+"rule/b/s" {
		t.Errorf("got %s", arn)
	}
	_, err = c.PutRule(c.ctx, &eventbridge.PutRuleInput{Name: aws.String("t"), EventBusName: aws.String("b"), ScheduleExpression: aws.String("rate(1 day)")})
	refused(t, err, "ValidationException", "only on the default event bus")

	names := ""
	in := &eventbridge.ListRulesInput{Limit: aws.Int32(1)}
	for {
		page := must(c.ListRules(c.ctx, in))(t)
		for _, r := range page.Rules {
			names += *r.Name + " "
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if names != "r s " {
		t.Errorf("got %s", names)
	}
	for range 2 {
		must(c.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("s")}))(t)
	}
}

func TestTargets(t *testing.T) {
	c := start(t)
	sns := func(id string) types.Target { return types.Target{Id: &id, Arn: aws.String(topicARN)} }
	if err := c.target(sns("b"), sns("a")); err != nil {
		t.Fatal(err)
	}
	changed := sns("a")
	changed.Input = aws.String(`{"x":1}`)
	if err := c.target(changed); err != nil {
		t.Fatal(err)
	}
	list := must(c.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")}))(t).Targets
	if len(list) != 2 || *list[0].Id != "a" || *list[0].Input != `{"x":1}` || list[1].Input != nil || list[0].RoleArn != nil || list[0].RetryPolicy != nil {
		t.Errorf("got %+v", list)
	}
	page := must(c.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r"), Limit: aws.Int32(1)}))(t)
	page = must(c.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r"), NextToken: page.NextToken}))(t)
	if len(page.Targets) != 1 || *page.Targets[0].Id != "b" || page.NextToken != nil {
		t.Errorf("got %+v", page)
	}
	if names := must(c.ListRuleNamesByTarget(c.ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String(topicARN)}))(t).RuleNames; len(names) != 1 || names[0] != "r" {
		t.Errorf("got %v", names)
	}
	_, err := c.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	refused(t, err, "ValidationException", "Rule can't be deleted since it has targets")
	refused(t, c.target(sns("1"), sns("2"), sns("3"), sns("4")), "LimitExceededException")

	role := c.role("run")
	ecs := func(change func(*types.Target)) error {
		target := types.Target{Id: aws.String("e"), Arn: aws.String(clusterARN), RoleArn: &role, EcsParameters: &types.EcsParameters{
			TaskDefinitionArn: aws.String(taskARN), LaunchType: types.LaunchTypeFargate,
			NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		}}
		change(&target)
		return c.target(target)
	}
	if err := ecs(func(*types.Target) {}); err != nil {
		t.Error(err)
	}
	list = must(c.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")}))(t).Targets
	if *list[2].EcsParameters.TaskCount != 1 {
		t.Errorf("got %+v", list[2].EcsParameters)
	}
	refused(t, ecs(func(x *types.Target) { x.RoleArn = nil }), "ValidationException", "RoleArn is required")
	refused(t, ecs(func(x *types.Target) { x.EcsParameters = nil }), "ValidationException", "EcsParameters is required")
	refused(t, ecs(func(x *types.Target) { x.EcsParameters.NetworkConfiguration = nil }), "ValidationException", "NetworkConfiguration")
	refused(t, ecs(func(x *types.Target) { x.EcsParameters.TaskDefinitionArn = aws.String("jobs") }), "ValidationException", "TaskDefinitionArn")
	refused(t, ecs(func(x *types.Target) { x.RoleArn = aws.String("arn:aws:iam::111111111111:role/none") }), "ValidationException", "cannot be assumed")
	refused(t, ecs(func(x *types.Target) { x.EcsParameters.TaskCount = aws.Int32(0) }), "ValidationException", "TaskCount")

	other := func(change func(*types.Target)) error {
		target := sns("a")
		change(&target)
		return c.target(target)
	}
	transform := func(template string, paths map[string]string) func(*types.Target) {
		return func(x *types.Target) {
			x.InputTransformer = &types.InputTransformer{InputTemplate: &template, InputPathsMap: paths}
		}
	}
	refused(t, other(func(x *types.Target) { x.Arn = aws.String("arn:aws:lambda:us-east-1:111111111111:function:f") }), unavailable, "lambda")
	refused(t, other(func(x *types.Target) { x.Arn = aws.String("arn:aws:sns:eu-west-1:111111111111:t") }), unavailable)
	refused(t, other(func(x *types.Target) { x.Arn = aws.String("t") }), "ValidationException", "correct format")
	refused(t, other(func(x *types.Target) { x.RoleArn = &role }), "ValidationException", "RoleArn is not supported")
	refused(t, other(func(x *types.Target) { x.Input, x.InputPath = aws.String("{}"), aws.String("$") }), "ValidationException", "Only one of")
	refused(t, other(func(x *types.Target) { x.Input = aws.String("{") }), "ValidationException", "JSON syntax error")
	refused(t, other(func(x *types.Target) { x.InputPath = aws.String("detail") }), "ValidationException", "InputPath")
	refused(t, other(func(x *types.Target) { x.SqsParameters = &types.SqsParameters{} }), "ValidationException")
	refused(t, other(func(x *types.Target) { x.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(186)} }), "ValidationException")
	refused(t, other(func(x *types.Target) { x.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(topicARN)} }), unavailable)
	refused(t, other(transform(`"<a>"`, nil)), "ValidationException", "placeholder <a>")
	refused(t, other(transform(`<a> is`, map[string]string{"a": "$.detail"})), "ValidationException", "InputTemplate")
	refused(t, other(transform(`"<a>"`, map[string]string{"a": "detail"})), "ValidationException", "InputPath")
	for _, good := range []string{`"<a> is it"`, `{"x":<a>,"y":"<aws.events.rule-name>"}`, "\"<a>\"\n\"two\""} {
		if err := other(transform(good, map[string]string{"a": "$.detail"})); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}

	must(c.RemoveTargets(c.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"a", "b", "e", "none"}}))(t)
	must(c.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")}))(t)
	_, err = c.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	refused(t, err, "ResourceNotFoundException")
}

func TestPutEvents(t *testing.T) {
	c := start(t)
	entry := func(source, detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: &source, DetailType: aws.String("d"), Detail: &detail}
	}
	noType := entry("app", "{}")
	noType.DetailType = nil
	noBus := entry("app", "{}")
	noBus.EventBusName = aws.String("none")
	out := must(c.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry("app", "{}"), entry("app", "[]"), entry("aws.ec2", "{}"), noType, noBus,
	}}))(t)
	codes := ""
	for _, e := range out.Entries {
		codes += aws.ToString(e.ErrorCode) + ","
	}
	if out.FailedEntryCount != 4 || codes != ",MalformedDetail,NotAuthorizedForSourceException,InvalidArgument,InvalidArgument," || len(*out.Entries[0].EventId) != 36 {
		t.Errorf("got %d failed: %s", out.FailedEntryCount, codes)
	}
	_, err := c.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("app", `{"x":"`+strings.Repeat("x", 256<<10)+`"}`)}})
	refused(t, err, "ValidationException", "size")
	var many []types.PutEventsRequestEntry
	for range 11 {
		many = append(many, entry("app", "{}"))
	}
	_, err = c.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: many})
	refused(t, err, "ValidationException", "entries")
}

func TestEventPatterns(t *testing.T) {
	c := start(t)
	event := aws.String(`{"id":"1","detail-type":"d","source":"app","account":"1","time":"t","region":"r","resources":[],"detail":{"n":3}}`)
	for pattern, want := range map[string]bool{`{"detail":{"n":[{"numeric":[">",2]}]}}`: true, `{"source":["x"]}`: false} {
		if got := must(c.TestEventPattern(c.ctx, &eventbridge.TestEventPatternInput{Event: event, EventPattern: &pattern}))(t).Result; got != want {
			t.Errorf("%s: got %v", pattern, got)
		}
	}
	_, err := c.TestEventPattern(c.ctx, &eventbridge.TestEventPatternInput{Event: event, EventPattern: aws.String(`{"source":[{"like":"x"}]}`)})
	refused(t, err, "InvalidEventPatternException", "Unrecognized match type like")
	_, err = c.TestEventPattern(c.ctx, &eventbridge.TestEventPatternInput{Event: aws.String("{}"), EventPattern: aws.String(`{"source":["x"]}`)})
	refused(t, err, "ValidationException", "id")
}

func TestTags(t *testing.T) {
	c := start(t)
	for _, arn := range []string{arnPrefix + "rule/r", arnPrefix + "event-bus/default"} {
		must(c.TagResource(c.ctx, &eventbridge.TagResourceInput{ResourceARN: &arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}}))(t)
		must(c.UntagResource(c.ctx, &eventbridge.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{"a"}}))(t)
		got := must(c.ListTagsForResource(c.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &arn}))(t).Tags
		if len(got) != 1 || *got[0].Key != "b" || *got[0].Value != "2" {
			t.Errorf("%s: got %v", arn, got)
		}
	}
	_, err := c.ListTagsForResource(c.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String(arnPrefix + "rule/none")})
	refused(t, err, "ResourceNotFoundException")
	_, err = c.ListTagsForResource(c.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String("arn:aws:sns:us-east-1:111111111111:t")})
	refused(t, err, "ValidationException")
	var many []types.Tag
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(fmt.Sprint(i)), Value: aws.String("")})
	}
	_, err = c.TagResource(c.ctx, &eventbridge.TagResourceInput{ResourceARN: aws.String(arnPrefix + "rule/r"), Tags: many})
	refused(t, err, "ValidationException", "50")
}
