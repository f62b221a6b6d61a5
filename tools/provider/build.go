package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"atoll/internal/disk"
	"atoll/internal/hint"
	"atoll/internal/machine"
)

// Options of Build.
type Options struct {
	CacheDir string                                // atoll's cache, an absolute path; the provider goes to Mirror(CacheDir)
	Progress func(Event)                           // told at each change and every few seconds; nil for none
	Free     func(path string) (disk.Space, error) // nil asks the file system
}

// Build makes the provider if the cache has none, and gives its path. Several processes may call it at once: one builds, the
// others wait for it. When ctx ends so does the build, and the next one goes on from Go's build cache. What the user can mend
// (no Go, too little space) carries a hint; a failing child is a *machine.CommandError.
func Build(ctx context.Context, opts Options) (built string, err error) {
	path, err := build(ctx, opts)
	if err != nil {
		return "", fmt.Errorf("building the AWS provider: %w", err)
	}
	return path, nil
}

func build(ctx context.Context, opts Options) (string, error) {
	if path, ok := Built(opts.CacheDir); ok {
		return path, share(opts.CacheDir, path)
	}
	if opts.Free == nil {
		opts.Free = disk.Free
	}
	report, stop := startReporter(opts.Progress)
	defer stop()
	unlock, err := lock(ctx, Mirror(opts.CacheDir), report)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	path, ok := Built(opts.CacheDir) // by the process that was waited for
	if !ok {
		if err := compile(ctx, opts, path, report); err != nil {
			return "", err
		}
	}
	if err := share(opts.CacheDir, path); err != nil {
		return "", err
	}
	report.enter(Finished, 0, 0)
	return path, nil
}

// lockRetry is how often a waiting process asks for the lock.
const lockRetry = 200 * time.Millisecond

// lock makes this process the only one that builds in a mirror, once no other does.
func lock(ctx context.Context, mirror string, report *reporter) (unlock func() error, err error) {
	if err := os.MkdirAll(mirror, 0o755); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(mirror, "build.lock"))
	locked, err := l.TryLock()
	if err == nil && !locked {
		report.enter(Waiting, 0, 0)
		_, err = l.TryLockContext(ctx, lockRetry)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", l.Path(), err)
	}
	return l.Unlock, nil
}

// compile builds the provider to path. The lock is held.
func compile(ctx context.Context, opts Options, path string, report *reporter) error {
	source, err := writeModule(opts.CacheDir)
	if err != nil {
		return err
	}
	temp := filepath.Join(Mirror(opts.CacheDir), "tmp")
	if err := os.RemoveAll(temp); err != nil { // of a build that was killed
		return err
	}
	if err := os.Mkdir(temp, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(temp)

	tool, err := findGo(ctx, source, temp)
	if err != nil {
		return err
	}
	if err := checkSpace(opts.Free, tool.spaceNeeded(opts.CacheDir, 0, 0)); err != nil {
		return err
	}
	todo, total, err := tool.packages(ctx, report)
	if err != nil {
		return err
	}
	if err := checkSpace(opts.Free, tool.spaceNeeded(opts.CacheDir, len(todo), total)); err != nil {
		return err
	}
	output := filepath.Join(temp, filepath.Base(path))
	if err := tool.build(ctx, output, todo, total, report); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return disk.Commit(output, path)
}

// writeModule writes the module that asks for the provider, and gives its folder.
func writeModule(cacheDir string) (string, error) {
	dir := filepath.Join(Mirror(cacheDir), "src")
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := module.ReadFile("module/" + name + ".embed")
		if err != nil {
			return "", err
		}
		if _, err := disk.Write(filepath.Join(dir, name), content, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// packages tells which packages must be compiled, the main one left out, and how many there are in all. It downloads what
// is missing.
func (g goTool) packages(ctx context.Context, report *reporter) (todo map[string]bool, total int, err error) {
	downloads := func(line string) bool {
		isDownload := strings.HasPrefix(line, "go: downloading ")
		if isDownload {
			report.add(Downloading)
		}
		return isDownload
	}
	out, err := g.run(ctx, downloads, "list", "-deps", "-f", "{{.Stale}} {{.ImportPath}}", mainPackage)
	if err != nil {
		return nil, 0, err
	}
	todo = map[string]bool{}
	for line := range strings.Lines(string(out)) {
		stale, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path == mainPackage {
			continue
		}
		total++
		if stale == "true" {
			todo[path] = true
		}
	}
	return todo, total, nil
}

// build runs the build itself. It counts the packages of todo as the go command names them.
func (g goTool) build(ctx context.Context, output string, todo map[string]bool, total int, report *reporter) error {
	if len(todo) > 0 {
		report.enter(Compiling, total-len(todo), total)
	} else {
		report.enter(Linking, 0, 0)
	}
	compiled := func(line string) bool {
		if todo[line] {
			delete(todo, line)
			report.add(Compiling)
			return true
		}
		return line == mainPackage
	}
	_, err := g.run(ctx, compiled, "build", "-v", "-ldflags=-s -w -X "+mainPackage+"/version.ProviderVersion="+Version,
		"-o", output, mainPackage)
	if command, ok := errors.AsType[*machine.CommandError](err); ok && slices.ContainsFunc(command.Output, wasKilled) {
		return hint.Errorf("give it 10 GB of memory, by ending other programs or by adding swap, and run again: the build goes on where "+
			"it stopped", "the system has probably run out of memory: %w", err)
	}
	return err
}

// wasKilled tells the go command's word on a compiler or linker that got SIGKILL.
func wasKilled(line string) bool { return strings.HasSuffix(line, "signal: killed") }
