package cloudwatch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"atoll/internal/cloud/cloudtest"
)

func TestMetricAlarm(t *testing.T) {
	w := start(t, cloudtest.Durable())
	w.alarm("a", func(in *cw.PutMetricAlarmInput) {
		in.AlarmDescription, in.Dimensions = aws.String("words"), dims("d", "x")
		in.Tags = []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	})
	a := w.metricAlarm("a")
	if *a.AlarmArn != "arn:aws:cloudwatch:us-east-1:111111111111:alarm:a" || a.StateValue != types.StateValueInsufficientData ||
		*a.StateReason != "Unchecked: Initial alarm creation" || !*a.ActionsEnabled || a.DatapointsToAlarm != nil || a.TreatMissingData != nil ||
		len(a.Dimensions) != 1 || a.AlarmActions == nil || a.StateReasonData != nil {
		t.Errorf("made: %+v", a)
	}
	w.put(30*time.Second, 7, "d", "x")
	w.cloud.Clock.Advance(70 * time.Second)
	w.becomes("a", types.StateValueAlarm)
	a = w.metricAlarm("a")
	if !strings.HasPrefix(*a.StateReason, "Threshold Crossed: 1 out of the last 1 datapoints [7.0 (") || !strings.Contains(*a.StateReasonData, `"recentDatapoints":[7]`) ||
		!a.StateTransitionedTimestamp.Equal(w.now()) {
		t.Errorf("in alarm: %+v", a)
	}
	w.put(10*time.Second, 1, "d", "x")
	w.cloud.Clock.Advance(time.Minute)
	w.becomes("a", types.StateValueOk)
	w.cloud.Restart()
	if w.metricAlarm("a").StateValue != types.StateValueOk {
		t.Error("the state is lost")
	}
	w.cloud.Clock.Advance(5 * time.Minute)
	w.becomes("a", types.StateValueInsufficientData)

	w.alarm("a", func(in *cw.PutMetricAlarmInput) { in.TreatMissingData = aws.String("notBreaching") })
	a = w.metricAlarm("a")
	if a.AlarmDescription != nil || len(a.Dimensions) != 0 || *a.TreatMissingData != "notBreaching" || a.StateValue != types.StateValueInsufficientData {
		t.Errorf("changed: %+v", a)
	}
	w.cloud.Clock.Advance(time.Minute)
	w.becomes("a", types.StateValueOk)
	tags := must(w.ListTagsForResource(w.ctx, &cw.ListTagsForResourceInput{ResourceARN: a.AlarmArn}))(t).Tags
	if len(tags) != 1 || *tags[0].Value != "v" {
		t.Errorf("tags: %+v", tags)
	}
}

func TestAlarmsOnExpressionsAndShortPeriods(t *testing.T) {
	w := start(t)
	queries := []types.MetricDataQuery{metricQuery("m1", "m", "Sum", 60, false), {Id: aws.String("e1"), Expression: aws.String("FILL(m1, 0) * 2"), ReturnData: aws.Bool(true)}}
	must(w.PutMetricAlarm(w.ctx, &cw.PutMetricAlarmInput{AlarmName: aws.String("math"), EvaluationPeriods: aws.Int32(2), DatapointsToAlarm: aws.Int32(1),
		Threshold: aws.Float64(5), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, Metrics: queries}))(t)
	w.alarm("short", func(in *cw.PutMetricAlarmInput) { in.Period = aws.Int32(10) })
	w.data(types.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(6), StorageResolution: aws.Int32(1), Timestamp: aws.Time(w.now().Add(5 * time.Second))})
	w.cloud.Clock.Advance(10 * time.Second)
	w.becomes("short", types.StateValueAlarm)
	w.cloud.Clock.Advance(time.Minute)
	w.becomes("math", types.StateValueAlarm)
	w.becomes("short", types.StateValueInsufficientData)
	w.cloud.Clock.Advance(3 * time.Minute)
	w.becomes("math", types.StateValueOk)
	if a := w.metricAlarm("math"); len(a.Metrics) != 2 || a.Period != nil || a.MetricName != nil || !strings.Contains(*a.StateReason, "2 out of the last 2 datapoints [0.0 (") {
		t.Errorf("got %+v", a)
	}
}

