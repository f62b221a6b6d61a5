package state_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"atoll/internal/cloud/state"
)

type ranged struct{ Sort string }

func collect(seq iter.Seq2[string, *ranged]) []string {
	out := []string{}
	for at := range seq {
		out = append(out, at)
	}
	return out
}

func TestRange(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	table := state.NewTable(store, "ranged", state.WithIndex("sort", func(v *ranged) []string { return []string{v.Sort} }))
	other := state.NewTable[ranged](store, "rangee")
	sc, apart := state.Scope{Account: "1", Region: "r"}, state.Scope{Account: "2", Region: "r"}
	err = store.Update(context.Background(), func(tx *state.Tx) error {
		for i, id := range []string{"a", "ab", "abc", "b", "ba", "c"} {
			table.Put(tx, sc, id, &ranged{Sort: fmt.Sprintf("s%d", 5-i)})
			table.Put(tx, apart, id, &ranged{Sort: "s0"})
			other.Put(tx, sc, id, &ranged{})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{"", "", []string{}},
		{"", "z", []string{"a", "ab", "abc", "b", "ba", "c"}},
		{"a", "b", []string{"a", "ab", "abc"}},
		{"ab", "ba", []string{"ab", "abc", "b"}},
		{"ab\x00", "c", []string{"abc", "b", "ba"}},
		{"bb", "c\x00", []string{"c"}},
		{"d", "z", []string{}},
		{"b", "a", []string{}},
	} {
		err := store.View(func(tx *state.Tx) error {
			if got := collect(table.Range(tx, sc, c.from, c.to, false)); !slices.Equal(got, c.want) {
				t.Errorf("[%q, %q): got %q, want %q", c.from, c.to, got, c.want)
			}
			back := slices.Clone(c.want)
			slices.Reverse(back)
			if got := collect(table.Range(tx, sc, c.from, c.to, true)); !slices.Equal(got, back) {
				t.Errorf("[%q, %q) in reverse: got %q, want %q", c.from, c.to, got, back)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = store.View(func(tx *state.Tx) error {
		want := []string{"s1\x00ba", "s2\x00b", "s3\x00abc"}
		if got := collect(table.ByRange(tx, sc, "sort", "s1", "s4", false)); !slices.Equal(got, want) {
			t.Errorf("by index: got %q, want %q", got, want)
		}
		slices.Reverse(want)
		if got := collect(table.ByRange(tx, sc, "sort", "s1", "s4", true)); !slices.Equal(got, want) {
			t.Errorf("by index in reverse: got %q, want %q", got, want)
		}
		return nil
	})
}
