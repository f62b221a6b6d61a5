package proxy_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"atoll/internal/dataplane/proxy"
)

func TestEdgeRoutesByHost(t *testing.T) {
	w := start(t)
	if got := w.get("http://nobody.localhost/"); got.status != 404 || !strings.Contains(got.body, "there are none") {
		t.Errorf("without load balancers: %+v", got)
	}
	fixed := func(body string) proxy.Rule { return proxy.Rule{Fixed: &proxy.Fixed{Status: 200, Body: body}} }
	secure := listener(443, fixed("443"))
	secure.ID, secure.Secure, secure.Certificates = "secure", true, []string{host, "shop.example"}
	w.config.Listeners = []proxy.Listener{listener(80, fixed("80")), listener(8080, fixed("8080")), secure}
	w.apply()
	for url, want := range map[string]string{
		"http://" + host + "/":                            "80",
		"http://WEB-1.us-east-1.elb.amazonaws.com/":       "80",
		"http://p8080." + host + "/":                      "8080",
		"http://p8080.web-1.us-east-1.elb.amazonaws.com/": "8080",
		"https://" + host + "/":                           "443",
		"http://shop.example/":                            "80",
		"https://shop.example/":                           "443",
	} {
		if got := w.get(url); got.status != 200 || got.body != want {
			t.Errorf("%s: %d %q, want %q", url, got.status, got.body, want)
		}
	}
	if got := w.get("https://" + host + "/"); got.proto != "HTTP/2.0" {
		t.Errorf("over TLS: %s", got.proto)
	}
	got := w.get("http://other.localhost/")
	_, port, _ := net.SplitHostPort(w.edge)
	for _, url := range []string{"http://" + host + ":" + port + " ", "http://p8080." + host + ":" + port, "https://" + host + ":" + port} {
		if got.status != 404 || !strings.Contains(got.body, url) {
			t.Errorf("an unknown host: %d %q, want %q in it", got.status, got.body, url)
		}
	}
	if got := w.get("http://p443." + host + "/"); got.status != 400 {
		t.Errorf("plaintext to an HTTPS listener: %d", got.status)
	}
	conn, err := tls.Dial("tcp4", w.edge, &tls.Config{ServerName: "shop.example", InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if name := conn.ConnectionState().PeerCertificates[0].DNSNames[0]; name != "shop.example" {
		t.Errorf("the certificate of shop.example is %s's", name)
	}
}

func TestBlockedClientGetsNothing(t *testing.T) {
	w := start(t)
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Fixed: &proxy.Fixed{Status: 200, Body: "ok"}})}
	w.apply()
	w.net.set(func() { w.net.blocked["eni-a"], w.net.blocked["eni-b"] = true, true })
	if _, err := w.client.Get("http://" + host + "/"); err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("got %v, want the end of the connection", err)
	}
	w.net.set(func() { clear(w.net.blocked) })
	if got := w.get("/"); got.body != "ok" {
		t.Errorf("got %+v", got)
	}
}

func TestRefused(t *testing.T) {
	w := start(t)
	w.config.Refused = "network load balancers are not implemented"
	w.apply()
	if got := w.get("/"); got.status != 501 || !strings.Contains(got.body, w.config.Refused) {
		t.Errorf("got %+v", got)
	}
}

// TestLeaving has the network told what a client's connection has carried.
func TestLeaving(t *testing.T) {
	w := start(t)
	w.simple(w.server(func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write(make([]byte, 3000)) }))
	left := make(chan [2]int64, 1)
	w.net.set(func() { w.net.left = func(in, out int64) { left <- [2]int64{in, out} } })
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp4", w.edge)
	if err != nil {
		t.Fatal(err)
	}
	request := "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || len(answer) < 3000 {
		t.Fatalf("%d bytes, %v", len(answer), err)
	}
	if got, want := <-left, [2]int64{int64(len(request)), int64(len(answer))}; got != want {
		t.Errorf("carried %v, want %v", got, want)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestFromNetwork connects as a task does: by the address of the load balancer's interface.
func TestFromNetwork(t *testing.T) {
	w := start(t)
	w.simple(w.server(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, r.Header.Get("X-Forwarded-Port")) }))
	w.net.mu.Lock()
	dial := w.net.served["eni-b"]
	w.net.mu.Unlock()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, 80) }}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://10.0.1.5/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "80" {
		t.Errorf("got %q", body)
	}
	if _, err := dial(t.Context(), 81); err == nil {
		t.Error("a port without a listener connects")
	}
}

// TestLocalNames reaches a domain by its name under localhost: rules see it as AWS has it, and redirects lead back to the edge.
func TestLocalNames(t *testing.T) {
	w := start(t)
	shop := proxy.Rule{Priority: 1, Conditions: []proxy.Condition{{Field: proxy.FieldHost, Values: []string{"*.example"}}}, Fixed: &proxy.Fixed{Status: 200, Body: "shop"}}
	secure := listener(443, shop, proxy.Rule{Fixed: &proxy.Fixed{Status: 404}})
	secure.ID, secure.Secure, secure.Certificates = "secure", true, []string{"shop.example"}
	w.config.Listeners = []proxy.Listener{listener(80, proxy.Rule{Redirect: &proxy.Redirect{Status: 301, Protocol: "HTTPS", Host: "#{host}", Port: "443", Path: "/#{path}", Query: "#{query}"}}), secure}
	w.apply()
	_, port, _ := net.SplitHostPort(w.edge)
	for url, want := range map[string]string{
		"http://shop.example.localhost/a":                "https://shop.example.localhost:" + port + "/a",
		"http://shop.example/a":                          "https://shop.example:" + port + "/a",
		"http://" + host + "/":                           "https://" + host + ":" + port + "/",
		"http://web-1.us-east-1.elb.amazonaws.com/":      "https://web-1.us-east-1.elb.amazonaws.com:" + port + "/",
		"http://p80.shop.example.localhost/?b=https://a": "https://shop.example.localhost:" + port + "/?b=https://a",
	} {
		if got := w.get(url); got.status != 301 || got.header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", url, got.status, got.header.Get("Location"), want)
		}
	}
	if got := w.get("https://shop.example.localhost/"); got.status != 200 || got.body != "shop" {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{"shop.example": "shop.example", "shop.example.localhost": "shop.example.localhost"} {
		conn, err := tls.Dial("tcp4", w.edge, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().PeerCertificates[0].DNSNames[0]; got != want {
			t.Errorf("the certificate of %s is %s's", name, got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
