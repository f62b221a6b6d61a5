// Package disk writes files that are either whole or absent, and tells how much space a file system has left.
package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes a file with the given content, or leaves it untouched if it has that content already, and says whether it
// wrote. Readers see the old content or the new one, also after a crash. The folder is made if it is not there.
func Write(path string, content []byte, mode fs.FileMode) (bool, error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	return true, rename(f.Name(), path)
}

// Commit puts a finished file in its place, on the same file system, in one step that survives a crash.
func Commit(temp, path string) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return rename(temp, path)
}

// CommitTree is Commit for a directory.
func CommitTree(temp, path string) error {
	if err := SyncTree(temp); err != nil {
		return err
	}
	return rename(temp, path)
}

func rename(temp, path string) error {
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Space is what a file system has left.
type Space struct {
	Free   uint64 // bytes that this user may write
	Volume string // names the file system: two paths with equal Volume share their space
}

// Free tells the space left on the file system of a path, which need not exist yet.
func Free(path string) (Space, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Space{}, err
	}
	for {
		_, err := os.Stat(path)
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return free(path)
		}
		path = parent
	}
}
