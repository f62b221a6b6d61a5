package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"atoll/internal/cloud/state"
)

// sample gives the path and the bytes of a store with some hundred records.
func sample(t testing.TB) (string, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s, table := open(t, path)
	update(t, s, func(tx *state.Tx) {
		for i := range 300 {
			table.Put(tx, east, fmt.Sprintf("record-%03d", i), &record{Name: fmt.Sprint(i), Groups: []string{"a", "b"}})
		}
	})
	update(t, s, func(tx *state.Tx) { table.Delete(tx, east, "record-100") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, raw
}

// reopen opens a file, reads all of it and writes to it. Whatever goes wrong must come as an error.
func reopen(path string) error {
	s, err := state.Open(path, state.Options{})
	if err != nil {
		return err
	}
	table := records(s)
	err = s.Err()
	if err == nil {
		err = s.Update(context.Background(), func(tx *state.Tx) error {
			table.Put(tx, east, "new", &record{})
			return nil
		})
	}
	return errors.Join(err, s.Close())
}

func TestDamage(t *testing.T) {
	_, good := sample(t)
	page := os.Getpagesize()
	blank := func(from, to int) []byte {
		b := bytes.Clone(good)
		clear(b[from:to])
		return b
	}
	for name, content := range map[string][]byte{
		"empty":              {},
		"a byte":             {1},
		"text":               []byte(strings.Repeat("this is no database\n", 2000)),
		"zeroes":             make([]byte, len(good)),
		"cut in the head":    good[:40],
		"cut after a page":   good[:page],
		"cut in half":        good[:len(good)/2/page*page],
		"both metas blank":   blank(0, 2*page),
		"all but metas":      blank(2*page, len(good)),
		"wrong magic, twice": bytes.ReplaceAll(good, []byte{0xED, 0xDA, 0x0C, 0xED}, []byte{0, 0, 0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := reopen(path); !errors.Is(err, state.ErrCorrupt) {
				t.Errorf("Open gave %v", err)
			}
			if err := state.Check(path); !errors.Is(err, state.ErrCorrupt) {
				t.Errorf("Check gave %v", err)
			}
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, content) {
				t.Errorf("the file was changed: %d bytes, %v", len(left), err)
			}
		})
	}
	t.Run("the older meta only", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(path, blank(0, page), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(path); err != nil && !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("Open gave %v", err)
		}
	})
}

// TestFlippedBytes damages one byte at a time. The store may not notice a changed letter; it must not end the process.
func TestFlippedBytes(t *testing.T) {
	_, good := sample(t)
	noticed := 0
	const tries = 120
	for i := range tries {
		path := filepath.Join(t.TempDir(), "state.db") // a file of its own: bbolt may keep a damaged one open
		spoiled := bytes.Clone(good)
		at := i * len(good) / tries
		if i%2 == 0 { // page heads tell most
			at = at / os.Getpagesize() * os.Getpagesize()
			at += i / 2 % 16
		}
		spoiled[at] ^= byte(1 << (i % 8))
		if err := os.WriteFile(path, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		switch err := reopen(path); {
		case errors.Is(err, state.ErrCorrupt), errors.Is(err, state.ErrNotDurable):
			noticed++
		case err != nil:
			t.Errorf("byte %d: %v", at, err)
		}
	}
	t.Logf("%d of %d were noticed", noticed, tries)
}

func TestDamagedRecord(t *testing.T) {
	path, _ := sample(t)
	spoil(t, path, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("record")).Put([]byte("111111111111\x00us-east-1\x00record-001"), []byte("{not JSON"))
	})
	if err := reopen(path); !errors.Is(err, state.ErrCorrupt) || !strings.Contains(err.Error(), "record-001") {
		t.Errorf("got %v", err)
	}
	spoil(t, path, func(tx *bolt.Tx) error {
		return errors.Join(tx.Bucket([]byte("record")).Delete([]byte("111111111111\x00us-east-1\x00record-001")),
			tx.Bucket([]byte("record")).Put([]byte("no scope"), []byte("{}")))
	})
	if err := reopen(path); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("a key without a scope: %v", err)
	}
}

func TestOtherFormats(t *testing.T) {
	for version, want := range map[string]error{"1": nil, "2": state.ErrNewer, "99": state.ErrNewer, "one": state.ErrCorrupt, "": state.ErrCorrupt} {
		path, _ := sample(t)
		spoil(t, path, func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("\x00meta")).Put([]byte("version"), []byte(version))
		})
		if err := state.Check(path); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("Check of version %q: %v", version, err)
		}
		if err := reopen(path); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("Open of version %q: %v", version, err)
		}
	}
	path := filepath.Join(t.TempDir(), "foreign.db")
	spoil(t, path, func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("x")); return err })
	if err := reopen(path); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("another program's database: %v", err)
	}
}

// spoil changes a file behind the store's back.
func spoil(t *testing.T, path string, f func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, _ := open(t, path)
	lines := child(t, "open", path)
	if got := <-lines; got != "locked" {
		t.Errorf("a second process got %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-child(t, "open", path); got != "opened" {
		t.Errorf("after Close a second process got %q", got)
	}
}

// TestRaceToCreate opens a new store from several processes at once: one gets it.
func TestRaceToCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	var all []<-chan string
	for range 4 {
		all = append(all, child(t, "open", path))
	}
	opened := 0
	for i, lines := range all {
		switch got := <-lines; got {
		case "opened":
			opened++
		case "locked":
		default:
			t.Errorf("process %s: %q", strconv.Itoa(i), got)
		}
	}
	if opened == 0 {
		t.Error("nobody could open it")
	}
	if err := reopen(path); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}
