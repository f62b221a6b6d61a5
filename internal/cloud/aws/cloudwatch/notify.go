package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

// task is an action that an alarm takes.
type task struct {
	alarm  alarmRecord
	before string // the state that it comes from
	action string // ARN
}

var (
	errNoTopics = errors.New("there is no SNS to notify")
	errNoActor  = errors.New("the local cloud has no service that carries out this action")
)

// perform carries out actions and writes into the alarms' histories how that went. Scaling policies react to the event of the state
// change, so theirs have been carried out by then.
func (s *Service) perform(ctx context.Context, sc state.Scope, tasks []task) error {
	if len(tasks) == 0 {
		return nil
	}
	type outcome struct {
		task
		message string
		err     error
	}
	var done []outcome
	for _, k := range tasks {
		o := outcome{task: k}
		switch service := strings.SplitN(k.action, ":", 4)[2]; service {
		case "sns":
			o.message = encode(notification(sc, &k.alarm, k.before))
			o.err = errNoTopics
			if s.d.Topics != nil {
				o.err = s.d.Topics.DeliverFor(ctx, sc, k.action, "cloudwatch.amazonaws.com", alarmARN(sc, k.alarm.Name), subject(sc, &k.alarm), o.message)
			}
		case "autoscaling":
		default:
			o.err = errNoActor
		}
		done = append(done, o)
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, sc)
		for _, o := range done {
			data := map[string]any{"actionState": "Succeeded", "notificationResource": o.action, "stateUpdateTimestamp": o.alarm.State.Updated.UnixMilli()}
			summary := "Successfully executed action " + o.action
			if o.message != "" {
				data["publishedMessage"] = encode(map[string]any{"default": o.message})
			}
			if o.err != nil {
				summary = "Failed to execute action " + o.action
				data["actionState"], data["error"] = "Failed", o.err.Error()
			}
			t.record(&o.alarm, historyAction, summary, data)
		}
		return nil
	})
}

// maxSubject is the most that SNS takes.
const maxSubject = 100

