package events

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/task"
	"atoll/internal/cloud/wire"
)

var home = state.Scope{Account: "111111111111", Region: "us-east-1"}

const role = "arn:aws:iam::111111111111:role/run"

// neighbours stand for the other services, and tell what they were given.
type neighbours struct {
	got     chan string
	tasks   chan task.Request
	allowed string // the action that the role allows
}

func (n *neighbours) DeliverFor(_ context.Context, sc state.Scope, topic, service, source, _, message string) error {
	n.got <- strings.Join([]string{"sns", sc.Region, topic, service, source, message}, " ")
	return nil
}

func (n *neighbours) PutAs(_ context.Context, _ state.Scope, service, _, group, stream, message string, _ time.Time) error {
	if group == "none" {
		return errors.New("no such group")
	}
	n.got <- strings.Join([]string{"logs", service, group, stream, message}, " ")
	return nil
}

func (n *neighbours) RunFor(_ context.Context, _ state.Scope, r task.Request) error {
	n.tasks <- r
	return nil
}

func (n *neighbours) Definition(_ *state.Tx, _ state.Scope, definition string) (string, bool) {
	return definition + ":3", true
}

func (n *neighbours) Role(_ *state.Tx, arn string) (auth.Role, bool) {
	return auth.Role{Account: home.Account, ARN: arn, ID: "AROA1", Trust: `{"Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}}`}, arn == role
}

