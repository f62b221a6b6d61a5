package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

// decodeJSON reads a JSON body into an input structure. Members that the model does not have are ignored, as AWS does.
func decodeJSON(s *shape, v reflect.Value, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return fault("", "not JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault("", "not JSON: more follows the document")
	}
	return assign(s, v, tree, "", 0)
}

// assign puts a decoded JSON or CBOR tree into a value.
func assign(s *shape, v reflect.Value, tree any, path string, depth int) error {
	if tree == nil {
		return nil
	}
	if depth > maxDepth {
		return fault(path, "nested too deep")
	}
	switch s.kind {
	case kindStruct:
		m, ok := tree.(map[string]any)
		if !ok {
			return fault(path, "a structure was expected")
		}
		v = place(v)
		for name, item := range m {
			if f := s.byName[name]; f != nil && item != nil {
				if err := assign(f.shape, v.Field(f.index), item, join(path, name), depth+1); err != nil {
					return err
				}
			}
		}
		return nil
	case kindList:
		items, ok := tree.([]any)
		if !ok {
			return fault(path, "a list was expected")
		}
		out := reflect.MakeSlice(v.Type(), len(items), len(items))
		for i, item := range items {
			if item == nil {
				return fault(path+"."+strconv.Itoa(i+1), "a list element must not be null")
			}
			if err := assign(s.elem, out.Index(i), item, path+"."+strconv.Itoa(i+1), depth+1); err != nil {
				return err
			}
		}
		v.Set(out)
		return nil
	case kindMap:
		m, ok := tree.(map[string]any)
		if !ok {
			return fault(path, "a map was expected")
		}
		out := reflect.MakeMapWithSize(v.Type(), len(m))
		for key, item := range m {
			if item == nil {
				continue
			}
			ev := reflect.New(s.elem.typ).Elem()
			if err := assign(s.elem, ev, item, join(path, key), depth+1); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(key), ev)
		}
		v.Set(out)
		return nil
	case kindDocument:
		v.Set(reflect.ValueOf(tree))
		return nil
	}
	return assignScalar(s, place(v), tree, path)
}

func assignScalar(s *shape, v reflect.Value, tree any, path string) error {
	switch s.kind {
	case kindString:
		if text, ok := tree.(string); ok {
			v.SetString(text)
			return nil
		}
		return fault(path, "a string was expected")
	case kindBool:
		if b, ok := tree.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return fault(path, "a boolean was expected")
	case kindBlob:
		switch b := tree.(type) {
		case []byte:
			v.SetBytes(b)
			return nil
		case string:
			raw, err := base64.StdEncoding.DecodeString(b)
			if err != nil {
				return fault(path, "not base64")
			}
			v.SetBytes(raw)
			return nil
		}
		return fault(path, "binary data was expected")
	}
	if t, ok := tree.(time.Time); ok && s.kind == kindTime {
		if t = t.Round(time.Millisecond).UTC(); !representable(t) {
			return fault(path, "not a timestamp")
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	f, exact, ok := number(tree)
	if !ok {
		text, isText := tree.(string)
		switch {
		case isText && s.kind == kindTime:
			return setText(s, v, text, path, "")
		case isText && s.kind == kindFloat && (text == "NaN" || text == "Infinity" || text == "-Infinity"):
			return setText(s, v, text, path, "")
		}
		return fault(path, "a number was expected")
	}
	switch s.kind {
	case kindInt:
		if exact == nil {
			if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				return fault(path, "an integer was expected")
			}
			v.SetInt(int64(f))
			return nil
		}
		v.SetInt(*exact)
	case kindFloat:
		v.SetFloat(f)
	case kindTime:
		t, err := epoch(f)
		if err != nil {
			return fault(path, "not a timestamp")
		}
		v.Set(reflect.ValueOf(t))
	}
	return nil
}

// number reads a JSON or CBOR number; exact is its value where it is an int64.
func number(tree any) (f float64, exact *int64, ok bool) {
	switch n := tree.(type) {
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return float64(i), &i, true
		}
		f, err := n.Float64()
		return f, nil, err == nil
	case int64:
		return float64(n), &n, true
	case uint64:
		if n <= math.MaxInt64 {
			i := int64(n)
			return float64(n), &i, true
		}
		return float64(n), nil, true
	case float64:
		return n, nil, true
	case float32:
		return float64(n), nil, true
	}
	return 0, nil, false
}

// appendJSON writes a value as JSON: members in the model's order, absent ones left out, timestamps in epoch seconds.
func appendJSON(b []byte, s *shape, v reflect.Value) []byte {
	switch s.kind {
	case kindStruct:
		v = reflect.Indirect(v)
		b = append(b, '{')
		first := true
		for i := range s.fields {
			f := &s.fields[i]
			fv := v.Field(f.index)
			if f.bound() || absent(fv) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(appendJSONString(b, f.json), ':')
			b = appendJSON(b, f.shape, fv)
		}
		return append(b, '}')
	case kindList:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, s.elem, v.Index(i))
		}
		return append(b, ']')
	case kindMap:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, k.String()), ':')
			b = appendJSON(b, s.elem, v.MapIndex(k))
		}
		return append(b, '}')
	case kindDocument:
		raw, err := json.Marshal(v.Interface())
		if err != nil {
			return append(b, "null"...)
		}
		return append(b, raw...)
	case kindString:
		return appendJSONString(b, reflect.Indirect(v).String())
	case kindBlob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case kindTime:
		return appendEpoch(b, reflect.Indirect(v).Interface().(time.Time))
	case kindFloat:
		f := reflect.Indirect(v).Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(appendFloat(append(b, '"'), f), '"')
		}
		return appendFloat(b, f)
	}
	return appendText(b, s, v, "", false)
}

func appendEpoch(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms%1000 == 0 {
		return strconv.AppendInt(b, ms/1000, 10)
	}
	return strconv.AppendFloat(b, float64(ms)/1000, 'f', 3, 64)
}

func appendJSONString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, raw...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
