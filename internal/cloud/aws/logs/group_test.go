package logs_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:logs:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":log-group:"

func TestGroupLifeCycle(t *testing.T) {
	l := start(t)
	name := aws.String("/ecs/web")
	create := &cwl.CreateLogGroupInput{LogGroupName: name, Tags: map[string]string{"team": "a"}, LogGroupClass: types.LogGroupClassStandard}
	must(l.CreateLogGroup(l.ctx, create))(t)
	_, err := l.CreateLogGroup(l.ctx, create)
	refused(t, err, "ResourceAlreadyExistsException")
	g := l.group("/ecs/web")
	if g == nil || *g.Arn != arnPrefix+"/ecs/web:*" || *g.LogGroupArn != arnPrefix+"/ecs/web" || g.LogGroupClass != types.LogGroupClassStandard ||
		g.RetentionInDays != nil || g.KmsKeyId != nil || *g.StoredBytes != 0 || *g.MetricFilterCount != 0 || *g.DeletionProtectionEnabled ||
		*g.CreationTime != l.at(0) {
		t.Errorf("got %+v", g)
	}
	must(l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: name}))(t)
	_, err = l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: name})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist")
	if l.group("/ecs/web") != nil {
		t.Error("the group is still there")
	}
}

func TestGroupNames(t *testing.T) {
	l := start(t)
	for _, name := range []string{"a b", "a:b", "a*", strings.Repeat("a", 513), "aws/x"} {
		_, err := l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: &name})
		refused(t, err, "InvalidParameterException")
	}
	_, err := l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("x"), LogGroupClass: "BIG"})
	refused(t, err, "InvalidParameterException", "logGroupClass")
	_, err = l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("x"), KmsKeyId: aws.String("alias/x")})
	refused(t, err, "InvalidParameterException")
}

func TestGroupsInPages(t *testing.T) {
	l := start(t)
	for i := range 7 {
		must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String(fmt.Sprintf("/p/%d", i))}))(t)
	}
	must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("/p/rare"), LogGroupClass: types.LogGroupClassInfrequentAccess}))(t)
	list := func(in *cwl.DescribeLogGroupsInput) string {
		var names []string
		for pages := cwl.NewDescribeLogGroupsPaginator(l, in); pages.HasMorePages(); {
			for _, g := range must(pages.NextPage(l.ctx))(t).LogGroups {
				names = append(names, *g.LogGroupName)
			}
		}
		return strings.Join(names, " ")
	}
	for _, c := range []struct {
		in   cwl.DescribeLogGroupsInput
		want string
	}{
		{cwl.DescribeLogGroupsInput{Limit: aws.Int32(3)}, "/p/0 /p/1 /p/2 /p/3 /p/4 /p/5 /p/6 /p/rare g"},
		{cwl.DescribeLogGroupsInput{Limit: aws.Int32(1), LogGroupNamePrefix: aws.String("/p/r")}, "/p/rare"},
		{cwl.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("rar")}, "/p/rare"},
		{cwl.DescribeLogGroupsInput{LogGroupClass: types.LogGroupClassInfrequentAccess}, "/p/rare"},
		{cwl.DescribeLogGroupsInput{LogGroupIdentifiers: []string{"g", arnPrefix + "/p/1", "none"}, Limit: aws.Int32(1)}, "/p/1 g"},
	} {
		if got := list(&c.in); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	_, err := l.DescribeLogGroups(l.ctx, &cwl.DescribeLogGroupsInput{Limit: aws.Int32(51)})
	refused(t, err, "InvalidParameterException", "limit")
	_, err = l.DescribeLogGroups(l.ctx, &cwl.DescribeLogGroupsInput{NextToken: aws.String("%")})
	refused(t, err, "InvalidParameterException", "nextToken")
	_, err = l.DescribeLogGroups(l.ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("a"), LogGroupNamePrefix: aws.String("b")})
	refused(t, err, "InvalidParameterException", "mutually exclusive")
}

