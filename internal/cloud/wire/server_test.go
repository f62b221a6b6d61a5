package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atoll/internal/cloud/model"
)

var allRPC = []model.Protocol{model.Query, model.EC2Query, model.JSON10, model.JSON11, model.CBOR}

// blank is a call of Sample without members.
func blank(p model.Protocol) string {
	switch p {
	case model.Query, model.EC2Query:
		return "Action=Sample&Version=2026-01-01"
	case model.JSON10, model.JSON11:
		return "{}"
	}
	return "\xa0"
}

func TestErrorsByProtocol(t *testing.T) {
	const id = "11111111-2222-4333-8444-555555555555"
	for p, want := range map[model.Protocol]string{
		model.Query: xmlHead + `<ErrorResponse xmlns="https://sample.test/doc/"><Error><Type>Sender</Type><Code>NoSuchThing</Code><Message>no &lt;k&gt;</Message>` +
			`</Error><RequestId>` + id + `</RequestId></ErrorResponse>`,
		model.EC2Query: xmlHead + `<Response><Errors><Error><Code>NoSuchThing</Code><Message>no &lt;k&gt;</Message></Error></Errors><RequestID>` + id + `</RequestID></Response>`,
		model.JSON10:   `{"__type":"NoSuchThingException","message":"no <k>"}`,
		model.JSON11:   `{"__type":"NoSuchThingException","message":"no <k>"}`,
		model.CBOR:     "\xa2\x66__type\x74NoSuchThingException\x67message\x66no <k>",
	} {
		f := newFake(p)
		f.err = Errorf("NoSuchThing", "no <%s>", "k")
		w := f.post(t, blank(p))
		if w.Body.String() != want || w.Code != 404 || w.Header().Get("X-Amzn-Requestid") != id {
			t.Errorf("protocol %d: %d %v %q", p, w.Code, w.Header(), w.Body)
		}
		f.err = Errorf("NoSuchThing", "gone").WithStatus(410)
		if w := f.post(t, blank(p)); w.Code != 410 {
			t.Errorf("protocol %d: %d", p, w.Code)
		}
		f.err = Errorf("NotModelled", "x")
		if w := f.post(t, blank(p)); w.Code != 400 || !strings.Contains(w.Body.String(), "NotModelled") {
			t.Errorf("protocol %d: %d %s", p, w.Code, w.Body)
		}
	}
}

func TestErrorDetail(t *testing.T) {
	f := newFake(model.JSON10)
	f.err = &Error{Code: "ThrottledException", Message: "m", Detail: &SampleItem{Key: new("k")}}
	if w := f.post(t, "{}"); w.Body.String() != `{"__type":"ThrottledException","message":"m","Key":"k"}` || w.Code != 429 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f = newFake(model.Query)
	f.err = &Error{Code: "ThrottledException", Message: "m", Status: 503, Detail: &SampleItem{Key: new("k")}}
	if w := f.post(t, blank(model.Query)); !strings.Contains(w.Body.String(), "<Type>Receiver</Type><Code>ThrottledException</Code><Message>m</Message><Key>k</Key></Error>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestHiddenCauses wants neither the text of an unexpected error nor a panic's stack in the answer; the log has both.
func TestHiddenCauses(t *testing.T) {
	for _, p := range allRPC {
		for name, spoil := range map[string]func(*fake){
			"error": func(f *fake) { f.err = errors.New("the secret cause") },
			"panic": func(f *fake) { f.hook = func() { panic("the secret cause") } },
			"nil": func(f *fake) {
				f.hook = func() { f.out = &SampleOutput{Any: func() {}}; f.err = errors.New("the secret cause") }
			},
		} {
			f := newFake(p)
			spoil(f)
			srv, log := newServer(t, f)
			path, headers := protocolHeaders(p)
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, signed(t, request("POST", path, blank(p), headers...), "sample", blank(p)))
			body := w.Body.String()
			if w.Code != 500 || !strings.Contains(body, "InternalFailure") || strings.Contains(body, "secret") || strings.Contains(body, "goroutine") || strings.Contains(body, ".go:") {
				t.Errorf("protocol %d, %s: %d %s", p, name, w.Code, body)
			}
			if !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), "sample:Sample") {
				t.Errorf("the log has %s", log)
			}
		}
	}
}

