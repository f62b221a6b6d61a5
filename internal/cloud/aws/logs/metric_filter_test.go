package logs_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func metric(name, value string) types.MetricTransformation {
	return types.MetricTransformation{MetricName: &name, MetricNamespace: aws.String("ns"), MetricValue: &value, Unit: types.StandardUnitNone}
}

func TestMetricFilters(t *testing.T) {
	l := start(t)
	put := func(name, pattern string, m types.MetricTransformation) error {
		_, err := l.PutMetricFilter(l.ctx, &cwl.PutMetricFilterInput{LogGroupName: aws.String("g"), FilterName: &name, FilterPattern: &pattern, MetricTransformations: []types.MetricTransformation{m}})
		return err
	}
	withDefault := metric("m1", "1")
	withDefault.DefaultValue = aws.Float64(0)
	for i, m := range []types.MetricTransformation{withDefault, metric("m2", "$.size")} {
		if err := put(fmt.Sprintf("f%d", i+1), "{ $.size = * }", m); err != nil {
			t.Fatal(err)
		}
	}
	if err := put("f1", "ERROR", withDefault); err != nil {
		t.Fatal(err)
	}
	list := func(in cwl.DescribeMetricFiltersInput) []types.MetricFilter {
		return must(l.DescribeMetricFilters(l.ctx, &in))(t).MetricFilters
	}
	all := list(cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("g")})
	if len(all) != 2 || *all[0].FilterPattern != "ERROR" || *all[0].MetricTransformations[0].DefaultValue != 0 ||
		all[0].MetricTransformations[0].Unit != types.StandardUnitNone || all[1].MetricTransformations[0].DefaultValue != nil || *all[1].LogGroupName != "g" {
		t.Errorf("got %+v", all)
	}
	if got := *l.group("g").MetricFilterCount; got != 2 {
		t.Errorf("the group counts %d", got)
	}
	if got := list(cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("g"), FilterNamePrefix: aws.String("f2")}); len(got) != 1 {
		t.Errorf("by prefix: %+v", got)
	}
	if got := list(cwl.DescribeMetricFiltersInput{MetricName: aws.String("m2"), MetricNamespace: aws.String("ns")}); len(got) != 1 || *got[0].FilterName != "f2" {
		t.Errorf("by metric: %+v", got)
	}
	_, err := l.DescribeMetricFilters(l.ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: aws.String("none")})
	refused(t, err, "ResourceNotFoundException")

	refused(t, put("f3", "{ $.", metric("m", "1")), "InvalidParameterException", "pattern")
	refused(t, put("f3", "", metric("m:x", "1")), "InvalidParameterException", "metricName")
	refused(t, put("f3", "", metric("m", "x")), "InvalidParameterException", "metric value")
	both := withDefault
	both.Dimensions = map[string]string{"d": "$.d"}
	refused(t, put("f3", "", both), "InvalidParameterException", "mutually exclusive")

	del := &cwl.DeleteMetricFilterInput{LogGroupName: aws.String("g"), FilterName: aws.String("f1")}
	must(l.DeleteMetricFilter(l.ctx, del))(t)
	_, err = l.DeleteMetricFilter(l.ctx, del)
	refused(t, err, "ResourceNotFoundException")
	must(l.DeleteLogGroup(l.ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("g")}))(t)
	if got := list(cwl.DescribeMetricFiltersInput{}); len(got) != 0 {
		t.Errorf("after the group: %+v", got)
	}
}

func TestTestMetricFilter(t *testing.T) {
	l := start(t)
	out := must(l.TestMetricFilter(l.ctx, &cwl.TestMetricFilterInput{
		FilterPattern:    aws.String("[ip, id, user, time, request, status = 4*, size]"),
		LogEventMessages: []string{"no match", `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /x HTTP/1.0" 404 1534`},
	}))(t)
	want := map[string]string{"$ip": "127.0.0.1", "$id": "-", "$user": "frank", "$time": "10/Oct/2000:13:25:15 -0700", "$request": "GET /x HTTP/1.0", "$status": "404", "$size": "1534"}
	if len(out.Matches) != 1 || out.Matches[0].EventNumber != 2 || !maps.Equal(out.Matches[0].ExtractedValues, want) {
		t.Errorf("got %+v", out.Matches)
	}
}

