package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atoll/internal/dataplane/proxy"
)

// echo answers with a header of the request, or its URL and host.
func echo(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Server", "app")
	if name := r.URL.Query().Get("header"); name != "" {
		fmt.Fprintf(rw, "%q", r.Header[name])
		return
	}
	fmt.Fprintf(rw, "%s %s", r.Host, r.RequestURI)
}

func TestHeaders(t *testing.T) {
	w := start(t)
	w.simple(w.server(echo))
	with := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{value} }
	}
	header := func(name string, change ...func(r *http.Request)) string {
		t.Helper()
		return w.get("/?header="+name, change...).body
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": `["127.0.0.1"]`, "X-Forwarded-Proto": `["http"]`, "X-Forwarded-Port": `["80"]`, "X-Forwarded-Host": `[]`, "Connection": `[]`,
	} {
		if got := header(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := header("X-Forwarded-For", with("X-Forwarded-For", "1.2.3.4")); got != `["1.2.3.4, 127.0.0.1"]` {
		t.Errorf("appended: %s", got)
	}
	if got := header("X-Forwarded-Host", with("X-Forwarded-Host", "a")); got != `["a"]` {
		t.Errorf("X-Forwarded-Host of the client: %s", got)
	}
	if got := header("X-Amzn-Trace-Id"); !regexp.MustCompile(`^\["Root=1-[0-9a-f]{8}-[0-9a-f]{24}"\]$`).MatchString(got) {
		t.Errorf("the trace id is %s", got)
	}
	if got := header("X-Amzn-Trace-Id", with("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678;Self=1-0-0;A=b")); !regexp.MustCompile(
		`^\["Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678;A=b"\]$`).MatchString(got) {
		t.Errorf("the trace id is %s", got)
	}
	if got := header("X_bad", with("X_bad", "a")); got != `["a"]` {
		t.Errorf("an invalid header that is not dropped: %s", got)
	}
	if got := w.get("/", with("X-Forwarded-For", strings.Repeat("1.1.1.1,", 30)+"1.1.1.1")); got.status != 463 {
		t.Errorf("too many addresses: %d", got.status)
	}
	s := &w.config.Settings
	s.Forwarded, s.DropInvalidHeaders = "preserve", true
	w.config.Listeners[0].HideServer, w.config.Listeners[0].Response = true, []proxy.Header{{Name: "X-Frame-Options", Value: "DENY"}}
	w.apply()
	if got := header("X-Forwarded-For", with("X-Forwarded-For", "1.2.3.4")); got != `["1.2.3.4"]` {
		t.Errorf("preserved: %s", got)
	}
	if got := header("X_bad", with("X_bad", "a")); got != `[]` {
		t.Errorf("an invalid header: %s", got)
	}
	if got := w.get("/"); got.header.Get("Server") != "" || got.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the answer has %v", got.header)
	}
	s.Forwarded = "remove"
	w.apply()
	if got := header("X-Forwarded-For", with("X-Forwarded-For", "1.2.3.4")); got != `[]` {
		t.Errorf("removed: %s", got)
	}
	s.Forwarded, s.ClientPort = "append", true
	w.apply()
	if got := header("X-Forwarded-For"); !regexp.MustCompile(`^\["127.0.0.1:[0-9]+"\]$`).MatchString(got) {
		t.Errorf("with the port: %s", got)
	}
}

func TestTransforms(t *testing.T) {
	w := start(t)
	w.simple(w.server(echo))
	w.config.Listeners[0].Rules[0].Host = &proxy.Rewrite{Regex: `^web-(.)\.us-(.+)$`, Replace: "$1x.$2.internal"}
	w.config.Listeners[0].Rules[0].URL = &proxy.Rewrite{Regex: `^/api/(.*?)\?a=(.)`, Replace: "/$1/v$2?b=$2"}
	w.apply()
	if got := w.get("/api/x%2Fy?a=1&z=;"); got.body != "1x.east-1.elb.localhost.internal /x%2Fy/v1?b=1&z=;" {
		t.Errorf("got %q", got.body)
	}
	w.config.Listeners[0].Rules[0].URL = &proxy.Rewrite{Regex: `^/`, Replace: "x"}
	w.apply()
	if got := w.get("/"); got.status != 500 {
		t.Errorf("a rewrite that makes no URL: %d", got.status)
	}
}

func TestNoTarget(t *testing.T) {
	w := start(t)
	w.simple()
	got := w.get("/")
	if got.status != 503 || !strings.Contains(got.body, "<h1>503 Service Temporarily Unavailable</h1>") || got.header.Get("Server") != "awselb/2.0" {
		t.Errorf("without targets: %+v", got)
	}
}

