package wire

import (
	"bytes"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"atoll/internal/cloud/model"
)

// encoded gives a value as CBOR, as a string for the body.
func encoded(t testing.TB, v any) string {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// raw reads CBOR written in hexadecimal, as https://www.rfc-editor.org/rfc/rfc8949 shows it.
func raw(t testing.TB, text string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type m = map[string]any

func TestCBORDecode(t *testing.T) {
	tag := func(n uint64, v any) cbor.Tag { return cbor.Tag{Number: n, Content: v} }
	for name, tc := range map[string]struct {
		body string
		want SampleInput
	}{
		"no body":            {"", SampleInput{}},
		"empty":              {encoded(t, m{}), SampleInput{}},
		"empty, indefinite":  {raw(t, "bf ff"), SampleInput{}},
		"null members":       {encoded(t, m{"Name": nil}), SampleInput{}},
		"undefined":          {raw(t, "a1 64 4e616d65 f7"), SampleInput{}},
		"scalars":            {encoded(t, m{"Name": "ü", "Count": -5, "Ratio": 0.5, "Flag": true}), SampleInput{Name: new("ü"), Count: new(int64(-5)), Ratio: new(0.5), Flag: new(true)}},
		"largest integer":    {encoded(t, m{"Count": int64(math.MaxInt64)}), SampleInput{Count: new(int64(math.MaxInt64))}},
		"least integer":      {encoded(t, m{"Count": int64(math.MinInt64)}), SampleInput{Count: new(int64(math.MinInt64))}},
		"float for integer":  {encoded(t, m{"Count": 5.0}), SampleInput{Count: new(int64(5))}},
		"integer for float":  {encoded(t, m{"Ratio": 5}), SampleInput{Ratio: new(5.0)}},
		"half float":         {raw(t, "a1 65 526174696f f93c00"), SampleInput{Ratio: new(1.0)}},
		"single float":       {raw(t, "a1 65 526174696f fa47c35000"), SampleInput{Ratio: new(100000.0)}},
		"infinity":           {raw(t, "a1 65 526174696f f97c00"), SampleInput{Ratio: new(math.Inf(1))}},
		"text in pieces":     {raw(t, "a1 64 4e616d65 7f 6161 6162 ff"), SampleInput{Name: new("ab")}},
		"time in seconds":    {encoded(t, m{"When": tag(1, 1577934245)}), SampleInput{When: new(sampleTime)}},
		"time as float":      {encoded(t, m{"When": tag(1, 1577934245.123)}), SampleInput{When: new(sampleTime.Add(123 * time.Millisecond))}},
		"time untagged":      {encoded(t, m{"When": 1577934245}), SampleInput{When: new(sampleTime)}},
		"binary":             {encoded(t, m{"Data": []byte("hi"), "Blobs": [][]byte{{}}}), SampleInput{Data: []byte("hi"), Blobs: [][]byte{{}}}},
		"lists":              {encoded(t, m{"Names": []string{"a"}, "Lists": [][]string{{}, {"b"}}}), SampleInput{Names: []string{"a"}, Lists: [][]string{{}, {"b"}}}},
		"list, indefinite":   {raw(t, "a1 65 4e616d6573 9f 6161 ff"), SampleInput{Names: []string{"a"}}},
		"structures":         {encoded(t, m{"Items": []any{m{"Key": "k"}}, "Item": m{"Key": "l"}}), SampleInput{Items: []SampleItem{{Key: new("k")}}, Item: &SampleItem{Key: new("l")}}},
		"maps":               {encoded(t, m{"Map": m{"a": "b"}, "Counts": m{"c": 1}}), SampleInput{Map: map[string]string{"a": "b"}, Counts: map[string]int64{"c": 1}}},
		"unknown members":    {encoded(t, m{"Unknown": m{"a": []int{1}}, "Name": "a"}), SampleInput{Name: new("a")}},
		"unknown tag inside": {encoded(t, m{"Unknown": tag(9999, "x"), "Name": "a"}), SampleInput{Name: new("a")}},
	} {
		t.Run(name, func(t *testing.T) { mustDecode(t, model.CBOR, tc.body, &tc.want) })
	}
}

func TestCBORRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"no CBOR":              "{}",
		"cut":                  encoded(t, m{"Name": "abc"})[:7],
		"more behind":          encoded(t, m{}) + "\x00",
		"a list":               encoded(t, []int{}),
		"a string":             encoded(t, "a"),
		"integer keys":         encoded(t, map[int]string{1: "a"}),
		"number for a string":  encoded(t, m{"Name": 5}),
		"bytes for a string":   encoded(t, m{"Name": []byte("a")}),
		"string for a number":  encoded(t, m{"Count": "5"}),
		"fraction":             encoded(t, m{"Count": 5.5}),
		"too large":            encoded(t, m{"Count": uint64(math.MaxUint64)}),
		"bignum":               raw(t, "a1 65 436f756e74 c2 49 010000000000000000"),
		"no number":            encoded(t, m{"Count": math.NaN()}),
		"tag for a string":     encoded(t, m{"Name": cbor.Tag{Number: 9999, Content: "a"}}),
		"time without end":     encoded(t, m{"When": cbor.Tag{Number: 1, Content: 1e300}}),
		"text under a tag":     encoded(t, m{"When": cbor.Tag{Number: 1, Content: "now"}}),
		"null in a list":       encoded(t, m{"Names": []any{nil}}),
		"string for structure": encoded(t, m{"Item": "a"}),
		"broken UTF-8":         raw(t, "a1 64 4e616d65 61 ff"),
		"deep":                 strings.Repeat(raw(t, "a1 64 4974656d"), 2*maxDepth) + "\xa0",
		"deeper":               strings.Repeat("\x81", 1<<20),
		"huge list announced":  raw(t, "a1 65 4e616d6573 9b 0000ffffffffffff"),
		"huge text announced":  raw(t, "a1 64 4e616d65 7b 0000ffffffffffff"),
		"reserved":             raw(t, "a1 64 4e616d65 fc"),
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, model.CBOR, body, "SerializationException") })
	}
	mustRefuse(t, model.CBOR, encoded(t, m{"Item": m{}}), "ValidationException")
}

