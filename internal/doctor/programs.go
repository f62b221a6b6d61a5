package doctor

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// checkPostgres looks for the server's programs, which packages put on PATH or into a folder per version.
func (d *doctor) checkPostgres(ctx context.Context) Check {
	const name = "postgresql"
	for _, folder := range append([]string{""}, postgresFolders()...) {
		version, err := d.version(ctx, filepath.Join(folder, "postgres"), "--version")
		if err != nil {
			continue
		}
		initdb, err := d.Machine.LookPath(filepath.Join(folder, "initdb"))
		if err != nil {
			continue
		}
		return ok(name, fmt.Sprintf("%s in %s", version, filepath.Dir(initdb)))
	}
	return warn(name, "no postgres and initdb on PATH; the local cloud has no databases without them",
		"install PostgreSQL's server, such as `apt-get install postgresql` or `brew install postgresql@17`")
}

// postgresFolders are where Debian, Red Hat and Homebrew keep the server's programs, newest version first.
func postgresFolders() []string {
	var folders []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		found, _ := filepath.Glob(pattern) // Glob fails for a malformed pattern only
		folders = append(folders, found...)
	}
	slices.SortStableFunc(folders, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
	return folders
}

var digits = regexp.MustCompile(`\d+`)

// number gives the first number in a path, such as 17 of /usr/pgsql-17/bin.
func number(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path)) // 0 where there is none
	return n
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
	return warn(name, strings.Join(append(trouble, "tasks do not run"), "; "), "start Docker or Podman, or run the local cloud as root")
}

func (d *doctor) checkGit(ctx context.Context) Check {
	const name = "git"
	version, err := d.version(ctx, "git", "--version")
	if err != nil {
		return warn(name, err.Error(), "install git: releases are named after the commit that they are built from")
	}
	return ok(name, version)
}
