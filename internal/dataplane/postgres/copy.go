package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// copyTree copies a data directory at rest (a template, a snapshot, a stopped server's) for the servers' user, without what belongs to
// the server that it was alone. Files share their blocks with the copies where the file system can.
func copyTree(ctx context.Context, who identity, from, to string) error {
	return copyFiles(ctx, who, from, to, false)
}

// copyFiles is copyTree, also for a server that runs: then WAL and the control file are left out, and files may go meanwhile.
func copyFiles(ctx context.Context, who identity, from, to string, live bool) error {
	err := filepath.WalkDir(from, func(at string, d fs.DirEntry, err error) error {
		if live && at != from && vanished(err) {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, at)
		if err != nil {
			return err
		}
		if leave(filepath.ToSlash(rel), live) {
			if d.IsDir() {
				return fs.SkipDir
			}
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
		switch err := copyFile(at, target); {
		case live && vanished(err):
			return nil
		case err != nil:
			return err
		}
		return who.own(target)
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

// leave reports whether a file or directory, by its name with slashes, is not copied. For a running server's see
// https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP-DATA
func leave(name string, live bool) bool {
	top, below, _ := strings.Cut(name, "/")
	if emptied[top] && below != "" || transient[name] {
		return true
	}
	base := path.Base(name)
	return live && (top == "pg_wal" && below != "" || name == control || strings.HasPrefix(base, "pgsql_tmp") || strings.HasPrefix(base, "pg_internal.init") ||
		name == "backup_label" || name == "backup_label.old" || name == "tablespace_map" || name == "tablespace_map.old" || name == "backup_manifest" ||
		below == "" && strings.HasSuffix(name, ".tmp"))
}

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