func TestLackingOperations(t *testing.T) {
	call := func(p model.Protocol, name string) *httptest.ResponseRecorder {
		f := newFake(p)
		path, headers := protocolHeaders(p)
		path = strings.Replace(path, "operation/Sample", "operation/"+name, 1)
		for i := range headers {
			headers[i] = strings.Replace(headers[i], ".Sample", "."+name, 1)
		}
		body := strings.Replace(blank(p), "Sample", name, 1)
		srv, _ := newServer(t, f)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, signed(t, request("POST", path, body, headers...), "sample", body))
		return w
	}
	for _, p := range allRPC {
		for _, name := range []string{"Lacking", "Rare", "Rarer"} {
			w := call(p, name)
			if w.Code != 501 || !strings.Contains(w.Body.String(), CodeNotImplemented) || !strings.Contains(w.Body.String(), "sample:"+name) {
				t.Errorf("protocol %d, %s: %d %s", p, name, w.Code, w.Body)
			}
		}
		code, status := "UnknownOperationException", 400
		switch p {
		case model.Query, model.EC2Query:
			code = "InvalidAction"
		case model.CBOR:
			status = 404
		}
		if w := call(p, "Nonsense"); w.Code != status || !strings.Contains(w.Body.String(), code) {
			t.Errorf("protocol %d: %d %s", p, w.Code, w.Body)
		}
	}
	f := newFake(model.Query)
	if w := f.post(t, "Version=1"); w.Code != 400 || !strings.Contains(w.Body.String(), "MissingAction") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLackingServices wants refusals that clients of any protocol can read.
func TestLackingServices(t *testing.T) {
	for target, want := range map[string]string{"Kinesis_20131202.ListStreams": `{"__type":"` + CodeNotImplemented + `"`, "": "<Code>" + CodeNotImplemented + "</Code>"} {
		srv, _ := newServer(t, newFake(model.Query))
		var headers []string
		if target != "" {
			headers = []string{"X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.1"}
		}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, signed(t, request("POST", "/", "{}", headers...), "kinesis", "{}"))
		if w.Code != 501 || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), "kinesis") {
			t.Errorf("%q: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestAuthentication(t *testing.T) {
	for _, tc := range []struct {
		p            model.Protocol
		key, secret  string
		code, status string
	}{
		{model.EC2Query, testKey, "wrong", "AuthFailure", "401"},
		{model.EC2Query, "AKIANONE", testSecret, "AuthFailure", "401"},
		{model.Query, testKey, "wrong", "SignatureDoesNotMatch", "403"},
		{model.Query, "AKIANONE", testSecret, "InvalidClientTokenId", "403"},
		{model.Query, "AKIAINACTIVE", testSecret, "InvalidClientTokenId", "403"},
		{model.JSON10, testKey, "wrong", "InvalidSignatureException", "400"},
		{model.JSON11, "AKIANONE", testSecret, "UnrecognizedClientException", "400"},
		{model.JSON11, "ASIAENDED", testSecret, "UnrecognizedClientException", "400"},
		{model.CBOR, testKey, "wrong", "InvalidSignatureException", "400"},
	} {
		f := newFake(tc.p)
		srv, _ := newServer(t, f)
		path, headers := protocolHeaders(tc.p)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, signedBy(t, request("POST", path, blank(tc.p), headers...), "sample", blank(tc.p), tc.key, tc.secret))
		if f.got != nil || !strings.Contains(w.Body.String(), tc.code) || http.StatusText(w.Code) == "" || tc.status != strings.Fields(w.Result().Status)[0] {
			t.Errorf("protocol %d: %s %s, want %s %s", tc.p, w.Result().Status, w.Body, tc.status, tc.code)
		}
	}
	for _, p := range allRPC {
		f := newFake(p)
		srv, _ := newServer(t, f)
		path, headers := protocolHeaders(p)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, request("POST", path, blank(p), headers...))
		if f.got != nil || w.Code < 400 || !strings.Contains(w.Body.String(), "MissingAuthenticationToken") {
			t.Errorf("unsigned, protocol %d: %d %s", p, w.Code, w.Body)
		}
		w = httptest.NewRecorder()
		srv.ServeHTTP(w, signed(t, request("POST", path, blank(p), headers...), "other", blank(p)))
		if f.got != nil || w.Code < 400 {
			t.Errorf("signed for another service, protocol %d: %d %s", p, w.Code, w.Body)
		}
	}
}

