// Package book keeps the guestbook's entries in PostgreSQL.
package book

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Limits of an entry, in characters. The table has them too.
const (
	MaxAuthor  = 60
	MaxMessage = 500
)

// Entry is what a guest wrote.
type Entry struct {
	ID        int64      `json:"id"`
	Author    string     `json:"author"`
	Message   string     `json:"message"`
	WrittenAt time.Time  `json:"written_at"`
	WrittenBy string     `json:"written_by"` // the task that took it
	StampedAt *time.Time `json:"stamped_at,omitempty"`
	StampedBy *string    `json:"stamped_by,omitempty"` // the worker's task
}

// InvalidError says what is wrong with an entry, in words for its author.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }

// Book is the guestbook.
type Book struct{ pool *pgxpool.Pool }

// Close gives the connections back.
func (b *Book) Close() { b.pool.Close() }

const columns = "id, author, message, written_at, written_by, stamped_at, stamped_by"

// Write adds an entry, and wakes the worker.
func (b *Book) Write(ctx context.Context, author, message, by string) (Entry, error) {
	author, message = strings.TrimSpace(author), strings.TrimSpace(message)
	switch {
	case author == "" || message == "":
		return Entry{}, &InvalidError{"Please give your name and a message."}
	case utf8.RuneCountInString(author) > MaxAuthor:
		return Entry{}, &InvalidError{fmt.Sprintf("Please give a name of at most %d characters.", MaxAuthor)}
	case utf8.RuneCountInString(message) > MaxMessage:
		return Entry{}, &InvalidError{fmt.Sprintf("Please keep your message to %d characters.", MaxMessage)}
	case !utf8.ValidString(author+message) || strings.ContainsRune(author+message, 0):
		return Entry{}, &InvalidError{"Please write text."}
	}
	rows, err := b.pool.Query(ctx, `WITH written AS (INSERT INTO entries (author, message, written_by) VALUES ($1, $2, $3) RETURNING *)
		SELECT `+columns+` FROM written, pg_notify('entries', '')`, author, message, by)
	if err != nil {
		return Entry{}, fmt.Errorf("writing an entry: %w", err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return Entry{}, fmt.Errorf("writing an entry: %w", err)
	}
	return e, nil
}

// Page gives up to limit entries, the newest first, from before one of them on; 0 is the newest. more says whether there are older ones.
func (b *Book) Page(ctx context.Context, before int64, limit int) (entries []Entry, more bool, err error) {
	rows, err := b.pool.Query(ctx, `SELECT `+columns+` FROM entries WHERE $1 = 0 OR id < $1 ORDER BY id DESC LIMIT $2`, before, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("reading the entries: %w", err)
	}
	entries, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return nil, false, fmt.Errorf("reading the entries: %w", err)
	}
	if len(entries) > limit {
		return entries[:limit], true, nil
	}
	return entries, false, nil
}

// About is what the page tells of the database.
type About struct {
	Entries int64         `json:"entries"`
	Version string        `json:"version"` // such as "17.6"
	TLS     bool          `json:"tls"`     // whether the connection is encrypted
	Took    time.Duration `json:"-"`       // how long the question took
}

// About asks the database about itself.
func (b *Book) About(ctx context.Context) (a About, err error) {
	start := time.Now()
	err = b.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM entries), split_part(current_setting('server_version'), ' ', 1),
		coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)`).Scan(&a.Entries, &a.Version, &a.TLS)
	if err != nil {
		return a, fmt.Errorf("asking the database about itself: %w", err)
	}
	a.Took = time.Since(start)
	return a, nil
}

// Ping asks the database whether it answers.
func (b *Book) Ping(ctx context.Context) error { return b.pool.Ping(ctx) }

// Begin writes a first entry into an empty book: whoever opens it sees that it is read from the database.
func (b *Book) Begin(ctx context.Context, by string) error {
	_, err := b.pool.Exec(ctx, `INSERT INTO entries (author, message, written_by)
		SELECT 'guestbook', 'This book is open: write the next entry.', $1 WHERE NOT EXISTS (SELECT FROM entries)`, by)
	if err != nil {
		return fmt.Errorf("writing the first entry: %w", err)
	}
	return nil
}

// DeleteOld deletes the entries that are older than an age, and gives their number.
func (b *Book) DeleteOld(ctx context.Context, age time.Duration) (int64, error) {
	tag, err := b.pool.Exec(ctx, `DELETE FROM entries WHERE written_at < now() - make_interval(secs => $1)`, age.Seconds())
	if err != nil {
		return 0, fmt.Errorf("deleting old entries: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Stamp stamps up to limit entries that have no stamp. Workers that run at the same time take different ones.
func (b *Book) Stamp(ctx context.Context, by string, limit int) (int64, error) {
	tag, err := b.pool.Exec(ctx, `UPDATE entries SET stamped_at = now(), stamped_by = $1
		WHERE id IN (SELECT id FROM entries WHERE stamped_at IS NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`, by, limit)
	if err != nil {
		return 0, fmt.Errorf("stamping entries: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Listen waits for new entries, and calls wake for each until ctx ends or the connection breaks.
func (b *Book) Listen(ctx context.Context, wake func()) error {
	c, err := b.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listening for entries: %w", err)
	}
	// The connection goes on listening: it is of no more use to others.
	conn := c.Hijack()
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN entries"); err != nil {
		return fmt.Errorf("listening for entries: %w", err)
	}
	wake() // for those that came before
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			if errors.Is(err, context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("listening for entries: %w", err)
		}
		wake()
	}
}
