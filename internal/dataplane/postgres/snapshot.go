package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (s *Supervisor) snapshot(name string) string { return filepath.Join(s.place.snapshots(), name) }

// archive is where a server's WAL goes.
func (s *Supervisor) archive(server string) string {
	return filepath.Join(s.place.backups(), server, "wal")
}

// Snapshot copies a server's data as of the end of the copy, whether it runs or not. One of that name that is there already stays.
func (s *Supervisor) Snapshot(ctx context.Context, of, snapshot string) error {
	if !names.MatchString(snapshot) {
		return fmt.Errorf("%q cannot name a snapshot", snapshot)
	}
	to := s.snapshot(snapshot)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	next := to + ".next"
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("clearing an unfinished snapshot: %w", err)
	}
	srv := s.find(of)
	var err error
	if srv != nil && srv.primary.Load().up() {
		err = s.baseBackup(ctx, of, "", next)
	} else {
		err = s.with(ctx, of, func(srv *server) error {
			if !srv.saved.Built {
				return fmt.Errorf("the server %s has no data", of)
			}
			return copyTree(ctx, s.who, srv.data(srv.saved.Primary), next)
		})
	}
	if err == nil {
		err = os.Rename(next, to)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("taking a snapshot of %s: %w", of, err), os.RemoveAll(next))
	}
	return nil
}

// KeepSnapshots deletes all snapshots but those named, and the archives of servers but those named, whose WAL from before the
// earliest of their given snapshots goes as well.
func (s *Supervisor) KeepSnapshots(snapshots []string, archives map[string][]string) error {
	keep := map[string]bool{}
	for _, name := range snapshots {
		keep[name] = true
	}
	var failed error
	for _, name := range list(s.place.snapshots()) {
		if !keep[strings.TrimSuffix(name, ".next")] { // one may be under way
			failed = errors.Join(failed, os.RemoveAll(s.snapshot(name)))
		}
	}
	for _, name := range list(s.place.backups()) {
		bases, ok := archives[name]
		if !ok {
			failed = errors.Join(failed, os.RemoveAll(filepath.Join(s.place.backups(), name)))
			continue
		}
		failed = errors.Join(failed, s.prune(name, bases))
	}
	if failed != nil {
		return fmt.Errorf("deleting backups: %w", failed)
	}
	return nil
}

func list(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// prune deletes the WAL that none of the snapshots needs. File names of WAL are a timeline and a position, both in hexadecimal digits.
func (s *Supervisor) prune(server string, bases []string) error {
	const digits, timeline = 24, 8
	first := ""
	for _, base := range bases {
		raw, err := os.ReadFile(filepath.Join(s.snapshot(base), "backup_label"))
		if err != nil {
			return nil //nolint:nilerr // not yet there, or of a server that did not run: all is kept
		}
		_, rest, _ := strings.Cut(string(raw), "(file ")
		name, _, ok := strings.Cut(rest, ")")
		if !ok || len(name) != digits {
			return nil
		}
		if first == "" || name[timeline:] < first {
			first = name[timeline:]
		}
	}
	var failed error
	for _, name := range list(s.archive(server)) {
		if len(name) >= digits && !strings.HasPrefix(name, ".") && name[timeline:digits] < first {
			if err := os.Remove(filepath.Join(s.archive(server), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}

// flush has a server archive all that it has committed so far. One that does not run archived it when it stopped.
func (s *Supervisor) flush(ctx context.Context, server string) error {
	srv := s.find(server)
	if srv == nil || !srv.primary.Load().up() {
		return nil
	}
	n := srv.primary.Load()
	segment, err := s.switchWAL(ctx, n)
	if err != nil {
		return fmt.Errorf("archiving the WAL of %s: %w", server, err)
	}
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		if _, err := os.Stat(filepath.Join(s.archive(server), segment)); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to archive its WAL: %w", server, ctx.Err())
		case <-n.exited:
			return fmt.Errorf("%s ended before its WAL was archived", server)
		case <-tick.C:
		}
	}
}

// switchWAL has a server begin a new segment of WAL, unless it has just done so, and gives the name of the last one. That one has the byte before
// the switch: for a position between two segments, pg_walfile_name gives the first one before PostgreSQL 17 and the second one since.
func (s *Supervisor) switchWAL(ctx context.Context, n *node) (string, error) {
	text, err := s.place.one(ctx, n.port, "SELECT pg_switch_wal()")
	if err != nil {
		return "", err
	}
	at, err := parseLSN(text)
	if err != nil {
		return "", fmt.Errorf("reading the position %q: %w", text, err)
	}
	at--
	return s.place.one(ctx, n.port, fmt.Sprintf("SELECT pg_walfile_name('%X/%X')", at>>32, uint32(at)))
}
