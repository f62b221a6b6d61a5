package secretsmanager_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/secretsmanager"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// TestManagedSecrets calls the service as others do, within transactions of theirs.
func TestManagedSecrets(t *testing.T) {
	store := must(state.Open("", state.Options{}))(t)
	s := secretsmanager.New(secretsmanager.Deps{Store: store, Clock: clock.NewManual(time.Now()), Logger: slog.New(slog.DiscardHandler)})
	sc := state.Scope{Account: account, Region: cloudtest.Region}
	ctx := wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: sc.Account}, Region: sc.Region})
	in := func(fn func(tx *state.Tx) error) {
		t.Helper()
		if err := store.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	denied := func(err error, code string) {
		t.Helper()
		var fault *wire.Error
		if !errors.As(err, &fault) || fault.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	arn := ""
	in(func(tx *state.Tx) (err error) {
		arn, err = s.CreateManaged(tx, sc, "rds", "rds!db-1", "", "one", map[string]string{"aws:rds:primaryDBInstanceArn": "x"})
		return err
	})
	d := must(s.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &arn}))(t)
	if *d.OwningService != "rds" || *d.Name != "rds!db-1" || len(d.Tags) != 1 {
		t.Errorf("got %+v", d)
	}
	_, err := s.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: new("x")})
	denied(err, "InvalidRequestException")
	_, err = s.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &arn, ForceDeleteWithoutRecovery: new(true)})
	denied(err, "InvalidRequestException")
	_, err = s.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: &arn, Description: new("x")})
	denied(err, "InvalidRequestException")
	_, err = s.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: &arn})
	denied(err, wire.CodeNotImplemented)
	must(s.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: &arn, Tags: []secretsmanager.Tag{{Key: new("a"), Value: new("1")}}}))(t)

	in(func(tx *state.Tx) error { return s.PutManaged(tx, sc, arn, "two") })
	value := func(id string) (got string, ok bool) {
		_ = store.View(func(tx *state.Tx) error { got, ok = s.SecretValue(tx, sc, id); return nil })
		return got, ok
	}
	if got, ok := value("rds!db-1"); !ok || got != "two" {
		t.Errorf("got %q, %v", got, ok)
	}
	in(func(tx *state.Tx) error { s.DeleteManaged(tx, sc, arn); s.DeleteManaged(tx, sc, arn); return nil })
	if _, ok := value(arn); ok {
		t.Error("the secret is still there")
	}
}
