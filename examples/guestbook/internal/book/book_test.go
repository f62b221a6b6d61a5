package book_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/pgtest"
)

func open(t testing.TB) *book.Book {
	t.Helper()
	b, err := book.Open(t.Context(), time.Minute, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func migrated(t testing.TB) *book.Book {
	t.Helper()
	b := open(t)
	if _, err := b.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMigrateOnceAmongMany(t *testing.T) {
	pgtest.Start(t)
	var all sync.WaitGroup
	made := make(chan int, 5)
	for range cap(made) {
		b := open(t)
		all.Go(func() {
			n, err := b.Migrate(t.Context(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Error(err)
			}
			made <- n
		})
	}
	all.Wait()
	close(made)
	sum := 0
	for n := range made {
		sum += n
	}
	if sum != 2 {
		t.Errorf("%d migrations were made, want 2", sum)
	}
}

func TestEntries(t *testing.T) {
	pgtest.Start(t)
	b := migrated(t)
	ctx := t.Context()
	for _, bad := range [][2]string{{"", "x"}, {"x", " "}, {strings.Repeat("é", 61), "x"}, {"x", strings.Repeat("é", 501)}, {"x", "\xff"}, {"x", "a\x00b"}} {
		var invalid *book.InvalidError
		if _, err := b.Write(ctx, bad[0], bad[1], "test"); !errors.As(err, &invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, author := range []string{"Ada", "Grace", strings.Repeat("é", 60)} {
		if e, err := b.Write(ctx, " "+author+" ", "hello", "task"); err != nil || e.Author != author || e.WrittenBy != "task" || e.StampedAt != nil {
			t.Fatalf("got %+v, %v", e, err)
		}
	}
	first, more, err := b.Page(ctx, 0, 2)
	if err != nil || len(first) != 2 || !more || first[1].Author != "Grace" {
		t.Errorf("got %+v, %v, %v", first, more, err)
	}
	rest, more, err := b.Page(ctx, first[1].ID, 2)
	if err != nil || len(rest) != 1 || more || rest[0].Author != "Ada" {
		t.Errorf("got %+v, %v, %v", rest, more, err)
	}
	if about, err := b.About(ctx); err != nil || about.Entries != 3 || about.Version == "" || about.TLS {
		t.Errorf("got %+v, %v", about, err)
	}
	if n, err := b.DeleteOld(ctx, time.Hour); n != 0 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	if n, err := b.DeleteOld(ctx, 0); n != 3 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
}

func TestStamps(t *testing.T) {
	pgtest.Start(t)
	b := migrated(t)
	ctx, cancel := context.WithCancel(t.Context())
	woken, listened := make(chan struct{}, 10), make(chan error, 1)
	go func() { listened <- b.Listen(ctx, func() { woken <- struct{}{} }) }()
	<-woken
	for range 3 {
		if _, err := b.Write(ctx, "Ada", "hello", "task"); err != nil {
			t.Fatal(err)
		}
		<-woken
	}
	for _, want := range []int64{2, 1, 0} {
		if n, err := b.Stamp(ctx, "worker", 2); n != want || err != nil {
			t.Errorf("stamped %d, %v, want %d", n, err, want)
		}
	}
	if entries, _, err := b.Page(ctx, 0, 5); err != nil || *entries[0].StampedBy != "worker" {
		t.Errorf("got %+v, %v", entries, err)
	}
	cancel()
	if err := <-listened; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The first connection waits for a database that comes later, and gives up in time.
func TestOpenWaits(t *testing.T) {
	s := pgtest.Start(t)
	s.Stop()
	if _, err := book.Open(t.Context(), time.Second, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(err.Error(), "no success in 1s") {
		t.Errorf("got %v", err)
	}
	tried := make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	all.Go(func() {
		b, err := book.Open(t.Context(), time.Minute, slog.New(told{func() { once.Do(func() { close(tried) }) }}))
		if err != nil {
			t.Error(err)
			return
		}
		b.Close()
	})
	<-tried
	s.Run()
	all.Wait()
}

// told is a log handler that calls a function for each warning.
type told struct{ warned func() }

func (h told) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelWarn }
func (h told) Handle(context.Context, slog.Record) error        { h.warned(); return nil }
func (h told) WithAttrs([]slog.Attr) slog.Handler               { return h }
func (h told) WithGroup(string) slog.Handler                    { return h }
