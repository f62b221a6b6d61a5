package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Prune removes the unpacked images that nobody uses and keep does not want, and gives their number.
func (s *Store) Prune(keep func(digest v1.Hash) bool) (removed int, err error) {
	list, err := os.ReadDir(s.unpacked())
	if err != nil {
		return 0, fmt.Errorf("listing the unpacked images: %w", err)
	}
	var errs []error
	for _, e := range list {
		digest := v1.Hash{Algorithm: "sha256", Hex: e.Name()}
		if keep(digest) {
			continue
		}
		ok, err := s.remove(digest)
		if err != nil {
			errs = append(errs, fmt.Errorf("removing the unpacked image %s: %w", digest, err))
		} else if ok {
			removed++
		}
	}
	return removed, errors.Join(errs...)
}

// remove takes an image away in one step, and then its files, unless someone uses it.
func (s *Store) remove(digest v1.Hash) (bool, error) {
	temp, err := os.MkdirTemp(s.work(), "removed-")
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	// While any image is on its way it may turn out to be this one, found by an index.
	busy := s.used[digest] > 0 || len(s.items) > 0
	if !busy {
		err = os.Rename(s.place(digest), filepath.Join(temp, "image"))
	}
	s.mu.Unlock()
	return !busy && err == nil, errors.Join(err, removeAll(temp))
}

// removeAll removes a tree, also one with directories that their owner may not write to.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	walked := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	if walked != nil {
		return errors.Join(err, walked)
	}
	return os.RemoveAll(dir)
}
