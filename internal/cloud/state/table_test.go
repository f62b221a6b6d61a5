package state_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"atoll/internal/cloud/state"
)

// record is what the tests store.
type record struct {
	Name   string
	Groups []string
	Size   int
}

var (
	east = state.Scope{Account: "111111111111", Region: "us-east-1"}
	west = state.Scope{Account: "111111111111", Region: "us-west-2"}
	// other has an account id that begins with east's, which must not matter.
	other = state.Scope{Account: "1111111111110", Region: "us-east-1"}
)

func arnOf(sc state.Scope, id string, r *record) string {
	if r.Name == "" {
		return ""
	}
	return "arn:aws:test:" + sc.Region + ":" + sc.Account + ":" + r.Name
}

func records(s *state.Store) state.Table[record] {
	return state.NewTable(s, "record",
		state.WithARN(arnOf),
		state.WithIndex("group", func(r *record) []string { return r.Groups }),
		state.WithIndex("size", func(r *record) []string { return []string{fmt.Sprint(r.Size)} }))
}

// open opens a store, in memory for an empty path, and closes it with the test.
func open(t testing.TB, path string) (*state.Store, state.Table[record]) {
	t.Helper()
	s, err := state.Open(path, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	table := records(s)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return s, table
}

func update(t testing.TB, s *state.Store, fn func(tx *state.Tx)) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *state.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *state.Store, fn func(tx *state.Tx)) {
	t.Helper()
	if err := s.View(func(tx *state.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func ids(seq iter.Seq2[string, *record]) string {
	var out []string
	for id := range seq {
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

// bothWays runs a test on a store in memory and on one on disk.
func bothWays(t *testing.T, test func(t *testing.T, path string)) {
	t.Run("memory", func(t *testing.T) { test(t, "") })
	t.Run("disk", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "state.db")) })
}

func TestRecords(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		given := &record{Name: "a", Groups: []string{"x"}}
		update(t, s, func(tx *state.Tx) {
			table.Put(tx, east, "1", given)
			given.Name, given.Groups[0] = "changed after Put", "y"
			own, ok := table.Get(tx, east, "1")
			if !ok || own.Name != "a" || own.Groups[0] != "x" {
				t.Fatalf("in its own transaction: %+v %v", own, ok)
			}
			own.Groups[0] = "changed after Get"
		})
		view(t, s, func(tx *state.Tx) {
			got, ok := table.Get(tx, east, "1")
			if !ok || got.Name != "a" || got.Groups[0] != "x" {
				t.Errorf("stored %+v", got)
			}
			for _, sc := range []state.Scope{west, other, {}} {
				if _, ok := table.Get(tx, sc, "1"); ok || table.Len(tx, sc) != 0 {
					t.Errorf("%v has the record of another scope", sc)
				}
			}
		})
		update(t, s, func(tx *state.Tx) {
			if !table.Delete(tx, east, "1") || table.Delete(tx, east, "1") {
				t.Error("Delete reports wrongly")
			}
		})
		view(t, s, func(tx *state.Tx) {
			if _, ok := table.Get(tx, east, "1"); ok {
				t.Error("there after Delete")
			}
		})
	})
}

func TestScopes(t *testing.T) {
	s, table := open(t, "")
	update(t, s, func(tx *state.Tx) {
		for _, sc := range []state.Scope{west, east, other} {
			table.Put(tx, sc, "1", &record{})
			table.Put(tx, sc, "2", &record{})
		}
	})
	view(t, s, func(tx *state.Tx) {
		if got := table.Scopes(tx); !slices.Equal(got, []state.Scope{east, west, other}) {
			t.Errorf("scopes %v", got)
		}
		n := 0
		for range table.AllScopes(tx) {
			n++
		}
		if n != 6 {
			t.Errorf("%d records in all scopes", n)
		}
	})
}

func TestIndexes(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		update(t, s, func(tx *state.Tx) {
			table.Put(tx, east, "b", &record{Groups: []string{"x", "y"}})
			table.Put(tx, east, "a", &record{Groups: []string{"x"}, Size: 1})
			table.Put(tx, west, "c", &record{Groups: []string{"x"}})
			table.Put(tx, east, "d", &record{Groups: []string{"xx"}})
		})
		check := func(group, want string) {
			t.Helper()
			view(t, s, func(tx *state.Tx) {
				if got := ids(table.By(tx, east, "group", group)); got != want {
					t.Errorf("group %q has %q, want %q", group, got, want)
				}
			})
		}
		check("x", "a b")
		check("y", "b")
		check("", "")
		update(t, s, func(tx *state.Tx) {
			r, _ := table.Get(tx, east, "b")
			r.Groups = []string{"y", "z"}
			table.Put(tx, east, "b", r)
			if got := ids(table.By(tx, east, "group", "x")); got != "a" {
				t.Errorf("in the transaction: %q", got)
			}
			for id, r := range table.By(tx, east, "group", "z") {
				if id != "b" || len(r.Groups) != 2 {
					t.Errorf("the index has %s %+v", id, r)
				}
			}
		})
		check("x", "a")
		check("z", "b")
		update(t, s, func(tx *state.Tx) { table.Delete(tx, east, "b") })
		check("y", "")
		check("z", "")
		err := s.Update(context.Background(), func(tx *state.Tx) error {
			table.Put(tx, east, "e", &record{Groups: []string{"x\x00a"}})
			return nil
		})
		if err == nil {
			t.Error("an index value with a NUL byte was taken")
		}
		check("x", "a")
	})
}