func TestUnsignedOperation(t *testing.T) {
	f := newFake(model.Query)
	f.api.SigningName = "sts"
	f.ops[0].Unsigned = true
	srv, _ := newServer(t, f)
	for _, r := range []*http.Request{
		request("POST", "/", formHead+"Name=a", "Content-Type", "application/x-www-form-urlencoded"),
		request("GET", "/?"+formHead+"Name=a", ""),
	} {
		f.got = nil
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		if f.got == nil || *f.got.Name != "a" || f.call.Account != "" {
			t.Errorf("%s: %d %s", r.Method, w.Code, w.Body)
		}
	}
}

// TestUnsignedLink has a link to an unsigned operation of a service that is not STS.
func TestUnsignedLink(t *testing.T) {
	f := newFake(model.Query)
	f.ops[0].Unsigned = true
	srv, _ := newServer(t, f)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, request("GET", "/?"+formHead+"Name=a", ""))
	if f.got == nil || *f.got.Name != "a" || f.call.Account != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestCall(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[2001:db8::1]:1234": "2001:db8::1", "[::1]:80": "::1", "[fe80::1%eth0]:80": "fe80::1",
		"[::ffff:192.0.2.7]:80": "192.0.2.7", "@": "", "": "",
	} {
		f := newFake(model.JSON11)
		srv, _ := newServer(t, f)
		path, headers := protocolHeaders(model.JSON11)
		r := signed(t, request("POST", path, "{}", append(headers, "User-Agent", "test/1")...), "sample", "{}")
		r.RemoteAddr = addr
		srv.ServeHTTP(httptest.NewRecorder(), r)
		c := f.call
		if c == nil || c.SourceIP != want || c.Region != "eu-west-1" || c.Account != "111111111111" || c.AccessKeyID != testKey || c.UserAgent != "test/1" ||
			c.Endpoint != "http://127.0.0.1:4566" || !c.Time.Equal(testTime) || c.Scope().Region != "eu-west-1" || c.Global().Region != "" {
			t.Errorf("%s: %+v", addr, c)
		}
	}
}

