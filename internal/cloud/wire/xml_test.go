package wire

import (
	"encoding/xml"
	"reflect"
	"strings"
	"testing"
	"time"
)

func fromXML(body string) (*SampleInput, error) {
	e, err := parseXML([]byte(body))
	if err != nil {
		return nil, err
	}
	in := &SampleInput{}
	return in, decodeXML(compile(reflect.TypeFor[SampleInput]()), reflect.ValueOf(in), e, "")
}

func TestXMLDecode(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	for name, tc := range map[string]struct {
		body string
		want SampleInput
	}{
		"empty":              {"<S/>", SampleInput{}},
		"with a head":        {head + "\n<S xmlns=\"https://sample.test/\"></S>\n", SampleInput{}},
		"byte order mark":    {"\xef\xbb\xbf" + head + "<S><Name>a</Name></S>", SampleInput{Name: new("a")}},
		"comments":           {"<!-- a --><S><!-- b --><Name>a<!-- c -->b</Name></S><!-- d -->", SampleInput{Name: new("ab")}},
		"scalars":            {"<S><Name> a </Name><Count> 5 </Count><Flag>true</Flag><Ratio>0.5</Ratio></S>", SampleInput{Name: new(" a "), Count: new(int64(5)), Flag: new(true), Ratio: new(0.5)}},
		"entities":           {"<S><Name>&lt;&amp;&gt;&quot;&apos;&#252;&#xFC;</Name></S>", SampleInput{Name: new(`<&>"'üü`)}},
		"CDATA":              {"<S><Name><![CDATA[<a>&b]]></Name></S>", SampleInput{Name: new("<a>&b")}},
		"blank string":       {"<S><Name/></S>", SampleInput{Name: new("")}},
		"times":              {"<S><When>2020-01-02T03:04:05.000Z</When><Iso>2020-01-02T04:04:05+01:00</Iso></S>", SampleInput{When: new(sampleTime), Iso: new(sampleTime.In(time.FixedZone("", 3600)))}},
		"wrapped list":       {"<S><Names><member>a</member><member/></Names></S>", SampleInput{Names: []string{"a", ""}}},
		"empty list":         {"<S><Names/></S>", SampleInput{Names: []string{}}},
		"flat list":          {"<S><Flat>a</Flat><Name>n</Name><Flat>b</Flat></S>", SampleInput{Flat: []string{"a", "b"}, Name: new("n")}},
		"structures":         {"<S><Items><item><Key>a</Key></item></Items></S>", SampleInput{Items: []SampleItem{{Key: new("a")}}}},
		"attribute":          {`<S xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><Item x:type="T"><Key>a</Key></Item></S>`, SampleInput{Item: &SampleItem{Key: new("a"), Kind: new("T")}}},
		"prefixed elements":  {`<n:S xmlns:n="urn:n"><n:Name>a</n:Name></n:S>`, SampleInput{Name: new("a")}},
		"unknown elements":   {"<S><Unknown><Name>b</Name></Unknown><Name>a</Name></S>", SampleInput{Name: new("a")}},
		"other name":         {"<S><alias>a</alias></S>", SampleInput{Alias: new("a")}},
		"space is no member": {"<S>\n  <Item>\n <Key>a</Key>\n</Item>\n</S>", SampleInput{Item: &SampleItem{Key: new("a")}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fromXML(tc.body)
			if err != nil {
				t.Fatal(err)
			}
			if show(got) != show(&tc.want) {
				t.Errorf("read as %s\nwant    %s", show(got), show(&tc.want))
			}
		})
	}
}

func TestXMLRefuses(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString(`<?xml version="1.0"?><!DOCTYPE S [<!ENTITY l0 "lol">`)
	for i := range 9 {
		laughs.WriteString("<!ENTITY l" + string(rune('1'+i)) + ` "` + strings.Repeat("&l"+string(rune('0'+i))+";", 10) + `">`)
	}
	laughs.WriteString("]><S><Name>&l9;</Name></S>")
	for name, body := range map[string]string{
		"nothing":            "",
		"text":               "Action=Sample",
		"cut":                "<S><Name>a</Name>",
		"wrong end":          "<S><Name>a</S></Name>",
		"two roots":          "<S/><S/>",
		"text behind":        "<S/>more",
		"text before":        "more<S/>",
		"unknown entity":     "<S><Name>&nbsp;</Name></S>",
		"billion laughs":     laughs.String(),
		"external entity":    `<!DOCTYPE S [<!ENTITY e SYSTEM "file:///etc/passwd">]><S><Name>&e;</Name></S>`,
		"other encoding":     `<?xml version="1.0" encoding="UTF-16"?><S/>`,
		"broken UTF-8":       "<S><Name>\xff</Name></S>",
		"NUL":                "<S><Name>\x00</Name></S>",
		"no integer":         "<S><Count>x</Count></S>",
		"blank integer":      "<S><Count/></S>",
		"no boolean":         "<S><Flag>yes</Flag></S>",
		"no time":            "<S><When>now</When></S>",
		"wrong list element": "<S><Names><name>a</name></Names></S>",
		"deep":               strings.Repeat("<Item>", 2*maxDepth) + strings.Repeat("</Item>", 2*maxDepth),
		"deeper":             strings.Repeat("<Item>", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := fromXML(body); err == nil {
				t.Errorf("read as %s", show(got))
			}
		})
	}
}

// TestXMLEncode wants documents that a strict parser reads, with the values as they were.
func TestXMLEncode(t *testing.T) {
	out := full()
	out.Name = new("<a href=\"x\">&amp;'\r\n\t\x00\x1f\uffff\xff]]></a>")
	e := &xmlEncoder{}
	e.open("S", "https://sample.test/?a=1&b=2")
	e.raw(">")
	e.members(compile(reflect.TypeFor[SampleInput]()), reflect.ValueOf(out))
	e.close("S")
	var back struct {
		XMLName xml.Name `xml:"https://sample.test/?a=1&b=2 S"`
		Name    string
		When    string
		HTTP    string
		Epoch   string
		Data    string
		Names   []string `xml:"Names>member"`
		Flat    []string
		Items   []struct {
			Key  string
			Kind string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
		} `xml:"Items>item"`
		Lists []struct {
			Member []string `xml:"member"`
		} `xml:"Lists>member"`
		Map []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"Map>entry"`
		Counts []struct{ K, V string }
	}
	text := strings.ReplaceAll(string(e.b), "<item xsi:type", `<item xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type`)
	if err := xml.Unmarshal([]byte(text), &back); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	const replaced = "\uFFFD"
	if want := "<a href=\"x\">&amp;'\r\n\t" + replaced + replaced + replaced + replaced + "]]></a>"; back.Name != want {
		t.Errorf("Name %q, want %q", back.Name, want)
	}
	if back.When != "2020-01-02T03:04:05Z" || back.HTTP != "Thu, 02 Jan 2020 03:04:05 GMT" || back.Epoch != "1577934245" || back.Data != "AP8=" {
		t.Errorf("scalars %+v", back)
	}
	if len(back.Names) != 2 || len(back.Flat) != 1 || len(back.Items) != 1 || back.Items[0].Kind != "t" || len(back.Lists) != 2 || len(back.Lists[1].Member) != 2 ||
		len(back.Map) != 1 || back.Map[0].Value != "b" || len(back.Counts) != 1 || back.Counts[0].K != "c" || back.Counts[0].V != "1" {
		t.Errorf("lists and maps %+v", back)
	}
}
