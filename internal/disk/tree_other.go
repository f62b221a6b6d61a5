//go:build !linux

package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// SyncTree writes all that lies below a directory to disk. What goes meanwhile is no error.
func SyncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.Type().IsRegular() {
			return nil
		}
		if err == nil {
			var f *os.File
			if f, err = os.Open(path); err == nil {
				return errors.Join(f.Sync(), f.Close())
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