// TestAbsoluteForm has a request as a client sends it to a proxy.
func TestAbsoluteForm(t *testing.T) {
	f := newFake(model.JSON11)
	srv, _ := newServer(t, f)
	_, headers := protocolHeaders(model.JSON11)
	r := request("POST", "http://sample.eu-west-1.amazonaws.com/", "{}", headers...)
	r.Host = "sample.eu-west-1.amazonaws.com"
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, signed(t, r, "sample", "{}"))
	if f.got == nil || f.call.Endpoint != "http://sample.eu-west-1.amazonaws.com" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestBodySize(t *testing.T) {
	f := newFake(model.JSON11)
	w := f.post(t, `{"Name":"`+strings.Repeat("a", maxBody)+`"}`)
	if f.got != nil || w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "RequestEntityTooLarge") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
	srv, _ := newServer(t, f)
	path, headers := protocolHeaders(model.JSON11)
	r := signed(t, request("POST", path, "{}", headers...), "sample", "{}")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), &broken{}))
	w = httptest.NewRecorder()
	if srv.ServeHTTP(w, r); w.Code != 400 || !strings.Contains(w.Body.String(), "IncompleteBody") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestCompressedBody(t *testing.T) {
	squeeze := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, tc := range map[string]struct {
		p    model.Protocol
		body string
		ok   bool
	}{
		"JSON":    {model.JSON11, squeeze(`{"Name":"a"}`), true},
		"query":   {model.Query, squeeze(formHead + "Name=a"), true},
		"no gzip": {model.JSON11, `{"Name":"a"}`, false},
		"cut":     {model.JSON11, squeeze(`{"Name":"a"}`)[:20], false},
		"bomb":    {model.JSON11, squeeze(`{"Name":"` + strings.Repeat("a", maxBody) + `"}`), false},
	} {
		f := newFake(tc.p)
		srv, _ := newServer(t, f)
		path, headers := protocolHeaders(tc.p)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, signed(t, request("POST", path, tc.body, append(headers, "Content-Encoding", "gzip")...), "sample", tc.body))
		if ok := f.got != nil && *f.got.Name == "a"; ok != tc.ok || !ok && w.Code != 400 {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
}

// TestBodilessAnswers wants no body and no wrong length for HEAD and 304, over a real connection.
func TestBodilessAnswers(t *testing.T) {
	srv, _ := newServer(t)
	for name, tc := range map[string]struct {
		method string
		answer answer
		header string // Content-Length
		body   string
	}{
		"GET":          {"GET", answer{status: 200, body: []byte("body"), contentType: "text/plain"}, "4", "body"},
		"HEAD":         {"HEAD", answer{status: 200, body: []byte("body"), contentType: "text/plain"}, "4", ""},
		"HEAD error":   {"HEAD", answer{status: 404, body: []byte("<Error/>"), contentType: "application/xml"}, "8", ""},
		"HEAD stream":  {"HEAD", answer{status: 200, stream: io.NopCloser(strings.NewReader("body"))}, "", ""},
		"not modified": {"GET", answer{status: 304, body: []byte("<Error/>"), contentType: "application/xml"}, "", ""},
		"no content":   {"DELETE", answer{status: 204}, "", ""},
		"empty":        {"GET", answer{status: 200}, "0", ""},
	} {
		ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { srv.write(w, r, tc.answer) }))
		r, err := http.NewRequestWithContext(t.Context(), tc.method, ts.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := ts.Client().Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || string(body) != tc.body || resp.Header.Get("Content-Length") != tc.header || resp.StatusCode != tc.answer.status {
			t.Errorf("%s: %d %v %q %v", name, resp.StatusCode, resp.Header, body, err)
		}
		ts.Close()
	}
}

// TestTables refuses services whose tables and models disagree.
func TestTables(t *testing.T) {
	for name, spoil := range map[string]func(f *fake){
		"handler missing": func(f *fake) { f.ops = nil },
		"twice":           func(f *fake) { f.ops = append(f.ops, f.ops[0]) },
		"not wanted":      func(f *fake) { f.api.Operations[0].Wanted = false },
		"not in the model": func(f *fake) {
			extra := f.ops[0]
			extra.Name = "Extra"
			f.ops = append(f.ops, extra)
		},
	} {
		f := newFake(model.JSON11)
		spoil(f)
		if _, err := NewServer(Config{}, []Service{f}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for name, p := range map[string]model.Protocol{"EC2": model.EC2Query, "JSON": model.JSON11, "CBOR": model.CBOR} {
		b.Run(name, func(b *testing.B) {
			f := newFake(p)
			f.out = &SampleOutput{Name: new("a"), Names: []string{"a", "b"}, Items: make([]SampleItem, 10)}
			srv, _ := newServer(b, f)
			path, headers := protocolHeaders(p)
			r := signed(b, request("POST", path, blank(p), headers...), "sample", blank(p))
			b.ReportAllocs()
			for b.Loop() {
				r.Body = io.NopCloser(strings.NewReader(blank(p)))
				w := httptest.NewRecorder()
				if srv.ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
