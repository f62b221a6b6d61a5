package wire

import (
	"reflect"
	"sort"
	"strings"
	"unicode/utf8"
)

// xmlEncoder writes structures as XML. EC2's protocol names list elements "item" (its model says so) and, like S3, writes
// timestamps with milliseconds.
type xmlEncoder struct {
	b      []byte
	millis bool
}

func (e *xmlEncoder) raw(s string) { e.b = append(e.b, s...) }

func (e *xmlEncoder) open(name, ns string) {
	e.b = append(e.b, '<')
	e.raw(name)
	if ns != "" {
		prefix, uri, ok := strings.Cut(ns, "|")
		if ok {
			e.raw(` xmlns:` + prefix)
		} else {
			uri = prefix
			e.raw(` xmlns`)
		}
		e.raw(`="`)
		e.b = appendEscaped(e.b, uri)
		e.b = append(e.b, '"')
	}
}

func (e *xmlEncoder) close(name string) {
	e.raw("</")
	e.raw(name)
	e.b = append(e.b, '>')
}

// members writes a structure's body members, without an element around them.
func (e *xmlEncoder) members(s *shape, v reflect.Value) {
	v = reflect.Indirect(v)
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if f.bound() || f.attr || absent(fv) {
			continue
		}
		e.member(f, f.shape, fv)
	}
}

func (e *xmlEncoder) member(f *field, s *shape, v reflect.Value) {
	switch s.kind {
	case kindList:
		if f.flat {
			for i := range v.Len() {
				e.element(f.xml, f.listNS, f, s.elem, v.Index(i))
			}
			return
		}
		e.open(f.xml, f.ns)
		e.b = append(e.b, '>')
		e.elements(f, s, v)
		e.close(f.xml)
	case kindMap:
		if !f.flat {
			e.open(f.xml, f.ns)
			e.b = append(e.b, '>')
		}
		name := "entry"
		if f.flat {
			name = f.xml
		}
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, k := range keys {
			e.raw("<" + name + "><" + f.keyXML + ">")
			e.b = appendEscaped(e.b, k.String())
			e.close(f.keyXML)
			e.element(f.valXML, "", &field{elemXML: "member", ts: f.ts}, s.elem, v.MapIndex(k))
			e.close(name)
		}
		if !f.flat {
			e.close(f.xml)
		}
	default:
		e.element(f.xml, f.ns, f, s, v)
	}
}

func (e *xmlEncoder) elements(f *field, s *shape, v reflect.Value) {
	for i := range v.Len() {
		e.element(f.elemXML, f.listNS, f, s.elem, v.Index(i))
	}
}

func (e *xmlEncoder) element(name, ns string, f *field, s *shape, v reflect.Value) {
	e.open(name, ns)
	switch s.kind {
	case kindStruct:
		e.attributes(s, v)
		e.b = append(e.b, '>')
		e.members(s, v)
	case kindList:
		e.b = append(e.b, '>')
		e.elements(&field{elemXML: "member", ts: f.ts}, s, v)
	case kindString:
		e.b = append(e.b, '>')
		e.b = appendEscaped(e.b, reflect.Indirect(v).String())
	default:
		e.b = append(e.b, '>')
		e.b = appendText(e.b, s, v, f.ts, e.millis)
	}
	e.close(name)
}

func (e *xmlEncoder) attributes(s *shape, v reflect.Value) {
	v = reflect.Indirect(v)
	for i := range s.fields {
		f := &s.fields[i]
		if fv := v.Field(f.index); f.attr && !absent(fv) {
			e.raw(" " + f.xml + `="`)
			e.b = appendEscaped(e.b, reflect.Indirect(fv).String())
			e.b = append(e.b, '"')
		}
	}
}

// appendEscaped writes text with XML's special characters escaped; characters that XML 1.0 forbids become U+FFFD.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if (r == utf8.RuneError && n == 1) || r == 0xFFFE || r == 0xFFFF {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				start = i + n
			}
			i += n
			continue
		}
		var esc string
		switch {
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '&':
			esc = "&amp;"
		case c == '"':
			esc = "&quot;"
		case c == '\r':
			esc = "&#13;"
		case c == '\n':
			esc = "&#10;"
		case c == '\t':
			esc = "&#9;"
		case c < 0x20:
			esc = "\uFFFD"
		default:
			i++
			continue
		}
		b = append(append(b, s[start:i]...), esc...)
		i++
		start = i
	}
	return append(b, s[start:]...)
}
