package cloudwatch_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"atoll/internal/cloud/cloudtest"
)

func sum(body string) string {
	s := sha256.Sum256([]byte(body))
	return hex.EncodeToString(s[:])
}

// statistics gives the points of "m" over the last so many minutes, as "minutes ago:value".
func (w *watch) statistics(minutes int, period int32, stat types.Statistic, pairs ...string) string {
	w.t.Helper()
	out := must(w.GetMetricStatistics(w.ctx, &cw.GetMetricStatisticsInput{
		Namespace: aws.String("ns"), MetricName: aws.String("m"), Dimensions: dims(pairs...), Period: &period, Statistics: []types.Statistic{stat},
		StartTime: aws.Time(w.now().Add(-time.Duration(minutes) * time.Minute)), EndTime: aws.Time(w.now()),
	}))(w.t)
	var points []string
	for _, p := range out.Datapoints {
		v := map[types.Statistic]*float64{types.StatisticSum: p.Sum, types.StatisticMaximum: p.Maximum, types.StatisticSampleCount: p.SampleCount, types.StatisticAverage: p.Average}[stat]
		points = append(points, fmt.Sprintf("%v:%v", w.now().Sub(*p.Timestamp).Minutes(), *v))
	}
	return strings.Join(points, " ")
}

func TestMetricStatistics(t *testing.T) {
	w := start(t, cloudtest.Durable())
	for i := range 10 {
		w.put(time.Duration(i)*time.Minute+30*time.Second, float64(i))
		w.put(time.Duration(i)*time.Minute+10*time.Second, 1, "d", "x")
	}
	w.put(90*time.Second, 5)
	check := func(when string) {
		t.Helper()
		if got := w.statistics(3, 60, types.StatisticSum); got != "3:2 2:6 1:0" {
			t.Errorf("%s: a minute: %s", when, got)
		}
		if got := w.statistics(10, 300, types.StatisticMaximum); got != "10:9 5:5" {
			t.Errorf("%s: five minutes: %s", when, got)
		}
		if got := w.statistics(10, 600, types.StatisticSampleCount, "d", "x"); got != "10:10" {
			t.Errorf("%s: of a dimension: %s", when, got)
		}
		if got := w.statistics(10, 10, types.StatisticSum); got != "" {
			t.Errorf("%s: under its resolution: %s", when, got)
		}
		if got := w.statistics(10, 60, types.StatisticSum, "d", "y"); got != "" {
			t.Errorf("%s: of another dimension: %s", when, got)
		}
	}
	check("at first")
	w.cloud.Restart()
	check("after a restart")
}

func TestMetricData(t *testing.T) {
	w := start(t)
	at := aws.Time(w.now().Add(-time.Minute))
	w.data(
		types.MetricDatum{MetricName: aws.String("values"), Timestamp: at, Values: []float64{1, 2, 9}, Counts: []float64{5, 4, 1}, Unit: types.StandardUnitCount},
		types.MetricDatum{MetricName: aws.String("set"), Timestamp: at, StatisticValues: &types.StatisticSet{SampleCount: aws.Float64(4), Sum: aws.Float64(10), Minimum: aws.Float64(1), Maximum: aws.Float64(4)}},
		types.MetricDatum{MetricName: aws.String("fine"), Timestamp: aws.Time(w.now().Add(-7 * time.Second)), Value: aws.Float64(3), StorageResolution: aws.Int32(1)},
		types.MetricDatum{MetricName: aws.String("values"), Timestamp: at, Value: aws.Float64(100), Unit: types.StandardUnitSeconds},
	)
	get := func(name string, period int32, unit types.StandardUnit) []types.Datapoint {
		out := must(w.GetMetricStatistics(w.ctx, &cw.GetMetricStatisticsInput{
			Namespace: aws.String("ns"), MetricName: &name, Period: &period, Unit: unit, Statistics: []types.Statistic{types.StatisticAverage, types.StatisticMinimum},
			ExtendedStatistics: []string{"p90"}, StartTime: aws.Time(w.now().Add(-2 * time.Minute)), EndTime: aws.Time(w.now().Add(time.Minute)),
		}))(t)
		return out.Datapoints
	}
	if got := get("values", 60, types.StandardUnitCount); len(got) != 1 || *got[0].Average != 2.2 || got[0].ExtendedStatistics["p90"] != 2 || got[0].Unit != types.StandardUnitCount || got[0].Sum != nil {
		t.Errorf("values and counts: %+v", got)
	}
	if got := get("values", 60, ""); len(got) != 2 {
		t.Errorf("of two units: %+v", got)
	}
	if got := get("set", 60, types.StandardUnitNone); len(got) != 1 || *got[0].Average != 2.5 || *got[0].Minimum != 1 || len(got[0].ExtendedStatistics) != 0 {
		t.Errorf("a statistic set: %+v", got)
	}
	if got := get("fine", 1, ""); len(got) != 1 || !got[0].Timestamp.Equal(w.now().Add(-7*time.Second)) {
		t.Errorf("high resolution: %+v", got)
	}
}

