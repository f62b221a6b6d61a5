package download

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Dir gives the directory for downloaded versions: "postgres" in atoll's cache. Root's servers run as another user, who must be able to read
// it: where the cache is closed to others, as a home directory is, root's versions lie in the machine's own cache. Root runs programs
// of nobody but itself.
func Dir(cache string) string {
	dir := filepath.Join(cache, "postgres")
	if os.Geteuid() != 0 || readable(dir) {
		return dir
	}
	if runtime.GOOS == "darwin" {
		return "/Library/Caches/atoll/postgres"
	}
	return "/var/cache/atoll/postgres" // https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s05.html
}

// readable reports whether a directory is root's and all users may walk to it, as far as it exists.
func readable(dir string) bool {
	own := true
	for {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil || info.Mode().Perm()&0o001 == 0 || own && !rooted(info):
			return false
		default:
			own = false // those above may be anybody's
		}
		if filepath.Dir(dir) == dir {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

// open makes the directory, such that others can read what will lie there.
func open(dir string) error {
	var missing []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, at := range missing { // whatever the umask
		if err := os.Chmod(at, 0o755); err != nil {
			return err
		}
	}
	if info, err := os.Stat(dir); os.Geteuid() == 0 && err == nil && !rooted(info) {
		return fmt.Errorf("%s belongs to another user than root", dir)
	}
	return nil
}