func (n *neighbours) Permissions(*state.Tx, auth.Principal) (auth.Permissions, bool) {
	p, err := auth.ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"` + n.allowed + `","Resource":"*"}}`))
	return auth.Permissions{Policies: []*auth.Policy{p}}, err == nil
}

func (n *neighbours) KeyARN(context.Context, string) (string, error) { return "", nil }

func (n *neighbours) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-n.got:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("nothing has come")
		return ""
	}
}

type fixture struct {
	*Service
	*neighbours
	ctx   context.Context
	clock *clock.Manual
	bus   *event.Bus
}

var begin = time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)

func running(t *testing.T) *fixture {
	t.Helper()
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		neighbours: &neighbours{got: make(chan string, 100), tasks: make(chan task.Request, 10), allowed: "ecs:RunTask"},
		ctx:        wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: home.Account}, Region: home.Region}),
		clock:      clock.NewManual(begin), bus: new(event.Bus),
	}
	f.Service = New(Deps{Store: store, Clock: f.clock, Logger: slog.New(slog.DiscardHandler), Keys: f, Roles: f, Topics: f, Logs: f, Tasks: f, Bus: f.bus})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- f.Run(ctx) }()
	go func() { done <- f.bus.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, <-done, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// rule makes a rule with one target.
func (f *fixture) rule(t *testing.T, in PutRuleInput, target Target) {
	t.Helper()
	in.Name, target.Id = new("r"), new("t")
	if _, err := f.PutRule(f.ctx, &in); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PutTargets(f.ctx, &PutTargetsInput{Rule: in.Name, EventBusName: in.EventBusName, Targets: []Target{target}}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) send(t *testing.T, detail string) {
	t.Helper()
	out, err := f.PutEvents(f.ctx, &PutEventsInput{Entries: []PutEventsRequestEntry{{Source: new("app"), DetailType: new("d"), Detail: &detail, Resources: []string{"arn:x"}}}})
	if err != nil || *out.FailedEntryCount != 0 {
		t.Fatalf("%+v %v", out, err)
	}
}

const topic = "arn:aws:sns:us-east-1:111111111111:t"

func TestDeliverEvent(t *testing.T) {
	f := running(t)
	f.rule(t, PutRuleInput{EventPattern: new(`{"source":["app"],"detail":{"n":[1]}}`)}, Target{Arn: new(topic)})
	f.send(t, `{"n":2}`)
	f.send(t, `{"n":1}`)
	got := f.next(t)
	raw, ok := strings.CutPrefix(got, "sns us-east-1 "+topic+" events.amazonaws.com arn:aws:events:us-east-1:111111111111:rule/r ")
	var e map[string]any
	if err := json.Unmarshal([]byte(raw), &e); err != nil || !ok {
		t.Fatalf("got %s", got)
	}
	delete(e, "id")
	want := `{"account":"111111111111","detail":{"n":1},"detail-type":"d","region":"us-east-1","resources":["arn:x"],"source":"app","time":"2026-03-01T12:00:30Z","version":"0"}`
	if raw, err := json.Marshal(e); string(raw) != want || err != nil {
		t.Errorf("got %s", raw)
	}
}

func TestServiceEvents(t *testing.T) {
	f := running(t)
	f.rule(t, PutRuleInput{EventPattern: new(`{"source":[{"prefix":"a"}]}`)}, Target{Arn: new("arn:aws:logs:us-east-1:111111111111:log-group:/aws/events/x:*"), InputPath: new("$.detail")})
	publish := func(sc state.Scope, source, state_ string) {
		t.Helper()
		err := f.d.Store.Update(t.Context(), func(tx *state.Tx) error {
			f.bus.Publish(tx, event.Event{Scope: sc, Source: source, DetailType: "ECS Task State Change", Detail: map[string]string{"lastStatus": state_}, Time: begin})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	publish(state.Scope{Account: home.Account, Region: "eu-west-1"}, "aws.ecs", "ELSEWHERE")
	publish(home, "atoll.ecs", "OWN")
	publish(home, "aws.ecs", "RUNNING")
	if got := f.next(t); !strings.HasPrefix(got, "logs events.amazonaws.com /aws/events/x ") || !strings.HasSuffix(got, ` {"lastStatus":"RUNNING"}`) {
		t.Errorf("got %s", got)
	}
}

func TestReadOnlyCalls(t *testing.T) {
	f := running(t)
	for _, state := range []string{stateEnabled, stateEnabledAll} {
		f.rule(t, PutRuleInput{EventPattern: new(`{"source":["app"]}`), State: new(state)}, Target{Arn: new(topic), Input: new(`"` + state + `"`)})
		for _, detail := range []string{`{"readOnly":true}`, `{"readOnly":false}`} {
			in := PutEventsRequestEntry{Source: new("app"), DetailType: new("AWS API Call via CloudTrail"), Detail: new(detail)}
			if _, err := f.PutEvents(f.ctx, &PutEventsInput{Entries: []PutEventsRequestEntry{in}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []string{stateEnabled, stateEnabledAll, stateEnabledAll} {
		if got := f.next(t); !strings.HasSuffix(got, `"`+want+`"`) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSchedules(t *testing.T) {
	f := running(t)
	f.rule(t, PutRuleInput{ScheduleExpression: new("rate(5 minutes)")}, Target{Arn: new(topic), InputPath: new("$.time")})
	f.clock.Advance(5 * time.Minute)
	if got := f.next(t); !strings.HasSuffix(got, ` "2026-03-01T12:05:30Z"`) {
		t.Errorf("got %s", got)
	}
	f.clock.Advance(12 * time.Minute) // two times are one
	if got := f.next(t); !strings.HasSuffix(got, ` "2026-03-01T12:10:30Z"`) {
		t.Errorf("got %s", got)
	}
	f.clock.Advance(3 * time.Minute)
	if got := f.next(t); !strings.HasSuffix(got, ` "2026-03-01T12:20:30Z"`) {
		t.Errorf("got %s", got)
	}
	if _, err := f.DisableRule(f.ctx, &DisableRuleInput{Name: new("r")}); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	f.rule(t, PutRuleInput{ScheduleExpression: new("cron(0 14 * * ? *)")}, Target{Arn: new(topic), InputPath: new("$.time")})
	f.clock.Advance(time.Hour)
	if got := f.next(t); !strings.HasSuffix(got, ` "2026-03-01T14:00:00Z"`) {
		t.Errorf("got %s", got)
	}
}

func TestForwarding(t *testing.T) {
	f := running(t)
	for _, name := range []string{"b", "c"} {
		if _, err := f.CreateEventBus(f.ctx, &CreateEventBusInput{Name: new(name)}); err != nil {
			t.Fatal(err)
		}
	}
	pattern := new(`{"source":["app"]}`)
	bus := func(name string) Target { return Target{Arn: new(busARN(home, name))} }
	f.rule(t, PutRuleInput{EventPattern: pattern}, bus("b"))
	f.rule(t, PutRuleInput{EventBusName: new("b"), EventPattern: pattern}, bus("c"))
	f.rule(t, PutRuleInput{EventBusName: new("c"), EventPattern: pattern}, Target{Arn: new(topic)})
	if _, err := f.PutTargets(f.ctx, &PutTargetsInput{Rule: new("r"), EventBusName: new("b"), Targets: []Target{
		{Id: new("missing"), Arn: new("arn:aws:logs:us-east-1:111111111111:log-group:none")}, {Id: new("u"), Arn: new(topic), Input: new(`"from b"`)}}}); err != nil {
		t.Fatal(err)
	}
	f.send(t, "{}")
	if got := f.next(t); !strings.HasSuffix(got, `"from b"`) {
		t.Errorf("got %s", got)
	}
	f.send(t, "{}")
	if got := f.next(t); !strings.HasSuffix(got, `"from b"`) { // and nothing by c
		t.Errorf("got %s", got)
	}
}

func TestRunTask(t *testing.T) {
	f := running(t)
	const cluster, definition = "arn:aws:ecs:us-east-1:111111111111:cluster/c", "arn:aws:ecs:us-east-1:111111111111:task-definition/jobs"
	target := Target{Arn: new(cluster), RoleArn: new(role), Input: new(`{"containerOverrides":[]}`), EcsParameters: &EcsParameters{
		TaskDefinitionArn: new(definition), LaunchType: new("FARGATE"), TaskCount: new(int64(2)), PlatformVersion: new("LATEST"),
		NetworkConfiguration: &NetworkConfiguration{AwsvpcConfiguration: &AwsVpcConfiguration{Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}, AssignPublicIp: new("ENABLED")}},
		Tags:                 []Tag{{Key: new("a"), Value: new("b")}}, PropagateTags: new("TASK_DEFINITION"),
	}}
	f.rule(t, PutRuleInput{EventPattern: new(`{"source":["app"]}`)}, target)
	f.send(t, "{}")
	select {
	case r := <-f.tasks:
		if r.Cluster != cluster || r.Definition != definition || r.LaunchType != "FARGATE" || r.Count != 2 || r.Subnets[0] != "subnet-1" || r.Groups[0] != "sg-1" || !r.AssignPublicIP ||
			r.OverridesJSON != `{"containerOverrides":[]}` || r.StartedBy != "events-rule/r" || r.Tags["a"] != "b" || r.PropagateTags != "TASK_DEFINITION" {
			t.Errorf("got %+v", r)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no task was run")
	}
	err := f.d.Store.View(func(tx *state.Tx) error {
		f.allowed = "ecs:StopTask"
		return f.mayRun(tx, &jobRecord{Scope: home, Bus: defaultBus, Rule: "r", Target: target})
	})
	if err == nil || !strings.Contains(err.Error(), "does not allow ecs:RunTask") {
		t.Errorf("got %v", err)
	}
}

func TestInputs(t *testing.T) {
	o := &occurrence{rule: "arn:rule", name: "r", ingested: "now", event: `{"id":"1","resources":["a","b"],"detail":{"s":"x \"<y>\"","n":1.50,"o":{"k":[1]},"list":[{"v":1},{"w":2},{"v":3}]}}`}
	paths := map[string]string{"s": "$.detail.s", "n": "$.detail.n", "o": "$.detail.o", "first": "$.resources[0]", "all": "$.detail.list[*].v", "none": "$.detail.none", "q": "$['detail']['n']"}
	for template, want := range map[string]string{
		`"<first> is <n>"`:                  `"a is 1.50"`,
		`{"s":<s>,"in":"<s>"}`:              `{"s":"x \"<y>\"","in":"x \"<y>\""}`,
		`{"o":<o>,"text":"<o>"}`:            `{"o":{"k":[1]},"text":"{\"k\":[1]}"}`,
		`{"a":<all>,"none":<none>,"q":<q>}`: `{"a":[1,3],"none":"","q":1.50}`,
		`"<aws.events.rule-name> <aws.events.rule-arn> <aws.events.event.ingestion-time>"`: `"r arn:rule now"`,
		`{"e":<aws.events.event>}`: `{"e":{"id":"1","resources":["a","b"]}}`,
		`"a < b \"<n>\""`:          `"a < b \"1.50\""`,
	} {
		got, err := o.input(&Target{InputTransformer: &InputTransformer{InputTemplate: &template, InputPathsMap: paths}})
		if got != want || err != nil {
			t.Errorf("%s: got %s %v", template, got, err)
		}
	}
	for path, want := range map[string]string{"$": o.event, "$.detail.o.k[0]": "1", "$.resources": `["a","b"]`} {
		if got, err := o.input(&Target{InputPath: &path}); err != nil || len(got) != len(want) {
			t.Errorf("%s: got %s %v", path, got, err)
		}
	}
	for _, path := range []string{"", "detail", "$detail", "$..a", "$.a[", "$.a[x]", "$.", "$.a[-1]"} {
		if _, err := parsePath(path); err == nil {
			t.Errorf("%q is taken for a path", path)
		}
	}
}
