package proxy_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"atoll/internal/dataplane/proxy"
)

func TestConditions(t *testing.T) {
	w := start(t)
	rule := func(name string, c ...proxy.Condition) proxy.Rule {
		return proxy.Rule{Priority: 1, Conditions: c, Fixed: &proxy.Fixed{Status: 200, Body: name}}
	}
	w.config.Listeners = []proxy.Listener{listener(80,
		rule("path", proxy.Condition{Field: proxy.FieldPath, Values: []string{"/img/*.pn?", "/b"}}),
		rule("regex", proxy.Condition{Field: proxy.FieldPath, Regexes: []string{`^/v[0-9]+/`}}),
		rule("two", proxy.Condition{Field: proxy.FieldPath, Values: []string{"/two*"}}, proxy.Condition{Field: proxy.FieldMethod, Values: []string{"PUT", "POST"}}),
		rule("host", proxy.Condition{Field: proxy.FieldHost, Values: []string{"*.EXAMPLE.com"}}),
		rule("header", proxy.Condition{Field: proxy.FieldHeader, Name: "x-kind", Values: []string{"*Chrome*"}}),
		rule("query", proxy.Condition{Field: proxy.FieldQuery, Pairs: []proxy.Pair{{Key: "Version", Value: "v?"}, {Value: "any*"}}}),
		rule("elsewhere", proxy.Condition{Field: proxy.FieldSource, Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}),
		rule("here", proxy.Condition{Field: proxy.FieldSource, Sources: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, proxy.Condition{Field: proxy.FieldPath, Values: []string{"/here"}}),
		proxy.Rule{Fixed: &proxy.Fixed{Status: 404, Body: "default"}})}
	w.apply()
	for _, c := range []struct {
		method, path, host, header, want string
	}{
		{"GET", "/img/a/b.png", "", "", "path"},
		{"GET", "/img/a.PNG", "", "", "default"},
		{"GET", "/b", "", "", "path"},
		{"GET", "/v12/x", "", "", "regex"},
		{"POST", "/two/x", "", "", "two"},
		{"GET", "/two/x", "", "", "default"},
		{"GET", "/", "shop.Example.com:80", "", "host"},
		{"GET", "/", "", "a chrome b", "header"},
		{"GET", "/?version=V2", "", "", "query"},
		{"GET", "/?x=anything", "", "", "query"},
		{"GET", "/?version=v22", "", "", "default"},
		{"GET", "/here", "", "", "here"},
		{"GET", "/", "", "", "default"},
	} {
		url := "http://" + host + c.path
		got := w.get(url, func(r *http.Request) {
			r.Method = c.method
			if c.host != "" { // the connection goes to the edge whatever the host; the edge finds the load balancer by p's certificate only
				r.Host = c.host
			}
			if c.header != "" {
				r.Header.Set("X-Kind", c.header)
			}
		})
		if c.host != "" {
			if got.status != 404 || !strings.Contains(got.body, "No load balancer") {
				t.Errorf("a host that leads nowhere: %+v", got)
			}
			continue
		}
		if got.body != c.want {
			t.Errorf("%s %s (%q): %q, want %q", c.method, c.path, c.header, got.body, c.want)
		}
	}
}

type names map[string]string

func (n names) Resolve(host string) (string, bool) { v, ok := n[host]; return v, ok }

func TestRedirects(t *testing.T) {
	w := start(t, func(o *proxy.Options) { o.Names = names{"www.example.com": "web-1.us-east-1.elb.amazonaws.com."} })
	to := func(path string, r proxy.Redirect) proxy.Rule {
		r.Status = 301
		return proxy.Rule{Conditions: []proxy.Condition{{Field: proxy.FieldPath, Values: []string{path}}}, Redirect: &r}
	}
	secure := listener(443, proxy.Rule{Fixed: &proxy.Fixed{Status: 200}})
	secure.Secure, secure.Certificates = true, []string{host}
	w.config.Listeners = []proxy.Listener{secure, listener(8443, proxy.Rule{Fixed: &proxy.Fixed{Status: 200}}), listener(80,
		to("/s/*", proxy.Redirect{Protocol: "HTTPS", Host: "#{host}", Port: "443", Path: "/#{path}", Query: "#{query}"}),
		to("/p", proxy.Redirect{Protocol: "#{protocol}", Host: "#{host}", Port: "8443", Path: "/x/#{path}", Query: "a=#{port}"}),
		to("/o", proxy.Redirect{Protocol: "HTTPS", Host: "other.example", Port: "443", Path: "/", Query: ""}))}
	w.apply()
	port := w.edge[strings.LastIndexByte(w.edge, ':'):]
	for url, want := range map[string]string{
		"http://" + host + "/s/a%20b?q=1":      "https://" + host + port + "/s/a%20b?q=1",
		"http://" + host + "/p":                "http://p8443." + host + port + "/x/p?a=80",
		"http://" + host + "/o":                "https://other.example:443/",
		"http://www.example.com/s/1?":          "https://www.example.com" + port + "/s/1",
		"http://p80." + host + ":8088/s/a?q=1": "https://" + host + port + "/s/a?q=1",
	} {
		got := w.get(url)
		if got.status != 301 || got.header.Get("Location") != want || got.header.Get("Server") != "awselb/2.0" {
			t.Errorf("%s: %d to %q, want %q", url, got.status, got.header.Get("Location"), want)
		}
	}
	if got := w.get("/none"); got.status != 500 {
		t.Errorf("without a default rule: %d", got.status)
	}
}

func TestRefusedAction(t *testing.T) {
	w := start(t)
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Refused: "actions of the type authenticate-oidc"})}
	w.apply()
	if got := w.get("/"); got.status != 501 || !strings.Contains(got.body, "authenticate-oidc") {
		t.Errorf("got %+v", got)
	}
}
