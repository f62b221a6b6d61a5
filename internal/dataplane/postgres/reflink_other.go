//go:build !linux

package postgres

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func reflink(_, _ *os.File) error { return errors.ErrUnsupported }

// syncFiles writes the files below a directory to disk.
func syncFiles(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if f, err := os.Open(path); err == nil {
				_ = f.Sync()
				f.Close()
			}
		}
		return nil
	})
}
