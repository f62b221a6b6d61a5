package wire

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/model"
)

// Inputs and outputs of a REST API: labels, query, headers, and the kinds of payload.
type (
	GetThingInput struct {
		Bucket *string           `aws:"Bucket,label,req"`
		Key    *string           `aws:"Key,label,req"`
		Part   *int64            `aws:"Part,uq=partNumber"`
		Since  *time.Time        `aws:"Since,h=If-Modified-Since"`
		Until  *time.Time        `aws:"Until,uq=until"`
		Prefix *string           `aws:"Prefix,uq=prefix"`
		IDs    []string          `aws:"IDs,uq=id"`
		Attrs  []string          `aws:"Attrs,h=X-Attributes"`
		Meta   map[string]string `aws:"Meta,hp=x-amz-meta-"`
		Flag   *bool             `aws:"Flag,h=X-Flag"`
		Size   *int64            `aws:"Size,h=X-Size"`
	}
	GetThingOutput struct {
		Status *int64            `aws:"Status,status"`
		Meta   map[string]string `aws:"Meta,hp=x-amz-meta-"`
		Since  *time.Time        `aws:"Since,h=Last-Modified"`
		Retain *time.Time        `aws:"Retain,h=X-Retain-Until,ts=iso"`
		Attrs  []string          `aws:"Attrs,h=X-Attributes"`
		Empty  []string          `aws:"Empty,h=X-Empty"`
		Length *int64            `aws:"Length,h=Content-Length"`
		Type   *string           `aws:"Type,h=Content-Type"`
		Body   io.ReadCloser     `aws:"Body,payload"`
	}
	PutThingInput struct {
		Bucket *string      `aws:"Bucket,label,req"`
		Key    *string      `aws:"Key,label,req"`
		Thing  *ThingConfig `aws:"Thing,payload,x=Thing"`
	}
	PutThingOutput struct {
		Thing *ThingConfig `aws:"Thing,payload"`
	}
	ThingConfig struct {
		_    struct{} `aws:"Thing,ns=https://thing.test/"`
		Name *string  `aws:"Name,req"`
		Tags []string `aws:"Tags,flat,x=Tag"`
	}
	ListThingsInput struct {
		Max *int64 `aws:"Max,uq=max"`
	}
	ListThingsOutput struct {
		_     struct{} `aws:"Things"`
		Names []string `aws:"Names"`
	}
	GetPolicyInput struct {
		Bucket *string `aws:"Bucket,label,req"`
	}
	GetPolicyOutput struct {
		Policy *string `aws:"Policy,payload"`
	}
	DropThingInput struct {
		Bucket *string `aws:"Bucket,label,req"`
		ID     *string `aws:"ID,uq=uploadId,req"`
	}
	DropThingOutput struct{}
)

// things is a REST service.
type things struct {
	api  *model.API
	got  any
	out  any
	err  error
	seen *Call
}

func (s *things) API() *model.API { return s.api }

func handler[I, O any](s *things) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		s.got, s.seen = in, CallFrom(ctx)
		out, ok := s.out.(*O)
		if !ok {
			out = new(O)
		}
		return out, s.err
	}
}

func (s *things) Operations() []Operation {
	return []Operation{
		Read(handler[GetThingInput, GetThingOutput](s)), Write(handler[PutThingInput, PutThingOutput](s)),
		Read(handler[ListThingsInput, ListThingsOutput](s)), Read(handler[GetPolicyInput, GetPolicyOutput](s)),
		Write(handler[DropThingInput, DropThingOutput](s)),
	}
}

