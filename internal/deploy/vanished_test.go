//go:build unix

package deploy

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"atoll/internal/terraform"
	"atoll/internal/ui"
)

// What is gone is forgotten run by run, as Terraform finds it, and no resource twice.
func TestWithoutVanished(t *testing.T) {
	dir := t.TempDir()
	engine := filepath.Join(dir, "terraform")
	if err := os.WriteFile(engine, []byte("#!/bin/sh\necho \"$@\" >>\""+dir+"/calls\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &Session{c: Config{Target: Local, Progress: ui.NewProgress(io.Discard, ui.Terminal{})}, space: terraform.Workspace{Dir: dir, Engine: terraform.Engine{Path: engine}}}
	gone := func(addresses ...string) error {
		failure := &terraform.Failure{}
		for _, a := range addresses {
			failure.Diagnostics = append(failure.Diagnostics, &terraform.Diagnostic{Severity: "error", Summary: noIdentity, Address: a})
		}
		return failure
	}
	other := errors.New("something else")
	for name, c := range map[string]struct {
		results []error
		want    error
		calls   string
	}{
		"one after the other": {[]error{gone("a"), gone("b", "c"), nil}, nil, "state rm a\nstate rm b c\n"},
		"forgotten in vain":   {[]error{gone("a"), gone("a")}, gone("a"), "state rm a\n"},
		"something else":      {[]error{gone("a"), other}, other, "state rm a\n"},
	} {
		if err := os.RemoveAll(filepath.Join(dir, "calls")); err != nil {
			t.Fatal(err)
		}
		n := 0
		err := s.withoutVanished(t.Context(), func() error { n++; return c.results[n-1] })
		calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
		if n != len(c.results) || (err == nil) != (c.want == nil) || err != nil && err.Error() != c.want.Error() || string(calls) != c.calls {
			t.Errorf("%s: %d runs, %v, %q", name, n, err, calls)
		}
	}
}
