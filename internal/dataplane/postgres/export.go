package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"atoll/internal/disk"
)

// Export copies all servers, snapshots and archives into a directory of the same file system, from which a supervisor could start:
// each server as of a moment during the call. A standby is not copied; it is made anew.
func (s *Supervisor) Export(ctx context.Context, to string) error {
	work := filepath.Join(s.place.dir, "export")
	if err := errors.Join(os.RemoveAll(work), s.place.make(s.who, work)); err != nil {
		return fmt.Errorf("preparing a copy of the databases: %w", err)
	}
	defer os.RemoveAll(work)
	target := &place{dir: to}
	for _, name := range list(s.place.servers()) {
		if err := s.exportServer(ctx, name, filepath.Join(work, name), filepath.Join(target.servers(), name)); err != nil {
			return fmt.Errorf("copying the database %s: %w", name, err)
		}
	}
	for from, into := range map[string]string{s.place.snapshots(): target.snapshots(), s.place.backups(): target.backups()} {
		if err := linkTree(from, into); err != nil {
			return fmt.Errorf("copying the backups of databases: %w", err)
		}
	}
	return nil
}

func (s *Supervisor) exportServer(ctx context.Context, name, work, to string) error {
	var saved record
	srv := s.find(name)
	up := srv != nil && srv.primary.Load().up()
	if err := s.with(ctx, name, func(srv *server) error {
		saved = srv.saved
		if up || !saved.Built {
			return nil
		}
		return copyTree(ctx, s.who, srv.data(saved.Primary), work)
	}); err != nil || !saved.Built {
		return err
	}
	if up {
		if err := s.baseBackup(ctx, name, "", work); err != nil {
			return err
		}
	}
	saved.Primary, saved.Synced = "a", false
	raw, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if _, err := disk.Write(filepath.Join(to, "server.json"), raw, 0o600); err != nil {
		return err
	}
	return os.Rename(work, filepath.Join(to, "a"))
}

// linkTree makes a tree of links to files that never change, without those that are being written.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasSuffix(d.Name(), ".next"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case strings.HasPrefix(d.Name(), "."):
			return nil
		}
		if err := os.Link(path, filepath.Join(to, rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// empty are the directories of a data directory that may have no files, which an archive loses.
var empty = []string{"pg_commit_ts", "pg_dynshmem", "pg_logical/mappings", "pg_logical/snapshots", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat",
	"pg_stat_tmp", "pg_subtrans", "pg_tblspc", "pg_twophase", "pg_wal/archive_status"}

// complete makes the directories that PostgreSQL expects in a data directory.
func (p *place) complete(who identity, data string) error {
	for _, name := range empty {
		if err := p.make(who, filepath.Join(data, filepath.Dir(name)), filepath.Join(data, name)); err != nil {
			return err
		}
	}
	return nil
}

// claim gives the servers' user what an archive brought as this process's.
func (p *place) claim(who identity) error {
	if !who.drop {
		return nil
	}
	for _, dir := range []string{p.servers(), p.snapshots(), p.backups()} {
		for _, name := range list(dir) {
			info, err := os.Lstat(filepath.Join(dir, name))
			if err != nil || who.owns(info) {
				continue
			}
			err = filepath.WalkDir(filepath.Join(dir, name), func(path string, _ fs.DirEntry, err error) error { return errors.Join(err, who.own(path)) })
			if err != nil {
				return fmt.Errorf("giving the databases' files to their user: %w", err)
			}
		}
	}
	return nil
}