func newThings(p model.Protocol) *things {
	return &things{api: &model.API{
		ID: "Things", SigningName: "things", Namespace: "https://things.test/", Protocols: []model.Protocol{p},
		Operations: []model.Operation{
			{Name: "GetThing", Method: "GET", URI: "/v1/{Bucket}/{Key+}", Status: 200, Wanted: true},
			{Name: "PutThing", Method: "PUT", URI: "/v1/{Bucket}/{Key+}", Status: 201, Wanted: true},
			{Name: "ListThings", Method: "GET", URI: "/v1", Status: 200, Wanted: true},
			{Name: "GetPolicy", Method: "GET", URI: "/v1/{Bucket}?policy", Status: 200, Wanted: true},
			{Name: "DropThing", Method: "DELETE", URI: "/v1/{Bucket}", Status: 204, Wanted: true},
			{Name: "Lacking", Method: "GET", URI: "/v1/{Bucket}?lacking", Status: 200},
		},
		Errors: []model.ErrorShape{{Shape: "NoSuchThing", Code: "NoSuchThing", Status: 404}},
	}}
}

func (s *things) call(t testing.TB, method, uri, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	srv, _ := newServer(t, s)
	s.got = nil
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, signed(t, request(method, uri, body, headers...), "things", body))
	return w
}

func TestRESTDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		uri     string
		headers []string
		want    GetThingInput
	}{
		"labels":              {"/v1/b/k", nil, GetThingInput{Bucket: new("b"), Key: new("k")}},
		"greedy label":        {"/v1/b/a/b%2Fc/d", nil, GetThingInput{Bucket: new("b"), Key: new("a/b/c/d")}},
		"odd characters":      {"/v1/a%20b/%C3%BC%25+%3F", nil, GetThingInput{Bucket: new("a b"), Key: new("ü%+?")}},
		"slash at the end":    {"/v1/b/k/", nil, GetThingInput{Bucket: new("b"), Key: new("k/")}},
		"query":               {"/v1/b/k?partNumber=3&prefix=a%20b&id=1&id=2&until=2020-01-02T03:04:05Z", nil, GetThingInput{Bucket: new("b"), Key: new("k"), Part: new(int64(3)), Prefix: new("a b"), IDs: []string{"1", "2"}, Until: new(sampleTime)}},
		"blank values":        {"/v1/b/k?prefix=&partNumber=", nil, GetThingInput{Bucket: new("b"), Key: new("k"), Prefix: new("")}},
		"value left out":      {"/v1/b/k?prefix", nil, GetThingInput{Bucket: new("b"), Key: new("k"), Prefix: new("")}},
		"unknown parameter":   {"/v1/b/k?other=1", nil, GetThingInput{Bucket: new("b"), Key: new("k")}},
		"headers":             {"/v1/b/k", []string{"X-Flag", "true", "X-Size", "7", "X-Attributes", "a, b,c", "If-Modified-Since", "Thu, 02 Jan 2020 03:04:05 GMT"}, GetThingInput{Bucket: new("b"), Key: new("k"), Flag: new(true), Size: new(int64(7)), Attrs: []string{"a", "b", "c"}, Since: new(sampleTime)}},
		"ISO date in headers": {"/v1/b/k", []string{"If-Modified-Since", "2020-01-02T03:04:05Z"}, GetThingInput{Bucket: new("b"), Key: new("k"), Since: new(sampleTime)}},
		"prefix headers":      {"/v1/b/k", []string{"X-Amz-Meta-One", "1", "x-amz-meta-TWO", "2"}, GetThingInput{Bucket: new("b"), Key: new("k"), Meta: map[string]string{"one": "1", "two": "2"}}},
		"bare prefix":         {"/v1/b/k", []string{"X-Amz-Meta-", "1"}, GetThingInput{Bucket: new("b"), Key: new("k")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newThings(model.RESTXML)
			w := s.call(t, "GET", tc.uri, "", tc.headers...)
			if !reflect.DeepEqual(s.got, &tc.want) {
				t.Errorf("%d %s\nread as %+v", w.Code, w.Body, s.got)
			}
		})
	}
}