func TestPutMetricDataRefuses(t *testing.T) {
	w := start(t)
	put := func(namespace string, d types.MetricDatum) error {
		if d.MetricName == nil {
			d.MetricName = aws.String("m")
		}
		_, err := w.PutMetricData(w.ctx, &cw.PutMetricDataInput{Namespace: &namespace, MetricData: []types.MetricDatum{d}})
		return err
	}
	value := func(f float64) types.MetricDatum { return types.MetricDatum{Value: &f} }
	at := func(d time.Duration) types.MetricDatum {
		return types.MetricDatum{Value: aws.Float64(1), Timestamp: aws.Time(w.now().Add(d))}
	}
	with := func(change func(*types.MetricDatum)) types.MetricDatum {
		d := value(1)
		change(&d)
		return d
	}
	var many []string
	for i := range 31 {
		many = append(many, fmt.Sprint("d", i), "x")
	}
	for _, c := range []struct {
		namespace   string
		datum       types.MetricDatum
		code, words string
	}{
		{"AWS/EC2", value(1), "InvalidParameterValue", "AWS/"},
		{":x", value(1), "InvalidParameterValue", "Namespace"},
		{"ns", types.MetricDatum{}, "MissingParameter", "Value"},
		{"ns", value(math.Inf(1)), "InvalidParameterValue", "Value"},
		{"ns", value(math.Ldexp(1, 361)), "InvalidParameterValue", "Value"},
		{"ns", at(-15 * 24 * time.Hour), "InvalidParameterValue", "two weeks in the past"},
		{"ns", at(3 * time.Hour), "InvalidParameterValue", "two hours in the future"},
		{"ns", with(func(d *types.MetricDatum) { d.Values = []float64{1} }), "InvalidParameterCombination", "mutually exclusive"},
		{"ns", types.MetricDatum{Values: []float64{1, 2}, Counts: []float64{1}}, "InvalidParameterCombination", "same number"},
		{"ns", with(func(d *types.MetricDatum) { d.Unit = "Parsecs" }), "InvalidParameterValue", "Unit"},
		{"ns", with(func(d *types.MetricDatum) { d.StorageResolution = aws.Int32(5) }), "InvalidParameterValue", "StorageResolution"},
		{"ns", with(func(d *types.MetricDatum) { d.Dimensions = dims(many...) }), "InvalidParameterValue", "30"},
		{"ns", with(func(d *types.MetricDatum) { d.Dimensions = dims("a", "1", "a", "2") }), "InvalidParameterValue", "twice"},
		{"ns", with(func(d *types.MetricDatum) { d.Dimensions = dims("a", "") }), "InvalidParameterValue", "a value"},
		{"ns", with(func(d *types.MetricDatum) { d.MetricName = aws.String(strings.Repeat("x", 256)) }), "ValidationError", "255"},
	} {
		refused(t, put(c.namespace, c.datum), c.code, c.words)
	}
	if got := must(w.ListMetrics(w.ctx, &cw.ListMetricsInput{}))(t).Metrics; len(got) != 0 {
		t.Errorf("what was refused has left %+v", got)
	}
}

