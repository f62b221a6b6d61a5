package event_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
)

func TestBus(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	bus := new(event.Bus)
	var got []string
	bus.Subscribe(func(ctx context.Context, e event.Event) {
		got = append(got, e.Source)
		if e.Source == "two" {
			_ = store.Update(ctx, func(tx *state.Tx) error { bus.Publish(tx, event.Event{Source: "of two"}); return nil })
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- bus.Run(ctx) }()
	failed := errors.New("failed")
	err = store.Update(ctx, func(tx *state.Tx) error { bus.Publish(tx, event.Event{Source: "lost"}); return failed })
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	for _, source := range []string{"one", "two"} {
		if err := store.Update(ctx, func(tx *state.Tx) error { bus.Publish(tx, event.Event{Source: source}); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := bus.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	if want := []string{"one", "two", "of two"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
