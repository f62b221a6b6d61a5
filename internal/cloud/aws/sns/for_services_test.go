package sns

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var home = state.Scope{Account: "111111111111", Region: "us-east-1"}

// lines is a log that tests wait for.
type lines struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.more <- struct{}{} }()
	return l.b.Write(p)
}

func (l *lines) wait(t *testing.T, words ...string) {
	t.Helper()
	for {
		l.mu.Lock()
		got := l.b.String()
		l.mu.Unlock()
		missing := ""
		for _, w := range words {
			if !strings.Contains(got, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-l.more:
		case <-time.After(20 * time.Second):
			t.Fatalf("no %q in %s", missing, got)
		}
	}
}

type anyRole struct{}

func (anyRole) Role(*state.Tx, string) (auth.Role, bool) { return auth.Role{}, true }

// running gives a service at work, and its log.
func running(t *testing.T) (*Service, *lines, context.Context) {
	t.Helper()
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{more: make(chan struct{}, 100)}
	s := New(Deps{Store: store, Clock: clock.NewManual(time.Now()), Logger: slog.New(slog.NewTextHandler(log, nil)), Roles: anyRole{}, HTTP: http.DefaultClient})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return s, log, wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: home.Account}, Region: home.Region, Endpoint: "http://cloud"})
}

func TestDeliver(t *testing.T) {
	s, log, ctx := running(t)
	out, err := s.CreateTopic(ctx, &CreateTopicInput{Name: new("t")})
	if err != nil {
		t.Fatal(err)
	}
	arn := *out.TopicArn
	for _, protocol := range []string{"email", "email-json"} {
		if _, err := s.Subscribe(ctx, &SubscribeInput{TopicArn: &arn, Protocol: &protocol, Endpoint: new("a@example.com")}); err != nil {
			t.Fatal(err)
		}
	}
	log.wait(t, "To confirm the subscription, visit http://cloud/?Action=ConfirmSubscription")
	err = s.d.Store.View(func(tx *state.Tx) error {
		if !s.Topic(tx, home, arn) || s.Topic(tx, home, arn+"x") || s.Topic(tx, state.Scope{Account: home.Account, Region: "eu-west-1"}, arn) {
			t.Error("Topic is wrong")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.all(t) {
		if _, err := s.ConfirmSubscription(ctx, &ConfirmSubscriptionInput{TopicArn: &arn, Token: &r.Token}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Deliver(ctx, home, arn, "cloudwatch.amazonaws.com", "ALARM", "too hot"); err != nil {
		t.Fatal(err)
	}
	log.wait(t, `subject=ALARM message="too hot"`, `\"Subject\": \"ALARM\"`)

	// The default policy lets CloudWatch act for the account, and neither EventBridge nor other accounts.
	refused := func(err error) {
		t.Helper()
		if !isCode(err, "AuthorizationError") {
			t.Errorf("got %v", err)
		}
	}
	refused(s.Deliver(ctx, state.Scope{Account: "222222222222", Region: home.Region}, arn, "cloudwatch.amazonaws.com", "", "m"))
	refused(s.Deliver(ctx, home, arn, "events.amazonaws.com", "", "m"))
	policy := `{"Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + arn +
		`","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:us-east-1:111111111111:rule/r"}}}}`
	if _, err := s.SetTopicAttributes(ctx, &SetTopicAttributesInput{TopicArn: &arn, AttributeName: new("Policy"), AttributeValue: &policy}); err != nil {
		t.Fatal(err)
	}
	refused(s.DeliverFor(ctx, home, arn, "events.amazonaws.com", "arn:aws:events:us-east-1:111111111111:rule/s", "", "m"))
	refused(s.Deliver(ctx, home, arn, "cloudwatch.amazonaws.com", "", "m"))
	if err := s.DeliverFor(ctx, home, arn, "events.amazonaws.com", "arn:aws:events:us-east-1:111111111111:rule/r", "", "by rule"); err != nil {
		t.Error(err)
	}
	log.wait(t, `message="by rule"`)
	if err := s.Deliver(ctx, home, arn+"x", "cloudwatch.amazonaws.com", "", "m"); !isCode(err, "NotFound") {
		t.Errorf("got %v", err)
	}
}

func (s *Service) all(t *testing.T) []*subscriptionRecord {
	t.Helper()
	var out []*subscriptionRecord
	err := s.d.Store.View(func(tx *state.Tx) error {
		for _, r := range s.subscriptions.All(tx, home) {
			out = append(out, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDelays(t *testing.T) {
	p := &retryPolicy{MinDelayTarget: new(1), MaxDelayTarget: new(16), NumRetries: new(9), NumNoDelayRetries: 1, NumMinDelayRetries: 1, NumMaxDelayRetries: 2}
	for function, want := range map[string]string{
		"":            "0s 1s 1s 4.75s 8.5s 12.25s 16s 16s 16s",
		"arithmetic":  "0s 1s 1s 1.9375s 4.75s 9.4375s 16s 16s 16s",
		"geometric":   "0s 1s 1s 2s 4s 8s 16s 16s 16s",
		"exponential": "0s 1s 1s 2s 4s 8s 16s 16s 16s",
	} {
		p.BackoffFunction = function
		var got []string
		for i := range 9 {
			got = append(got, p.delay(i).Round(time.Microsecond).String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s", function, got)
		}
	}
}
