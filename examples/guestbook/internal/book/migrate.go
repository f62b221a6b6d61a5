package book

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockKey is the advisory lock under which one process at a time migrates. Its number means nothing else.
const lockKey = 7_386_217_402

// Migrate brings the schema up to date, and gives the number of migrations that it made. Processes that call it at the same time do it one
// after the other. Each migration is a transaction, and is made once.
func (b *Book) Migrate(ctx context.Context, log *slog.Logger) (made int, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql") // in order of their names
	if err != nil {
		return 0, err
	}
	err = b.connection(ctx, func(c *pgx.Conn) (err error) {
		if _, err := c.Exec(ctx, "SET statement_timeout = 0"); err != nil { // migrations, and the wait for them, take their time
			return err
		}
		defer func() {
			_, reset := c.Exec(context.WithoutCancel(ctx), "RESET statement_timeout")
			err = errors.Join(err, reset)
		}()
		if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockKey)); err != nil {
			return fmt.Errorf("waiting for the lock: %w", err)
		}
		defer func() {
			_, unlock := c.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(lockKey))
			err = errors.Join(err, unlock)
		}()
		if _, err := c.Exec(ctx, `CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now())`); err != nil {
			return err
		}
		for _, name := range names {
			did, err := migrate(ctx, c, path.Base(name), name)
			if err != nil {
				return fmt.Errorf("%s: %w", path.Base(name), err)
			}
			if did {
				made++
				log.Info("migrated the schema", "migration", path.Base(name))
			}
		}
		return nil
	})
	if err != nil {
		return made, fmt.Errorf("migrating the schema: %w", err)
	}
	return made, nil
}

// migrate makes a migration if it was not made before.
func migrate(ctx context.Context, c *pgx.Conn, name, file string) (made bool, err error) {
	sql, err := migrations.ReadFile(file)
	if err != nil {
		return false, err
	}
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "INSERT INTO migrations (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		made = true
		_, err = tx.Exec(ctx, string(sql))
		return err
	})
	return made && err == nil, err
}
