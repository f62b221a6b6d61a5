package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"atoll/internal/cloud/state"
	"atoll/internal/disk/disktest"
)

// TestDiskFull writes to a full disk: the write fails, memory goes back to what is stored, and all goes on once there is space.
func TestDiskFull(t *testing.T) {
	dir := disktest.Small(t, "512k")
	path := filepath.Join(dir, "state.db")
	s, table := open(t, path)
	put := func(id, text string) error {
		return s.Update(context.Background(), func(tx *state.Tx) error {
			table.Put(tx, east, id, &record{Name: id, Groups: []string{text}})
			tx.AfterCommit(func() {
				if strings.HasPrefix(id, "lost") {
					t.Errorf("the hook of %s has run", id)
				}
			})
			return nil
		})
	}
	if err := put("before", "x"); err != nil {
		t.Fatal(err)
	}
	release := disktest.Fill(t, dir)
	big := strings.Repeat("x", 300<<10)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := put(fmt.Sprint("lost", i), big); !errors.Is(err, state.ErrNotDurable) {
				t.Errorf("a write to a full disk gave %v", err)
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx *state.Tx) {
		if got := ids(table.All(tx, east)); got != "before" {
			t.Errorf("memory has %q", got)
		}
		if _, ok := table.Get(tx, east, "before"); !ok || ids(table.By(tx, east, "group", "x")) != "before" {
			t.Error("the index is not as before")
		}
		if _, _, _, ok := state.Lookup(tx, arnOf(east, "", &record{Name: "lost1"})); ok {
			t.Error("an ARN of a lost record is known")
		}
	})
	release()
	if err := put("after", "x"); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := state.Check(path); err != nil {
		t.Fatal(err)
	}
	s, table = open(t, path)
	view(t, s, func(tx *state.Tx) {
		if got := ids(table.All(tx, east)); got != "after before" {
			t.Errorf("read back %q", got)
		}
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestViewsDuringUndo reads all the while that writes fail: no View may see a store without its old records.
func TestViewsDuringUndo(t *testing.T) {
	dir := disktest.Small(t, "512k")
	s, table := open(t, filepath.Join(dir, "state.db"))
	update(t, s, func(tx *state.Tx) {
		for i := range 200 {
			table.Put(tx, east, fmt.Sprint(i), &record{Groups: []string{"old"}})
		}
	})
	release := disktest.Fill(t, dir)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				view(t, s, func(tx *state.Tx) {
					if n := table.Len(tx, east); n < 200 {
						t.Errorf("a View saw %d of 200 records", n)
					}
				})
			}
		})
	}
	big := string(bytes.Repeat([]byte{'x'}, 300<<10))
	for i := range 5 {
		err := s.Update(context.Background(), func(tx *state.Tx) error {
			table.Put(tx, east, fmt.Sprint("lost", i), &record{Name: big})
			return nil
		})
		if !errors.Is(err, state.ErrNotDurable) {
			t.Errorf("got %v", err)
		}
	}
	close(stop)
	readers.Wait()
	release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFullAtStart makes no store on a full disk, and leaves nothing behind.
func TestDiskFullAtStart(t *testing.T) {
	dir := disktest.Small(t, "512k")
	release := disktest.Fill(t, dir)
	path := filepath.Join(dir, "state.db")
	if _, err := state.Open(path, state.Options{}); err == nil {
		t.Fatal("opened on a full disk")
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
	release()
	if err := reopen(path); err != nil {
		t.Error(err)
	}
}
