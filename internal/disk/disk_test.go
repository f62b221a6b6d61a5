package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"atoll/internal/disk"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	for _, test := range []struct {
		content string
		wrote   bool
	}{{"one", true}, {"one", false}, {"two", true}} {
		wrote, err := disk.Write(path, []byte(test.content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if wrote != test.wrote {
			t.Errorf("writing %q: wrote = %v, want %v", test.content, wrote, test.wrote)
		}
		if got, _ := os.ReadFile(path); string(got) != test.content {
			t.Errorf("content = %q, want %q", got, test.content)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("the folder holds %v, want the file alone", entries)
	}
}

func TestWriteLeavesNothingBehindOnFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "child"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Write(path, []byte("x"), 0o600); err == nil {
		t.Fatal("a folder was replaced by a file")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder holds %v, want nothing new", entries)
	}
}

func TestFree(t *testing.T) {
	dir := t.TempDir()
	here, err := disk.Free(dir)
	if err != nil {
		t.Fatal(err)
	}
	below, err := disk.Free(filepath.Join(dir, "not", "there", "yet"))
	if err != nil {
		t.Fatal(err)
	}
	if here.Free == 0 || here.Volume == "" || here.Volume != below.Volume {
		t.Errorf("Free = %+v and, below it, %+v; want space on one volume", here, below)
	}
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	temp, path := filepath.Join(dir, "temp"), filepath.Join(dir, "path")
	for _, content := range []string{"one", "two"} {
		if err := os.WriteFile(temp, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := disk.Commit(temp, path); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("content = %q, want %q", got, content)
		}
	}
	if err := disk.Commit(temp, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("committing nothing: %v, want ErrNotExist", err)
	}
}
