package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// copyTree copies a data directory at rest (a template, a snapshot, a stopped server's) for the servers' user, without what belongs to
// the server that it was alone. Files share their blocks with the copies where the file system can.
func copyTree(ctx context.Context, who identity, from, to string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		top, below, _ := strings.Cut(filepath.ToSlash(rel), "/")
		switch {
		case emptied[top] && below != "" && d.IsDir():
			return fs.SkipDir
		case emptied[top] && below != "" || transient[rel]:
			return nil
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			if err := os.Mkdir(target, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			return who.own(target)
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file: tablespaces outside of the data directory cannot be copied", rel)
		}
		return errors.Join(copyFile(path, target), who.own(target))
	})
	if err != nil {
		return fmt.Errorf("copying the data directory: %w", err)
	}
	return nil
}

var (
	transient = map[string]bool{"postmaster.pid": true, "postmaster.opts": true, "postgresql.conf": true, "pg_hba.conf": true, "primary.conf": true,
		"standby.signal": true, "recovery.signal": true, "server.key": true, "server.crt": true, "current_logfiles": true}
	emptied = map[string]bool{"pg_replslot": true, "pg_dynshmem": true, "pg_notify": true, "pg_serial": true, "pg_snapshots": true, "pg_stat_tmp": true, "pg_subtrans": true}
)

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if reflink(out, in) == nil {
		return nil
	}
	_, err = io.Copy(out, in)
	return err
}
