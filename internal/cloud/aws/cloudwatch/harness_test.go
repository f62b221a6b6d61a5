package cloudwatch_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// watch is a client of a running cloud. Its clock stands at the start of a minute.
type watch struct {
	*cw.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *watch {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	cloud.Clock.Advance(time.Minute - cloud.Clock.Now().Sub(cloud.Clock.Now().Truncate(time.Minute)))
	client := cw.NewFromConfig(cloud.Config(), func(o *cw.Options) { o.HTTPSignerV4 = cloud.Signer() })
	return &watch{Client: client, t: t, ctx: t.Context(), cloud: cloud}
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

// now is the cloud's time.
func (w *watch) now() time.Time { return w.cloud.Clock.Now() }

func dims(pairs ...string) []types.Dimension {
	var out []types.Dimension
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Dimension{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// put adds a value to the metric "m" of the namespace "ns", some time ago.
func (w *watch) put(ago time.Duration, value float64, pairs ...string) {
	w.t.Helper()
	w.data(types.MetricDatum{MetricName: aws.String("m"), Value: &value, Timestamp: aws.Time(w.now().Add(-ago)), Dimensions: dims(pairs...)})
}

func (w *watch) data(data ...types.MetricDatum) {
	w.t.Helper()
	must(w.PutMetricData(w.ctx, &cw.PutMetricDataInput{Namespace: aws.String("ns"), MetricData: data}))(w.t)
}

// alarm makes an alarm on the maximum of "m" in a minute being over 5.
func (w *watch) alarm(name string, changes ...func(*cw.PutMetricAlarmInput)) {
	w.t.Helper()
	in := &cw.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("ns"), MetricName: aws.String("m"), Statistic: types.StatisticMaximum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(5), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
	}
	for _, c := range changes {
		c(in)
	}
	must(w.PutMetricAlarm(w.ctx, in))(w.t)
}

func (w *watch) metricAlarm(name string) *types.MetricAlarm {
	w.t.Helper()
	out := must(w.DescribeAlarms(w.ctx, &cw.DescribeAlarmsInput{AlarmNames: []string{name}}))(w.t)
	if len(out.MetricAlarms) == 0 {
		return nil
	}
	return &out.MetricAlarms[0]
}

func (w *watch) compositeAlarm(name string) *types.CompositeAlarm {
	w.t.Helper()
	out := must(w.DescribeAlarms(w.ctx, &cw.DescribeAlarmsInput{AlarmNames: []string{name}, AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}}))(w.t)
	if len(out.CompositeAlarms) == 0 {
		return nil
	}
	return &out.CompositeAlarms[0]
}

// eventually asks until an answer is as wanted: alarms are evaluated in the background.
func (w *watch) eventually(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

func (w *watch) becomes(name string, state types.StateValue) {
	w.t.Helper()
	w.eventually(name+" is "+string(state), func() bool { return w.metricAlarm(name).StateValue == state })
}

func (w *watch) set(name string, state types.StateValue) {
	w.t.Helper()
	must(w.SetAlarmState(w.ctx, &cw.SetAlarmStateInput{AlarmName: &name, StateValue: state, StateReason: aws.String("by hand")}))(w.t)
}

// query calls an operation over AWS Query, as the AWS CLI does.
func (w *watch) query(action string, pairs ...string) (int, string) {
	w.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-08-01"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return w.post("application/x-www-form-urlencoded; charset=utf-8", form.Encode(), nil)
}

func (w *watch) post(contentType, body string, header map[string]string) (int, string) {
	w.t.Helper()
	r := must(http.NewRequestWithContext(w.ctx, http.MethodPost, w.cloud.URL+"/", strings.NewReader(body)))(w.t)
	r.Header.Set("Content-Type", contentType)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	creds := must(w.cloud.Config().Credentials.Retrieve(w.ctx))(w.t)
	if err := w.cloud.Signer().SignHTTP(w.ctx, creds, r, sum(body), "monitoring", cloudtest.Region, w.now()); err != nil {
		w.t.Fatal(err)
	}
	resp := must(http.DefaultClient.Do(r))(w.t)
	defer resp.Body.Close()
	return resp.StatusCode, string(must(io.ReadAll(resp.Body))(w.t))
}
