package wire

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"sort"
	"strings"
)

// template is a REST operation's method and URI pattern, split for matching.
type template struct {
	name     string
	method   string
	segments []string // literal, "{Label}" or "{Label+}" (greedy)
	literals []pair   // query parameters that the pattern demands; without x-id, which clients may leave out
	xid      string
	status   int
	needs    []*field // members in the query or in headers that must be there for the operation to be meant
	op       *Operation
}

type pair struct{ name, value string }

func newTemplate(name, method, uri string, status int) *template {
	t := &template{name: name, method: method, status: status}
	path, query, _ := strings.Cut(uri, "?")
	t.segments = splitPath(path)
	for part := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(part, "=")
		switch {
		case k == "":
		case k == "x-id":
			t.xid = v
		default:
			t.literals = append(t.literals, pair{k, v})
		}
	}
	return t
}

func splitPath(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func isLabel(s string) bool { return len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' }

// labels matches an escaped path and gives the labels' decoded values; ok is false if it does not match.
func (t *template) labels(escaped string) (map[string]string, bool) {
	got := map[string]string{}
	rest := strings.TrimPrefix(escaped, "/")
	if len(t.segments) == 0 {
		return got, rest == ""
	}
	for i, seg := range t.segments {
		last := i == len(t.segments)-1
		var part string
		more := false
		if isLabel(seg) && strings.HasSuffix(seg, "+}") {
			part, rest = rest, ""
			if !last { // what follows a greedy label is literal, from the end
				tail := "/" + strings.Join(t.segments[i+1:], "/")
				if !strings.HasSuffix(part, tail) {
					return nil, false
				}
				part, last = strings.TrimSuffix(part, tail), true
			}
		} else {
			part, rest, more = strings.Cut(rest, "/")
		}
		if isLabel(seg) {
			value, err := url.PathUnescape(part)
			if err != nil || value == "" {
				return nil, false
			}
			got[strings.TrimSuffix(seg[1:len(seg)-1], "+")] = value
		} else if part != seg {
			return nil, false
		}
		if last {
			return got, rest == "" && !more || rest == "" && more && part == ""
		}
		if !more {
			return nil, false
		}
	}
	return got, true
}

// accepts reports whether the request can mean this operation, and how specific the match is.
func (t *template) accepts(method string, query url.Values, h http.Header) (int, bool) {
	if t.method != method {
		return 0, false
	}
	score := 0
	for _, l := range t.literals {
		v, ok := query[l.name]
		if !ok || l.value != "" && (len(v) == 0 || v[0] != l.value) {
			return 0, false
		}
		score += 2
	}
	if id := query.Get("x-id"); id != "" && t.xid == id {
		score++
	}
	if t.op == nil && len(t.literals) == 0 && t.xid != "" && query.Get("x-id") != t.xid {
		return 0, false // an operation that we lack, told from others by nothing else
	}
	for _, f := range t.needs {
		switch {
		case f.uriQuery != "" && query.Has(f.uriQuery), f.header != "" && h.Get(f.header) != "":
			score++
		default:
			return 0, false
		}
	}
	return score, true
}

// route picks the most specific operation for a path, relative to the bucket in S3's case.
func route(templates []*template, method, escapedPath string, query url.Values, h http.Header) (*template, map[string]string) {
	var best *template
	var bestLabels map[string]string
	bestScore := -1
	for _, t := range templates {
		score, ok := t.accepts(method, query, h)
		if !ok {
			continue
		}
		labels, ok := t.labels(escapedPath)
		if !ok {
			continue
		}
		for _, s := range t.segments {
			if !isLabel(s) {
				score++
			}
		}
		if score > bestScore {
			best, bestLabels, bestScore = t, labels, score
		}
	}
	return best, bestLabels
}

// decodeREST reads an input from path labels, query, headers and body.
func decodeREST(s *shape, in reflect.Value, labels map[string]string, query url.Values, h http.Header, body io.ReadCloser, raw []byte, json bool) error {
	v := in.Elem()
	rest := false
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		var err error
		switch {
		case f.label:
			if text, ok := labels[f.name]; ok {
				err = setText(f.shape, fv, text, f.name, f.ts)
			}
			if f.header != "" && absent(fv) && h.Get(f.header) != "" {
				err = setText(f.shape, fv, h.Get(f.header), f.name, f.ts)
			}
		case f.header != "":
			err = decodeHeader(f, fv, h)
		case f.hasPrefix:
			decodePrefixHeaders(f, fv, h)
		case f.uriQuery != "":
			err = decodeQueryMember(f, fv, query)
		case f.payload:
			err = decodePayload(f, fv, body, raw, json)
		default:
			rest = true
		}
		if err != nil {
			return err
		}
	}
	if !rest || s.payloadField() != nil || len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	if json {
		return decodeJSON(s, in, raw)
	}
	e, err := parseXML(raw)
	if err != nil {
		return err
	}
	return decodeXML(s, in, e, "")
}

func decodeHeader(f *field, fv reflect.Value, h http.Header) error {
	values := h.Values(f.header)
	if len(values) == 0 {
		return nil
	}
	if f.shape.kind == kindList {
		list := reflect.MakeSlice(fv.Type(), 0, len(values))
		for _, v := range values {
			for part := range strings.SplitSeq(v, ",") {
				item := reflect.New(f.shape.elem.typ).Elem()
				if err := setText(f.shape.elem, item, strings.TrimSpace(part), f.name, f.ts); err != nil {
					return err
				}
				list = reflect.Append(list, item)
			}
		}
		fv.Set(list)
		return nil
	}
	ts := f.ts
	if ts == "" {
		ts = "http"
	}
	if f.shape.kind == kindTime {
		if t, err := parseTime(values[0], ts); err == nil {
			place(fv).Set(reflect.ValueOf(t))
			return nil
		}
		ts = "" // some clients send ISO 8601 where HTTP dates belong
	}
	return setText(f.shape, fv, values[0], f.name, ts)
}

func decodePrefixHeaders(f *field, fv reflect.Value, h http.Header) {
	prefix := http.CanonicalHeaderKey(f.prefix)
	for name, values := range h {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			if fv.IsNil() {
				fv.Set(reflect.MakeMap(fv.Type()))
			}
			fv.SetMapIndex(reflect.ValueOf(strings.ToLower(name[len(prefix):])), reflect.ValueOf(strings.Join(values, ",")))
		}
	}
}