func subject(sc state.Scope, r *alarmRecord) string {
	s := r.State.Value + `: "` + r.Name + `" in ` + regionName(sc.Region)
	if len(s) > maxSubject {
		s = s[:maxSubject-3]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	return s
}

// regionName is the name that CloudWatch has for a region in its messages.
func regionName(code string) string {
	switch code {
	case "us-east-1":
		return "US East (N. Virginia)"
	case "us-east-2":
		return "US East (Ohio)"
	case "us-west-1":
		return "US West (N. California)"
	case "us-west-2":
		return "US West (Oregon)"
	case "ca-central-1":
		return "Canada (Central)"
	case "eu-west-1":
		return "EU (Ireland)"
	case "eu-west-2":
		return "EU (London)"
	case "eu-west-3":
		return "EU (Paris)"
	case "eu-central-1":
		return "EU (Frankfurt)"
	case "eu-north-1":
		return "EU (Stockholm)"
	case "eu-south-1":
		return "EU (Milan)"
	case "ap-south-1":
		return "Asia Pacific (Mumbai)"
	case "ap-southeast-1":
		return "Asia Pacific (Singapore)"
	case "ap-southeast-2":
		return "Asia Pacific (Sydney)"
	case "ap-northeast-1":
		return "Asia Pacific (Tokyo)"
	case "ap-northeast-2":
		return "Asia Pacific (Seoul)"
	case "sa-east-1":
		return "South America (Sao Paulo)"
	}
	return code
}

// message is what CloudWatch publishes to a topic.
type message struct {
	AlarmName                          string
	AlarmDescription                   *string
	AWSAccountId                       string
	AlarmConfigurationUpdatedTimestamp string `json:",omitempty"`
	NewStateValue, NewStateReason      string
	StateChangeTime                    string
	Region                             string
	AlarmArn                           string
	OldStateValue                      string
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	Trigger                            *trigger        `json:",omitempty"`
	AlarmRule                          string          `json:",omitempty"`
	TriggeringChildren                 json.RawMessage `json:",omitempty"`
}

// trigger is the alarm's metric, or its queries, and its threshold.
type trigger struct {
	*singleMetric
	Period                           int64
	EvaluationPeriods                int64
	DatapointsToAlarm                *int64 `json:",omitempty"`
	ComparisonOperator               string
	Threshold                        json.RawMessage // with a decimal point, as AWS writes it
	TreatMissingData                 string
	EvaluateLowSampleCountPercentile string
	Metrics                          []MetricDataQuery `json:",omitempty"`
}

type singleMetric struct {
	MetricName        string
	Namespace         string
	StatisticType     string
	Statistic         string `json:",omitempty"`
	ExtendedStatistic string `json:",omitempty"`
	Unit              *string
	Dimensions        []messageDimension
}

type messageDimension struct {
	Value string `json:"value"`
	Name  string `json:"name"`
}

// notification makes the message of an alarm that has come from another state.
func notification(sc state.Scope, r *alarmRecord, before string) message {
	m := message{
		AlarmName: r.Name, AlarmDescription: r.Description, AWSAccountId: sc.Account, AlarmConfigurationUpdatedTimestamp: stamp(r.Configured),
		NewStateValue: r.State.Value, NewStateReason: r.State.Reason, StateChangeTime: stamp(r.State.Transitioned), Region: regionName(sc.Region),
		AlarmArn: alarmARN(sc, r.Name), OldStateValue: before, OKActions: list(r.Actions[stateOK]), AlarmActions: list(r.Actions[stateAlarm]),
		InsufficientDataActions: list(r.Actions[stateInsufficient]),
	}
	if r.Composite != nil {
		m.AlarmConfigurationUpdatedTimestamp, m.AlarmRule = "", r.Composite.Rule
		m.TriggeringChildren = triggeringChildren(r.State.Data)
		return m
	}
	rule := r.Metric
	m.Trigger = &trigger{
		Period: rule.period(), EvaluationPeriods: rule.Evaluated, DatapointsToAlarm: rule.Breaching, ComparisonOperator: rule.Comparison,
		Threshold: json.RawMessage(decimal(rule.Threshold)), TreatMissingData: text(rule.Missing), EvaluateLowSampleCountPercentile: text(rule.LowSamples),
		Metrics: rule.Queries,
	}
	if len(rule.Queries) > 0 {
		return m
	}
	single := &singleMetric{
		MetricName: *rule.Name, Namespace: *rule.Namespace, StatisticType: "Statistic", Statistic: strings.ToUpper(text(rule.Statistic)), Unit: rule.Unit,
		Dimensions: []messageDimension{},
	}
	if rule.ExtendedStatistic != nil {
		single.StatisticType, single.ExtendedStatistic = "ExtendedStatistic", *rule.ExtendedStatistic
	}
	for _, d := range rule.Dimensions {
		single.Dimensions = append(single.Dimensions, messageDimension{*d.Value, *d.Name})
	}
	m.Trigger.singleMetric = single
	return m
}

// triggeringChildren writes the alarms that caused a composite alarm's state the way messages have them.
func triggeringChildren(data string) json.RawMessage {
	var in struct {
		TriggeringAlarms []struct {
			ARN   string `json:"arn"`
			State struct {
				Value     string `json:"value"`
				Timestamp string `json:"timestamp"`
			} `json:"state"`
		} `json:"triggeringAlarms"`
	}
	if json.Unmarshal([]byte(data), &in) != nil || len(in.TriggeringAlarms) == 0 {
		return nil
	}
	var out []any
	for _, a := range in.TriggeringAlarms {
		out = append(out, map[string]any{"Arn": a.ARN, "State": map[string]string{"Value": a.State.Value, "Timestamp": a.State.Timestamp}})
	}
	return json.RawMessage(encode(out))
}
