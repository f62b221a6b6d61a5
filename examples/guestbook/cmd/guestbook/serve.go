package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/web"
)

// Timeouts of the server.
const (
	headerTimeout = 5 * time.Second
	// Longer than the load balancer's idle timeout of 60 seconds: it must be the one to close a connection, or it answers 502 now and then.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
	idleTimeout = 75 * time.Second
	// Of the requests under way when the task is to end. ECS kills it 30 seconds after SIGTERM.
	shutdownTimeout = 20 * time.Second
)

// serve answers from the start on, and is healthy once the database is there.
func (a *app) serve(ctx context.Context) error {
	drain, err := a.seconds("DRAIN_SECONDS", 3)
	if err != nil {
		return err
	}
	port := a.getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("", port))
	if err != nil {
		return fmt.Errorf("listening on port %s: %w", port, err)
	}
	site := web.New(a.task, version(a.getenv), a.log)
	server := &http.Server{Handler: site.Handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	a.log.Info("listening", "address", listener.Addr().String())

	b, err := a.open(ctx)
	if err == nil {
		defer b.Close()
		if err := b.Begin(ctx, a.task.String()); err != nil {
			a.log.Warn("the book has no first entry", "err", err)
		}
		site.Ready(b)
		a.log.Info("ready")
		select {
		case <-ctx.Done():
		case err = <-served:
			return err
		}
	} else if ctx.Err() == nil {
		return errors.Join(err, server.Close())
	}
	return a.shutdown(site, server, drain)
}

// shutdown ends without losing a request: new ones may come until the load balancer has seen that this task ends.
func (a *app) shutdown(site *web.Server, server *http.Server, drain time.Duration) error {
	a.log.Info("draining", "seconds", drain.Seconds())
	site.Drain()
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests were cut off: %w", errors.Join(err, server.Close()))
	}
	return nil
}

// Settings of the worker.
const (
	batch     = 50
	lookAgain = 15 * time.Second // even if no entry was told of
)

// worker stamps entries as they come.
func (a *app) worker(ctx context.Context) error {
	b, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	woken := make(chan struct{}, 1)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		a.listen(ctx, b, func() {
			select {
			case woken <- struct{}{}:
			default: // it is to be woken already
			}
		})
	}()
	defer func() { cancel(); <-listening }()
	a.log.Info("ready")
	for {
		if err := a.stamp(ctx, b); err != nil && ctx.Err() == nil {
			a.log.Error("the database does not answer; the work goes on when it does", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-time.After(lookAgain):
		}
	}
}

func (a *app) stamp(ctx context.Context, b *book.Book) error {
	for {
		n, err := b.Stamp(ctx, a.task.String(), batch)
		if err != nil {
			return err
		}
		if n > 0 {
			a.log.Info("stamped entries", "entries", n)
		}
		if n < batch {
			return nil
		}
	}
}

// listen has wake called for new entries until ctx ends.
func (a *app) listen(ctx context.Context, b *book.Book, wake func()) {
	for {
		err := b.Listen(ctx, wake)
		if ctx.Err() != nil {
			return
		}
		a.log.Warn("listening for entries ended; it begins again", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}
