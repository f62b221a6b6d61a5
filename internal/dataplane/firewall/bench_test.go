package firewall_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"atoll/internal/dataplane/firewall"
	"atoll/internal/dataplane/firewall/firewalltest"
)

// BenchmarkJudge judges a browser's request, which nothing blocks, by ten rules.
func BenchmarkJudge(b *testing.B) {
	acl := firewall.Compile(firewalltest.TenRules(), nil)
	r := &firewall.Request{Method: "GET", Path: "/catalogue/shoes", Query: "page=2&sort=price", Proto: "HTTP/1.1", Host: "shop.example.com", Source: netip.MustParseAddr("192.0.2.7"),
		Header: http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}, "Accept": {"text/html,application/xhtml+xml"},
			"Accept-Language": {"en-GB,en;q=0.5"}, "Cookie": {"session=0123456789abcdef; theme=dark"}}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		v, err := acl.Judge(now, r)
		if err != nil || v.Kind != firewall.Allow {
			b.Fatalf("%+v, %v", v, err)
		}
	}
}
