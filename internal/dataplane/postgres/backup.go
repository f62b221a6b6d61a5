package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// baseBackup copies a running server into a directory, with the WAL that makes the copy consistent: a server that starts there has
// what was committed before the end of the copy. With a slot, which is made, the server keeps the WAL that a follower needs from there on.
//
// It is PostgreSQL's low-level backup, over one session: pg_backup_start, a copy of the files as they are, pg_backup_stop, then the WAL
// between the two. https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
func (s *Supervisor) baseBackup(ctx context.Context, from, slot, to string) error {
	srv := s.find(from)
	if srv == nil || !srv.primary.Load().up() {
		return fmt.Errorf("the server %s, which is to be copied, does not run", from)
	}
	n := srv.primary.Load()
	if err := s.roomFor(n); err != nil {
		return err
	}
	if slot != "" {
		if err := s.slot(ctx, n, slot); err != nil {
			return err
		}
	}
	c, err := s.place.connect(ctx, n.port)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", from, err)
	}
	defer c.Close(context.WithoutCancel(ctx)) // ends a backup that has failed, and its slot
	b := &backup{sup: s, session: c, from: n.data, to: to}
	if err := b.run(ctx, slot == ""); err != nil {
		return fmt.Errorf("copying %s while it runs: %w", from, err)
	}
	return nil
}

// backup is a base backup under way.
type backup struct {
	sup      *Supervisor
	session  *pgconn.PgConn // the backup ends with it
	from, to string         // data directories
}

// run makes the backup; keep has the session keep the WAL meanwhile.
func (b *backup) run(ctx context.Context, keep bool) error {
	if keep {
		if _, err := b.ask(ctx, "SELECT pg_create_physical_replication_slot('copy_' || pg_backend_pid(), true, true)"); err != nil {
			return fmt.Errorf("keeping the WAL: %w", err)
		}
	}
	start, stop := "pg_backup_start('atoll', true)", "pg_backup_stop(false)"
	if version(b.session.ParameterStatus("server_version")) < 15 {
		start, stop = "pg_start_backup('atoll', true, false)", "pg_stop_backup(false, false)"
	}
	if _, err := b.ask(ctx, "SELECT "+start); err != nil {
		return err
	}
	if err := copyLive(ctx, b.sup.who, b.from, b.to); err != nil {
		return err
	}
	end, err := b.ask(ctx, "SELECT lsn, labelfile, spcmapfile, pg_is_in_recovery(), pg_size_bytes(current_setting('wal_segment_size')) FROM "+stop)
	if err != nil {
		return err
	}
	if strings.TrimSpace(end[2]) != "" {
		return errors.New("it has tablespaces outside of the data directory")
	}
	wal, err := walBetween(end[1], end[0], end[4])
	if err != nil {
		return err
	}
	// A primary has begun a new segment, and written the last one of the backup to its end. A follower goes on receiving it.
	wal.whole = end[3] != "t"
	if err := b.copyWAL(ctx, wal); err != nil {
		return err
	}
	return b.put("backup_label", []byte(end[1])) // last: without it the copy is none
}

// ask runs a statement in the session, and gives its first row.
func (b *backup) ask(ctx context.Context, statement string) ([]string, error) {
	results, err := b.session.Exec(ctx, statement).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("running SQL: %w", err)
	}
	if len(results) == 0 || len(results[len(results)-1].Rows) == 0 {
		return nil, fmt.Errorf("running SQL: %s gave nothing", statement)
	}
	var row []string
	for _, v := range results[len(results)-1].Rows[0] {
		row = append(row, string(v))
	}
	return row, nil
}

// put writes a file of the copy.
func (b *backup) put(name string, content []byte) error {
	path := filepath.Join(b.to, filepath.FromSlash(name))
	return errors.Join(os.WriteFile(path, content, 0o600), b.sup.who.own(path))
}

// version gives the major version in a text such as "17.10 (Debian 17.10-1)".
func version(text string) int {
	n, _ := strconv.Atoi(text[:len(text)-len(strings.TrimLeft(text, "0123456789"))])
	return n
}