func TestCBOREncode(t *testing.T) {
	f := newFake(model.CBOR)
	in := SampleOutput(*full())
	f.out = &in
	w := f.post(t, encoded(t, m{}))
	if w.Code != 200 || w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" || w.Header().Get("Content-Type") != "application/cbor" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	codec, err := newCBOR()
	if err != nil {
		t.Fatal(err)
	}
	var back SampleInput
	s := compile(reflect.TypeFor[SampleInput]())
	// CBOR knows no other names in JSON.
	s.byName["Alias"], s.byName["alias"] = s.byName["alias"], nil
	if err := codec.decode(s, reflect.ValueOf(&back), w.Body.Bytes()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, full()) {
		t.Errorf("got  %s\nwant %s", show(&back), show(full()))
	}
	if !bytes.Contains(w.Body.Bytes(), []byte("\x64When\xc1\xfb")) {
		t.Error("a timestamp is not tag 1 around a double")
	}
	f.out = &SampleOutput{}
	if got := f.post(t, "").Body.String(); got != "\xa0" {
		t.Errorf("an empty answer is %x", got)
	}
}

func TestCBORError(t *testing.T) {
	f := newFake(model.CBOR)
	f.err = &Error{Code: "NoSuchThing", Message: "gone", Detail: &SampleItem{Key: new("k")}}
	w := f.post(t, encoded(t, m{}))
	var got m
	if err := cbor.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := (m{"__type": "NoSuchThingException", "message": "gone", "Key": "k"}); !reflect.DeepEqual(got, want) || w.Code != 404 {
		t.Errorf("%d %v", w.Code, got)
	}
	h := w.Header()
	if h.Get("Smithy-Protocol") != "rpc-v2-cbor" || h.Get("X-Amzn-Query-Error") != "NoSuchThing;Sender" || h.Get("X-Amzn-Requestid") == "" {
		t.Errorf("headers %v", h)
	}
}