func TestListMetrics(t *testing.T) {
	w := start(t)
	var data []types.MetricDatum
	for i := range 600 {
		data = append(data, types.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(1), Dimensions: dims("id", fmt.Sprintf("%03d", i), "parity", fmt.Sprint(i%2))})
	}
	w.data(data...)
	must(w.PutMetricData(w.ctx, &cw.PutMetricDataInput{Namespace: aws.String("ns2"), MetricData: []types.MetricDatum{{MetricName: aws.String("mm"), Value: aws.Float64(1)}}}))(t)
	list := func(in cw.ListMetricsInput) (n, pages int) {
		p := cw.NewListMetricsPaginator(w, &in)
		for p.HasMorePages() {
			out := must(p.NextPage(w.ctx))(t)
			n, pages = n+len(out.Metrics), pages+1
		}
		return n, pages
	}
	if n, pages := list(cw.ListMetricsInput{}); n != 601 || pages != 2 {
		t.Errorf("all: %d on %d pages", n, pages)
	}
	if n, _ := list(cw.ListMetricsInput{Namespace: aws.String("ns"), MetricName: aws.String("m"), Dimensions: []types.DimensionFilter{{Name: aws.String("parity"), Value: aws.String("1")}, {Name: aws.String("id")}}}); n != 300 {
		t.Errorf("by dimension: %d", n)
	}
	if n, _ := list(cw.ListMetricsInput{MetricName: aws.String("mm"), RecentlyActive: types.RecentlyActivePt3h}); n != 1 {
		t.Errorf("by name: %d", n)
	}
	w.cloud.Clock.Advance(4 * time.Hour)
	if n, _ := list(cw.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h}); n != 0 {
		t.Errorf("active: %d", n)
	}
	w.cloud.Clock.Advance(14 * 24 * time.Hour)
	if n, _ := list(cw.ListMetricsInput{}); n != 0 {
		t.Errorf("after two weeks: %d", n)
	}
}

func metricQuery(id, name, stat string, period int32, returned bool) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, ReturnData: &returned, MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String("ns"), MetricName: &name}, Period: &period, Stat: &stat,
	}}
}

func TestGetMetricData(t *testing.T) {
	w := start(t)
	for i := range 4 {
		at := aws.Time(w.now().Add(-time.Duration(i+1) * time.Minute))
		w.data(types.MetricDatum{MetricName: aws.String("a"), Value: aws.Float64(float64(i)), Timestamp: at})
		if i < 2 {
			w.data(types.MetricDatum{MetricName: aws.String("b"), Value: aws.Float64(10), Timestamp: at})
		}
	}
	in := func(queries ...types.MetricDataQuery) *cw.GetMetricDataInput {
		return &cw.GetMetricDataInput{StartTime: aws.Time(w.now().Add(-4 * time.Minute)), EndTime: aws.Time(w.now()), MetricDataQueries: queries}
	}
	math := func(id, expression string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, Expression: &expression}
	}
	out := must(w.GetMetricData(w.ctx, in(math("e1", "a1 + FILL(b1, 0) * 2"), metricQuery("a1", "a", "Sum", 60, false), metricQuery("b1", "b", "p99", 60, true), math("e2", "SUM(METRICS()) / e1"))))(t)
	var got []string
	for _, r := range out.MetricDataResults {
		got = append(got, fmt.Sprint(*r.Id, *r.Label, r.Values, r.StatusCode))
	}
	want := []string{"e1e1[20 21 2 3]Complete", "b1b[10 10]Complete", "e2e2[0.5 0.5238095238095238 1 1]Complete"}
	if !slices.Equal(got, want) || !out.MetricDataResults[0].Timestamps[0].Equal(w.now().Add(-time.Minute)) {
		t.Errorf("got %q", got)
	}

	paged := in(metricQuery("a1", "a", "Sum", 60, true))
	paged.MaxDatapoints, paged.ScanBy = aws.Int32(3), types.ScanByTimestampAscending
	first := must(w.GetMetricData(w.ctx, paged))(t)
	paged.NextToken = first.NextToken
	second := must(w.GetMetricData(w.ctx, paged))(t)
	if r := first.MetricDataResults[0]; fmt.Sprint(r.Values) != "[3 2 1]" || r.StatusCode != types.StatusCodePartialData || fmt.Sprint(second.MetricDataResults[0].Values) != "[0]" || second.NextToken != nil {
		t.Errorf("pages: %+v %+v", first, second)
	}

	a := metricQuery("a1", "a", "Sum", 60, true)
	for _, c := range []struct {
		queries     []types.MetricDataQuery
		code, words string
	}{
		{[]types.MetricDataQuery{a, a}, "ValidationError", "not unique"},
		{[]types.MetricDataQuery{a, math("e", "a1 +")}, "ValidationError", "'e'"},
		{[]types.MetricDataQuery{a, math("e", "zz")}, "ValidationError", "zz"},
		{[]types.MetricDataQuery{math("e", "f"), math("f", "e")}, "ValidationError", "circle"},
		{[]types.MetricDataQuery{a, math("e", "SUM(a1)")}, "ValidationError", "time series"},
		{[]types.MetricDataQuery{math("E", "1")}, "ValidationError", "pattern"},
		{[]types.MetricDataQuery{a, math("e", "ANOMALY_DETECTION_BAND(a1)")}, "NotImplementedByLocalCloud", "ANOMALY_DETECTION_BAND"},
		{[]types.MetricDataQuery{math("e", "SEARCH('x', 'Sum')")}, "NotImplementedByLocalCloud", "SEARCH"},
		{[]types.MetricDataQuery{metricQuery("a1", "a", "p101", 60, true)}, "InvalidParameterValue", "p101"},
		{[]types.MetricDataQuery{metricQuery("a1", "a", "Sum", 7, true)}, "InvalidParameterValue", "Period"},
		{[]types.MetricDataQuery{metricQuery("a1", "a", "Sum", 60, false)}, "ValidationError", "return data"},
	} {
		_, err := w.GetMetricData(w.ctx, in(c.queries...))
		refused(t, err, c.code, c.words)
	}
}