func TestRESTPayload(t *testing.T) {
	for p, body := range map[model.Protocol]string{
		model.RESTXML:  "<Thing><Name>n</Name><Tag>a</Tag><Tag>b</Tag></Thing>",
		model.RESTJSON: `{"Name":"n","Tags":["a","b"]}`,
	} {
		s := newThings(p)
		s.out = &PutThingOutput{Thing: &ThingConfig{Name: new("n"), Tags: []string{"a", "b"}}}
		w := s.call(t, "PUT", "/v1/b/k", body)
		in, ok := s.got.(*PutThingInput)
		if !ok || in.Thing == nil || *in.Thing.Name != "n" || len(in.Thing.Tags) != 2 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		got := strings.TrimPrefix(w.Body.String(), xmlHead)
		if want := strings.Replace(body, "<Thing>", `<Thing xmlns="https://thing.test/">`, 1); got != want || w.Code != 201 {
			t.Errorf("%d %s, want %s", w.Code, got, want)
		}
		s.got = nil
		if s.call(t, "PUT", "/v1/b/k", ""); s.got.(*PutThingInput).Thing != nil {
			t.Error("no body made a structure")
		}
		if w := s.call(t, "PUT", "/v1/b/k", "<<{"); w.Code != 400 || s.got != nil {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestRESTEncode(t *testing.T) {
	s := newThings(model.RESTXML)
	s.out = &GetThingOutput{
		Status: new(int64(206)), Meta: map[string]string{"one": "1"}, Since: new(sampleTime), Retain: new(sampleTime), Attrs: []string{"a", "b"},
		Empty: []string{}, Length: new(int64(4)), Type: new("text/plain"), Body: io.NopCloser(strings.NewReader("body")),
	}
	w := s.call(t, "GET", "/v1/b/k", "")
	want := http.Header{
		"x-amz-meta-one": {"1"}, "Last-Modified": {"Thu, 02 Jan 2020 03:04:05 GMT"}, "X-Retain-Until": {"2020-01-02T03:04:05Z"},
		"X-Attributes": {"a,b"}, "Content-Length": {"4"}, "Content-Type": {"text/plain"}, "X-Amzn-Requestid": {"11111111-2222-4333-8444-555555555555"},
	}
	if w.Code != 206 || w.Body.String() != "body" || !reflect.DeepEqual(w.Header(), want) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	s.out = &ListThingsOutput{Names: []string{"a<b"}}
	if w := s.call(t, "GET", "/v1", ""); w.Body.String() != xmlHead+`<Things xmlns="https://things.test/"><Names><member>a&lt;b</member></Names></Things>` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.out = &GetPolicyOutput{Policy: new(`{"a":1}`)}
	if w := s.call(t, "GET", "/v1/b?policy", ""); w.Body.String() != `{"a":1}` || w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = s.call(t, "DELETE", "/v1/b?uploadId=1", "")
	if _, has := w.Header()["Content-Length"]; w.Code != 204 || w.Body.Len() > 0 || has {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestRESTRouting(t *testing.T) {
	for uri, want := range map[string]string{
		"GET /v1":                     "ListThings",
		"GET /v1/":                    "",
		"GET /v1/b?policy":            "GetPolicy",
		"GET /v1/b?policy=":           "GetPolicy",
		"GET /v1/b/k?policy":          "GetThing",
		"GET /v1/b?lacking":           "501",
		"GET /v1/b":                   "",
		"POST /v1/b/k":                "",
		"GET /v2/b/k":                 "",
		"GET /":                       "",
		"DELETE /v1/b":                "",
		"DELETE /v1/b?uploadId=1":     "DropThing",
		"GET /v1/b/k?x-id=GetThing":   "GetThing",
		"GET /v1/b/k?x-id=OtherThing": "GetThing",
	} {
		s := newThings(model.RESTJSON)
		method, path, _ := strings.Cut(uri, " ")
		w := s.call(t, method, path, "")
		got := ""
		switch {
		case s.got != nil:
			got = strings.TrimSuffix(reflect.TypeOf(s.got).Elem().Name(), "Input")
		case w.Code == 501:
			got = "501"
		case w.Code != 404:
			got = w.Body.String()
		}
		if got != want {
			t.Errorf("%s goes to %q, want %q", uri, got, want)
		}
	}
}