func TestGroupTags(t *testing.T) {
	l := start(t)
	arn, name := aws.String(arnPrefix+"g"), aws.String("g")
	check := func(want map[string]string) {
		t.Helper()
		byARN := must(l.ListTagsForResource(l.ctx, &cwl.ListTagsForResourceInput{ResourceArn: arn}))(t)
		byName := must(l.ListTagsLogGroup(l.ctx, &cwl.ListTagsLogGroupInput{LogGroupName: name}))(t)
		if !maps.Equal(byARN.Tags, want) || !maps.Equal(byName.Tags, want) {
			t.Errorf("got %v and %v, want %v", byARN.Tags, byName.Tags, want)
		}
	}
	check(nil)
	must(l.TagResource(l.ctx, &cwl.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(l.TagLogGroup(l.ctx, &cwl.TagLogGroupInput{LogGroupName: name, Tags: map[string]string{"b": "3", "c": ""}}))(t)
	check(map[string]string{"a": "1", "b": "3", "c": ""})
	must(l.UntagResource(l.ctx, &cwl.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	must(l.UntagLogGroup(l.ctx, &cwl.UntagLogGroupInput{LogGroupName: name, Tags: []string{"b"}}))(t)
	check(map[string]string{"c": ""})

	_, err := l.TagResource(l.ctx, &cwl.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"aws:x": "1"}})
	refused(t, err, "InvalidParameterException")
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	_, err = l.TagResource(l.ctx, &cwl.TagResourceInput{ResourceArn: arn, Tags: many})
	refused(t, err, "TooManyTagsException")
	check(map[string]string{"c": ""})
	_, err = l.ListTagsForResource(l.ctx, &cwl.ListTagsForResourceInput{ResourceArn: aws.String(arnPrefix + "g:*")})
	refused(t, err, "InvalidParameterException")
	_, err = l.ListTagsForResource(l.ctx, &cwl.ListTagsForResourceInput{ResourceArn: aws.String(arnPrefix + "none")})
	refused(t, err, "ResourceNotFoundException")

	must(l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: name}))(t)
	must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: name}))(t)
	check(nil)
}

func TestDeletionProtection(t *testing.T) {
	l := start(t)
	protect := func(identifier string, on bool) error {
		_, err := l.PutLogGroupDeletionProtection(l.ctx, &cwl.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: &identifier, DeletionProtectionEnabled: &on})
		return err
	}
	if err := protect(arnPrefix+"g", true); err != nil {
		t.Fatal(err)
	}
	if !*l.group("g").DeletionProtectionEnabled {
		t.Error("the protection does not show")
	}
	_, err := l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")})
	refused(t, err, "ValidationException", "deletion protection")
	if err := protect("g", false); err != nil {
		t.Fatal(err)
	}
	must(l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")}))(t)
	refused(t, protect("g", true), "ResourceNotFoundException")
}

