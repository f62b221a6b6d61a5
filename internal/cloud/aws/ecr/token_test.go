package ecr_test

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// TestTokenHolder asks the service itself who holds a token, as a registry's endpoint does.
func TestTokenHolder(t *testing.T) {
	store := must(state.Open("", state.Options{}))(t)
	now := clock.NewManual(time.Now())
	s := must(ecr.New(ecr.Deps{Store: store, Clock: now, Logger: slog.New(slog.DiscardHandler), ImagesDir: t.TempDir(), Ephemeral: true}))(t)
	ctx := wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/u"}, Region: cloudtest.Region})
	issue := func() string {
		t.Helper()
		out := must(s.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}))(t)
		raw := must(base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken))(t)
		return strings.TrimPrefix(string(raw), "AWS:")
	}
	first := issue()
	if who, err := s.Holder(first); err != nil || who.ARN != "arn:aws:iam::"+account+":user/u" {
		t.Errorf("got %+v, %v", who, err)
	}
	if _, err := s.Holder(first + "x"); !errors.Is(err, ecr.ErrToken) {
		t.Errorf("another password: %v", err)
	}
	now.Advance(12 * time.Hour)
	if _, err := s.Holder(first); !errors.Is(err, ecr.ErrTokenExpired) {
		t.Errorf("the token is good for ever: %v", err)
	}
	now.Advance(time.Second)
	second := issue() // removes what has ended
	if _, err := s.Holder(first); !errors.Is(err, ecr.ErrToken) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Holder(second); err != nil {
		t.Errorf("the new token is not good: %v", err)
	}
}
