//go:build !linux

package fargate

import (
	"io/fs"
	"os"
)

// own gives a directory the mode of another.
func own(dir string, like fs.FileInfo) error { return os.Chmod(dir, like.Mode().Perm()) }