func TestOldData(t *testing.T) {
	w := start(t)
	w.cloud.Clock.Advance(time.Hour - w.now().Sub(w.now().Truncate(time.Hour)))
	w.put(59*time.Minute, 1)
	w.put(58*time.Minute, 2)
	w.put(2*time.Minute, 4)
	age := func(d time.Duration) {
		w.cloud.Clock.Advance(d)
		w.put(0, 0)
	}
	at := w.now().Add(-time.Hour)
	sum := func(period int32) string {
		out := must(w.GetMetricStatistics(w.ctx, &cw.GetMetricStatisticsInput{Namespace: aws.String("ns"), MetricName: aws.String("m"), Period: &period,
			Statistics: []types.Statistic{types.StatisticSum}, StartTime: &at, EndTime: aws.Time(at.Add(time.Hour))}))(t)
		var got []string
		for _, p := range out.Datapoints {
			got = append(got, fmt.Sprintf("%v:%v", p.Timestamp.Sub(at).Minutes(), *p.Sum))
		}
		return strings.Join(got, " ")
	}
	age(4 * 24 * time.Hour)
	w.eventually("minutes are gone", func() bool { return sum(60) == "" && sum(300) == "0:3 55:4" })
	age(12 * 24 * time.Hour)
	w.eventually("five minutes are gone", func() bool { return sum(300) == "" && sum(3600) == "0:7" })
	age(50 * 24 * time.Hour)
	w.eventually("all is gone", func() bool { return sum(3600) == "" })
}

// TestQueryProtocol speaks as the AWS CLI does, and JSON 1.0.
func TestQueryProtocol(t *testing.T) {
	w := start(t)
	status, body := w.query("PutMetricData", "Namespace", "ns", "MetricData.member.1.MetricName", "m", "MetricData.member.1.Value", "2.5",
		"MetricData.member.1.Dimensions.member.1.Name", "d", "MetricData.member.1.Dimensions.member.1.Value", "x", "MetricData.member.1.Unit", "Count")
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for _, c := range []struct{ action, pairs, want string }{
		{"ListMetrics", "Namespace=ns", "<Namespace>ns</Namespace><MetricName>m</MetricName>"},
		{"GetMetricStatistics", "Namespace=ns&MetricName=m&Dimensions.member.1.Name=d&Dimensions.member.1.Value=x&Period=60&Statistics.member.1=Sum&ExtendedStatistics.member.1=p50&StartTime=" +
			w.now().Format(time.RFC3339) + "&EndTime=" + w.now().Add(time.Minute).Format(time.RFC3339), "<Sum>2.5</Sum>"},
		{"PutMetricAlarm", "AlarmName=a&Namespace=ns&MetricName=m&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1&ComparisonOperator=LessThanThreshold", "PutMetricAlarmResponse"},
		{"DescribeAlarms", "AlarmNames.member.1=a", "<AlarmName>a</AlarmName>"},
		{"SetAlarmState", "AlarmName=a&StateValue=OK&StateReason=r", "SetAlarmStateResponse"},
	} {
		var pairs []string
		for pair := range strings.SplitSeq(c.pairs, "&") {
			k, v, _ := strings.Cut(pair, "=")
			pairs = append(pairs, k, v)
		}
		if status, body := w.query(c.action, pairs...); status != 200 || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.action, status, body)
		}
	}
	if status, body := w.query("GetDashboard", "DashboardName", "none"); status != 404 || !strings.Contains(body, "<Code>ResourceNotFound</Code>") {
		t.Errorf("%d %s", status, body)
	}
	status, body = w.post("application/x-amz-json-1.0", `{"AlarmNames":["a"]}`, map[string]string{"X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms"})
	if status != 200 || !strings.Contains(body, `"AlarmName":"a"`) {
		t.Errorf("JSON: %d %s", status, body)
	}
}