func TestARNsAndTags(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		arn := "arn:aws:test:us-east-1:111111111111:n"
		update(t, s, func(tx *state.Tx) {
			table.Put(tx, east, "1", &record{Name: "n"})
			state.SetTags(tx, arn, map[string]string{"a": "1", "b": "2"})
			state.SetTags(tx, arn, map[string]string{"b": "3", "c": "4"})
			state.RemoveTags(tx, arn, []string{"a", "none"})
			table.Put(tx, east, "1", &record{Name: "n", Size: 2})
		})
		want := map[string]string{"b": "3", "c": "4"}
		view(t, s, func(tx *state.Tx) {
			if got := state.Tags(tx, arn); !reflect.DeepEqual(got, want) {
				t.Errorf("tags %v", got)
			}
			name, sc, id, ok := state.Lookup(tx, arn)
			if name != "record" || sc != east || id != "1" || !ok {
				t.Errorf("the ARN leads to %s %v %s %v", name, sc, id, ok)
			}
			if got := maps.Collect(state.Tagged(tx, east.Account, "")); !maps.Equal(got, map[string]state.Scope{arn: east}) {
				t.Errorf("tagged %v", got)
			}
			if got := maps.Collect(state.Tagged(tx, other.Account, "")); len(got) != 0 {
				t.Errorf("another account has %v", got)
			}
			if got := maps.Collect(state.Tagged(tx, east.Account, arn)); len(got) != 0 {
				t.Errorf("after the last one comes %v", got)
			}
		})
		update(t, s, func(tx *state.Tx) { state.ReplaceTags(tx, arn, nil) })
		view(t, s, func(tx *state.Tx) {
			if got := maps.Collect(state.Tagged(tx, east.Account, "")); len(got) != 1 || state.Tags(tx, arn) != nil {
				t.Errorf("without its tags it is not remembered: %v", got)
			}
		})
		update(t, s, func(tx *state.Tx) {
			table.Delete(tx, east, "1")
			table.Put(tx, east, "1", &record{Name: "n"})
		})
		view(t, s, func(tx *state.Tx) {
			if got := maps.Collect(state.Tagged(tx, east.Account, "")); len(got) != 0 {
				t.Errorf("a new record is taken for one that had tags: %v", got)
			}
			if got := state.Tags(tx, arn); got != nil {
				t.Errorf("a new record inherits the tags %v", got)
			}
		})
		update(t, s, func(tx *state.Tx) {
			state.SetTags(tx, arn, want)
			table.Put(tx, east, "1", &record{Name: "renamed"})
		})
		view(t, s, func(tx *state.Tx) {
			if _, _, _, ok := state.Lookup(tx, arn); ok || state.Tags(tx, arn) != nil {
				t.Error("the old ARN outlives its record")
			}
			if _, _, _, ok := state.Lookup(tx, arn[:len(arn)-1]+"renamed"); !ok {
				t.Error("the new ARN leads nowhere")
			}
		})
		update(t, s, func(tx *state.Tx) {
			state.SetTags(tx, arn, nil)
			state.SetTags(tx, arn, want)
			state.RemoveTags(tx, arn, []string{"b", "c"})
		})
		view(t, s, func(tx *state.Tx) {
			if state.Tags(tx, arn) != nil {
				t.Error("an empty set of tags is not gone")
			}
		})
	})
}

// TestScans holds every scan against a sorted list, over random ids with common beginnings.
func TestScans(t *testing.T) {
	s, table := open(t, "")
	rnd := rand.New(rand.NewPCG(1, 2))
	id := func() string {
		b := make([]byte, 1+rnd.IntN(5))
		for i := range b {
			b[i] = "ab/"[rnd.IntN(3)]
		}
		return string(b)
	}
	var all []string
	update(t, s, func(tx *state.Tx) {
		for range 150 {
			table.Put(tx, east, id(), &record{})
		}
		table.Put(tx, west, "a", &record{})
		for range 20 {
			table.Delete(tx, east, id())
		}
		for id := range table.All(tx, east) {
			all = append(all, id)
		}
	})
	if !sort.StringsAreSorted(all) || len(all) != table.Len(readonly(t, s), east) {
		t.Fatalf("All gives %v", all)
	}
	tx := readonly(t, s)
	for range 2000 {
		prefix, after := id(), id()
		var from, prefixed, both []string
		for _, id := range all {
			if id > after {
				from = append(from, id)
			}
			if strings.HasPrefix(id, prefix) {
				prefixed = append(prefixed, id)
				if id > after {
					both = append(both, id)
				}
			}
		}
		for name, pair := range map[string][2]string{
			"From " + after:                      {ids(table.From(tx, east, after)), strings.Join(from, " ")},
			"Prefix " + prefix:                   {ids(table.Prefix(tx, east, prefix)), strings.Join(prefixed, " ")},
			"PrefixFrom " + prefix + " " + after: {ids(table.PrefixFrom(tx, east, prefix, after)), strings.Join(both, " ")},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("%s gives %q, want %q", name, pair[0], pair[1])
			}
		}
	}
}

