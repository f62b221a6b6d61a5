// Package web serves the guestbook.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/task"
)

// Book is the guestbook behind the pages.
type Book interface {
	Write(ctx context.Context, author, message, by string) (book.Entry, error)
	Page(ctx context.Context, before int64, limit int) (entries []book.Entry, more bool, err error)
	About(ctx context.Context) (book.About, error)
	Ping(ctx context.Context) error
}

// Server serves the pages and the API. It answers from the start on, and is ready once it has a book.
type Server struct {
	task    task.Task
	version Version
	log     *slog.Logger
	started time.Time

	book     atomic.Pointer[Book] // nil until the database is there
	draining atomic.Bool
	answered atomic.Int64 // pages
}

// Version says what runs.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source
	Go       string `json:"go"`
}

// New makes a Server.
func New(t task.Task, v Version, log *slog.Logger) *Server {
	return &Server{task: t, version: v, log: log, started: time.Now()}
}

// Ready gives the server its book.
func (s *Server) Ready(b Book) { s.book.Store(&b) }

// Drain has the health check fail and connections end with their next answer: no new ones should come.
func (s *Server) Drain() { s.draining.Store(true) }

// Handler gives the handler of all paths.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("POST /entries", s.postForm)
	mux.HandleFunc("GET /api/entries", s.list)
	mux.HandleFunc("POST /api/entries", s.postJSON)
	mux.HandleFunc("GET /burn", s.burn)
	mux.HandleFunc("GET /version", s.showVersion)
	mux.HandleFunc("GET /healthz", s.healthy)
	mux.HandleFunc("GET /readyz", s.readyNow)
	mux.HandleFunc("/", s.notFound)
	// A page of another site must not write into the book by its reader's browser.
	return s.logged(s.protected(http.NewCrossOriginProtection().Handler(mux)))
}

// healthy is for the load balancer: the server has started, with its database, and does not end. It does not ask the database again: one
// that fails would have every task replaced, over and over, and no new one would help. See the README.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.draining.Load():
		s.say(w, http.StatusServiceUnavailable, "draining")
	case s.book.Load() == nil:
		s.say(w, http.StatusServiceUnavailable, "starting: waiting for the database")
	default:
		s.say(w, http.StatusOK, "ok")
	}
}

// readyNow is for people and monitoring: the database answers at this moment.
func (s *Server) readyNow(w http.ResponseWriter, r *http.Request) {
	b := s.book.Load()
	if b == nil {
		s.say(w, http.StatusServiceUnavailable, "starting: waiting for the database")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	if err := (*b).Ping(ctx); err != nil {
		s.log.Warn("the database does not answer", "err", err)
		s.say(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	s.say(w, http.StatusOK, "ok")
}

func (s *Server) say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request) {
	s.say(w, http.StatusNotFound, "There is no such page.")
}
