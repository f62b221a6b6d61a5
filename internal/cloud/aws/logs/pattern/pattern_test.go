package pattern_test

import (
	"maps"
	"strings"
	"testing"

	"atoll/internal/cloud/aws/logs/pattern"
)

const (
	trail  = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"cluster.name":"c","on":true,"off":false,"latency":72.5,"nested":{"status":404}}`
	access = `127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{" ", "anything", true},
		{"ERROR", "[ERROR 400] BAD REQUEST", true},
		{"ERROR", "[error] lower case", false},
		{"ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true},
		{"ERROR ARGUMENTS", "[ERROR 420] INVALID", false},
		{`"INTERNAL SERVER ERROR"`, "[ERROR 500] INTERNAL SERVER ERROR", true},
		{`"INTERNAL SERVER ERROR"`, "INTERNAL ERROR SERVER", false},
		{`"a \"quoted\" word"`, `a "quoted" word`, true},
		{"ERROR -ARGUMENTS", "[ERROR 420] INVALID", true},
		{"ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false},
		{`ERROR -"MISSING ARGUMENTS"`, "[ERROR 419] MISSING ARGUMENTS", false},
		{"?ERROR ?ARGUMENTS", "only ARGUMENTS", true},
		{"?ERROR ?ARGUMENTS", "neither", false},
		{"?ERROR REQUEST", "[INFO] REQUEST FAILED", true}, // optional terms beside others do not count
		{"%AUTH[A-Z]+D%", "UNAUTHORIZED REQUEST", true},
		{"%^AUTHORIZED%", "UNAUTHORIZED REQUEST", false},
		{"Ärger", "Ärger im Log", true},

		{`{ $.eventType = "UpdateTrail" }`, trail, true},
		{`{$.eventType=UpdateTrail}`, trail, true},
		{`{ $.eventType != "UpdateTrail" }`, trail, false},
		{`{ $.sourceIPAddress != 123.123.* }`, trail, true},
		{`{ $.sourceIPAddress = 111.111.* }`, trail, true},
		{`{ $.eventType = "*Trail" }`, trail, true},
		{`{ $.eventType = "*rai*" }`, trail, true},
		{`{ $.eventType = %Update.*% }`, trail, true},
		{`{ $.arrayKey[0] = "value" }`, trail, true},
		{`{ $.arrayKey[1] = "value" }`, trail, false},
		{`{ $.arrayKey[*] = "another value" }`, trail, true},
		{`{ $.objectList[1].id = 2 }`, trail, true},
		{`{ $.objectList[*].id = 3 }`, trail, false},
		{`{ $.['cluster.name'] = "c" }`, trail, true},
		{`{ $["cluster.name"] = "c" }`, trail, true},
		{`{ $.SomeObject IS NULL }`, trail, true},
		{`{ $.eventType IS NULL }`, trail, false},
		{`{ $.SomeOtherObject NOT EXISTS }`, trail, true},
		{`{ $.eventType NOT EXISTS }`, trail, false},
		{`{ $.on IS TRUE }`, trail, true},
		{`{ $.off IS FALSE && $.on is true }`, trail, true},
		{`{ $.latency > 50 && $.latency <= 7.25e1 }`, trail, true},
		{`{ $.latency >= 73 || $.nested.status < 404 }`, trail, false},
		{`{ ($.nested.status = 404) && (($.eventType = "x") || ($.eventType = "UpdateTrail")) }`, trail, true},
		{`{ $.nested.status = "404" }`, trail, false},
		{`{ $.nested.status = 4* }`, trail, true},
		{`{ $.missing != "x" }`, trail, false},
		{`{ $.eventType = "UpdateTrail" }`, "no JSON", false},

		{"[ip, server, username, timestamp, request, status_code, bytes]", access, true},
		{"[ip, server, username]", access, false},
		{"[ip, server, ..., bytes > 1000]", access, true},
		{"[..., status_code = 4*, bytes]", access, true},
		{"[..., status_code = 5*, bytes]", access, false},
		{"[ip, server, username, timestamp, request = *html*, status_code = 4*, bytes]", access, true},
		{"[ip = %127\\.0\\.[0-9]+\\.1%, ...]", access, true},
		{"[ip, server = Prod && server != Test, ...]", access, true},
		{"[(ip = 10.* || ip = 127.*), ...]", access, true},
		{"[ip, server, username = \"frank\", ...]", access, true},
		{"[w1!=ERROR, ...]", "ERROR happened", false},
	} {
		p, err := pattern.Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := p.Match(c.message); got != c.want {
			t.Errorf("%s on %.60s: got %v", c.pattern, c.message, got)
		}
	}
}

func TestExtract(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             map[string]string
	}{
		{"ERROR", "an ERROR", map[string]string{}},
		{`{ $.latency > 1 && $.objectList[0] != "x" }`, trail, map[string]string{"$.latency": "72.5", "$.objectList[0]": `{"id":1,"name":"a"}`}},
		{"[ip, , ..., status_code = 4*, size]", access, map[string]string{
			"$ip": "127.0.0.1", "$2": "Prod", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700", "$5": "GET /index.html HTTP/1.0", "$status_code": "404", "$size": "1534"}},
	} {
		p, err := pattern.Compile(c.pattern)
		if err != nil {
			t.Fatalf("%s: %v", c.pattern, err)
		}
		got, ok := p.Extract(c.message)
		if !ok || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v %v, want %v", c.pattern, ok, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, text := range []string{
		`"open`, "%open", "%a!%", "%(a)%", "foo:bar", "-", "- a", "{ $.a", "{ }", "{ $ = 1 }", "{ $.a }", "{ $.a = }", "{ a = 1 }",
		"{ $.a > x }", "{ $.a[x] = 1 }", "{ $.a[ = 1 }", "{ ($.a = 1 }", "{ $.a = 1 } b", "{ $.a. = 1 }", "{ $.a < %x% }",
		"{ $.a = %a% && $.b = %b% && $.c = %c% }", "[a", "[..., ...]", "[a = ]", "[a = 1 b]", "[a = 1 && b = 2]", "[(a = 1]",
	} {
		if _, err := pattern.Compile(text); err == nil {
			t.Errorf("%s compiles", text)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"a -b ?c", `"q"`, "%r%", `{ $.a[0].b = "x*" && ($.c IS NULL || $.d NOT EXISTS) }`, "[a, b = 4*, ...]"} {
		f.Add(seed, trail)
	}
	f.Fuzz(func(t *testing.T, text, message string) {
		p, err := pattern.Compile(text)
		if err != nil {
			return
		}
		values, ok := p.Extract(message)
		if ok != p.Match(message) || ok == (values == nil) {
			t.Errorf("Match and Extract disagree on %q for %q", text, message)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for name, text := range map[string]string{"terms": "ERROR -DEBUG", "json": `{ $.nested.status = 404 }`, "fields": "[..., status_code = 4*, bytes]"} {
		b.Run(name, func(b *testing.B) {
			p, err := pattern.Compile(text)
			if err != nil {
				b.Fatal(err)
			}
			message := access
			if strings.HasPrefix(text, "{") {
				message = trail
			}
			for b.Loop() {
				p.Match(message)
			}
		})
	}
}
