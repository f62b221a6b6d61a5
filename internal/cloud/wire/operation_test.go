package wire_test

import (
	"context"
	"slices"
	"testing"

	"atoll/internal/cloud/wire"
)

type describeThingsInput struct{ IDs []string }

type describeThingsOutput struct{}

func TestOperationResources(t *testing.T) {
	h := func(context.Context, *describeThingsInput) (*describeThingsOutput, error) { return nil, nil }
	on := wire.On(func(_ context.Context, in *describeThingsInput) []string { return in.IDs })
	for _, c := range []struct {
		op   wire.Operation
		in   *describeThingsInput
		want []string
	}{
		{wire.Read(h), &describeThingsInput{IDs: []string{"a"}}, []string{"*"}},
		{wire.Read(h, on), &describeThingsInput{IDs: []string{"a", "b"}}, []string{"a", "b"}},
		{wire.Read(h, on), &describeThingsInput{}, []string{"*"}}, // never about nothing, which no policy could deny
	} {
		if got := c.op.Resources(t.Context(), c.in); !slices.Equal(got, c.want) {
			t.Errorf("the call is about %q, want %q", got, c.want)
		}
	}
}
