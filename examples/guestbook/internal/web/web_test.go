package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/pgtest"
	"example.com/guestbook/internal/task"
	"example.com/guestbook/internal/web"
)

// site is a running server.
type site struct {
	*web.Server
	t    *testing.T
	url  string
	http *http.Client
	log  *bytes.Buffer
}

func start(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, log: &bytes.Buffer{}}
	self := task.Task{ID: "0123456789abcdef", Zone: "eu-west-1b", Definition: "shop-dev-web:7"}
	s.Server = web.New(self, web.Version{Version: "1.2.3"}, slog.New(slog.NewJSONHandler(s.log, nil)))
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	s.url, s.http = server.URL, server.Client()
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// withBook gives the server a database.
func (s *site) withBook() *pgtest.Server {
	s.t.Helper()
	db := pgtest.Start(s.t)
	log := slog.New(slog.DiscardHandler)
	b, err := book.Open(s.t.Context(), time.Minute, log)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	if _, err := b.Migrate(s.t.Context(), log); err != nil {
		s.t.Fatal(err)
	}
	s.Ready(b)
	return db
}

// ask makes a request and checks its status; the body has to have the words.
func (s *site) ask(method, path, body, kind string, status int, words ...string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if kind == "cross-site" {
		r.Header.Set("Content-Type", form)
		r.Header.Set("Sec-Fetch-Site", kind)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode != status {
		s.t.Errorf("%s %s: got %s, want %d: %s", method, path, answer.Status, status, raw)
	}
	for _, w := range words {
		if !strings.Contains(string(raw), w) {
			s.t.Errorf("%s %s: the answer lacks %q: %s", method, path, w, raw)
		}
	}
	return answer
}

func (s *site) get(path string, status int, words ...string) *http.Response {
	s.t.Helper()
	return s.ask(http.MethodGet, path, "", "", status, words...)
}

const form = "application/x-www-form-urlencoded"

func entry(author, message string) string {
	return url.Values{"author": {author}, "message": {message}}.Encode()
}

func TestBook(t *testing.T) {
	s := start(t)
	s.withBook()
	s.get("/", http.StatusOK, "Nobody has written yet", "01234567", "eu-west-1b", "shop-dev-web:7")
	if answer := s.ask(http.MethodPost, "/entries", entry("Ada", "one <b>\r\ntwo"), form, http.StatusSeeOther); answer.Header.Get("Location") != "/" {
		t.Errorf("got %v", answer.Header)
	}
	page := s.get("/", http.StatusOK, "Ada", "one &lt;b&gt;\ntwo", "taken by 01234567 in eu-west-1b")
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("got %s", policy)
	}
	s.ask(http.MethodPost, "/entries", entry("", "kept for you"), form, http.StatusUnprocessableEntity, "Please give your name", "kept for you")
	s.ask(http.MethodPost, "/entries", entry("Eve", "x"), "cross-site", http.StatusForbidden)
	s.ask(http.MethodPost, "/entries", strings.Repeat("x", 20<<10), form, http.StatusBadRequest)
	for range 25 {
		s.ask(http.MethodPost, "/api/entries", `{"author": "Grace", "message": "hello"}`, "application/json", http.StatusCreated, `"author":"Grace"`)
	}
	s.ask(http.MethodPost, "/api/entries", `{"author": "Grace"}`, "application/json", http.StatusUnprocessableEntity, `"error"`)
	s.ask(http.MethodPost, "/api/entries", `hello`, "application/json", http.StatusBadRequest, `"error"`)
	s.get("/", http.StatusOK, "/?before=")
	s.get("/?before=3", http.StatusOK, "Ada", "Newest")
	s.get("/?before=x", http.StatusNotFound)
	s.get("/api/entries?limit=3", http.StatusOK, `"more":true`, `"zone":"eu-west-1b"`)
	s.get("/api/entries?limit=1000", http.StatusBadRequest)
	s.get("/nothing", http.StatusNotFound)
}

func TestHealth(t *testing.T) {
	s := start(t)
	s.get("/healthz", http.StatusServiceUnavailable, "waiting for the database")
	s.get("/readyz", http.StatusServiceUnavailable)
	s.get("/", http.StatusServiceUnavailable, "it waits for its database")
	s.get("/api/entries", http.StatusServiceUnavailable)
	db := s.withBook()
	s.get("/healthz", http.StatusOK)
	s.get("/readyz", http.StatusOK)
	s.get("/", http.StatusOK)
	db.Stop() // the task is well, its database is not
	s.get("/healthz", http.StatusOK)
	s.get("/readyz", http.StatusServiceUnavailable)
	s.get("/", http.StatusServiceUnavailable, "cannot reach its database")
	s.ask(http.MethodPost, "/entries", entry("Ada", "kept for you"), form, http.StatusServiceUnavailable, "kept for you")
	db.Run()
	s.get("/", http.StatusOK)
	s.Drain()
	if answer := s.get("/healthz", http.StatusServiceUnavailable, "draining"); !answer.Close {
		t.Error("the connection is kept")
	}
}

func TestBurnAndVersion(t *testing.T) {
	s := start(t)
	s.get("/burn?ms=5", http.StatusOK, `"hashes":`)
	s.get("/burn?ms=999999", http.StatusBadRequest)
	s.get("/version", http.StatusOK, `"version":"1.2.3"`, `"definition":"shop-dev-web:7"`)
	var line struct {
		Msg, Path string
		Status    int
	}
	first, _, _ := strings.Cut(s.log.String(), "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil || line.Msg != "request" || line.Path != "/burn" || line.Status != http.StatusOK {
		t.Errorf("got %s, %v", first, err)
	}
}
