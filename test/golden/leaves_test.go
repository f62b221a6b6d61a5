package golden

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A leaf is a scalar of a message, in one notation for all protocols: times as T and epoch seconds, binary data in base64.
type leaf = string

func timeLeaf(t time.Time) leaf { return "T" + strconv.FormatInt(t.Unix(), 10) }

// textLeaf reads a scalar as it stands on the wire.
func textLeaf(s string) leaf {
	if s == "946684800" { // the recordings' only time: 2000-01-01
		return "T" + s
	}
	for _, layout := range []string{time.RFC3339Nano, "Mon, 02 Jan 2006 15:04:05 GMT"} {
		if t, err := time.Parse(layout, s); err == nil {
			return timeLeaf(t)
		}
	}
	return s
}

// structLeaves collects the scalars of a Go value. misplaced gets those that stand under the wrong name: the recordings call a
// value after its member.
func structLeaves(v reflect.Value, member string, misplaced *[]string) []leaf {
	switch x := v.Interface().(type) {
	case time.Time:
		return []leaf{timeLeaf(x)}
	case []byte:
		if x == nil {
			return nil
		}
		return []leaf{base64.StdEncoding.EncodeToString(x)}
	case io.ReadCloser:
		if x == nil {
			return nil
		}
		raw, err := io.ReadAll(x)
		if err != nil {
			*misplaced = append(*misplaced, err.Error())
		}
		return []leaf{string(raw)}
	}
	var out []leaf
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			out = structLeaves(v.Elem(), "Document", misplaced)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out = structLeaves(v.Elem(), member, misplaced)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name, _, _ := strings.Cut(f.Tag.Get("aws"), ",")
				out = append(out, structLeaves(v.Field(i), name, misplaced)...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, structLeaves(v.Index(i), "Member", misplaced)...)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			out = append(out, it.Key().String())
			out = append(out, structLeaves(it.Value(), "Value", misplaced)...)
		}
	case reflect.String:
		s := v.String()
		name, ok := strings.CutPrefix(s, "__")
		name = strings.TrimSuffix(name, "__")
		if ok && !strings.EqualFold(name, member) && !strings.HasPrefix(name, "AttributeValueMember") && !strings.HasSuffix(name, "FilterMember"+member) {
			*misplaced = append(*misplaced, member+" has "+s)
		}
		out = append(out, s)
	case reflect.Bool:
		out = append(out, strconv.FormatBool(v.Bool()))
	case reflect.Int64:
		out = append(out, strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		out = append(out, strconv.FormatFloat(v.Float(), 'f', -1, 64))
	}
	return out
}

// jsonLeaves collects the scalars of a decoded JSON document, map keys of the recordings ("key0") among them.
func jsonLeaves(v any) []leaf {
	var out []leaf
	switch x := v.(type) {
	case map[string]any:
		for k, item := range x {
			if k == "key0" {
				out = append(out, k)
			}
			out = append(out, jsonLeaves(item)...)
		}
	case []any:
		for _, item := range x {
			out = append(out, jsonLeaves(item)...)
		}
	case string:
		out = append(out, x)
	case json.Number:
		out = append(out, textLeaf(x.String()))
	case bool:
		out = append(out, strconv.FormatBool(x))
	}
	return out
}

// xmlLeaves collects the text of a document's innermost elements, and its xsi attributes.
func xmlLeaves(t *testing.T, body string) []leaf {
	t.Helper()
	var out []leaf
	d := xml.NewDecoder(strings.NewReader(body))
	text, inner := "", false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("the recording is no XML: %v", err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			text, inner = "", true
			for _, a := range x.Attr {
				if strings.Contains(a.Name.Space, "XMLSchema-instance") {
					out = append(out, a.Value)
				}
			}
		case xml.CharData:
			text += string(x)
		case xml.EndElement:
			if inner && text != "" {
				out = append(out, textLeaf(text))
			}
			inner = false
		}
	}
}

// difference gives what only one of two lists has, each with its side.
func difference(sent, arrived []leaf) []string {
	sort.Strings(sent)
	sort.Strings(arrived)
	var out []string
	i, j := 0, 0
	for i < len(sent) || j < len(arrived) {
		switch {
		case j == len(arrived) || i < len(sent) && sent[i] < arrived[j]:
			out = append(out, "lost "+sent[i])
			i++
		case i == len(sent) || arrived[j] < sent[i]:
			out = append(out, "made up "+arrived[j])
			j++
		default:
			i, j = i+1, j+1
		}
	}
	return out
}
