package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// decodeError says which member of a request cannot be read, and why.
type decodeError struct {
	path   string
	reason string
}

func (e *decodeError) Error() string {
	if e.path == "" {
		return e.reason
	}
	return e.path + ": " + e.reason
}

func fault(path, format string, args ...any) error {
	return &decodeError{path: path, reason: fmt.Sprintf(format, args...)}
}

// place gives the settable value behind v, making what a pointer points to.
func place(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return v.Elem()
	}
	return v
}

// setText reads a scalar from text, as it stands in query strings, headers, URIs and XML.
func setText(s *shape, v reflect.Value, text, path, ts string) error {
	v = place(v)
	switch s.kind {
	case kindString:
		v.SetString(text)
	case kindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fault(path, "%q is not an integer", text)
		}
		v.SetInt(n)
	case kindFloat:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fault(path, "%q is not a number", text)
		}
		v.SetFloat(n)
	case kindBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fault(path, "%q is not a boolean", text)
		}
		v.SetBool(b)
	case kindTime:
		t, err := parseTime(text, ts)
		if err != nil {
			return fault(path, "%q is not a timestamp", text)
		}
		v.Set(reflect.ValueOf(t))
	case kindBlob:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fault(path, "not base64")
		}
		v.SetBytes(b)
	default:
		return fault(path, "a structure was expected, not a value")
	}
	return nil
}

// appendFloat writes a number as JSON and XML have it, and what is none by the names that AWS gives it.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

func parseTime(text, ts string) (time.Time, error) {
	switch ts {
	case "http":
		return time.Parse(httpDate, text)
	case "epoch":
		return epochText(text)
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	if t, err := time.Parse(httpDate, text); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return epochText(text)
}

func epochText(text string) (time.Time, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, err
	}
	return epoch(f)
}

// epoch reads seconds since 1970, to the millisecond, as AWS does.
func epoch(f float64) (time.Time, error) {
	if math.IsNaN(f) || math.Abs(f) > 1e12 {
		return time.Time{}, strconv.ErrRange
	}
	t := time.UnixMilli(int64(math.Round(f * 1000))).UTC()
	if !representable(t) {
		return time.Time{}, strconv.ErrRange
	}
	return t, nil
}

// representable reports whether a time can be written in all of the formats that protocols have: RFC 3339 has years of four digits.
func representable(t time.Time) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

// appendText writes a scalar as text, for XML and headers.
func appendText(b []byte, s *shape, v reflect.Value, ts string, millis bool) []byte {
	v = reflect.Indirect(v)
	switch s.kind {
	case kindString:
		return append(b, v.String()...)
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case kindFloat:
		return appendFloat(b, v.Float())
	case kindBool:
		return strconv.AppendBool(b, v.Bool())
	case kindBlob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	case kindTime:
		t := v.Interface().(time.Time).UTC()
		switch {
		case ts == "http":
			return t.AppendFormat(b, httpDate)
		case ts == "epoch":
			return strconv.AppendInt(b, t.Unix(), 10)
		case millis:
			return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
		}
		return t.AppendFormat(b, "2006-01-02T15:04:05Z")
	}
	return b
}

// absent reports whether a member has no value.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// missing gives the path of the first required member without a value, "" if all are there.
func missing(s *shape, v reflect.Value, path string) string {
	v = reflect.Indirect(v)
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		at := join(path, f.name)
		if absent(fv) {
			if f.required {
				return at
			}
			continue
		}
		if m := missingIn(f.shape, fv, at); m != "" {
			return m
		}
	}
	return ""
}

func missingIn(s *shape, v reflect.Value, path string) string {
	switch {
	case s.kind == kindStruct:
		return missing(s, v, path)
	case s.kind == kindList && (s.elem.kind == kindStruct || s.elem.kind == kindList):
		for i := range v.Len() {
			if m := missingIn(s.elem, v.Index(i), path+"."+strconv.Itoa(i+1)+".member"); m != "" {
				return m
			}
		}
	case s.kind == kindMap && s.elem.kind == kindStruct:
		for it := v.MapRange(); it.Next(); {
			if m := missing(s.elem, it.Value(), path+"."+it.Key().String()+".member"); m != "" {
				return m
			}
		}
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
