package wire

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/model"
)

func TestJSONDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want SampleInput
	}{
		"no body":              {"", SampleInput{}},
		"space":                {" \n", SampleInput{}},
		"empty":                {"{}", SampleInput{}},
		"null":                 {"null", SampleInput{}},
		"null members":         {`{"Name":null,"Names":null,"Item":null}`, SampleInput{}},
		"scalars":              {`{"Name":"a","Count":-5,"Ratio":0.5,"Flag":false}`, SampleInput{Name: new("a"), Count: new(int64(-5)), Ratio: new(0.5), Flag: new(false)}},
		"largest integer":      {`{"Count":9223372036854775807}`, SampleInput{Count: new(int64(math.MaxInt64))}},
		"least integer":        {`{"Count":-9223372036854775808}`, SampleInput{Count: new(int64(math.MinInt64))}},
		"integer with a point": {`{"Count":5.0}`, SampleInput{Count: new(int64(5))}},
		"integer with e":       {`{"Count":5e2}`, SampleInput{Count: new(int64(500))}},
		"integer for a float":  {`{"Ratio":3}`, SampleInput{Ratio: new(3.0)}},
		"infinity":             {`{"Ratio":"-Infinity"}`, SampleInput{Ratio: new(math.Inf(-1))}},
		"epoch seconds":        {`{"When":1577934245}`, SampleInput{When: new(sampleTime)}},
		"epoch milliseconds":   {`{"When":1577934245.25}`, SampleInput{When: new(sampleTime.Add(250 * time.Millisecond))}},
		"before 1970":          {`{"When":-1.5}`, SampleInput{When: new(time.UnixMilli(-1500).UTC())}},
		"time as text":         {`{"When":"2020-01-02T03:04:05Z","HTTP":"Thu, 02 Jan 2020 03:04:05 GMT"}`, SampleInput{When: new(sampleTime), HTTP: new(sampleTime)}},
		"binary":               {`{"Data":"aGk=","Blobs":["","aGk="]}`, SampleInput{Data: []byte("hi"), Blobs: [][]byte{{}, []byte("hi")}}},
		"lists":                {`{"Names":["a",""],"Lists":[[],["b"]],"Items":[{"Key":"k"}]}`, SampleInput{Names: []string{"a", ""}, Lists: [][]string{{}, {"b"}}, Items: []SampleItem{{Key: new("k")}}}},
		"empty list and map":   {`{"Names":[],"Map":{}}`, SampleInput{Names: []string{}, Map: map[string]string{}}},
		"map":                  {`{"Map":{"a":"1","":"2","n":null}}`, SampleInput{Map: map[string]string{"a": "1", "": "2"}}},
		"document":             {`{"Any":{"a":[1,true,null]}}`, SampleInput{Any: map[string]any{"a": []any{json.Number("1"), true, nil}}}},
		"other name":           {`{"alias":"a"}`, SampleInput{Alias: new("a")}},
		"unknown members":      {`{"Unknown":{"x":[1]},"__type":"x","Name":"a"}`, SampleInput{Name: new("a")}},
		"escapes":              {`{"Name":"\u00fc\n\"\ud83d\ude00"}`, SampleInput{Name: new("ü\n\"😀")}},
	} {
		t.Run(name, func(t *testing.T) { mustDecode(t, model.JSON11, tc.body, &tc.want) })
	}
}

func TestJSONRefuses(t *testing.T) {
	deep := strings.Repeat(`{"Key":"k","Item":`, 2*maxDepth) + `{"Key":"k"}` + strings.Repeat("}", 2*maxDepth)
	for name, body := range map[string]string{
		"no JSON":               "Action=Sample",
		"cut":                   `{"Name":"a"`,
		"more behind":           `{} {}`,
		"a list":                `[]`,
		"a string":              `"a"`,
		"number for a string":   `{"Name":5}`,
		"string for a number":   `{"Count":"5"}`,
		"fraction":              `{"Count":5.5}`,
		"too large":             `{"Count":9223372036854775808}`,
		"far too large":         `{"Count":1e400}`,
		"string for a float":    `{"Ratio":"1"}`,
		"string for a boolean":  `{"Flag":"true"}`,
		"number for a boolean":  `{"Flag":1}`,
		"text for a time":       `{"When":"yesterday"}`,
		"time out of range":     `{"When":1e300}`,
		"text for binary":       `{"Data":"%"}`,
		"number for binary":     `{"Data":5}`,
		"string for a list":     `{"Names":"a"}`,
		"null in a list":        `{"Names":[null]}`,
		"wrong element":         `{"Names":[5]}`,
		"list for a map":        `{"Map":[]}`,
		"wrong value":           `{"Map":{"a":5}}`,
		"string for structure":  `{"Item":"a"}`,
		"deep":                  deep,
		"deeper than any stack": strings.Repeat(`{"Key":"k","Item":`, 200_000),
		"lists without end":     strings.Repeat(`[`, 200_000),
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, model.JSON10, body, "SerializationException") })
	}
	mustRefuse(t, model.JSON10, `{"Item":{}}`, "ValidationException")
	mustRefuse(t, model.JSON10, `{"Items":[{"Key":"a"},{}]}`, "'items.2.member.Key'")
}

