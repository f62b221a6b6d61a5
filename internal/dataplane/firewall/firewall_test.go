package firewall

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// request gives a GET of a URL's path and query.
func request(uri string, change ...func(r *Request)) *Request {
	path, query, _ := strings.Cut(uri, "?")
	r := &Request{Method: "GET", Path: path, Query: query, Proto: "HTTP/1.1", Host: "shop.example.com", Header: http.Header{}, Source: netip.MustParseAddr("192.0.2.7")}
	for _, f := range change {
		f(r)
	}
	return r
}

func header(name, value string) func(r *Request) {
	return func(r *Request) { r.Header.Add(name, value) }
}

func body(text string) func(r *Request) {
	return func(r *Request) {
		r.Body = func() ([]byte, bool) { return []byte(text[:min(len(text), BodyLimit)]), len(text) > BodyLimit }
	}
}

func acl(rules ...Rule) *WebACL {
	return &WebACL{ID: "acl", Name: "acl", Namespace: "awswaf:111122223333:webacl:acl:", Default: Action{Kind: Allow}, Rules: rules,
		Visibility: Visibility{Metric: "acl", Metered: true, Sampled: true}}
}

func ruled(name string, kind Kind, s Statement, labels ...string) Rule {
	return Rule{Name: name, Action: Action{Kind: kind}, Statement: s, Labels: labels, Visibility: Visibility{Metric: name, Metered: true, Sampled: true}}
}

func contains(part Component, text string) Statement {
	return Statement{Bytes: &ByteMatch{Component: part, Search: text, Position: "CONTAINS"}}
}

func inPath(text string) Statement { return contains(Component{Part: Path}, text) }

