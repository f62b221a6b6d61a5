package logs

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

func TestPutAs(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	sc := state.Scope{Account: "111111111111", Region: "us-east-1"}
	s := New(Deps{Store: store, Clock: clock.NewManual(time.Now()), Logger: slog.New(slog.DiscardHandler)})
	ctx := wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: sc.Account}, Region: sc.Region})
	put := func(group string) error {
		return s.PutAs(t.Context(), sc, "events.amazonaws.com", "arn:aws:events:us-east-1:111111111111:rule/r", group, "s", "m", s.d.Clock.Now())
	}
	refused := func(err error, code string) {
		t.Helper()
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	refused(put("g"), "ResourceNotFoundException")
	if _, err := s.CreateLogGroup(ctx, &CreateLogGroupInput{LogGroupName: new("g")}); err != nil {
		t.Fatal(err)
	}
	refused(put("g"), "AccessDeniedException")
	_, err = s.PutResourcePolicy(ctx, &PutResourcePolicyInput{PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow",
		"Principal":{"Service":"events.amazonaws.com"},"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111111111111:log-group:g:*",
		"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:us-east-1:111111111111:rule/r"}}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := put("g"); err != nil {
			t.Error(err)
		}
	}
	out, err := s.GetLogEvents(ctx, &GetLogEventsInput{LogGroupName: new("g"), LogStreamName: new("s")})
	if err != nil || len(out.Events) != 2 || *out.Events[0].Message != "m" {
		t.Errorf("got %+v %v", out, err)
	}
}