// readonly gives a snapshot that outlives its View, which only a test may do.
func readonly(t testing.TB, s *state.Store) *state.Tx {
	var snapshot *state.Tx
	view(t, s, func(tx *state.Tx) { snapshot = tx })
	return snapshot
}

func TestPage(t *testing.T) {
	s, table := open(t, "")
	update(t, s, func(tx *state.Tx) {
		for i := range 10 {
			table.Put(tx, east, fmt.Sprintf("%02d", i), &record{Size: i})
		}
	})
	tx := readonly(t, s)
	even := func(r *record) bool { return r.Size%2 == 0 }
	var sizes []int
	pages, after := 0, ""
	for {
		items, next := state.Page(table.From(tx, east, after), 2, even)
		for _, r := range items {
			sizes = append(sizes, r.Size)
		}
		if pages++; next == "" {
			break
		}
		after = next
	}
	if !slices.Equal(sizes, []int{0, 2, 4, 6, 8}) || pages != 3 {
		t.Errorf("%d pages with %v", pages, sizes)
	}
	if items, next := state.Page(table.All(tx, east), 0, nil); len(items) != 10 || next != "" {
		t.Errorf("without a bound: %d, next %q", len(items), next)
	}
	if items, next := state.Page(table.All(tx, east), 10, nil); len(items) != 10 || next != "" {
		t.Errorf("a page that is just full: %d, next %q", len(items), next)
	}
}

// TestIteratorsAreStable writes while it iterates, in the same transaction.
func TestIteratorsAreStable(t *testing.T) {
	s, table := open(t, "")
	update(t, s, func(tx *state.Tx) {
		for i := range 100 {
			table.Put(tx, east, fmt.Sprintf("%03d", i), &record{Groups: []string{"g"}})
		}
	})
	for name, scan := range map[string]func(tx *state.Tx) iter.Seq2[string, *record]{
		"All":  func(tx *state.Tx) iter.Seq2[string, *record] { return table.All(tx, east) },
		"From": func(tx *state.Tx) iter.Seq2[string, *record] { return table.From(tx, east, "0") },
		"By":   func(tx *state.Tx) iter.Seq2[string, *record] { return table.By(tx, east, "group", "g") },
	} {
		errRollback := errors.New("roll back")
		err := s.Update(context.Background(), func(tx *state.Tx) error {
			seen := 0
			for id := range scan(tx) {
				seen++
				table.Delete(tx, east, id)
				table.Delete(tx, east, "099")
				table.Put(tx, east, id+"x", &record{Groups: []string{"g"}})
			}
			if seen != 100 {
				t.Errorf("%s saw %d records", name, seen)
			}
			if n := table.Len(tx, east); n != 100 {
				t.Errorf("%s leaves %d records", name, n)
			}
			return errRollback
		})
		if !errors.Is(err, errRollback) {
			t.Fatal(err)
		}
	}
}

func TestMisuse(t *testing.T) {
	s, table := open(t, "")
	panics := func(name string, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s does not panic", name)
			}
		}()
		f()
	}
	view(t, s, func(tx *state.Tx) {
		panics("Put in a View", func() { table.Put(tx, east, "1", &record{}) })
		panics("Delete in a View", func() { table.Delete(tx, east, "1") })
		panics("SetTags in a View", func() { state.SetTags(tx, "arn:x", map[string]string{"a": "b"}) })
		if tx.Writable() {
			t.Error("a View says that it is writable")
		}
	})
	panics("a table registered twice", func() { records(s) })
	panics("a table without a name", func() { state.NewTable[record](s, "") })
	err := s.Update(context.Background(), func(tx *state.Tx) error {
		table.Put(tx, east, "a\x00b", &record{})
		return nil
	})
	if err == nil {
		t.Error("an id with a NUL byte was taken")
	}
}

func TestUnstorable(t *testing.T) {
	s, _ := open(t, "")
	table := state.NewTable[struct{ F func() }](s, "functions")
	err := s.Update(context.Background(), func(tx *state.Tx) error {
		table.Put(tx, east, "1", &struct{ F func() }{func() {}})
		return nil
	})
	if err == nil {
		t.Error("a record that JSON does not have was taken")
	}
}
