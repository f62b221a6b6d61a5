package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atoll/internal/dataplane/proxy"
)

func TestHealth(t *testing.T) {
	w := start(t)
	var code, checks atomic.Int64
	code.Store(503)
	at := w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") == "ELB-HealthChecker/2.0" {
			checks.Add(1)
			rw.WriteHeader(int(code.Load()))
			return
		}
		io.WriteString(rw, "served")
	})
	name := at.String()
	w.config.Nodes = w.config.Nodes[:1]
	w.config.Groups = []proxy.Group{group("g", at)}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("g")})}
	w.apply()
	is := func(s proxy.State, reason, description string) {
		t.Helper()
		want := proxy.Health{State: s, Reason: reason, Description: description}
		w.sink.until(t, string(s)+" "+reason, func() bool { return w.sink.health[name] == want })
		if got := w.Health("g")[at]; got != want {
			t.Errorf("Health gives %+v, want %+v", got, want)
		}
	}
	is(proxy.Initial, "Elb.InitialHealthChecking", "Initial health checks in progress")
	if got := w.get("/"); got.body != "served" {
		t.Errorf("with no healthy target: %+v", got)
	}
	w.clock.advance(30 * time.Second)
	is(proxy.Unhealthy, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
	if got := w.get("/"); got.body != "served" {
		t.Errorf("with an unhealthy target only: %+v", got)
	}
	code.Store(200)
	before := checks.Load()
	for w.Health("g")[at].State != proxy.Healthy {
		w.clock.step(t, 10*time.Second)
	}
	is(proxy.Healthy, "", "")
	if n := checks.Load() - before; n != 5 {
		t.Errorf("healthy after %d checks, want 5", n)
	}
	w.net.set(func() { w.net.blocked["eni-a"] = true })
	w.config.Groups[0].Health.Timeout = 20 * time.Millisecond
	w.apply()
	for w.Health("g")[at].State == proxy.Healthy {
		w.clock.step(t, 10*time.Second)
	}
	is(proxy.Unhealthy, "Target.Timeout", "Request timed out")
	w.net.set(func() { w.net.blocked["eni-a"] = false; delete(w.net.servers, at) })
	for w.Health("g")[at].Reason == "Target.Timeout" {
		w.clock.step(t, 10*time.Second)
	}
	is(proxy.Unhealthy, "Target.FailedHealthChecks", "Health checks failed")
}

// TestFirstChecks holds that a target that begins to listen late need not wait for an interval, and is not given up before its time.
func TestFirstChecks(t *testing.T) {
	w := start(t)
	at := w.named("a")
	address := w.net.servers[at]
	w.net.set(func() { delete(w.net.servers, at) })
	w.config.Groups = []proxy.Group{group("g", at)}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("g")})}
	w.apply()
	w.sink.until(t, "a first check", func() bool { return w.sink.health[at.String()].Reason == "Elb.InitialHealthChecking" })
	w.net.set(func() { w.net.servers[at] = address })
	for w.Health("g")[at].State == proxy.Initial {
		w.clock.step(t, time.Second)
	}
	if h := w.Health("g")[at]; h.State != proxy.Healthy {
		t.Errorf("got %+v", h)
	}
	if age := w.clock.Now().Sub(time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)); age > 25*time.Second {
		t.Errorf("healthy after %v", age)
	}
}

func TestDrain(t *testing.T) {
	w := start(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-leave
		}
		io.WriteString(rw, "slow")
	})
	w.simple(slow)
	other := w.named("other")
	done := make(chan answer)
	go func() { done <- w.get("/slow") }()
	<-entered
	w.config.Groups = []proxy.Group{group("g", other)}
	w.apply()
	w.sink.state(t, other.String(), proxy.Healthy)
	w.sink.until(t, "draining", func() bool {
		return w.sink.health[slow.String()] == proxy.Health{State: proxy.Draining, Reason: "Target.DeregistrationInProgress", Description: "Target deregistration is in progress"}
	})
	for range 4 {
		if got := w.get("/"); got.body != "other" {
			t.Errorf("a target that drains got a request: %+v", got)
		}
	}
	close(leave)
	if got := <-done; got.body != "slow" {
		t.Errorf("the request in flight: %+v", got)
	}
	w.sink.state(t, slow.String(), proxy.Gone)
	if _, there := w.Health("g")[slow]; there {
		t.Error("the target is still there")
	}
}

func TestDrainEnds(t *testing.T) {
	w := start(t)
	entered := make(chan struct{})
	slow := w.server(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-r.Context().Done()
		}
	})
	w.simple(slow)
	done := make(chan answer)
	go func() { done <- w.get("/slow") }()
	<-entered
	w.config.Groups = []proxy.Group{group("g")}
	w.apply()
	w.sink.state(t, slow.String(), proxy.Draining)
	if got := w.get("/"); got.status != 503 {
		t.Errorf("without targets: %+v", got)
	}
	w.clock.advance(time.Minute)
	w.sink.state(t, slow.String(), proxy.Gone)
	if got := <-done; got.status != 502 {
		t.Errorf("the request that was cut off: %+v", got)
	}
}

func TestUnusedTarget(t *testing.T) {
	w := start(t)
	a, b := w.named("a"), w.named("b")
	g := group("g", a, b)
	g.Targets[1].Unused = true
	w.config.Groups = []proxy.Group{g}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("g")})}
	w.apply()
	w.sink.state(t, a.String(), proxy.Healthy)
	w.sink.state(t, b.String(), proxy.Unused)
	for range 4 {
		if got := w.get("/"); got.body != "a" {
			t.Errorf("got %+v", got)
		}
	}
}

// TestDeployLosesNothing sends requests while targets come and go, as tasks do in deployments.
func TestDeployLosesNothing(t *testing.T) {
	w := start(t)
	var all []netip.AddrPort
	for range 6 {
		all = append(all, w.named("ok"))
	}
	w.simple(all[0])
	stop := make(chan struct{})
	failed := make(chan answer, 1000)
	var clients sync.WaitGroup
	var sent atomic.Int64
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if got := w.get("/"); got.body != "ok" {
					failed <- got
				}
			}
		})
	}
	for i := range 30 {
		old, next := all[i%6], all[(i+1)%6]
		name := fmt.Sprint("g", i/3) // every third time, all move to another group
		w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward(name)})}
		w.config.Groups = []proxy.Group{group(name, old, next)}
		w.apply()
		w.sink.state(t, next.String(), proxy.Healthy)
		w.config.Groups = []proxy.Group{group(name, next)}
		w.apply()
	}
	close(stop)
	clients.Wait()
	close(failed)
	for got := range failed {
		t.Errorf("of %d requests one got %+v", sent.Load(), got)
	}
}