func decodeQueryMember(f *field, fv reflect.Value, query url.Values) error {
	values, ok := query[f.uriQuery]
	if !ok {
		return nil
	}
	if f.shape.kind == kindList {
		list := reflect.MakeSlice(fv.Type(), len(values), len(values))
		for i, v := range values {
			if err := setText(f.shape.elem, list.Index(i), v, f.name, f.ts); err != nil {
				return err
			}
		}
		fv.Set(list)
		return nil
	}
	if values[0] == "" && f.shape.kind != kindString {
		return nil
	}
	return setText(f.shape, fv, values[0], f.name, f.ts)
}

func decodePayload(f *field, fv reflect.Value, body io.ReadCloser, raw []byte, json bool) error {
	switch f.shape.kind {
	case kindStream:
		fv.Set(reflect.ValueOf(&body).Elem())
		return nil
	case kindString:
		if len(raw) > 0 {
			place(fv).SetString(string(raw))
		}
		return nil
	case kindBlob:
		if len(raw) > 0 {
			fv.SetBytes(raw)
		}
		return nil
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	if json {
		return decodeJSON(f.shape, fv, raw)
	}
	e, err := parseXML(raw)
	if err != nil {
		return err
	}
	return decodeXML(f.shape, fv, e, f.name)
}

// encodeRESTHead writes the members of an output that travel as headers, and gives the status code that it carries, or 0.
func encodeRESTHead(s *shape, v reflect.Value, h http.Header) int {
	status := 0
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if absent(fv) {
			continue
		}
		switch {
		case f.status:
			status = int(reflect.Indirect(fv).Int())
		case f.header != "" && f.shape.kind == kindList:
			if fv.Len() == 0 {
				continue
			}
			parts := make([]string, fv.Len())
			for i := range parts {
				parts[i] = string(appendText(nil, f.shape.elem, fv.Index(i), f.ts, false))
			}
			h[http.CanonicalHeaderKey(f.header)] = []string{strings.Join(parts, ",")}
		case f.header != "":
			ts := f.ts
			if ts == "" {
				ts = "http"
			}
			h[http.CanonicalHeaderKey(f.header)] = []string{string(appendText(nil, f.shape, fv, ts, false))}
		case f.hasPrefix:
			keys := fv.MapKeys()
			sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
			for _, k := range keys { // in lower case on the wire, as S3 sends them: boto3 shows their names as they come
				h[f.prefix+k.String()] = []string{fv.MapIndex(k).String()}
			}
		}
	}
	return status
}