func TestJSONEncode(t *testing.T) {
	for name, tc := range map[string]struct {
		out  SampleOutput
		want string
	}{
		"nothing":        {SampleOutput{}, `{}`},
		"zero is there":  {SampleOutput{Name: new(""), Count: new(int64(0)), Flag: new(false), Names: []string{}, Map: map[string]string{}}, `{"Name":"","Count":0,"Flag":false,"Names":[],"Map":{}}`},
		"times":          {SampleOutput{When: new(sampleTime), Epoch: new(sampleTime.Add(5 * time.Millisecond))}, `{"When":1577934245,"Epoch":1577934245.005}`},
		"floats":         {SampleOutput{Ratio: new(1e21)}, `{"Ratio":1e+21}`},
		"infinite":       {SampleOutput{Ratio: new(math.Inf(1))}, `{"Ratio":"Infinity"}`},
		"no number":      {SampleOutput{Ratio: new(math.NaN())}, `{"Ratio":"NaN"}`},
		"sorted map":     {SampleOutput{Map: map[string]string{"b": "2", "a": "1"}}, `{"Map":{"a":"1","b":"2"}}`},
		"escapes":        {SampleOutput{Name: new("a\"\\\n\x00\u2028<&>")}, `{"Name":"a\"\\\n\u0000\u2028\u003c\u0026\u003e"}`},
		"broken UTF-8":   {SampleOutput{Name: new("a\xff")}, `{"Name":"a\ufffd"}`},
		"nested":         {SampleOutput{Items: []SampleItem{{Key: new("k")}}, Lists: [][]string{{"a"}, {}}}, `{"Items":[{"Key":"k"}],"Lists":[["a"],[]]}`},
		"binary":         {SampleOutput{Data: []byte{0xff}, Blobs: [][]byte{{}}}, `{"Data":"/w==","Blobs":[""]}`},
		"document":       {SampleOutput{Any: map[string]any{"a": 1}}, `{"Any":{"a":1}}`},
		"least of times": {SampleOutput{When: new(time.UnixMilli(-1).UTC())}, `{"When":-0.001}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(model.JSON11)
			f.out = &tc.out
			w := f.post(t, "{}")
			if got := w.Body.String(); got != tc.want || w.Code != 200 || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("%d %s %s\nwant %s", w.Code, w.Header(), got, tc.want)
			}
			var back any
			if err := json.Unmarshal(w.Body.Bytes(), &back); err != nil {
				t.Errorf("no JSON: %v", err)
			}
		})
	}
}

// TestJSONRoundTrip reads what it wrote.
func TestJSONRoundTrip(t *testing.T) {
	s := compile(reflect.TypeFor[SampleInput]())
	in := full()
	var back SampleInput
	if err := decodeJSON(s, reflect.ValueOf(&back), []byte(show(in))); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, in) {
		t.Errorf("got  %s\nwant %s", show(&back), show(in))
	}
}

// full is an input with all members but the document.
func full() *SampleInput {
	return &SampleInput{
		Name: new("n\t\n<&>\"'ü"), Count: new(int64(math.MaxInt64)), Ratio: new(0.1), Flag: new(true), When: new(sampleTime), Iso: new(sampleTime),
		HTTP: new(sampleTime), Epoch: new(sampleTime), Data: []byte{0, 255}, Names: []string{"a", "b"}, Flat: []string{"c"},
		Items: []SampleItem{{Key: new("k"), Kind: new("t"), Items: []SampleItem{{Key: new("l")}}}}, Lists: [][]string{{"x"}, {"y", "z"}},
		Map: map[string]string{"a": "b"}, Counts: map[string]int64{"c": 1}, Item: &SampleItem{Key: new("m"), Item: &SampleItem{Key: new("o")}},
		Alias: new("alias"), Blobs: [][]byte{{1}}, Extra: new("e"),
	}
}