func TestRetention(t *testing.T) {
	l := start(t)
	keep := func(days int32) error {
		_, err := l.PutRetentionPolicy(l.ctx, &cwl.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: &days})
		return err
	}
	refused(t, keep(2), "InvalidParameterException", "retentionInDays")
	l.put("g", "s", event(l.at(49*time.Hour), "old"))
	l.put("g", "s", event(l.at(2*time.Hour), "new"), event(l.at(time.Hour), "newer"))
	if got, _ := l.filter(cwl.FilterLogEventsInput{}); got != "old new newer" {
		t.Errorf("without retention: %q", got)
	}
	if err := keep(1); err != nil {
		t.Fatal(err)
	}
	if got := *l.group("g").RetentionInDays; got != 1 {
		t.Errorf("got %d days", got)
	}
	if got := *l.group("g").StoredBytes; got != int64(len("newnewer")+2*26) {
		t.Errorf("stored bytes: %d", got)
	}
	check := func(want string) {
		t.Helper()
		if got, _ := l.filter(cwl.FilterLogEventsInput{}); got != want {
			t.Errorf("filtered: %q, want %q", got, want)
		}
		if got, _ := l.get(cwl.GetLogEventsInput{}); got != want {
			t.Errorf("read backward: %q, want %q", got, want)
		}
		if got, _ := l.get(cwl.GetLogEventsInput{StartFromHead: aws.Bool(true)}); got != want {
			t.Errorf("read forward: %q, want %q", got, want)
		}
	}
	check("new newer")
	l.cloud.Clock.Advance(22*time.Hour + 30*time.Minute)
	check("newer")
	streams := must(l.DescribeLogStreams(l.ctx, &cwl.DescribeLogStreamsInput{LogGroupName: aws.String("g")}))(t)
	if got := *streams.LogStreams[0].FirstEventTimestamp; got != l.at(23*time.Hour+30*time.Minute) {
		t.Errorf("first event: %d", got)
	}
	out := l.put("g", "s", event(l.at(25*time.Hour), "expired"), event(l.at(time.Hour), "kept"))
	if info := out.RejectedLogEventsInfo; info == nil || *info.ExpiredLogEventEndIndex != 1 || info.TooOldLogEventEndIndex != nil {
		t.Errorf("rejected: %+v", info)
	}
	check("newer kept")
	l.cloud.Clock.Advance(48 * time.Hour)
	check("")
	must(l.DeleteRetentionPolicy(l.ctx, &cwl.DeleteRetentionPolicyInput{LogGroupName: aws.String("g")}))(t)
	if l.group("g").RetentionInDays != nil {
		t.Error("the retention is still there")
	}
}

func TestDeliveryClass(t *testing.T) {
	l := start(t)
	name := aws.String("d")
	must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: name, LogGroupClass: types.LogGroupClassDelivery}))(t)
	if got := l.group("d").RetentionInDays; got == nil || *got != 2 {
		t.Errorf("retention: %v", got)
	}
	_, err := l.PutRetentionPolicy(l.ctx, &cwl.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(30)})
	refused(t, err, "InvalidParameterException")
	_, err = l.FilterLogEvents(l.ctx, &cwl.FilterLogEventsInput{LogGroupName: name})
	refused(t, err, "InvalidParameterException")
}

func TestAccountsAndRegionsApart(t *testing.T) {
	l := start(t)
	config := l.cloud.Config()
	config.Region = "eu-central-1"
	elsewhere := cwl.NewFromConfig(config)
	out := must(elsewhere.DescribeLogGroups(l.ctx, &cwl.DescribeLogGroupsInput{}))(t)
	if len(out.LogGroups) != 0 {
		t.Errorf("got %d groups", len(out.LogGroups))
	}
	_, err := elsewhere.PutLogEvents(l.ctx, &cwl.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: []types.InputLogEvent{event(l.at(0), "m")}})
	refused(t, err, "ResourceNotFoundException")
	_, err = elsewhere.DescribeLogStreams(l.ctx, &cwl.DescribeLogStreamsInput{LogGroupIdentifier: aws.String(arnPrefix + "g")})
	refused(t, err, "ResourceNotFoundException")
}

func TestRestart(t *testing.T) {
	l := start(t, cloudtest.Durable())
	must(l.TagResource(l.ctx, &cwl.TagResourceInput{ResourceArn: aws.String(arnPrefix + "g"), Tags: map[string]string{"a": "1"}}))(t)
	l.fill("g", "s", 1000)
	_, before := l.filter(cwl.FilterLogEventsInput{})
	l.cloud.Restart()
	_, after := l.filter(cwl.FilterLogEventsInput{})
	if len(after.Events) != 1000 || *after.Events[999].EventId != *before.Events[999].EventId {
		t.Errorf("got %d events", len(after.Events))
	}
	l.put("g", "s", event(l.at(0), "later"))
	if got, _ := l.get(cwl.GetLogEventsInput{Limit: aws.Int32(2)}); got != "999 later" {
		t.Errorf("got %q", got)
	}
	tags := must(l.ListTagsForResource(l.ctx, &cwl.ListTagsForResourceInput{ResourceArn: aws.String(arnPrefix + "g")}))(t)
	if tags.Tags["a"] != "1" {
		t.Errorf("got %v", tags.Tags)
	}
}
