package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// topics keeps what it is to deliver; the topic "denied" refuses.
type topics struct{ subjects, messages []string }

func (f *topics) DeliverFor(_ context.Context, _ state.Scope, topic, service, source, subject, message string) error {
	if strings.HasSuffix(topic, "denied") || !strings.Contains(source, ":alarm:") || service != "cloudwatch.amazonaws.com" {
		return errors.New("denied")
	}
	f.subjects, f.messages = append(f.subjects, subject), append(f.messages, message)
	return nil
}

// TestNotifications checks what alarms send to topics and to the bus.
func TestNotifications(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bus, sent := new(event.Bus), &topics{}
	var events []event.Event
	bus.Subscribe(func(_ context.Context, e event.Event) { events = append(events, e) })
	s := New(Deps{Store: store, Clock: clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), Bus: bus, Topics: sent})
	ctx, cancel := context.WithCancel(wire.WithCall(t.Context(), &wire.Call{Region: "eu-west-1"}))
	wire.CallFrom(ctx).Account = "111111111111"
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	const topic = "arn:aws:sns:eu-west-1:111111111111:"
	if _, err := s.PutMetricAlarm(ctx, &PutMetricAlarmInput{
		AlarmName: new("a"), Namespace: new("ns"), MetricName: new("m"), Statistic: new("Average"), Period: new(int64(60)), EvaluationPeriods: new(int64(1)),
		Threshold: new(5.0), ComparisonOperator: new("GreaterThanThreshold"), Dimensions: []Dimension{{Name: new("d"), Value: new("x")}},
		AlarmActions: []string{topic + "t", topic + "denied"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutCompositeAlarm(ctx, &PutCompositeAlarmInput{AlarmName: new("c"), AlarmRule: new("ALARM(a)"), AlarmActions: []string{topic + "t"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetAlarmState(ctx, &SetAlarmStateInput{AlarmName: new("a"), StateValue: new("ALARM"), StateReason: new("r"), StateReasonData: new(`{"x":1}`)}); err != nil {
		t.Fatal(err)
	}
	if err := bus.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}

	want := `{"AlarmName":"a","AlarmDescription":null,"AWSAccountId":"111111111111","AlarmConfigurationUpdatedTimestamp":"2026-03-01T12:00:00.000+0000","NewStateValue":"ALARM","NewStateReason":"r","StateChangeTime":"2026-03-01T12:00:00.000+0000","Region":"EU (Ireland)","AlarmArn":"arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a","OldStateValue":"INSUFFICIENT_DATA","OKActions":[],"AlarmActions":["` + topic + `t","` + topic + `denied"],"InsufficientDataActions":[],"Trigger":{"MetricName":"m","Namespace":"ns","StatisticType":"Statistic","Statistic":"AVERAGE","Unit":null,"Dimensions":[{"value":"x","name":"d"}],"Period":60,"EvaluationPeriods":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":5.0,"TreatMissingData":"","EvaluateLowSampleCountPercentile":""}}`
	if len(sent.messages) != 2 || sent.messages[0] != want || sent.subjects[0] != `ALARM: "a" in EU (Ireland)` {
		t.Fatalf("sent %q %q", sent.subjects, sent.messages)
	}
	if !strings.Contains(sent.messages[1], `"AlarmRule":"ALARM(a)","TriggeringChildren":[{"Arn":"arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a","State":{"Timestamp":"2026-03-01T12:00:00.000+0000","Value":"ALARM"}}]`) {
		t.Errorf("of a composite alarm: %s", sent.messages[1])
	}

	// The composite alarm's first state, then a's, then the composite alarm's again.
	if len(events) != 3 || events[1].DetailType != "CloudWatch Alarm State Change" || events[1].Source != "aws.cloudwatch" {
		t.Fatalf("events: %+v", events)
	}
	detail, err := json.Marshal(events[1].Detail)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"alarmName":"a","configuration":{"metrics":[{"id":"m1","metricStat":{"metric":{"dimensions":{"d":"x"},"name":"m","namespace":"ns"},"period":60,"stat":"Average"},"returnData":true}]},"previousState":{"reason":"Unchecked: Initial alarm creation","timestamp":"2026-03-01T12:00:00.000+0000","value":"INSUFFICIENT_DATA"},"state":{"reason":"r","reasonData":"{\"x\":1}","timestamp":"2026-03-01T12:00:00.000+0000","value":"ALARM"}}`; string(detail) != want {
		t.Errorf("got  %s\nwant %s", detail, want)
	}
	var history []string
	_ = store.View(func(tx *state.Tx) error {
		for _, r := range s.history.All(tx, state.Scope{Account: "111111111111", Region: "eu-west-1"}) {
			if r.Kind == historyAction {
				history = append(history, r.Summary)
			}
		}
		return nil
	})
	if len(history) != 3 || history[0] != "Successfully executed action "+topic+"t" || history[1] != "Failed to execute action "+topic+"denied" {
		t.Errorf("history: %q", history)
	}
}