func TestTargetFails(t *testing.T) {
	w := start(t)
	at := w.server(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/close":
			panic(http.ErrAbortHandler)
		case "/hang":
			<-r.Context().Done()
		case "/garbage":
			c, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				io.WriteString(c, "not HTTP\r\n\r\n")
				c.Close()
			}
		}
	})
	w.config.Settings.IdleTimeout = 100 * time.Millisecond
	w.simple(at)
	for path, want := range map[string]int{"/": 200, "/close": 502, "/hang": 504, "/garbage": 502} {
		if got := w.get(path); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
	address := w.net.servers[at]
	w.config.Groups = []proxy.Group{group("g")}
	w.apply()
	w.simple(at)
	w.net.set(func() { delete(w.net.servers, at) })
	if got := w.get("/"); got.status != 502 {
		t.Errorf("a target that refuses: %d", got.status)
	}
	w.net.set(func() { w.net.servers[at] = address; w.net.blocked["eni-a"], w.net.blocked["eni-b"] = true, true })
	if got := w.get("/"); got.status != 504 { // the client's connection was let in before
		t.Errorf("a target that does not answer: %d", got.status)
	}
	w.net.set(func() { clear(w.net.blocked) })
	w.clock.advance(time.Minute)
	if err := w.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum := map[string]float64{}
	w.sink.until(t, "metrics", func() bool {
		clear(sum)
		for _, d := range w.sink.data {
			if len(d.Dimensions) == 1 && d.Dimensions["LoadBalancer"] == "app/web/1" {
				for i, v := range d.Values {
					sum[d.Name] += v * d.Counts[i]
				}
			}
		}
		return sum["RequestCount"] > 0
	})
	for name, want := range map[string]float64{"RequestCount": 6, "HTTPCode_ELB_5XX_Count": 5, "HTTPCode_ELB_502_Count": 3, "HTTPCode_ELB_504_Count": 2,
		"HTTPCode_Target_2XX_Count": 1, "TargetConnectionErrorCount": 2} {
		if sum[name] != want {
			t.Errorf("%s is %v, want %v", name, sum[name], want)
		}
	}
}

// TestUpgrade speaks as a WebSocket does: both ways, after 101.
func TestUpgrade(t *testing.T) {
	w := start(t)
	w.simple(w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		rw.Header().Set("Connection", "Upgrade")
		rw.Header().Set("Upgrade", "websocket")
		rw.WriteHeader(http.StatusSwitchingProtocols)
		c, buf, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		line, _ := buf.ReadString('\n')
		fmt.Fprintf(c, "got %s", line)
	}))
	c, err := net.Dial("tcp4", w.edge)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", host)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", resp, err)
	}
	fmt.Fprintf(c, "hello\n")
	if line, err := r.ReadString('\n'); line != "got hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

// TestHTTP2Targets forwards to targets that speak HTTP/2 without TLS, as gRPC servers do.
func TestHTTP2Targets(t *testing.T) {
	w := start(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/AWS.ALB/healthcheck" {
			rw.Header().Set("Trailer", "Grpc-Status")
			rw.Header().Set("Content-Type", "application/grpc")
			rw.WriteHeader(http.StatusOK)
			rw.Header().Set("Grpc-Status", "12")
			return
		}
		io.WriteString(rw, r.Proto)
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	at := netip.MustParseAddrPort("10.0.0.99:50051")
	w.net.set(func() { w.net.servers[at] = s.Listener.Addr().String() })
	g := group("g", at)
	g.Version, g.Health.Path, g.Health.Codes = "GRPC", "/AWS.ALB/healthcheck", "12"
	w.config.Groups = []proxy.Group{g}
	secure := listener(443, proxy.Rule{Forward: forward("g")})
	secure.Secure, secure.Certificates = true, []string{host}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("g")}), secure}
	w.apply()
	w.sink.state(t, at.String(), proxy.Healthy)
	if got := w.get("https://" + host + "/"); got.body != "HTTP/2.0" {
		t.Errorf("got %+v", got)
	}
	if got := w.get("/"); got.status != 464 {
		t.Errorf("over HTTP/1.1: %d", got.status)
	}
}

func TestChangesKeepConnections(t *testing.T) {
	w := start(t)
	w.simple(w.named("a"))
	var dialled atomic.Int64
	transport := w.client.Transport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		return dial(ctx, network, address)
	}
	w.get("/")
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Fixed: &proxy.Fixed{Status: 200, Body: "changed"}})}
	w.apply()
	if got := w.get("/"); got.body != "changed" || dialled.Load() != 1 {
		t.Errorf("got %q over %d connections", got.body, dialled.Load())
	}
}

// TestSwitchGroups moves a rule to another group, as a deployment from blue to green does, while the first still works on a request.
func TestSwitchGroups(t *testing.T) {
	w := start(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	blue := w.server(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-leave
		}
		io.WriteString(rw, "blue")
	})
	w.simple(blue)
	green := w.named("green")
	done := make(chan answer, 1)
	go func() { done <- w.get("/slow") }()
	<-entered
	w.config.Groups = []proxy.Group{group("green", green)}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Forward: forward("green")})}
	w.apply()
	w.sink.state(t, blue.String(), proxy.Gone)
	if got := w.get("/"); got.body != "green" {
		t.Errorf("got %+v", got)
	}
	close(leave)
	if got := <-done; got.body != "blue" {
		t.Errorf("the request in flight: %+v", got)
	}
}

func TestIdleClient(t *testing.T) {
	w := start(t)
	w.config.Settings.IdleTimeout = 50 * time.Millisecond
	w.simple(w.named("a"))
	c, err := net.Dial("tcp4", w.edge)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("an idle connection ends with %v", err)
	}
}
