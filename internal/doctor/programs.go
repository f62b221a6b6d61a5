package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/download"
	"atoll/internal/hint"
)

// programTimeout is what a program has to tell its version. Docker's asks its daemon.
const programTimeout = 10 * time.Second

// version gives the first line that a program on PATH says.
func (d *doctor) version(ctx context.Context, program string, args ...string) (string, error) {
	path, err := d.Machine.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", program, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, programTimeout, fmt.Errorf("no answer in %s", programTimeout))
	defer cancel()
	out, err := d.Machine.Run(ctx, nil, append([]string{path}, args...)...)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	return line, nil
}

// checkPostgres looks for the server's programs: installed, downloaded before, or to be downloaded.
func (d *doctor) checkPostgres(ctx context.Context) Check {
	const name = "postgresql"
	if dir := d.Machine.Getenv(postgres.BinVariable); dir != "" {
		version, err := d.version(ctx, filepath.Join(dir, "postgres"), "--version")
		if err != nil {
			return fail(name, hint.Errorf("let "+postgres.BinVariable+" name the directory of PostgreSQL's programs, or unset it", "%s: %w", postgres.BinVariable, err))
		}
		return ok(name, fmt.Sprintf("%s, by %s", version, postgres.BinVariable))
	}
	var found []string
	for _, folder := range append([]string{""}, postgres.Folders()...) {
		version, err := d.version(ctx, filepath.Join(folder, "postgres"), "--version")
		if err != nil {
			continue
		}
		initdb, err := d.Machine.LookPath(filepath.Join(folder, "initdb"))
		if line := fmt.Sprintf("%s in %s", version, filepath.Dir(initdb)); err == nil && !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	source := download.Open(download.Options{Cache: d.CacheDir, Dir: d.ProgramsDir, Getenv: d.Machine.Getenv, HTTP: d.Machine.HTTP})
	var unavailable error
	switch cached := source.Cached(); {
	case len(cached) > 0:
		for _, bin := range cached {
			found = append(found, fmt.Sprintf("PostgreSQL %s, downloaded", filepath.Base(filepath.Dir(bin))))
		}
	case len(found) == 0:
		unavailable = source.Answers(ctx)
	default:
		unavailable = source.Refused()
	}
	if unavailable == nil {
		majors, what := source.Majors(), "another version"
		if len(found) == 0 {
			what = fmt.Sprintf("PostgreSQL %d to %d", majors[0], majors[len(majors)-1])
		}
		found = append(found, fmt.Sprintf("%s is downloaded from %s when a database needs it", what, source.Registry()))
	}
	if len(found) > 0 {
		return ok(name, strings.Join(found, "\n"))
	}
	message, _ := hint.Split(unavailable)
	return warn(name, "no postgres and initdb on PATH; the local cloud has no databases without them: "+message,
		"install PostgreSQL's server, such as `apt-get install postgresql` or `brew install postgresql@17`, or let this machine reach npm's registry")
}

// checkRuntime looks for what runs tasks, in the order in which the local cloud does.
func (d *doctor) checkRuntime(ctx context.Context) Check {
	const name = "runtime"
	var trouble []string
	if _, err := d.Machine.LookPath("runc"); err == nil && d.Root {
		version, err := d.version(ctx, "runc", "--version")
		if err == nil {
			return ok(name, version)
		}
		trouble = append(trouble, err.Error())
	}
	if d.Engine != nil {
		found, err := d.Engine(ctx)
		if err == nil {
			return ok(name, found)
		}
		trouble = append(trouble, err.Error())
	}
	if d.Root {
		return warn(name, strings.Join(append(trouble, "tasks run as plain processes"), "; "), "install runc, or start Docker or Podman")
	}
	if d.Processes != nil {
		err := d.Processes(ctx)
		if err == nil {
			return warn(name, strings.Join(append(trouble, "tasks run as plain processes, without limits of CPU and memory"), "; "), "start Docker or Podman, or run the local cloud as root")
		}
		trouble = append(trouble, err.Error())
	}
	return warn(name, strings.Join(append(trouble, "tasks do not run"), "; "), "start Docker or Podman, run the local cloud as root, or let users make namespaces")
}

func (d *doctor) checkGit(ctx context.Context) Check {
	const name = "git"
	version, err := d.version(ctx, "git", "--version")
	if err != nil {
		return warn(name, err.Error(), "install git: releases are named after the commit that they are built from")
	}
	return ok(name, version)
}