func TestPutMetricAlarmRefuses(t *testing.T) {
	w := start(t)
	for i, c := range []struct {
		change      func(*cw.PutMetricAlarmInput)
		code, words string
	}{
		{func(in *cw.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(0) }, "ValidationError", "evaluationPeriods"},
		{func(in *cw.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(2) }, "ValidationError", "DatapointsToAlarm"},
		{func(in *cw.PutMetricAlarmInput) { in.Period = aws.Int32(45) }, "ValidationError", "Period"},
		{func(in *cw.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(1441) }, "ValidationError", "86400"},
		{func(in *cw.PutMetricAlarmInput) { in.Statistic = "" }, "InvalidParameterCombination", "Exactly one"},
		{func(in *cw.PutMetricAlarmInput) { in.Statistic, in.ExtendedStatistic = "", aws.String("p101") }, "ValidationError", "not supported"},
		{func(in *cw.PutMetricAlarmInput) { in.TreatMissingData = aws.String("x") }, "ValidationError", "treatMissingData"},
		{func(in *cw.PutMetricAlarmInput) { in.Threshold = nil }, "MissingParameter", "Threshold"},
		{func(in *cw.PutMetricAlarmInput) { in.AlarmActions = []string{"x"} }, "ValidationError", "arn"},
		{func(in *cw.PutMetricAlarmInput) { in.AlarmActions = make([]string, 6) }, "ValidationError", "more than 5"},
		{func(in *cw.PutMetricAlarmInput) { in.MetricName = nil }, "MissingParameter", "MetricName"},
		{func(in *cw.PutMetricAlarmInput) { in.ThresholdMetricId = aws.String("m1") }, "NotImplementedByLocalCloud", "anomaly"},
		{func(in *cw.PutMetricAlarmInput) { in.EvaluateLowSampleCountPercentile = aws.String("ignore") }, "InvalidParameterCombination", "ExtendedStatistic"},
		{func(in *cw.PutMetricAlarmInput) {
			in.Metrics = []types.MetricDataQuery{metricQuery("m1", "m", "Sum", 60, true)}
		}, "InvalidParameterCombination", "mutually exclusive"},
		{func(in *cw.PutMetricAlarmInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, "ValidationError", "aws:"},
	} {
		in := &cw.PutMetricAlarmInput{AlarmName: aws.String("a"), Namespace: aws.String("ns"), MetricName: aws.String("m"), Statistic: types.StatisticSum,
			Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: types.ComparisonOperatorLessThanThreshold}
		c.change(in)
		_, err := w.PutMetricAlarm(w.ctx, in)
		refused(t, err, c.code, c.words)
		if w.metricAlarm("a") != nil {
			t.Fatalf("case %d has left an alarm", i)
		}
	}
	in := &cw.PutMetricAlarmInput{AlarmName: aws.String("a"), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: types.ComparisonOperatorLessThanThreshold,
		Metrics: []types.MetricDataQuery{metricQuery("m1", "m", "Sum", 60, true), metricQuery("m2", "m", "Sum", 60, true)}}
	_, err := w.PutMetricAlarm(w.ctx, in)
	refused(t, err, "ValidationError", "Exactly one element")
}

func TestDescribeAndDeleteAlarms(t *testing.T) {
	w := start(t)
	topic := "arn:aws:sns:us-east-1:111111111111:t"
	for i := range 7 {
		w.alarm(fmt.Sprint("a", i), func(in *cw.PutMetricAlarmInput) {
			if i == 3 {
				in.OKActions = []string{topic}
			}
		})
	}
	w.set("a5", types.StateValueOk)
	count := func(in cw.DescribeAlarmsInput) (n int) {
		p := cw.NewDescribeAlarmsPaginator(w, &in)
		for p.HasMorePages() {
			out := must(p.NextPage(w.ctx))(t)
			n += len(out.MetricAlarms) + 100*len(out.CompositeAlarms)
		}
		return n
	}
	for want, in := range map[int]cw.DescribeAlarmsInput{
		7: {MaxRecords: aws.Int32(2)}, 6: {StateValue: types.StateValueInsufficientData}, 1: {ActionPrefix: aws.String("arn:aws:sns")},
		2: {AlarmNames: []string{"a1", "a2", "none"}}, 0: {AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}},
	} {
		if got := count(in); got != want {
			t.Errorf("got %d of %d", got, want)
		}
	}
	forMetric := must(w.DescribeAlarmsForMetric(w.ctx, &cw.DescribeAlarmsForMetricInput{Namespace: aws.String("ns"), MetricName: aws.String("m"), Statistic: types.StatisticMaximum}))(t)
	if len(forMetric.MetricAlarms) != 7 {
		t.Errorf("for the metric: %d", len(forMetric.MetricAlarms))
	}
	must(w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"a1", "none"}}))(t)
	must(w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"a1", "a2"}}))(t)
	if got := count(cw.DescribeAlarmsInput{AlarmNamePrefix: aws.String("a")}); got != 5 {
		t.Errorf("%d are left", got)
	}
	_, err := w.SetAlarmState(w.ctx, &cw.SetAlarmStateInput{AlarmName: aws.String("a1"), StateValue: types.StateValueOk, StateReason: aws.String("")})
	refused(t, err, "ResourceNotFound")
	_, err = w.SetAlarmState(w.ctx, &cw.SetAlarmStateInput{AlarmName: aws.String("a3"), StateValue: types.StateValueOk, StateReason: aws.String(""), StateReasonData: aws.String("{")})
	refused(t, err, "InvalidFormat")
}

