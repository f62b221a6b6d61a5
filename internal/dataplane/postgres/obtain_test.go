//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"atoll/internal/dataplane/postgres/download"
)

// shelf has versions that print their number only.
type shelf struct {
	t      testing.TB
	dir    string
	cached []int
	offers []int // nil: they are forbidden
	fails  error
	asked  []int
}

func (s *shelf) put(major int) string {
	bin := filepath.Join(s.dir, fmt.Sprintf("%d.1.0-beta.1", major), "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(bin, name), fmt.Appendf(nil, "#!/bin/sh\necho 'postgres (PostgreSQL) %d.1'\n", major), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	return bin
}

func (s *shelf) Cached() []string {
	var out []string
	for _, major := range s.cached {
		out = append(out, s.put(major))
	}
	return out
}

func (s *shelf) Majors() []int { return s.offers }

func (s *shelf) Offers(major int) (download.Package, error) {
	if !slices.Contains(s.offers, major) {
		return download.Package{}, fmt.Errorf("%w: no package", download.ErrUnavailable)
	}
	return download.Package{Version: fmt.Sprintf("%d.1.0-beta.1", major), Size: 20 << 20}, nil
}

func (s *shelf) Fetch(_ context.Context, major int) (string, error) {
	s.asked = append(s.asked, major)
	if s.fails != nil {
		return "", s.fails
	}
	return s.put(major), nil
}

func TestWhichPostgreSQL(t *testing.T) {
	offline := errors.New("no such host")
	for _, test := range []struct {
		name      string
		installed []int // newest first
		shelf     *shelf
		asked     []int  // for downloads
		fresh     int    // major version for a new server of 15; 0: an error
		instead   string // why, or the error
		existing  string // the error for data of 15
	}{
		{name: "installed", installed: []int{17, 15}, shelf: &shelf{cached: []int{15}, offers: []int{15}}, fresh: 15},
		{name: "cached", installed: []int{17}, shelf: &shelf{cached: []int{15}, offers: []int{15}, fails: offline}, fresh: 15},
		{name: "downloaded", installed: []int{17}, shelf: &shelf{offers: []int{15}}, asked: []int{15, 15}, fresh: 15},
		{name: "nothing installed", shelf: &shelf{offers: []int{15}}, asked: []int{15, 15}, fresh: 15},
		{name: "offline", installed: []int{17, 16, 14}, shelf: &shelf{offers: []int{15}, fails: offline}, asked: []int{15, 15}, fresh: 16,
			instead: "this machine has no PostgreSQL 15: no such host", existing: "PostgreSQL 15 is wanted: no such host\nTry: "},
		{name: "offline with older ones", installed: []int{14, 13}, shelf: &shelf{offers: []int{15}, fails: offline}, asked: []int{15, 15}, fresh: 14,
			instead: "this machine has no PostgreSQL 15: no such host", existing: "no such host"},
		{name: "offline with another one cached", shelf: &shelf{cached: []int{16}, offers: []int{15}, fails: offline}, asked: []int{15, 15}, fresh: 16, instead: "no such host", existing: "no such host"},
		{name: "offline with none", shelf: &shelf{offers: []int{15}, fails: offline}, asked: []int{15, 15}, instead: "no such host\nTry: ", existing: "let this machine reach npm's registry"},
		{name: "forbidden", installed: []int{17}, shelf: &shelf{}, fresh: 17, instead: "this machine has no PostgreSQL 15: PostgreSQL cannot be downloaded", existing: "cannot be downloaded"},
		{name: "forbidden with none", shelf: &shelf{}, instead: "cannot be downloaded", existing: "cannot be downloaded"},
		{name: "no package", shelf: &shelf{offers: []int{14, 16, 17}}, asked: []int{16}, fresh: 16, instead: "no package", existing: "no package"},
		{name: "without downloads", installed: []int{17}, fresh: 17, instead: "this machine has no PostgreSQL 15", existing: "the data is of PostgreSQL 15, and the machine has 17.1"},
		{name: "without anything", instead: "nothing found", existing: "nothing found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []Event
			s := &Supervisor{making: make(chan struct{}, 1), fetched: map[string]Installation{}}
			config := Config{Dir: t.TempDir(), Notify: func(e Event) { told = append(told, e) }, Find: func(context.Context) ([]Installation, error) {
				var out []Installation
				for _, major := range test.installed {
					out = append(out, Installation{Bin: fmt.Sprint("/", major), Major: major, Version: fmt.Sprintf("%d.1", major)})
				}
				if len(out) == 0 {
					return nil, fmt.Errorf("%w: nothing found", ErrNoServer)
				}
				return out, nil
			}}
			if test.shelf != nil {
				test.shelf.t, test.shelf.dir, config.Downloads = t, t.TempDir(), test.shelf
			}
			config.complete()
			s.config = config
			in, instead, err := s.forNew(t.Context(), "one", 15)
			if in.Major != test.fresh || (err == nil) != (test.fresh != 0) {
				t.Errorf("a new server: %+v, %v, want %d", in, err, test.fresh)
			}
			if err != nil {
				instead = err.Error()
				if !errors.Is(err, ErrNoServer) {
					t.Errorf("the error is %v", err)
				}
			}
			if !strings.Contains(instead, test.instead) || (instead == "") != (test.instead == "") {
				t.Errorf("it says %q, want %q", instead, test.instead)
			}
			in, err = s.exactly(t.Context(), "one", 15)
			if test.existing == "" && (err != nil || in.Major != 15) || test.existing != "" && (err == nil || !strings.Contains(err.Error(), test.existing) || !errors.Is(err, ErrNoServer)) {
				t.Errorf("data that there is: %+v, %v, want %q", in, err, test.existing)
			}
			if test.shelf == nil {
				return
			}
			if !slices.Equal(test.shelf.asked, test.asked) || len(told) != len(test.asked) {
				t.Errorf("%v were downloaded, %v told, want %v", test.shelf.asked, told, test.asked)
			}
			for _, e := range told {
				if e.Kind != Downloading || e.Server != "one" || !strings.Contains(e.Reason, ".1 (20 MB) is being downloaded") {
					t.Errorf("it told %+v", e)
				}
			}
		})
	}
}
