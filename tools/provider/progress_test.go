package provider_test

import (
	"testing"
	"time"

	"atoll/tools/provider"
)

func TestEventString(t *testing.T) {
	for _, test := range []struct {
		event provider.Event
		want  string
	}{
		{provider.Event{Phase: provider.Waiting, Elapsed: 119 * time.Second}, "waiting for another process that is building the AWS provider, 119 s"},
		{provider.Event{Phase: provider.Downloading, Done: 7, Elapsed: 1500 * time.Millisecond}, "downloading the AWS provider's source, 7 modules so far, 1 s"},
		{provider.Event{Phase: provider.Compiling, Done: 812, Total: 1990, Elapsed: 12*time.Minute + 59*time.Second}, "compiling 812 of 1,990 packages, 12 min"},
		{provider.Event{Phase: provider.Compiling, Done: 1_000, Total: 1_234_567}, "compiling 1,000 of 1,234,567 packages, 0 s"},
		{provider.Event{Phase: provider.Finished, Elapsed: 36 * time.Minute}, "built the AWS provider 6.34.0 in 36 min"},
	} {
		if got := test.event.String(); got != test.want {
			t.Errorf("%+v reads %q, want %q", test.event, got, test.want)
		}
	}
}