func TestAlarmHistory(t *testing.T) {
	w := start(t)
	topic := "arn:aws:sns:us-east-1:111111111111:none"
	w.alarm("a", func(in *cw.PutMetricAlarmInput) { in.AlarmActions = []string{topic} })
	w.alarm("b")
	w.cloud.Clock.Advance(time.Second)
	w.set("a", types.StateValueAlarm)
	must(w.DisableAlarmActions(w.ctx, &cw.DisableAlarmActionsInput{AlarmNames: []string{"a", "gone"}}))(t)
	w.set("a", types.StateValueOk)
	w.set("a", types.StateValueAlarm)
	must(w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"a"}}))(t)
	list := func(in cw.DescribeAlarmHistoryInput) (got []string) {
		p := cw.NewDescribeAlarmHistoryPaginator(w, &in)
		for p.HasMorePages() {
			for _, i := range must(p.NextPage(w.ctx))(t).AlarmHistoryItems {
				got = append(got, *i.HistorySummary)
			}
		}
		return got
	}
	want := []string{
		`Alarm "a" created`, "Alarm updated from INSUFFICIENT_DATA to ALARM", "Failed to execute action " + topic, `Alarm "a" updated`,
		"Alarm updated from ALARM to OK", "Alarm updated from OK to ALARM", `Alarm "a" deleted`,
	}
	got := list(cw.DescribeAlarmHistoryInput{AlarmName: aws.String("a"), ScanBy: types.ScanByTimestampAscending, MaxRecords: aws.Int32(2)})
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if got := list(cw.DescribeAlarmHistoryInput{MaxRecords: aws.Int32(3)}); len(got) != 8 || got[0] != want[6] {
		t.Errorf("all, the latest first: %q", got)
	}
	if got := list(cw.DescribeAlarmHistoryInput{HistoryItemType: types.HistoryItemTypeStateUpdate, StartDate: aws.Time(w.now())}); len(got) != 3 {
		t.Errorf("of states: %q", got)
	}
	items := must(w.DescribeAlarmHistory(w.ctx, &cw.DescribeAlarmHistoryInput{HistoryItemType: types.HistoryItemTypeStateUpdate, ScanBy: types.ScanByTimestampAscending}))(t).AlarmHistoryItems
	if !strings.Contains(*items[0].HistoryData, `"newState":{"stateReason":"by hand","stateValue":"ALARM"}`) {
		t.Errorf("data: %s", *items[0].HistoryData)
	}
}

