package fargate

import (
	"io/fs"
	"os"
	"syscall"

	"atoll/internal/dataplane/rootless"
)

// own gives a directory the mode and the owner of another.
func own(dir string, like fs.FileInfo) error {
	if err := os.Chmod(dir, like.Mode().Perm()|like.Mode()&fs.ModeSticky); err != nil {
		return err
	}
	if s, ok := like.Sys().(*syscall.Stat_t); ok && rootless.Privileged() {
		return os.Chown(dir, int(s.Uid), int(s.Gid))
	}
	return nil
}
