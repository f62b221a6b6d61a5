package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atoll/internal/dataplane/firewall"
	"atoll/internal/dataplane/firewall/firewalltest"
	"atoll/internal/dataplane/proxy"
)

// BenchmarkProxy compares a load balancer, with access logs and metrics on, with a bare reverse proxy in front of
// the same target, without and with a pool of buffers.
// requests/s is the throughput over 32 connections, p50-us and p99-us are the latencies seen by them.
func BenchmarkProxy(b *testing.B) {
	body := make([]byte, 1024)
	handler := func(rw http.ResponseWriter, _ *http.Request) { rw.Write(body) }
	for name, buffers := range map[string]httputil.BufferPool{"bare": nil, "bare-pooled": &pool{}} {
		b.Run(name, func(b *testing.B) {
			target := httptest.NewServer(http.HandlerFunc(handler))
			defer target.Close()
			to, err := url.Parse(target.URL)
			if err != nil {
				b.Fatal(err)
			}
			s := httptest.NewServer(&httputil.ReverseProxy{
				Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
				Transport: &http.Transport{MaxIdleConnsPerHost: 1024}, BufferPool: buffers,
			})
			defer s.Close()
			load(b, s.Listener.Addr().String())
		})
	}
	for name, guards := range map[string]map[string]proxy.Guard{"balancer": nil, "guarded": {"arn:web": firewall.Compile(firewalltest.TenRules(), nil)}} {
		b.Run(name, func(b *testing.B) { benchmarkBalancer(b, handler, guards) })
	}
}

// benchmarkBalancer measures a load balancer with listener rules, and with a web ACL of ten rules if it is guarded.
func benchmarkBalancer(b *testing.B, handler http.HandlerFunc, guards map[string]proxy.Guard) {
	w := start(b)
	w.Protect(guards)
	at := w.server(handler)
	w.simple(at)
	w.config.Listeners[0].Rules = append([]proxy.Rule{
		{Priority: 1, Conditions: []proxy.Condition{{Field: proxy.FieldPath, Values: []string{"/api/*"}}}, Fixed: &proxy.Fixed{Status: 404}},
		{Priority: 2, Conditions: []proxy.Condition{{Field: proxy.FieldHost, Values: []string{"*.example.com"}}}, Fixed: &proxy.Fixed{Status: 404}},
	}, w.config.Listeners[0].Rules...)
	w.apply()
	load(b, w.edge)
}

// pool is the simplest pool of buffers.
type pool struct{ sync.Pool }

func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

func load(b *testing.B, address string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp4", address)
	}}}
	defer client.CloseIdleConnections()
	const connections = 32
	var next atomic.Int64
	times := make([]time.Duration, b.N)
	ask := func(i int64) {
		began := time.Now()
		resp, err := client.Get("http://" + host + "/")
		if err != nil {
			b.Error(err)
			return
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Errorf("got %d, %v", resp.StatusCode, err)
		}
		resp.Body.Close()
		times[i] = time.Since(began)
	}
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan struct{})
	for range connections {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				ask(i)
			}
		}()
	}
	for range connections {
		<-done
	}
	b.StopTimer()
	slices.Sort(times)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
}