func TestCompositeAlarm(t *testing.T) {
	w := start(t)
	put := func(rule string, changes ...func(*cw.PutCompositeAlarmInput)) error {
		in := &cw.PutCompositeAlarmInput{AlarmName: aws.String("c"), AlarmRule: &rule}
		for _, c := range changes {
			c(in)
		}
		_, err := w.PutCompositeAlarm(w.ctx, in)
		return err
	}
	w.alarm("x")
	w.alarm("y")
	refused(t, put("ALARM(x) AND ALARM(z)"), "ValidationError", "alarms [z] in the alarm rule do not exist")
	refused(t, put("ALARM(x"), "ValidationError", "AlarmRule")
	refused(t, put("ALARM(x)", func(in *cw.PutCompositeAlarmInput) { in.AlarmActions = []string{"arn:aws:automate:us-east-1:ec2:stop"} }), "ValidationError", "action")
	refused(t, put("ALARM(x)", func(in *cw.PutCompositeAlarmInput) { in.ActionsSuppressor = aws.String("y") }), "MissingParameter", "ActionsSuppressorWaitPeriod")
	refused(t, put("ALARM(x)", func(in *cw.PutCompositeAlarmInput) { in.AlarmName = aws.String("y") }), "ValidationError", "exists already")
	if err := put("ALARM(x) AND NOT ALARM(" + *w.metricAlarm("y").AlarmArn + ")"); err != nil {
		t.Fatal(err)
	}
	c := w.compositeAlarm("c")
	if c.StateValue != types.StateValueOk || *c.StateReason != *c.AlarmArn+" was created and its alarm rule evaluates to OK" || !*c.ActionsEnabled || c.ActionsSuppressor != nil {
		t.Errorf("made: %+v", c)
	}
	w.set("x", types.StateValueAlarm)
	c = w.compositeAlarm("c")
	if c.StateValue != types.StateValueAlarm || !strings.HasPrefix(*c.StateReason, *w.metricAlarm("x").AlarmArn+" transitioned to ALARM at ") ||
		!strings.Contains(*c.StateReasonData, `"triggeringAlarms"`) {
		t.Errorf("in alarm: %+v", c)
	}
	w.set("y", types.StateValueAlarm)
	if c := w.compositeAlarm("c"); c.StateValue != types.StateValueOk {
		t.Errorf("after y: %+v", c)
	}
	must(w.PutCompositeAlarm(w.ctx, &cw.PutCompositeAlarmInput{AlarmName: aws.String("top"), AlarmRule: aws.String("OK(c)")}))(t)
	refused(t, put("ALARM(top)"), "ValidationError", "itself")
	if got := w.compositeAlarm("top").StateValue; got != types.StateValueAlarm {
		t.Errorf("top is %s", got)
	}
	children := must(w.DescribeAlarms(w.ctx, &cw.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("c")}))(t)
	parents := must(w.DescribeAlarms(w.ctx, &cw.DescribeAlarmsInput{ParentsOfAlarmName: aws.String("c")}))(t)
	if len(children.MetricAlarms) != 2 || len(parents.CompositeAlarms) != 1 || *parents.CompositeAlarms[0].AlarmName != "top" {
		t.Errorf("relatives: %+v %+v", children, parents)
	}
	_, err := w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"x"}})
	refused(t, err, "ValidationError", "Cannot delete x as there are composite alarm(s) depending on it.")
	must(w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"top"}}))(t)
	must(w.DeleteAlarms(w.ctx, &cw.DeleteAlarmsInput{AlarmNames: []string{"c", "x", "y"}}))(t)
}

func TestActionsSuppressor(t *testing.T) {
	w := start(t)
	w.alarm("x", func(in *cw.PutMetricAlarmInput) { in.TreatMissingData = aws.String("ignore") })
	w.alarm("s", func(in *cw.PutMetricAlarmInput) { in.TreatMissingData = aws.String("ignore") })
	topic := "arn:aws:sns:us-east-1:111111111111:none"
	must(w.PutCompositeAlarm(w.ctx, &cw.PutCompositeAlarmInput{
		AlarmName: aws.String("c"), AlarmRule: aws.String("ALARM(x)"), AlarmActions: []string{topic}, ActionsSuppressor: aws.String("s"),
		ActionsSuppressorWaitPeriod: aws.Int32(60), ActionsSuppressorExtensionPeriod: aws.Int32(120),
	}))(t)
	by := func() types.ActionsSuppressedBy { return w.compositeAlarm("c").ActionsSuppressedBy }
	acted := func() int {
		return len(must(w.DescribeAlarmHistory(w.ctx, &cw.DescribeAlarmHistoryInput{AlarmName: aws.String("c"), AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}, HistoryItemType: types.HistoryItemTypeAction}))(t).AlarmHistoryItems)
	}
	w.set("x", types.StateValueAlarm)
	if by() != types.ActionsSuppressedByWaitPeriod || acted() != 0 {
		t.Errorf("at first: by %q, acted %d", by(), acted())
	}
	w.set("s", types.StateValueAlarm)
	if by() != types.ActionsSuppressedByAlarm {
		t.Errorf("with the suppressor: by %q", by())
	}
	w.cloud.Clock.Advance(10 * time.Minute)
	w.set("s", types.StateValueOk)
	if by() != types.ActionsSuppressedByExtensionPeriod || acted() != 0 {
		t.Errorf("after the suppressor: by %q, acted %d", by(), acted())
	}
	w.cloud.Clock.Advance(2 * time.Minute)
	w.eventually("the alarm acts", func() bool { return by() == "" && acted() == 1 })
	w.set("x", types.StateValueOk)
	w.set("x", types.StateValueAlarm)
	w.cloud.Clock.Advance(time.Minute)
	w.eventually("the alarm acts again", func() bool { return by() == "" && acted() == 2 })
}

