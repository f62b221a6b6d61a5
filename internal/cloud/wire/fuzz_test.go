package wire

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"atoll/internal/cloud/model"
)

// checkDecode wants a decoder to read a body or to say why not, in an error of its own, and an input that it read to be written
// by every encoder.
func checkDecode(t *testing.T, err error, in *SampleInput) {
	t.Helper()
	if err != nil {
		var d *decodeError
		if !errors.As(err, &d) {
			t.Fatalf("an error of another kind: %v", err)
		}
		return
	}
	s := compile(reflect.TypeFor[SampleInput]())
	missing(s, reflect.ValueOf(in), "")
	text := appendJSON(nil, s, reflect.ValueOf(in))
	var back SampleInput
	if err := decodeJSON(s, reflect.ValueOf(&back), text); err != nil {
		t.Fatalf("read, and written as what cannot be read: %v in %s", err, text)
	}
	e := &xmlEncoder{}
	e.raw("<S")
	e.attributes(s, reflect.ValueOf(in))
	e.raw(">")
	e.members(s, reflect.ValueOf(in))
	e.close("S")
	if _, err := parseXML(e.b); err != nil {
		t.Fatalf("written as broken XML: %v in %s", err, e.b)
	}
	codec, err := newCBOR()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.encode(s, reflect.ValueOf(in)); err != nil {
		t.Fatalf("not written as CBOR: %v", err)
	}
}

func fuzzForm(f *testing.F, d queryDecoder) {
	for _, seed := range []string{
		"Action=Sample&Name=a&Count=5&Names.member.1=a&Map.entry.1.key=k&Map.entry.1.value=v",
		"Items.1.Key=a&Items.1.Items.1.Key=b&Flat.2=x&Flat.1=y&Flag=true&When=2020-01-02T03:04:05Z",
		"Counts.1.K=a&Counts.1.V=1&Data=aGk%3D&Lists.member.1.member.1=a&Names=&Item.Key=k", "a.b=1&a=2&=3&.=4&%zz", "Names.1.x=&Names.999999999999=1",
	} {
		f.Add(seed)
	}
	s := compile(reflect.TypeFor[SampleInput]())
	f.Fuzz(func(t *testing.T, form string) {
		in := &SampleInput{}
		n, err := parseQuery(form)
		if err == nil {
			err = d.structure(s, reflect.ValueOf(in), n, "")
		}
		checkDecode(t, err, in)
	})
}

func FuzzQuery(f *testing.F)    { fuzzForm(f, queryDecoder{}) }
func FuzzEC2Query(f *testing.F) { fuzzForm(f, queryDecoder{ec2: true}) }

func FuzzJSON(f *testing.F) {
	f.Add([]byte(show(full())))
	f.Add([]byte(`{"Count":1e2,"When":-1.5,"Ratio":"NaN","Any":{"a":[null]},"x":1}`))
	s := compile(reflect.TypeFor[SampleInput]())
	f.Fuzz(func(t *testing.T, body []byte) {
		in := &SampleInput{}
		checkDecode(t, decodeJSON(s, reflect.ValueOf(in), body), in)
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<S xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Name>a&lt;</Name><Names><member/></Names><Item xsi:type="t"><Key>k</Key></Item><Flat>1</Flat></S>`))
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE S [<!ENTITY a "b">]><S><When>2020-01-02T03:04:05Z</When><Data>aGk=</Data><![CDATA[x]]></S>`))
	s := compile(reflect.TypeFor[SampleInput]())
	f.Fuzz(func(t *testing.T, body []byte) {
		in := &SampleInput{}
		e, err := parseXML(body)
		if err == nil {
			err = decodeXML(s, reflect.ValueOf(in), e, "")
		}
		checkDecode(t, err, in)
	})
}

func FuzzCBOR(f *testing.F) {
	codec, err := newCBOR()
	if err != nil {
		f.Fatal(err)
	}
	s := compile(reflect.TypeFor[SampleInput]())
	seed, err := codec.encode(s, reflect.ValueOf(full()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("\xbf\x64Name\x7f\x61a\xff\x64When\xc1\xf9\x3c\x00\x63Any\xc2\x41\x01\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		in := &SampleInput{}
		checkDecode(t, codec.decode(s, reflect.ValueOf(in), body), in)
	})
}

// FuzzREST sends any request line, headers and body through a server, signed. The answer is whole: a status of HTTP's, and none
// that says the server failed.
func FuzzREST(f *testing.F) {
	f.Add("GET", "/v1/b/k?partNumber=1&id=2", "X-Size: 5\r\nX-Amz-Meta-A: b\r\n", "")
	f.Add("PUT", "/v1/b/a/b%2Fc", "", "<Thing><Name>a</Name><Tag>b</Tag></Thing>")
	f.Add("PUT", "/v1/b/k", "", `{"Name":"a","Tags":[]}`)
	f.Add("DELETE", "/v1/b?uploadId=&x-id=DropThing", "", "")
	f.Add("GET", "/v1/b?policy&lacking", "Content-Encoding: gzip\r\n", "")
	servers := map[bool]*Server{}
	for isJSON, p := range map[bool]model.Protocol{true: model.RESTJSON, false: model.RESTXML} {
		servers[isJSON], _ = newServer(f, newThings(p))
	}
	f.Fuzz(func(t *testing.T, method, uri, headers, body string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + uri + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n")))
		if err != nil {
			return
		}
		if _, err := url.ParseRequestURI(uri); err != nil {
			return
		}
		for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "Transfer-Encoding", "Content-Length"} {
			r.Header.Del(name)
		}
		r.TransferEncoding, r.ContentLength = nil, int64(len(body))
		for isJSON, srv := range servers {
			r := r.Clone(t.Context())
			r.Body = io.NopCloser(strings.NewReader(body))
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, signed(t, r, "things", body))
			if w.Code >= 500 && w.Code != http.StatusNotImplemented {
				t.Fatalf("json %v: %d %s", isJSON, w.Code, w.Body)
			}
			if w.Code >= 300 && w.Body.Len() == 0 && method != http.MethodHead {
				t.Fatalf("json %v: %d and no body", isJSON, w.Code)
			}
		}
	})
}
