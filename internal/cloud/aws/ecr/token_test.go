package ecr_test

import (
	"encoding/base64"
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
	holder := func(password string) (who auth.Principal, ok bool) {
		_ = store.View(func(tx *state.Tx) error { who, ok = s.Holder(tx, password); return nil })
		return who, ok
	}
	first := issue()
	if who, ok := holder(first); !ok || who.ARN != "arn:aws:iam::"+account+":user/u" {
		t.Errorf("got %+v, %v", who, ok)
	}
	if _, ok := holder(first + "x"); ok {
		t.Error("another password is good")
	}
	now.Advance(12 * time.Hour)
	second := issue() // removes what has ended
	if _, ok := holder(first); ok {
		t.Error("the token is good for ever")
	}
	if _, ok := holder(second); !ok {
		t.Error("the new token is not good")
	}
}
