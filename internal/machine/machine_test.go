package machine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/machine"
)

func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	path := script(t, `echo "$1 $GREETED"; echo noise >&2`)
	out, err := machine.Real().Run(t.Context(), []string{"GREETED=world"}, path, "hello")
	if err != nil || out != "hello world\n" {
		t.Errorf("Run = %q, %v", out, err)
	}
}

func TestRunFailure(t *testing.T) {
	path := script(t, `i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "line $i" >&2; done; exit 3`)
	_, err := machine.Real().Run(t.Context(), nil, path, "hello")
	command, ok := errors.AsType[*machine.CommandError](err)
	if !ok || len(command.Output) != machine.TailLines || command.Output[machine.TailLines-1] != "line 30" {
		t.Fatalf("error = %#v, want a *CommandError with the last %d lines", err, machine.TailLines)
	}
	if want := path + " hello: exit status 3\n    line 11\n"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error = %q, want it to begin with %q", err, want)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupt := errors.New("interrupt signal received")
	cancel(interrupt)
	_, err := machine.Real().Run(ctx, nil, script(t, "exec sleep 600"))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, interrupt) {
		t.Errorf("error = %v, want context.Canceled and its cause", err)
	}
	if got, want := machine.Ended(ctx).Error(), "interrupt signal received (context canceled)"; got != want {
		t.Errorf("Ended = %q, want %q", got, want)
	}
	plain, cancelPlain := context.WithCancel(t.Context())
	cancelPlain()
	if got := machine.Ended(plain); !errors.Is(got, context.Canceled) {
		t.Errorf("Ended without a cause = %v, want context.Canceled", got)
	}
}

func TestTail(t *testing.T) {
	if got := machine.Tail("\n"); got != nil {
		t.Errorf("Tail of nothing = %q", got)
	}
	if got := strings.Join(machine.Tail("a\nb\n\n"), "|"); got != "a|b" {
		t.Errorf("Tail = %q", got)
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("ATOLL_CACHE_DIR", "")
	t.Setenv("XDG_CACHE_HOME", "/x/cache")
	t.Setenv("HOME", "/home/x")
	usual, err := machine.Real().CacheDir()
	if err != nil || filepath.Base(usual) != "atoll" {
		t.Errorf("CacheDir = %q, %v", usual, err)
	}
	t.Setenv("ATOLL_CACHE_DIR", "here")
	given, err := machine.Real().CacheDir()
	if err != nil || !filepath.IsAbs(given) || filepath.Base(given) != "here" {
		t.Errorf("CacheDir = %q, %v, want an absolute path", given, err)
	}
}
