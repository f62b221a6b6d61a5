package book

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Times of connecting.
const (
	connectTimeout = 3 * time.Second // of one attempt; a blocked one gets no answer
	firstPause     = 250 * time.Millisecond
	longestPause   = 5 * time.Second
)

// Open connects to the database that the environment names: PGHOST, PGUSER, PGPASSWORD, PGSSLMODE… as PostgreSQL's own clients read them.
// https://www.postgresql.org/docs/current/libpq-envars.html
//
// The first connection is tried until patience has passed: a database may be starting, and a network be changing.
func Open(ctx context.Context, patience time.Duration, log *slog.Logger) (*Book, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("reading the settings of the database: %w", err)
	}
	config.ConnConfig.ConnectTimeout = connectTimeout
	config.ConnConfig.RuntimeParams["application_name"] = "guestbook"
	config.ConnConfig.RuntimeParams["statement_timeout"] = "5000" // milliseconds
	config.MaxConns = 10
	// Young connections find out soon that the network or the database has changed: security groups let those go on that they let in before.
	config.MaxConnLifetime = 20 * time.Second
	config.MaxConnLifetimeJitter = 5 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("preparing connections: %w", err)
	}
	where := slog.Group("database", "host", config.ConnConfig.Host, "port", config.ConnConfig.Port, "name", config.ConnConfig.Database, "user", config.ConnConfig.User)
	if err := retry(ctx, patience, pool.Ping, log.With(where)); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting to the database at %s: %w", config.ConnConfig.Host, err)
	}
	log.Info("connected to the database", where)
	return &Book{pool}, nil
}

// retry calls do until it succeeds, with longer and longer pauses.
func retry(ctx context.Context, patience time.Duration, do func(context.Context) error, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			log.Warn("the database does not answer yet", "attempt", attempt, "next_ms", pause.Milliseconds(), "err", err)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("no success in %s: %w", patience, err)
			}
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// connection gives one connection for work that belongs to a session.
func (b *Book) connection(ctx context.Context, do func(c *pgx.Conn) error) error {
	c, err := b.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return do(c.Conn())
}
