package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"atoll/internal/cloud/state"
)

func TestUpdateRollsBack(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		update(t, s, func(tx *state.Tx) {
			table.Put(tx, east, "1", &record{Name: "n", Groups: []string{"x"}})
			state.SetTags(tx, "arn:aws:test:us-east-1:111111111111:n", map[string]string{"a": "1"})
		})
		check := func() {
			t.Helper()
			view(t, s, func(tx *state.Tx) {
				r, ok := table.Get(tx, east, "1")
				if !ok || r.Size != 0 || ids(table.All(tx, east)) != "1" || ids(table.By(tx, east, "group", "x")) != "1" ||
					len(state.Tags(tx, "arn:aws:test:us-east-1:111111111111:n")) != 1 {
					t.Errorf("not as before: %+v %v", r, ok)
				}
			})
		}
		change := func(tx *state.Tx) {
			table.Delete(tx, east, "1")
			table.Put(tx, east, "2", &record{})
			tx.AfterCommit(func() { t.Error("a hook of an Update that failed has run") })
		}
		failed := errors.New("failed")
		if err := s.Update(context.Background(), func(tx *state.Tx) error { change(tx); return failed }); !errors.Is(err, failed) {
			t.Errorf("the error became %v", err)
		}
		check()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			_ = s.Update(context.Background(), func(tx *state.Tx) error { change(tx); panic("handler") })
		}()
		check()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Update(ctx, func(tx *state.Tx) error { change(tx); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled Update gave %v", err)
		}
		check()
	})
}

func TestViewsAreSnapshots(t *testing.T) {
	s, table := open(t, "")
	update(t, s, func(tx *state.Tx) { table.Put(tx, east, "1", &record{Size: 1}) })
	before := readonly(t, s)
	update(t, s, func(tx *state.Tx) { table.Put(tx, east, "1", &record{Size: 2}); table.Put(tx, east, "2", &record{}) })
	if r, _ := table.Get(before, east, "1"); r.Size != 1 || table.Len(before, east) != 1 {
		t.Error("an earlier snapshot sees a later write")
	}
}

// TestAfterCommit wants hooks in the order of the Updates, each once, and before its Update returns.
func TestAfterCommit(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		var mu sync.Mutex
		var applied, ran []int
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				done := false
				update(t, s, func(tx *state.Tx) {
					table.Put(tx, east, fmt.Sprint(i), &record{Size: i})
					applied = append(applied, i) // Updates run one at a time
					for range 2 {
						tx.AfterCommit(func() {
							mu.Lock()
							defer mu.Unlock()
							ran, done = append(ran, i), true
						})
					}
				})
				mu.Lock()
				defer mu.Unlock()
				if !done {
					t.Error("Update returned before its hook ran")
				}
			})
		}
		wg.Wait()
		var want []int
		for _, i := range applied {
			want = append(want, i, i)
		}
		if !slices.Equal(ran, want) {
			t.Errorf("hooks ran in the order %v, Updates in %v", ran, applied)
		}
	})
}

// TestGroupCommit writes from many goroutines and reads what each was told is stored after a restart.
func TestGroupCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, table := open(t, path)
	const writers, each = 32, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				update(t, s, func(tx *state.Tx) {
					table.Put(tx, east, id, &record{Name: id, Groups: []string{fmt.Sprint(w)}})
					total, _ := table.Get(tx, west, "total")
					if total == nil {
						total = &record{}
					}
					total.Size++
					table.Put(tx, west, "total", total)
				})
				view(t, s, func(tx *state.Tx) {
					if _, ok := table.Get(tx, east, id); !ok {
						t.Errorf("%s is not there after its Update", id)
					}
				})
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, table = open(t, path)
	view(t, s, func(tx *state.Tx) {
		if total, _ := table.Get(tx, west, "total"); total.Size != writers*each || table.Len(tx, east) != writers*each {
			t.Errorf("%d records, total %d", table.Len(tx, east), total.Size)
		}
		for w := range writers {
			n := 0
			for range table.By(tx, east, "group", fmt.Sprint(w)) {
				n++
			}
			if n != each {
				t.Errorf("the index has %d of writer %d", n, w)
			}
		}
	})
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, table := open(t, path)
	arn := "arn:aws:test:us-east-1:111111111111:n"
	update(t, s, func(tx *state.Tx) {
		table.Put(tx, east, "1", &record{Name: "n", Groups: []string{"x"}, Size: 3})
		table.Put(tx, state.Scope{}, "global", &record{})
		table.Put(tx, east, "gone", &record{Name: "gone", Groups: []string{"x"}})
		state.SetTags(tx, arn, map[string]string{"a": "1"})
		state.SetTags(tx, arn+"/sub", map[string]string{"b": "2"})
	})
	update(t, s, func(tx *state.Tx) { table.Delete(tx, east, "gone") })
	check := func(s *state.Store, table state.Table[record]) {
		t.Helper()
		view(t, s, func(tx *state.Tx) {
			r, ok := table.Get(tx, east, "1")
			if !ok || r.Size != 3 || ids(table.By(tx, east, "group", "x")) != "1" || table.Len(tx, state.Scope{}) != 1 {
				t.Errorf("read back %+v %v", r, ok)
			}
			if _, _, id, _ := state.Lookup(tx, arn); id != "1" || state.Tags(tx, arn)["a"] != "1" || state.Tags(tx, arn+"/sub")["b"] != "2" {
				t.Error("the ARN or its tags are lost")
			}
		})
	}
	var saved bytes.Buffer
	if err := s.Save(&saved); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *state.Tx) { table.Put(tx, east, "after the copy", &record{}) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, path))

	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, saved.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := state.Check(copied); err != nil {
		t.Errorf("the copy: %v", err)
	}
	s, table = open(t, copied)
	check(s, table)
	view(t, s, func(tx *state.Tx) {
		if table.Len(tx, east) != 1 {
			t.Error("the copy has what came after it")
		}
	})
}

func TestClosed(t *testing.T) {
	bothWays(t, func(t *testing.T, path string) {
		s, table := open(t, path)
		update(t, s, func(tx *state.Tx) { table.Put(tx, east, "1", &record{}) })
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if err := s.Update(context.Background(), func(*state.Tx) error { return nil }); !errors.Is(err, state.ErrClosed) {
			t.Errorf("Update gave %v", err)
		}
	})
	s, _ := open(t, "")
	if err := s.Save(&bytes.Buffer{}); err == nil {
		t.Error("a store in memory was saved")
	}
}