func TestResourcePolicies(t *testing.T) {
	l := start(t)
	document := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`)
	for i := range 10 {
		out := must(l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String(fmt.Sprint(i)), PolicyDocument: document}))(t)
		if *out.ResourcePolicy.PolicyDocument != *document || *out.ResourcePolicy.LastUpdatedTime != l.at(0) {
			t.Errorf("got %+v", out.ResourcePolicy)
		}
	}
	_, err := l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String("more"), PolicyDocument: document})
	refused(t, err, "LimitExceededException")
	must(l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String("0"), PolicyDocument: document}))(t)
	_, err = l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String("0"), PolicyDocument: aws.String("{")})
	refused(t, err, "InvalidParameterException")

	arn := aws.String(arnPrefix + "g")
	first := must(l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{ResourceArn: arn, PolicyDocument: document}))(t)
	_, err = l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{ResourceArn: arn, PolicyDocument: document, ExpectedRevisionId: aws.String("stale")})
	refused(t, err, "OperationAbortedException")
	must(l.PutResourcePolicy(l.ctx, &cwl.PutResourcePolicyInput{ResourceArn: arn, PolicyDocument: document, ExpectedRevisionId: first.RevisionId}))(t)

	account := must(l.DescribeResourcePolicies(l.ctx, &cwl.DescribeResourcePoliciesInput{Limit: aws.Int32(4)}))(t)
	if len(account.ResourcePolicies) != 4 || account.NextToken == nil {
		t.Errorf("got %+v", account)
	}
	ofGroup := must(l.DescribeResourcePolicies(l.ctx, &cwl.DescribeResourcePoliciesInput{ResourceArn: arn}))(t)
	if len(ofGroup.ResourcePolicies) != 1 || *ofGroup.ResourcePolicies[0].ResourceArn != *arn || ofGroup.ResourcePolicies[0].PolicyScope != types.PolicyScopeResource {
		t.Errorf("got %+v", ofGroup.ResourcePolicies)
	}
	must(l.DeleteResourcePolicy(l.ctx, &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("0")}))(t)
	_, err = l.DeleteResourcePolicy(l.ctx, &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("0")})
	refused(t, err, "ResourceNotFoundException")
}

func TestMetricFiltersPublish(t *testing.T) {
	l := start(t)
	watch := cloudwatch.NewFromConfig(l.cloud.Config(), func(o *cloudwatch.Options) { o.HTTPSignerV4 = l.cloud.Signer() })
	l.cloud.Clock.Advance(time.Minute - l.cloud.Clock.Now().Sub(l.cloud.Clock.Now().Truncate(time.Minute)))
	put := func(name, pattern string, m types.MetricTransformation) {
		m.MetricName = &name
		must(l.PutMetricFilter(l.ctx, &cwl.PutMetricFilterInput{LogGroupName: aws.String("g"), FilterName: &name, FilterPattern: &pattern, MetricTransformations: []types.MetricTransformation{m}}))(t)
	}
	withDefault, byCode := metric("", "1"), metric("", "1")
	withDefault.DefaultValue = aws.Float64(0)
	byCode.Dimensions = map[string]string{"code": "$.code"}
	put("errors", "ERROR", withDefault)
	put("sizes", "{ $.size = * }", metric("", "$.size"))
	put("codes", "{ $.code = * }", byCode)
	l.put("g", "s",
		event(l.at(150*time.Second), "fine"), event(l.at(90*time.Second), "ERROR one"), event(l.at(80*time.Second), "ERROR two"),
		event(l.at(70*time.Second), `{"size": 12, "code": 500}`), event(l.at(20*time.Second), `{"size": 30, "code": 404}`), event(l.at(10*time.Second), `{"size": "big", "code": 500}`))
	get := func(name string, dims ...cwtypes.Dimension) string {
		out := must(watch.GetMetricStatistics(l.ctx, &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("ns"), MetricName: &name, Dimensions: dims, Period: aws.Int32(60), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum, cwtypes.StatisticSampleCount},
			StartTime: aws.Time(l.cloud.Clock.Now().Add(-3 * time.Minute)), EndTime: aws.Time(l.cloud.Clock.Now()),
		}))(t)
		var points []string
		for _, p := range out.Datapoints {
			points = append(points, fmt.Sprintf("%v:%v/%v", l.cloud.Clock.Now().Sub(*p.Timestamp).Minutes(), *p.Sum, *p.SampleCount))
		}
		return strings.Join(points, " ")
	}
	if got := get("errors"); got != "3:0/1 2:2/2 1:0/1" {
		t.Errorf("errors: %s", got)
	}
	if got := get("sizes"); got != "2:12/1 1:30/1" {
		t.Errorf("sizes: %s", got)
	}
	if got := get("codes", cwtypes.Dimension{Name: aws.String("code"), Value: aws.String("500")}); got != "2:1/1 1:1/1" {
		t.Errorf("codes: %s", got)
	}
}
