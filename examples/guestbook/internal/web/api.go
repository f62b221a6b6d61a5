package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"example.com/guestbook/internal/book"
)

const (
	askTimeout = 3 * time.Second // of a question to the database
	pageSize   = 20
	maxBody    = 16 << 10 // bytes
	maxBurn    = 10 * time.Second
)

// answer sends JSON.
func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.log.Debug("answering", "err", err)
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, reason string) {
	s.answer(w, status, map[string]string{"error": reason})
}

const (
	noDatabase = "The guestbook is starting: it waits for its database."
	badAnswer  = "The guestbook cannot reach its database at the moment."
)

// list is GET /api/entries?before=ID&limit=N.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	b := s.book.Load()
	if b == nil {
		s.refuse(w, http.StatusServiceUnavailable, noDatabase)
		return
	}
	limit := pageSize
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			s.refuse(w, http.StatusBadRequest, "limit must be a number from 1 to 100.")
			return
		}
		limit = n
	}
	before, ok := number(r, "before")
	if !ok {
		s.refuse(w, http.StatusBadRequest, "before must be the id of an entry.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	entries, more, err := (*b).Page(ctx, before, limit)
	if err != nil {
		s.log.Error("reading the book", "err", err)
		s.refuse(w, http.StatusServiceUnavailable, badAnswer)
		return
	}
	s.answer(w, http.StatusOK, map[string]any{"entries": append([]book.Entry{}, entries...), "more": more, "task": s.task})
}

// number reads an id in the query; none is 0.
func number(r *http.Request, name string) (int64, bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}

// postJSON is POST /api/entries with {"author": …, "message": …}.
func (s *Server) postJSON(w http.ResponseWriter, r *http.Request) {
	var in struct{ Author, Message string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		s.refuse(w, http.StatusBadRequest, `The body must be JSON: {"author": "…", "message": "…"}.`)
		return
	}
	e, status, reason := s.write(r, in.Author, in.Message)
	if status != 0 {
		s.refuse(w, status, reason)
		return
	}
	s.answer(w, http.StatusCreated, e)
}

// write adds an entry. If that fails it gives the status and the reason to answer with.
func (s *Server) write(r *http.Request, author, message string) (e book.Entry, status int, reason string) {
	b := s.book.Load()
	if b == nil {
		return e, http.StatusServiceUnavailable, noDatabase
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	e, err := (*b).Write(ctx, author, message, s.task.String())
	var invalid *book.InvalidError
	switch {
	case errors.As(err, &invalid):
		return e, http.StatusUnprocessableEntity, invalid.Reason
	case err != nil:
		s.log.Error("writing into the book", "err", err)
		return e, http.StatusServiceUnavailable, badAnswer
	}
	return e, 0, ""
}

// burn is GET /burn?ms=N: it keeps one processor busy for N milliseconds, 100 by default.
func (s *Server) burn(w http.ResponseWriter, r *http.Request) {
	ms := int64(100)
	if n, ok := number(r, "ms"); !ok || n > maxBurn.Milliseconds() {
		s.refuse(w, http.StatusBadRequest, "ms must be a number from 1 to "+strconv.FormatInt(maxBurn.Milliseconds(), 10)+".")
		return
	} else if n > 0 {
		ms = n
	}
	start := time.Now()
	end := start.Add(time.Duration(ms) * time.Millisecond)
	sum, rounds := sha256.Sum256([]byte(s.task.ID)), 0
	for time.Now().Before(end) && r.Context().Err() == nil {
		for range 1000 {
			sum = sha256.Sum256(sum[:])
		}
		rounds += 1000
	}
	s.answer(w, http.StatusOK, map[string]any{"ms": time.Since(start).Milliseconds(), "hashes": rounds, "task": s.task})
}

func (s *Server) showVersion(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, map[string]any{"version": s.version, "task": s.task, "up_seconds": int(time.Since(s.started).Seconds())})
}
