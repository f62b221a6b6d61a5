package state_test

import (
	"testing"

	"atoll/internal/cloud/state"
)

func TestVersion(t *testing.T) {
	s, table := open(t, "")
	other := state.NewTable[record](s, "other")
	last := state.NewTable[record](s, "recorc") // a neighbour in the tree
	version := func() (v state.Version) {
		view(t, s, func(tx *state.Tx) { v = table.Version(tx) })
		return v
	}
	west := state.Scope{Account: "111122223333", Region: "us-west-2"}
	for name, c := range map[string]struct {
		change func(tx *state.Tx)
		same   bool
	}{
		"nothing":          {func(*state.Tx) {}, true},
		"another table":    {func(tx *state.Tx) { other.Put(tx, east, "x", &record{}); last.Put(tx, east, "x", &record{}) }, true},
		"a read":           {func(tx *state.Tx) { table.Get(tx, east, "a"); table.Len(tx, east) }, true},
		"a new record":     {func(tx *state.Tx) { table.Put(tx, east, "b", &record{}) }, false},
		"a changed record": {func(tx *state.Tx) { table.Put(tx, east, "a", &record{Name: "n"}) }, false},
		"a deleted record": {func(tx *state.Tx) { table.Delete(tx, east, "a") }, false},
		"another region":   {func(tx *state.Tx) { table.Put(tx, west, "a", &record{}) }, false},
	} {
		update(t, s, func(tx *state.Tx) {
			table.Put(tx, east, "a", &record{})
			table.Put(tx, east, "c", &record{})
			table.Delete(tx, east, "b")
			other.Put(tx, east, "x", &record{})
			last.Put(tx, east, "x", &record{})
		})
		before := version()
		update(t, s, c.change)
		if same := version() == before; same != c.same {
			t.Errorf("after %s the version is the same: %t", name, same)
		}
	}
	update(t, s, func(tx *state.Tx) {
		if first := table.Version(tx); first == table.Version(tx) {
			t.Error("an Update has one version")
		}
		for id := range table.All(tx, east) {
			table.Delete(tx, east, id)
		}
		table.Delete(tx, west, "a")
	})
	empty := version()
	update(t, s, func(tx *state.Tx) { other.Put(tx, east, "y", &record{}); last.Put(tx, east, "y", &record{}) })
	if version() != empty {
		t.Error("the version of an empty table changes")
	}
}