// span is a range of WAL segments, of whatever timeline, by their numbers.
type span struct {
	first, last uint64
	size        uint64 // of a segment, in bytes
	whole       bool   // the last one is complete
}

// walBetween gives the segments from the start that a backup's label names to the end, an LSN such as 1/2A0000F8, exclusively.
func walBetween(label, end, size string) (span, error) {
	location, _, _ := strings.Cut(after(label, "START WAL LOCATION: "), " ")
	first, err1 := parseLSN(location)
	last, err2 := parseLSN(end)
	bytes, err3 := strconv.ParseUint(size, 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil || bytes == 0 || last <= first {
		return span{}, errors.Join(fmt.Errorf("the backup's label cannot be read: %q, ended at %s", label, end), err)
	}
	return span{first: first / bytes, last: (last - 1) / bytes, size: bytes}, nil
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

// parseLSN reads a position in the WAL. https://www.postgresql.org/docs/current/datatype-pg-lsn.html
func parseLSN(text string) (uint64, error) {
	high, low, _ := strings.Cut(text, "/")
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	return h<<32 | l, errors.Join(err1, err2)
}

// segment gives the number of the segment that a file of WAL holds. Its name is a timeline and, in two parts, that number, in 24 hexadecimal digits.
func (s span) segment(name string) (uint64, bool) {
	if len(name) != 24 {
		return 0, false
	}
	high, err1 := strconv.ParseUint(name[8:16], 16, 32)
	low, err2 := strconv.ParseUint(name[16:], 16, 32)
	return high*(1<<32/s.size) + low, errors.Join(err1, err2) == nil
}

// copyWAL copies the segments of a span and the histories of timelines. Complete ones are marked as archived: they are
// in the archive of the server that wrote them.
func (b *backup) copyWAL(ctx context.Context, want span) error {
	entries, err := os.ReadDir(filepath.Join(b.from, "pg_wal"))
	if err != nil {
		return err
	}
	if err := b.sup.place.make(b.sup.who, filepath.Join(b.to, "pg_wal", "archive_status")); err != nil {
		return err
	}
	var found []uint64
	for _, e := range entries {
		number, ok := want.segment(e.Name())
		ok = ok && number >= want.first && number <= want.last
		if !ok && !strings.HasSuffix(e.Name(), ".history") || !e.Type().IsRegular() {
			continue
		}
		to := filepath.Join(b.to, "pg_wal", e.Name())
		if err := errors.Join(ctx.Err(), copyFile(filepath.Join(b.from, "pg_wal", e.Name()), to), b.sup.who.own(to)); err != nil {
			return fmt.Errorf("copying the WAL: %w", err)
		}
		if ok {
			found = append(found, number)
		}
		if !ok || want.whole || number < want.last {
			if err := b.put("pg_wal/archive_status/"+e.Name()+".done", nil); err != nil {
				return fmt.Errorf("copying the WAL: %w", err)
			}
		}
	}
	for number := want.first; number <= want.last; number++ {
		if !slices.Contains(found, number) {
			return fmt.Errorf("copying the WAL: segment %d of %d to %d is gone", number, want.first, want.last)
		}
	}
	return nil
}

const control = "global/pg_control"

// copyLive copies a running server's data directory, files as they come: the WAL mends what changes meanwhile. The control file comes last,
// as a backup of a follower wants it, for it says up to where the files may be ahead. WAL is left out.
func copyLive(ctx context.Context, who identity, from, to string) error {
	if err := copyFiles(ctx, who, from, to, true); err != nil {
		return err
	}
	raw, err := steady(filepath.Join(from, control))
	if err != nil {
		return fmt.Errorf("copying the control file: %w", err)
	}
	path := filepath.Join(to, control)
	return errors.Join(os.WriteFile(path, raw, 0o600), who.own(path))
}

// steady reads a small file that is written in place, until it finds it the same twice.
func steady(path string) ([]byte, error) {
	var last []byte
	for {
		raw, err := os.ReadFile(path)
		if err != nil || last != nil && bytes.Equal(raw, last) {
			return raw, err
		}
		last = raw
	}
}

// vanished reports whether an error says that a file is gone, as those of a running server may be.
func vanished(err error) bool { return errors.Is(err, fs.ErrNotExist) }
