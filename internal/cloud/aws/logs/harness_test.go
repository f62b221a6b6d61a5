package logs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// logs is a client of a running cloud, with a group "g" that has a stream "s".
type logs struct {
	*cwl.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *logs {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	client := cwl.NewFromConfig(cloud.Config(), func(o *cwl.Options) { o.HTTPSignerV4 = cloud.Signer() })
	l := &logs{Client: client, t: t, ctx: t.Context(), cloud: cloud}
	must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("g")}))(t)
	l.stream("g", "s")
	return l
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

func (l *logs) stream(group, name string) {
	l.t.Helper()
	must(l.CreateLogStream(l.ctx, &cwl.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &name}))(l.t)
}

// at gives a time before the cloud's now, in milliseconds.
func (l *logs) at(ago time.Duration) int64 { return l.cloud.Clock.Now().Add(-ago).UnixMilli() }

func event(at int64, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: &at, Message: &message}
}

func (l *logs) put(group, stream string, events ...types.InputLogEvent) *cwl.PutLogEventsOutput {
	l.t.Helper()
	return must(l.PutLogEvents(l.ctx, &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events}))(l.t)
}

// fill puts n events, a second apart and the last one now, with the messages "0", "1"…
func (l *logs) fill(group, stream string, n int) {
	l.t.Helper()
	for first := 0; first < n; first += 5000 {
		var events []types.InputLogEvent
		for i := first; i < min(n, first+5000); i++ {
			events = append(events, event(l.at(time.Duration(n-1-i)*time.Second), fmt.Sprint(i)))
		}
		l.put(group, stream, events...)
	}
}

func (l *logs) get(in cwl.GetLogEventsInput) (string, *cwl.GetLogEventsOutput) {
	l.t.Helper()
	in.LogGroupName, in.LogStreamName = aws.String("g"), aws.String("s")
	out := must(l.GetLogEvents(l.ctx, &in))(l.t)
	var messages []string
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return strings.Join(messages, " "), out
}

func (l *logs) filter(in cwl.FilterLogEventsInput) (string, *cwl.FilterLogEventsOutput) {
	l.t.Helper()
	in.LogGroupName = aws.String("g")
	out := must(l.FilterLogEvents(l.ctx, &in))(l.t)
	var messages []string
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return strings.Join(messages, " "), out
}

func (l *logs) group(name string) *types.LogGroup {
	l.t.Helper()
	out := must(l.DescribeLogGroups(l.ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: &name}))(l.t)
	for _, g := range out.LogGroups {
		if *g.LogGroupName == name {
			return &g
		}
	}
	return nil
}
