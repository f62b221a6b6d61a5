package download

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"atoll/internal/dataplane/rootless"
	"atoll/internal/hint"
)

// cacheVariable names atoll's cache, as in package machine.
const cacheVariable = "ATOLL_CACHE_DIR"

// dirIn gives the directory for downloaded versions: "postgres" in atoll's cache. Root's servers run as another user, who must be able to read
// it, and a cache in a home directory is closed to others: root's versions lie in the machine's own cache, unless root names one.
func dirIn(cache string, getenv func(string) string) (string, error) {
	dir := filepath.Join(cache, "postgres")
	switch {
	case !rootless.Privileged():
		return dir, nil
	case getenv(cacheVariable) == "" && runtime.GOOS == "darwin":
		return "/Library/Caches/atoll/postgres", nil
	case getenv(cacheVariable) == "":
		return "/var/cache/atoll/postgres", nil // https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s05.html
	case !reachable(dir):
		return dir, hint.Errorf("let "+cacheVariable+" name a folder of root's that all users may enter, or unset it",
			"%w: root's databases run as another user, who cannot enter %s", ErrUnavailable, dir)
	}
	return dir, nil
}

// reachable reports whether a directory, as far as it exists, is root's and all users may walk to it. Root runs nobody else's programs.
func reachable(dir string) bool {
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
	if info, err := os.Stat(dir); rootless.Privileged() && err == nil && !rooted(info) {
		return fmt.Errorf("%s belongs to another user than root", dir)
	}
	return nil
}
