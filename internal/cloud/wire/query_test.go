package wire

import (
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/model"
)

const formHead = "Action=Sample&Version=2026-01-01&"

func TestQueryDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		form string
		want SampleInput
	}{
		"nothing":             {"", SampleInput{}},
		"scalars":             {"Name=a%20b%2Bc&Count=-5&Ratio=0.5&Flag=true", SampleInput{Name: new("a b+c"), Count: new(int64(-5)), Ratio: new(0.5), Flag: new(true)}},
		"blank string":        {"Name=", SampleInput{Name: new("")}},
		"plus is a space":     {"Name=a+b", SampleInput{Name: new("a b")}},
		"equal signs":         {"Name=a=b=c", SampleInput{Name: new("a=b=c")}},
		"empty pairs":         {"&&Name=a&", SampleInput{Name: new("a")}},
		"last one counts":     {"Name=a&Name=b", SampleInput{Name: new("b")}},
		"times":               {"When=2020-01-02T03:04:05Z&Epoch=1577934245&HTTP=Thu,+02+Jan+2020+03:04:05+GMT", SampleInput{When: new(sampleTime), Epoch: new(sampleTime), HTTP: new(sampleTime)}},
		"binary":              {"Data=aGk%3D", SampleInput{Data: []byte("hi")}},
		"list":                {"Names.member.1=a&Names.member.2=b", SampleInput{Names: []string{"a", "b"}}},
		"list by its numbers": {"Names.member.10=c&Names.member.2=b&Names.member.1=a", SampleInput{Names: []string{"a", "b", "c"}}},
		"empty list":          {"Names=", SampleInput{Names: []string{}}},
		"flat list":           {"Flat.1=a&Flat.2=b", SampleInput{Flat: []string{"a", "b"}}},
		"list of lists":       {"Lists.member.1.member.1=a&Lists.member.1.member.2=b&Lists.member.2.member.1=c", SampleInput{Lists: [][]string{{"a", "b"}, {"c"}}}},
		"structures":          {"Items.item.1.Key=a&Items.item.2.Key=b&Items.item.2.Items.item.1.Key=c", SampleInput{Items: []SampleItem{{Key: new("a")}, {Key: new("b"), Items: []SampleItem{{Key: new("c")}}}}}},
		"map":                 {"Map.entry.1.key=a&Map.entry.1.value=1&Map.entry.2.key=b&Map.entry.2.value=", SampleInput{Map: map[string]string{"a": "1", "b": ""}}},
		"flat map":            {"Counts.1.K=a&Counts.1.V=7", SampleInput{Counts: map[string]int64{"a": 7}}},
		"nested":              {"Item.Key=a&Item.Item.Key=b", SampleInput{Item: &SampleItem{Key: new("a"), Item: &SampleItem{Key: new("b")}}}},
		"unknown member":      {"Unknown=1&Name=a", SampleInput{Name: new("a")}},
		"presigned members":   {"X-Amz-Something=1&Name=a", SampleInput{Name: new("a")}},
	} {
		t.Run(name, func(t *testing.T) { mustDecode(t, model.Query, formHead+tc.form, &tc.want) })
	}
}

var sampleTime = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func TestEC2QueryDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		form string
		want SampleInput
	}{
		"lists are flat": {"Names.1=a&Names.2=b&Items.1.Key=k", SampleInput{Names: []string{"a", "b"}, Items: []SampleItem{{Key: new("k")}}}},
		"own query name": {"OtherName=a", SampleInput{Alias: new("a")}},
		"upper case":     {"Extra=a", SampleInput{Extra: new("a")}},
		"lists in lists": {"Lists.1.1=a&Lists.1.2=b", SampleInput{Lists: [][]string{{"a", "b"}}}},
		"presigned":      {"X-Amz-Date=1&Name=a", SampleInput{Name: new("a")}},
	} {
		t.Run(name, func(t *testing.T) { mustDecode(t, model.EC2Query, formHead+tc.form, &tc.want) })
	}
	mustRefuse(t, model.EC2Query, formHead+"Unknown=1", "<Code>UnknownParameter</Code>")
	mustRefuse(t, model.EC2Query, formHead+"Items.1.Unknown=1", "<Code>UnknownParameter</Code>")
	mustRefuse(t, model.EC2Query, formHead+"Count=many", "<Code>InvalidParameterValue</Code>")
	mustRefuse(t, model.EC2Query, formHead+"Item.Item.Key=a", "<Code>MissingParameter</Code>")
}

func TestQueryRefuses(t *testing.T) {
	for name, form := range map[string]string{
		"no integer":             "Count=1.5",
		"integer too large":      "Count=9223372036854775808",
		"no number":              "Ratio=x",
		"no boolean":             "Flag=maybe",
		"no time":                "When=yesterday",
		"no base64":              "Data=%25",
		"text for a list":        "Names=a",
		"no index":               "Names.member.x=a",
		"negative index":         "Names.member.-1=a",
		"list without member":    "Names.1=a",
		"text for a structure":   "Item=a",
		"members for a scalar":   "Name.x=a",
		"map without value":      "Map.entry.1.key=a",
		"map without key":        "Map.entry.1.value=a",
		"bad encoding":           "Name=%zz",
		"bad encoding in a name": "N%zz=a",
		"deep":                   strings.Repeat("Item.", 2*maxDepth) + "Key=a",
		"deep and short":         strings.Repeat(".", 2*maxDepth) + "=a",
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, model.Query, formHead+form, "<Code>MalformedInput</Code>") })
	}
	mustRefuse(t, model.Query, formHead+"Item.Item.Key=a", "<Code>ValidationError</Code>")
}

// TestQueryInURL calls with the parameters in the URL, as presigned and hand-written calls have them.
func TestQueryInURL(t *testing.T) {
	f := newFake(model.Query)
	srv, _ := newServer(t, f)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, signed(t, request("GET", "/?"+formHead+"Name=a%26b", ""), "sample", ""))
	if f.got == nil || *f.got.Name != "a&b" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestQueryMany wants a large form read in time that grows with its size.
func TestQueryMany(t *testing.T) {
	form := url.Values{}
	for i := range 20_000 {
		form.Set("Names.member."+strconv.Itoa(i+1), strconv.Itoa(i))
	}
	f := newFake(model.Query)
	if w := f.post(t, formHead+form.Encode()); f.got == nil || len(f.got.Names) != 20_000 || f.got.Names[19_999] != "19999" {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
}
