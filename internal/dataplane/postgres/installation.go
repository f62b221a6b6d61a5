package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/hint"
)

// BinVariable is the environment variable that names a directory of PostgreSQL's programs to be used instead of those found.
const BinVariable = "ATOLL_POSTGRES_BIN"

// ErrNoServer means that the machine has no PostgreSQL server.
var ErrNoServer = errors.New("no PostgreSQL server is installed on this machine")

// Installation is a PostgreSQL on the machine.
type Installation struct {
	Bin        string // directory of initdb and postgres
	Version    string // such as "15.18"
	Major      int
	Downloaded bool
}

// Find gives the machine's installations, the newest first: that of ATOLL_POSTGRES_BIN alone where it is set, else those of
// Debian's and Homebrew's directories and of PATH. Its error is ErrNoServer, with a hint.
func Find(ctx context.Context, getenv func(string) string) ([]Installation, error) {
	if dir := getenv(BinVariable); dir != "" {
		found, err := inspect(ctx, dir)
		if err != nil {
			return nil, hint.Errorf("let "+BinVariable+" name the directory that holds PostgreSQL's programs initdb and postgres, or unset it",
				"%w: %s=%s: %w", ErrNoServer, BinVariable, dir, err)
		}
		return []Installation{found}, nil
	}
	var out []Installation
	seen := map[string]bool{}
	for _, dir := range candidates(getenv) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		if found, err := inspect(ctx, dir); err == nil {
			out = append(out, found)
		}
	}
	if len(out) == 0 {
		return nil, hint.Errorf(installTry(), "%w (looked in /usr/lib/postgresql, Homebrew's directories and PATH)", ErrNoServer)
	}
	slices.SortStableFunc(out, func(a, b Installation) int { return cmp.Compare(b.Major, a.Major) })
	return out, nil
}

func installTry() string {
	switch runtime.GOOS {
	case "darwin":
		return "brew install postgresql@17"
	case "linux":
		return "install PostgreSQL's server, on Debian and Ubuntu by: sudo apt-get install postgresql"
	}
	return "install PostgreSQL from https://www.postgresql.org/download/, and let " + BinVariable + " name its bin directory"
}

func candidates(getenv func(string) string) []string {
	return append(Folders(), filepath.SplitList(getenv("PATH"))...)
}

// Folders are where Debian, Red Hat, Homebrew and Postgres.app keep the server's programs, beside PATH; newer versions first.
func Folders() []string {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin", "/Applications/Postgres.app/Contents/Versions/*/bin"} {
		found, _ := filepath.Glob(pattern) // Glob fails for a malformed pattern only
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	return dirs
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[.\d]*)`)

// inspect asks the programs in a directory for their version.
func inspect(ctx context.Context, dir string) (Installation, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Installation{}, err
	}
	raw, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return Installation{}, fmt.Errorf("running %s --version: %w: %s", filepath.Join(dir, "postgres"), err, strings.TrimSpace(string(raw)))
	}
	m := versionText.FindStringSubmatch(string(raw))
	if m == nil {
		return Installation{}, fmt.Errorf("%s gives no version: %q", filepath.Join(dir, "postgres"), raw)
	}
	major, err := strconv.Atoi(m[2])
	return Installation{Bin: dir, Version: m[1], Major: major}, err
}

// choose gives the installation that comes nearest to a major version that is not there: the next newer one, else the newest.
func choose(all []Installation, major int) Installation {
	best := all[0]
	for _, i := range all { // the newest first, of one major version the machine's own first
		if i.Major >= major && i.Major < best.Major {
			best = i
		}
	}
	return best
}

// of gives the installation of a major version.
func of(all []Installation, major int) (Installation, bool) {
	for _, i := range all {
		if i.Major == major {
			return i, true
		}
	}
	return Installation{}, false
}

func versions(all []Installation) string {
	var names []string
	for _, i := range all {
		names = append(names, i.Version)
	}
	return strings.Join(names, ", ")
}
