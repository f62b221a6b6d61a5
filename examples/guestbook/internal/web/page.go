package web

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/task"
)

//go:embed page.html
var page string

//go:embed page.css
var style string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{"ago": ago, "initial": initial, "hue": func(name string) int { return task.Task{ID: name}.Hue() }}).Parse(page))

// view is what the page shows.
type view struct {
	Nonce           string
	Style           template.CSS
	Task            task.Task
	Version         Version
	Up              string
	Pages           int64 // answered by this task
	About           book.About
	Took            string // of the question to the database
	Entries         []book.Entry
	Older           int64 // id before which older entries are; 0: there are none
	First           bool  // the newest entries are shown
	Problem         string
	Author, Message string // of an entry that was refused
	MaxAuthor       int
	MaxMessage      int
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	before, ok := number(r, "before")
	if !ok {
		s.notFound(w, r)
		return
	}
	s.show(w, r, http.StatusOK, view{}, before)
}

// postForm is POST /entries, the page's form.
func (s *Server) postForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.show(w, r, http.StatusBadRequest, view{Problem: "Your browser has sent a form that cannot be read."}, 0)
		return
	}
	author, message := r.PostForm.Get("author"), strings.ReplaceAll(r.PostForm.Get("message"), "\r\n", "\n")
	if _, status, reason := s.write(r, author, message); status != 0 {
		s.show(w, r, status, view{Problem: reason, Author: author, Message: message}, 0)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// show answers with the page. What the view lacks is filled in.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, v view, before int64) {
	v.Nonce, v.Style, v.Task, v.Version = nonce(r.Context()), template.CSS(style), s.task, s.version
	v.Up, v.Pages, v.First = span(time.Since(s.started)), s.answered.Add(1), before == 0
	v.MaxAuthor, v.MaxMessage = book.MaxAuthor, book.MaxMessage
	if problem := s.fill(r.Context(), &v, before); problem != "" {
		status, v.Problem = http.StatusServiceUnavailable, problem
	}
	var body bytes.Buffer
	if err := pages.Execute(&body, v); err != nil {
		s.log.Error("making the page", "err", err)
		s.say(w, http.StatusInternalServerError, "Something went wrong.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// fill reads what the page shows of the book.
func (s *Server) fill(ctx context.Context, v *view, before int64) (problem string) {
	b := s.book.Load()
	if b == nil {
		return noDatabase
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	about, err := (*b).About(ctx)
	if err == nil {
		var more bool
		v.About, v.Took = about, fmt.Sprintf("%.1f ms", float64(about.Took.Microseconds())/1000)
		v.Entries, more, err = (*b).Page(ctx, before, pageSize)
		if more {
			v.Older = v.Entries[len(v.Entries)-1].ID
		}
	}
	if err != nil {
		s.log.Error("reading the book", "err", err)
		return badAnswer
	}
	return ""
}

// ago says how long something is past.
func ago(t time.Time) string {
	if d := time.Since(t); d >= time.Minute {
		return span(d) + " ago"
	}
	return "just now"
}

// span words a duration with one unit.
func span(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		switch n := int(d / unit.size); {
		case n == 1:
			return "1 " + unit.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// initial is the first letter of a name.
func initial(name string) string {
	for _, r := range name {
		return string(unicode.ToUpper(r))
	}
	return "?"
}
