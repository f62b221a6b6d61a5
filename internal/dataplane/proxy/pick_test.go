package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"atoll/internal/dataplane/proxy"
)

// spread says how often each body answers n requests.
func (w *world) spread(n int, change ...func(r *http.Request)) map[string]int {
	w.t.Helper()
	out := map[string]int{}
	for range n {
		out[w.get("/", change...).body]++
	}
	return out
}

func TestRoundRobin(t *testing.T) {
	w := start(t)
	w.simple(w.named("a"), w.named("b"))
	if got := w.spread(10); got["a"] != 5 || got["b"] != 5 {
		t.Errorf("got %v", got)
	}
	w.config.Groups[0].ZonesOnly = true
	w.config.Groups[0].Targets[1].Zone = "b"
	w.config.Nodes = w.config.Nodes[:1]
	w.apply()
	if got := w.spread(10); got["a"] != 10 {
		t.Errorf("without cross-zone load balancing: %v", got)
	}
	w.config.Groups[0].ZonesOnly, w.config.Groups[0].Targets[1].Zone = false, "all"
	w.apply()
	if got := w.spread(10); got["a"] != 5 {
		t.Errorf("got %v", got)
	}
}

func TestLeastOutstanding(t *testing.T) {
	w := start(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	hold := func(name string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hold" {
				entered <- struct{}{}
				<-leave
			}
			io.WriteString(rw, name)
		}
	}
	a, b := w.server(hold("a")), w.server(hold("b"))
	w.simple(a, b)
	w.config.Groups[0].Algorithm = "least_outstanding_requests"
	w.apply()
	held := make(chan string, 1)
	go func() { held <- w.get("/hold").body }()
	<-entered
	got := w.spread(6)
	close(leave)
	if busy := <-held; got[busy] != 0 || len(got) != 1 {
		t.Errorf("%s is busy, and gets some of %v", busy, got)
	}
}

func TestWeights(t *testing.T) {
	next := 0
	w := start(t, func(o *proxy.Options) {
		o.Random = func() float64 { next++; return float64(next%10) / 10 }
	})
	a, b := w.named("a"), w.named("b")
	w.config.Groups = []proxy.Group{group("a", a), group("b", b)}
	f := forward("a", "b")
	f.Groups[0].Weight, f.Groups[1].Weight = 7, 3
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: f})}
	w.apply()
	w.sink.state(t, a.String(), proxy.Healthy)
	w.sink.state(t, b.String(), proxy.Healthy)
	if got := w.spread(20); got["a"] != 14 || got["b"] != 6 {
		t.Errorf("got %v", got)
	}
	f.Sticky = time.Hour
	w.apply()
	first := w.get("/")
	var cookies []string
	for _, c := range first.header["Set-Cookie"] {
		cookies = append(cookies, strings.Split(c, ";")[0])
	}
	if len(cookies) != 2 || !strings.HasPrefix(cookies[0], "AWSALBTG=") || !strings.HasPrefix(cookies[1], "AWSALBTGCORS=") || !strings.Contains(first.header["Set-Cookie"][1], "SameSite=None") {
		t.Fatalf("the cookies are %q", first.header["Set-Cookie"])
	}
	sticky := func(r *http.Request) { r.Header.Set("Cookie", cookies[0]) }
	if got := w.spread(20, sticky); got[first.body] != 20 {
		t.Errorf("with the cookie of %s: %v", first.body, got)
	}
	f.Groups[0].Weight, f.Groups[1].Weight = 0, 0
	w.apply()
	if got := w.get("/"); got.status != 503 {
		t.Errorf("with no weight: %d", got.status)
	}
}

func TestStickyTargets(t *testing.T) {
	w := start(t)
	session := func(name string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				http.SetCookie(rw, &http.Cookie{Name: "SESSION", Value: "s"})
			}
			io.WriteString(rw, name)
		}
	}
	a, b := w.server(session("a")), w.server(session("b"))
	w.simple(a, b)
	cookie := func(got answer, name string) string {
		for _, c := range got.header["Set-Cookie"] {
			if pair := strings.Split(c, ";")[0]; strings.HasPrefix(pair, name+"=") {
				return pair
			}
		}
		return ""
	}
	with := func(c string) func(r *http.Request) { return func(r *http.Request) { r.Header.Set("Cookie", c) } }
	w.config.Groups[0].Sticky.Duration = time.Hour
	w.apply()
	first := w.get("/")
	c := cookie(first, "AWSALB")
	if got := w.spread(5, with(c)); c == "" || got[first.body] != 5 {
		t.Errorf("with %q of %s: %v", c, first.body, got)
	}
	if got := w.spread(4, with(c+"x")); got["a"] != 2 {
		t.Errorf("with a cookie that is not ours: %v", got)
	}
	w.clock.advance(2 * time.Hour)
	if got := w.spread(4, with(c)); got["a"] != 2 {
		t.Errorf("with a cookie that has expired: %v", got)
	}
	w.config.Groups[0].Sticky.Cookie = "SESSION"
	w.apply()
	if got := w.get("/"); len(got.header["Set-Cookie"]) != 0 {
		t.Errorf("without a session: %q", got.header["Set-Cookie"])
	}
	first = w.get("/login")
	c = cookie(first, "AWSALBAPP-0")
	if got := w.spread(5, with(c+"; SESSION=s")); c == "" || got[first.body] != 5 {
		t.Errorf("with %q of %s: %v", c, first.body, got)
	}
	if got := w.spread(4, with(c)); got["a"] != 2 {
		t.Errorf("after the session: %v", got)
	}
}

func TestSlowStart(t *testing.T) {
	w := start(t, func(o *proxy.Options) { o.Random = func() float64 { return 0.6 } })
	a := w.named("a")
	w.simple(a)
	w.config.Groups[0].SlowStart = 100 * time.Second
	w.clock.advance(200 * time.Second)
	b := w.named("b")
	w.config.Groups[0].Targets = append(w.config.Groups[0].Targets, proxy.Target{Address: b})
	w.apply()
	w.sink.state(t, b.String(), proxy.Healthy)
	w.clock.advance(50 * time.Second)
	if got := w.spread(6); got["a"] != 6 {
		t.Errorf("at half of the time, of 0.6: %v", got)
	}
	w.clock.advance(20 * time.Second)
	if got := w.spread(6); got["a"] != 3 {
		t.Errorf("at 0.7 of the time, of 0.6: %v", got)
	}
}
