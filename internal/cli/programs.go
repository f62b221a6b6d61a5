package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/download"
	"atoll/internal/hint"
)

// downloads gives what PostgreSQL programs this machine can have beside those that are installed; nil where the user has named some.
func downloads(env Env, logger *slog.Logger) *download.Source {
	if env.Machine.Getenv(postgres.BinVariable) != "" {
		return nil
	}
	cache, err := env.Machine.CacheDir()
	if err != nil {
		logger.Warn("PostgreSQL is not downloaded", "err", err)
		return nil
	}
	return download.Open(download.Options{Cache: cache, Getenv: env.Machine.Getenv, Logger: logger})
}

// canServe says why this machine can run no database: PostgreSQL is neither there nor can it be downloaded.
func canServe(ctx context.Context, env Env) error {
	_, lacking := postgres.Find(ctx, env.Machine.Getenv)
	if lacking == nil {
		return nil
	}
	source := downloads(env, slog.New(slog.DiscardHandler))
	if source == nil {
		return lacking
	}
	if len(source.Cached()) > 0 {
		return nil
	}
	err := source.Answers(ctx)
	if err == nil {
		return nil
	}
	message, try := hint.Split(lacking)
	why, _ := hint.Split(err)
	if !errors.Is(err, download.ErrUnavailable) {
		try += fmt.Sprintf("\nor let this machine reach %s, from where PostgreSQL is downloaded (npm_config_registry names another registry)", source.Registry())
	}
	return advise(fmt.Errorf("%s, and %s", message, why), "%s", try)
}