func TestTags(t *testing.T) {
	w := start(t)
	w.alarm("a")
	arn := w.metricAlarm("a").AlarmArn
	must(w.TagResource(w.ctx, &cw.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}}))(t)
	must(w.UntagResource(w.ctx, &cw.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a"}}))(t)
	tags := must(w.ListTagsForResource(w.ctx, &cw.ListTagsForResourceInput{ResourceARN: arn}))(t).Tags
	if len(tags) != 1 || *tags[0].Key != "b" {
		t.Errorf("got %+v", tags)
	}
	_, err := w.TagResource(w.ctx, &cw.TagResourceInput{ResourceARN: aws.String(*arn + "x"), Tags: []types.Tag{}})
	refused(t, err, "ResourceNotFoundException")
	_, err = w.ListTagsForResource(w.ctx, &cw.ListTagsForResourceInput{ResourceARN: aws.String("x")})
	refused(t, err, "InvalidParameterValue")
}

func TestDashboards(t *testing.T) {
	w := start(t, cloudtest.Durable())
	put := func(name, body string) (*cw.PutDashboardOutput, error) {
		return w.PutDashboard(w.ctx, &cw.PutDashboardInput{DashboardName: &name, DashboardBody: &body})
	}
	body := `{"widgets":[{"type":"text","x":0,"y":0,"width":6,"height":6,"properties":{"markdown":"Hi"}},
		{"type":"metric","properties":{"region":"us-east-1","period":300,"stat":"p99","metrics":[["AWS/EC2","CPUUtilization","InstanceId","i-1",{"label":"x"}],[".","NetworkIn",".","."],[{"expression":"SUM(METRICS())"}]]}},
		{"type":"log","properties":{"region":"us-east-1","query":"SOURCE 'x'"}},{"type":"alarm","properties":{"alarms":["arn:x"]}}]}`
	if out := must(put("d", body))(t); len(out.DashboardValidationMessages) != 0 {
		t.Errorf("got %+v", out)
	}
	must(put("e", `{"widgets":[]}`))(t)
	w.cloud.Restart()
	got := must(w.GetDashboard(w.ctx, &cw.GetDashboardInput{DashboardName: aws.String("d")}))(t)
	if *got.DashboardBody != body || *got.DashboardArn != "arn:aws:cloudwatch::111111111111:dashboard/d" {
		t.Errorf("got %+v", got)
	}
	list := must(w.ListDashboards(w.ctx, &cw.ListDashboardsInput{DashboardNamePrefix: aws.String("d")}))(t).DashboardEntries
	if len(list) != 1 || *list[0].Size != int64(len(body)) {
		t.Errorf("got %+v", list)
	}
	for body, words := range map[string]string{
		"x":                     "valid JSON",
		"{}":                    "required property 'widgets'",
		`{"widgets":[{"x":1}]}`: "required property 'type'",
		`{"widgets":["a"]}`:     "Should be object",
		`{"widgets":[{"type":"pie","properties":{}}]}`:                                                     "/widgets/0/type",
		`{"widgets":[{"type":"text","properties":{}}]}`:                                                    "required property 'markdown'",
		`{"widgets":[{"type":"text","width":25,"properties":{"markdown":""}}]}`:                            "Should be <= 24",
		`{"widgets":[{"type":"metric","properties":{"region":"r","metrics":[["a"]]}}]}`:                    "/widgets/0/properties/metrics/0",
		`{"widgets":[{"type":"metric","properties":{"metrics":[["a","b"]]}},{"type":"text"}]}`:             "there are 2 validation errors",
		`{"widgets":[{"type":"metric","properties":{"region":"r","stat":"p","metrics":[["a","b",1,2]]}}]}`: "/widgets/0/properties/stat",
	} {
		_, err := put("d", body)
		refused(t, err, "InvalidParameterInput", words)
	}
	if status, body := w.query("PutDashboard", "DashboardName", "d", "DashboardBody", `{"widgets":[{"type":"text"}]}`); status != 400 || !strings.Contains(body, "<DataPath>/widgets/0</DataPath>") {
		t.Errorf("%d %s", status, body)
	}
	_, err := put("a b", "{}")
	refused(t, err, "InvalidParameterInput", "DashboardName")
	must(w.DeleteDashboards(w.ctx, &cw.DeleteDashboardsInput{DashboardNames: []string{"d", "none"}}))(t)
	must(w.DeleteDashboards(w.ctx, &cw.DeleteDashboardsInput{DashboardNames: []string{"d", "e"}}))(t)
	_, err = w.GetDashboard(w.ctx, &cw.GetDashboardInput{DashboardName: aws.String("d")})
	refused(t, err, "ResourceNotFound")
}
