package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A request that a target has got is not sent again, whatever its method, also over a connection that was used before.
func TestRequestsAreSentOnce(t *testing.T) {
	w := start(t)
	w.config.Settings.IdleTimeout = 300 * time.Millisecond
	var sent atomic.Int64
	release := make(chan struct{})
	defer close(release)
	target := w.server(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ends":
			sent.Add(1)
			panic(http.ErrAbortHandler)
		case "/stalls":
			sent.Add(1)
			<-release
		}
	})
	w.simple(target)
	for path, want := range map[string]int{"/ends": http.StatusBadGateway, "/stalls": http.StatusGatewayTimeout} {
		sent.Store(0)
		if got := w.get("/").status; got != http.StatusOK { // leaves a connection
			t.Fatalf("got %d", got)
		}
		if got := w.get(path).status; got != want || sent.Load() != 1 {
			t.Errorf("%s: got %d, sent %d times", path, got, sent.Load())
		}
	}
}

func TestLimitsOfHeaders(t *testing.T) {
	w := start(t)
	target := w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			rw.Header().Set("A", strings.Repeat("a", 20<<10))
			rw.Header().Set("B", strings.Repeat("b", 20<<10))
		}
	})
	w.simple(target)
	with := func(n, size int) func(r *http.Request) {
		return func(r *http.Request) {
			for i := range n {
				r.Header.Set("X-"+string(rune('A'+i)), strings.Repeat("a", size))
			}
		}
	}
	for name, c := range map[string]struct {
		path   string
		change func(r *http.Request)
		want   int
	}{
		"small":        {"/?" + strings.Repeat("a", 15<<10), with(3, 15<<10), http.StatusOK},
		"request line": {"/?" + strings.Repeat("a", 17<<10), with(0, 0), http.StatusBadRequest},
		"one header":   {"/", with(1, 17<<10), http.StatusBadRequest},
		"all headers":  {"/", with(5, 15<<10), http.StatusBadRequest},
		"answer":       {"/large", with(0, 0), http.StatusBadGateway},
	} {
		if got := w.get(c.path, c.change); got.status != c.want || c.want >= 400 && got.header.Get("Server") != "awselb/2.0" {
			t.Errorf("%s: got %d of %q", name, got.status, got.header.Get("Server"))
		}
	}
}

// The client gets what a target sends as it comes, and the begin of an answer that the target does not end.
func TestAnswersAreNotHeldBack(t *testing.T) {
	w := start(t)
	goOn := make(chan struct{})
	target := w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/half" {
			return
		}
		rw.Header().Set("Content-Length", "100")
		_, _ = rw.Write([]byte("abc"))
		_ = http.NewResponseController(rw).Flush()
		<-goOn
		panic(http.ErrAbortHandler)
	})
	w.simple(target)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/half", nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := time.AfterFunc(20*time.Second, func() { close(goOn) }) // for a proxy that waits for more
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, got); err != nil || resp.StatusCode != http.StatusOK || string(got) != "abc" || !ended.Stop() {
		t.Fatalf("%d %q, %v", resp.StatusCode, got, err)
	}
	close(goOn)
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer seems to be whole")
	}
}