func judge(t *testing.T, a *ACL, at time.Time, r *Request) Verdict {
	t.Helper()
	v, err := a.Judge(at, r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func matched(t *testing.T, s Statement, r *Request) bool {
	t.Helper()
	return judge(t, Compile(acl(ruled("r", Block, s)), nil), noon, r).Kind == Block
}

func TestStatements(t *testing.T) {
	at := func(position, search string) Statement {
		return Statement{Bytes: &ByteMatch{Component: Component{Part: Path}, Search: search, Position: position}}
	}
	size := func(operator string, n int64) Statement {
		return Statement{Size: &SizeMatch{Component: Component{Part: Query}, Operator: operator, Size: n}}
	}
	set := func(f *Forwarded, ranges ...string) Statement {
		m := &AddressMatch{Forwarded: f}
		for _, r := range ranges {
			m.Set = append(m.Set, netip.MustParsePrefix(r))
		}
		return Statement{Addresses: m}
	}
	nope := Statement{Unknown: "anything"}
	first := &Forwarded{Header: "X-Forwarded-For", Position: "FIRST"}
	fallback := &Forwarded{Header: "X-Forwarded-For", Position: "FIRST", Fallback: true}
	last, anywhere := &Forwarded{Header: "X-Forwarded-For", Position: "LAST"}, &Forwarded{Header: "X-Forwarded-For", Position: "ANY"}
	for _, c := range []struct {
		name string
		s    Statement
		r    *Request
		want bool
	}{
		{"exactly", at("EXACTLY", "/a"), request("/a"), true},
		{"not exactly", at("EXACTLY", "/a"), request("/ab"), false},
		{"starts", at("STARTS_WITH", "/adm"), request("/admin"), true},
		{"ends", at("ENDS_WITH", ".php"), request("/x.php"), true},
		{"does not end", at("ENDS_WITH", ".php"), request("/x.php/"), false},
		{"contains", at("CONTAINS", "dmi"), request("/admin"), true},
		{"a word", at("CONTAINS_WORD", "admin"), request("/x-admin/y"), true},
		{"part of a word", at("CONTAINS_WORD", "admin"), request("/admins/xadmin"), false},
		{"a word later", at("CONTAINS_WORD", "admin"), request("/admins/admin"), true},
		{"the path is as it was sent", at("CONTAINS", "a%2fb"), request("/a%2fb"), true},
		{"size equals", size("EQ", 3), request("/?a=b"), true},
		{"size of nothing", size("EQ", 0), request("/"), true},
		{"size greater", size("GT", 3), request("/?a=b"), false},
		{"size at least", size("GE", 3), request("/?a=b"), true},
		{"size less", size("LT", 4), request("/?a=b"), true},
		{"size differs", size("NE", 3), request("/?a=b"), false},
		{"size of a header that is not there", Statement{Size: &SizeMatch{Component: Component{Part: SingleHeader, Name: "x"}, Operator: "LT", Size: 10}}, request("/"), false},
		{"an address", set(nil, "192.0.2.0/24", "10.0.0.0/8"), request("/"), true},
		{"another address", set(nil, "192.0.3.0/24"), request("/"), false},
		{"an address mapped to IPv6", set(nil, "192.0.2.7/32"), request("/", func(r *Request) { r.Source = netip.MustParseAddr("::ffff:192.0.2.7") }), true},
		{"an IPv6 address", set(nil, "2001:db8::/32"), request("/", func(r *Request) { r.Source = netip.MustParseAddr("2001:db8::1") }), true},
		{"the first forwarded", set(first, "10.0.0.0/8"), request("/", header("X-Forwarded-For", "10.1.1.1, 172.16.0.1")), true},
		{"not the last", set(first, "172.16.0.0/12"), request("/", header("X-Forwarded-For", "10.1.1.1, 172.16.0.1")), false},
		{"the last", set(last, "172.16.0.0/12"), request("/", header("X-Forwarded-For", "10.1.1.1, 172.16.0.1")), true},
		{"any", set(anywhere, "172.16.0.0/12"), request("/", header("X-Forwarded-For", "10.1.1.1, 172.16.0.1, 8.8.8.8")), true},
		{"no address", set(first, "10.0.0.0/8"), request("/", header("X-Forwarded-For", "unknown")), false},
		{"no address, with the fallback", set(fallback, "10.0.0.0/8"), request("/", header("X-Forwarded-For", "unknown")), true},
		{"no header, with the fallback", set(fallback, "10.0.0.0/8"), request("/"), false},
		{"not without a header", Statement{Not: new(set(first, "10.0.0.0/8"))}, request("/"), false},
		{"and", Statement{And: []Statement{inPath("a"), inPath("b")}}, request("/ab"), true},
		{"and one", Statement{And: []Statement{inPath("a"), inPath("c")}}, request("/ab"), false},
		{"or", Statement{Or: []Statement{inPath("c"), inPath("b")}}, request("/ab"), true},
		{"not", Statement{Not: new(inPath("c"))}, request("/ab"), true},
		{"unknown", nope, request("/"), false},
		{"not unknown", Statement{Not: &nope}, request("/"), false},
		{"unknown or true", Statement{Or: []Statement{nope, inPath("a")}}, request("/a"), true},
		{"unknown and true", Statement{And: []Statement{nope, inPath("a")}}, request("/a"), false},
		{"not of unknown and false", Statement{Not: &Statement{And: []Statement{nope, inPath("x")}}}, request("/a"), true},
		{"a regex", Statement{Regex: &RegexMatch{Component{Part: Path}, []string{"^x", `\.(env|git)$`}}}, request("/.env"), true},
		{"no regex", Statement{Regex: &RegexMatch{Component{Part: Path}, []string{"^x"}}}, request("/.env"), false},
		{"a regex that Go does not take", Statement{Not: &Statement{Regex: &RegexMatch{Component{Part: Path}, []string{"(?=x)"}}}}, request("/"), false},
		{"a label of AWS's", Statement{Not: &Statement{Label: &LabelMatch{Key: "awswaf:managed:aws:bot-control:bot:verified"}}}, request("/"), false},
	} {
		if got := matched(t, c.s, c.r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestComponents(t *testing.T) {
	big := strings.Repeat("x", BodyLimit)
	json := `{"user":{"name":"root","roles":["admin",7]},"ok":true}`
	many := func(r *Request) {
		for range 201 {
			r.Header.Add("X-Many", "v")
		}
	}
	for _, c := range []struct {
		name string
		c    Component
		text string
		r    *Request
		want bool
	}{
		{"method", Component{Part: Method}, "GET", request("/"), true},
		{"query", Component{Part: Query}, "a=b", request("/?a=b"), true},
		{"argument", Component{Part: Argument, Name: "ID"}, "7", request("/?x=9&id=7"), true},
		{"another argument", Component{Part: Argument, Name: "id"}, "9", request("/?x=9&id=7"), false},
		{"arguments", Component{Part: Arguments}, "9", request("/?x=9&id=7"), true},
		{"names of arguments", Component{Part: Arguments}, "id", request("/?x=9&id=7"), false},
		{"header", Component{Part: SingleHeader, Name: "user-agent"}, "curl", request("/", header("User-Agent", "curl/8")), true},
		{"host", Component{Part: SingleHeader, Name: "Host"}, "shop.", request("/"), true},
		{"headers", Component{Part: Headers, Scope: "ALL", Oversize: "CONTINUE"}, "user-agent", request("/", header("User-Agent", "curl")), true},
		{"values of headers", Component{Part: Headers, Scope: "VALUE", Oversize: "CONTINUE"}, "user-agent", request("/", header("User-Agent", "curl")), false},
		{"included headers", Component{Part: Headers, Scope: "VALUE", Include: []string{"accept"}, Oversize: "CONTINUE"}, "curl", request("/", header("User-Agent", "curl")), false},
		{"excluded headers", Component{Part: Headers, Scope: "VALUE", Exclude: []string{"user-agent"}, Oversize: "CONTINUE"}, "curl", request("/", header("User-Agent", "curl")), false},
		{"too many headers match", Component{Part: Headers, Scope: "KEY", Oversize: "MATCH"}, "none", request("/", many), true},
		{"too many headers do not match", Component{Part: Headers, Scope: "KEY", Oversize: "NO_MATCH"}, "x-many", request("/", many), false},
		{"too many headers, up to the limit", Component{Part: Headers, Scope: "KEY", Oversize: "CONTINUE"}, "x-many", request("/", many), true},
		{"cookies", Component{Part: Cookies, Scope: "VALUE", Oversize: "CONTINUE"}, "s3cret", request("/", header("Cookie", "a=b; session=s3cret")), true},
		{"keys of cookies", Component{Part: Cookies, Scope: "KEY", Oversize: "CONTINUE"}, "s3cret", request("/", header("Cookie", "a=b; session=s3cret")), false},
		{"included cookies", Component{Part: Cookies, Scope: "ALL", Include: []string{"session"}, Oversize: "CONTINUE"}, "b", request("/", header("Cookie", "a=b; session=s3cret")), false},
		{"body", Component{Part: Body, Oversize: "CONTINUE"}, "evil", request("/", body("an evil one")), true},
		{"no body", Component{Part: Body, Oversize: "MATCH"}, "evil", request("/"), false},
		{"behind the limit", Component{Part: Body, Oversize: "CONTINUE"}, "evil", request("/", body(big+"evil")), false},
		{"too large a body matches", Component{Part: Body, Oversize: "MATCH"}, "evil", request("/", body(big+"y")), true},
		{"too large a body does not match", Component{Part: Body, Oversize: "NO_MATCH"}, "x", request("/", body(big+"y")), false},
		{"json values", Component{Part: JSONBody, Scope: "VALUE", Oversize: "CONTINUE"}, "admin", request("/", body(json)), true},
		{"json numbers", Component{Part: JSONBody, Scope: "VALUE", Oversize: "CONTINUE"}, "7", request("/", body(json)), true},
		{"json keys are no values", Component{Part: JSONBody, Scope: "VALUE", Oversize: "CONTINUE"}, "roles", request("/", body(json)), false},
		{"json keys", Component{Part: JSONBody, Scope: "KEY", Oversize: "CONTINUE"}, "roles", request("/", body(json)), true},
		{"json paths", Component{Part: JSONBody, Scope: "ALL", Include: []string{"/user/roles/0"}, Oversize: "CONTINUE"}, "admin", request("/", body(json)), true},
		{"other json paths", Component{Part: JSONBody, Scope: "ALL", Include: []string{"/user/roles/0"}, Oversize: "CONTINUE"}, "root", request("/", body(json)), false},
		{"json up to its fault", Component{Part: JSONBody, Scope: "VALUE", Oversize: "CONTINUE"}, "one", request("/", body(`{"a":"one","b":oops`)), true},
		{"faulty json matches", Component{Part: JSONBody, Scope: "VALUE", Invalid: "MATCH", Oversize: "CONTINUE"}, "none", request("/", body(`{"a":`)), true},
		{"faulty json does not match", Component{Part: JSONBody, Scope: "VALUE", Invalid: "NO_MATCH", Oversize: "CONTINUE"}, "one", request("/", body(`{"a":"one","b":oops`)), false},
		{"faulty json as text", Component{Part: JSONBody, Scope: "VALUE", Invalid: "EVALUATE_AS_STRING", Oversize: "CONTINUE"}, "oops", request("/", body(`{"a":"one","b":oops`)), true},
		{"transformed", Component{Part: Path, Transforms: []Transform{"URL_DECODE", "LOWERCASE"}}, "/admin", request("/%41DMIN"), true},
		{"in their order", Component{Part: Path, Transforms: []Transform{"LOWERCASE", "URL_DECODE"}}, "/admin", request("/%41DMIN"), false},
	} {
		if got := matched(t, contains(c.c, c.text), c.r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestLabels(t *testing.T) {
	const own = "awswaf:111122223333:webacl:acl:"
	for _, c := range []struct {
		m    LabelMatch
		want bool
	}{
		{LabelMatch{Key: "utf8"}, true},
		{LabelMatch{Key: "encoding:utf8"}, true},
		{LabelMatch{Key: "ns:header:encoding:utf8"}, true},
		{LabelMatch{Key: "coding:utf8"}, false},
		{LabelMatch{Key: "encoding"}, false},
		{LabelMatch{Key: own + "ns:header:encoding:utf8"}, true},
		{LabelMatch{Key: own + "header:encoding:utf8"}, false},
		{LabelMatch{Key: "header:encoding:", Namespace: true}, true},
		{LabelMatch{Key: "ns:", Namespace: true}, true},
		{LabelMatch{Key: "utf8:", Namespace: true}, false},
		{LabelMatch{Key: own + "ns:", Namespace: true}, true},
		{LabelMatch{Key: "of-group"}, false},
		{LabelMatch{Key: "awswaf:111122223333:rulegroup:g:of-group"}, true},
	} {
		g := &Group{ID: "g", Name: "g", Namespace: "awswaf:111122223333:rulegroup:g:", Rules: []Rule{ruled("inner", Count, inPath("/"), "of-group")}}
		a := Compile(acl(Rule{Name: "group", Group: g}, ruled("mark", Count, inPath("/"), "ns:header:encoding:utf8"), ruled("end", Block, Statement{Label: &c.m})), nil)
		v := judge(t, a, noon, request("/"))
		if got := v.Kind == Block; got != c.want {
			t.Errorf("%+v: %v with %v", c.m, got, v.Labels)
		}
	}
}

func TestRules(t *testing.T) {
	teapot := &Response{Status: 418, Body: "no"}
	g := &Group{ID: "g", Name: "g", Namespace: "awswaf:1:rulegroup:g:", Visibility: Visibility{Metric: "g", Metered: true},
		Rules:     []Rule{ruled("inner-count", Count, inPath("/")), ruled("inner-block", Block, inPath("/bad")), ruled("overridden", Block, inPath("/mild")), ruled("unreached", Block, inPath("/"))},
		Overrides: map[string]Action{"overridden": {Kind: Count}, "unreached": {Kind: Captcha}}}
	count := ruled("count", Count, inPath("/"), "seen")
	count.Action.Insert = []Header{{"note", "1"}}
	custom := ruled("custom", Block, inPath("/tea"))
	custom.Action.Response = teapot
	w := acl(count, ruled("first", Allow, inPath("/health")), custom, Rule{Name: "group", Group: g, Visibility: Visibility{Metric: "group", Metered: true}})
	a := Compile(w, nil)

	v := judge(t, a, noon, request("/health"))
	if v.Kind != Allow || v.Rule != "first" || len(v.Counted) != 1 || len(v.Insert) != 1 || v.Insert[0] != (Header{"x-amzn-waf-note", "1"}) {
		t.Errorf("allowed: %+v", v)
	}
	v = judge(t, a, noon, request("/tea"))
	if v.Kind != Block || v.Response != teapot || len(v.Labels) != 1 || len(v.Insert) != 0 {
		t.Errorf("custom: %+v", v)
	}
	v = judge(t, a, noon, request("/bad"))
	if v.Kind != Block || v.Rule != "group" || v.Inner != (Match{"inner-block", "g", Block}) {
		t.Errorf("by a group: %+v", v)
	}
	v = judge(t, a, noon, request("/mild"))
	if v.Kind != Allow || v.Rule != DefaultAction || len(v.Counted) != 3 {
		t.Errorf("overridden: %+v", v)
	}
	w.Rules[3].CountGroup = true
	a = Compile(w, a)
	v = judge(t, a, noon, request("/bad"))
	if v.Kind != Allow || v.Rule != DefaultAction {
		t.Errorf("a counted group: %+v", v)
	}
	if u := a.Unjudged(); len(u) != 1 || u[0] != "the rule unreached of the rule group g: its action, captcha" {
		t.Errorf("unjudged: %q", u)
	}
	got := map[string]Reading{}
	for _, r := range a.Read() {
		got[r.Group+"/"+r.Rule] = r
	}
	for key, want := range map[string]Reading{
		"/ALL":            {"", "ALL", 3, 2, 5, 0},
		"/Default_Action": {"", DefaultAction, 2, 0, 0, 0},
		"/count":          {"", "count", 0, 0, 5, 0},
		"/first":          {"", "first", 1, 0, 0, 0},
		"/group":          {"", "group", 0, 1, 1, 0},
		"g/ALL":           {"g", "ALL", 0, 1, 2, 0},
		"g/inner-block":   {"g", "inner-block", 0, 2, 0, 0},
		"g/overridden":    {"g", "overridden", 0, 0, 1, 0},
	} {
		if got[key] != want {
			t.Errorf("%s: %+v, want %+v", key, got[key], want)
		}
	}
	if r := a.Read(); len(r) != 0 {
		t.Errorf("read again: %+v", r)
	}
	samples, population := a.Samples("count", noon.Add(-time.Hour), noon)
	if len(samples) != 5 || population != 5 || samples[0].URI != "/health" || samples[0].Kind != Count {
		t.Errorf("samples: %d of %d: %+v", len(samples), population, samples)
	}
	if samples, _ = a.Samples("custom", noon, noon); len(samples) != 1 || samples[0].Status != 418 {
		t.Errorf("samples of a custom response: %+v", samples)
	}
}

func TestRates(t *testing.T) {
	limit := func(l RateLimit) *WebACL {
		l.Window = time.Minute
		return acl(ruled("rate", Block, Statement{Rate: &l}))
	}
	from := func(source string) *Request {
		return request("/", func(r *Request) { r.Source = netip.MustParseAddr(source) })
	}
	w := limit(RateLimit{Limit: 10, Keys: []Key{{Kind: KeyAddress}}})
	a := Compile(w, nil)
	for i := range 12 {
		if got, want := judge(t, a, noon, from("192.0.2.1")).Kind == Block, i >= 10; got != want {
			t.Fatalf("request %d: %v", i, got)
		}
	}
	if judge(t, a, noon, from("192.0.2.2")).Kind == Block {
		t.Error("another address is blocked")
	}
	if keys, _ := a.Limited("", "rate", noon); len(keys) != 1 || keys[0] != "192.0.2.1" {
		t.Errorf("limited: %q", keys)
	}
	b := Compile(w, a)
	if judge(t, b, noon.Add(50*time.Second), from("192.0.2.1")).Kind != Block {
		t.Error("a change elsewhere forgets the counts, or the window is too short")
	}
	if judge(t, b, noon.Add(60*time.Second), from("192.0.2.1")).Kind == Block {
		t.Error("blocked after the window")
	}
	w.Rules[0].Statement.Rate.Limit = 11
	if c := Compile(w, a); judge(t, c, noon, from("192.0.2.1")).Kind == Block {
		t.Error("a change of the limit keeps the counts")
	}

	only := inPath("/login")
	scoped := Compile(limit(RateLimit{Limit: 10, Scope: &only}), nil)
	for range 20 {
		judge(t, scoped, noon, request("/"))
	}
	for i := range 11 {
		if got := judge(t, scoped, noon, request("/login")).Kind == Block; got != (i == 10) {
			t.Errorf("request %d of all together: %v", i, got)
		}
	}
	if judge(t, scoped, noon, request("/")).Kind == Block {
		t.Error("limited outside of the scope")
	}

	keys := []Key{{Kind: KeyComponent, Component: Component{Part: SingleHeader, Name: "x-user", Transforms: []Transform{"LOWERCASE"}}},
		{Kind: KeyComponent, Component: Component{Part: Cookies, Name: "s"}}, {Kind: KeyComponent, Component: Component{Part: Method}}}
	custom := Compile(limit(RateLimit{Limit: 10, Keys: keys}), nil)
	for i := range 11 {
		user := "Ann"
		if i%2 == 0 {
			user = "ann"
		}
		if got := judge(t, custom, noon, request("/", header("X-User", user), header("Cookie", "s=1"))).Kind == Block; got != (i == 10) {
			t.Errorf("request %d by keys: %v", i, got)
		}
		if judge(t, custom, noon, request("/", header("X-User", user))).Kind == Block {
			t.Error("limited without one of the keys")
		}
	}

	fallback := Compile(limit(RateLimit{Limit: 10, Keys: []Key{{Kind: KeyForwarded}}, Forwarded: &Forwarded{Header: "X-Forwarded-For", Position: "FIRST", Fallback: true}}), nil)
	if judge(t, fallback, noon, request("/", header("X-Forwarded-For", "nobody"))).Kind != Block || judge(t, fallback, noon, request("/")).Kind == Block {
		t.Error("the fallback of forwarded addresses")
	}
}

func TestSamplesAreBounded(t *testing.T) {
	a := Compile(acl(), nil)
	for i := range 3000 {
		judge(t, a, noon.Add(time.Duration(i)*10*time.Millisecond), request("/"))
	}
	kept, population := a.Samples(DefaultAction, noon, noon.Add(time.Minute))
	if len(kept) != 300 || population != 3000 {
		t.Errorf("%d of %d", len(kept), population)
	}
	for i := range 3000 {
		judge(t, a, noon.Add(time.Duration(i)*time.Second), request("/"))
	}
	if kept, _ = a.Samples("ALL", noon, noon.Add(time.Hour)); len(kept) != maxSamples {
		t.Errorf("%d are kept", len(kept))
	}
}

func TestFaults(t *testing.T) {
	a := Compile(acl(ruled("r", Block, inPath("/"))), nil)
	a.rules[0].tally = nil
	if _, err := a.Judge(noon, request("/")); err == nil {
		t.Error("a fault is no error")
	}
}

func FuzzTransform(f *testing.F) {
	for _, s := range []string{"a", `\u0041\x4`, "%u00", "&#x;", "/*", "0x4", `\`, "%", "=", "../.."} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		for _, t := range transforms() {
			t.apply(s)
		}
	})
}
