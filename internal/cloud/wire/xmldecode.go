package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
)

// element is a parsed XML element. Names are local, but attributes keep xsi: in front of their name, as the model has it.
type element struct {
	name     string
	attrs    map[string]string
	text     []byte
	children []*element
}

const xsi = "http://www.w3.org/2001/XMLSchema-instance"

func parseXML(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	var root *element
	var stack []*element
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(stack) == 0 {
			return root, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, fault("", "the document is empty or not complete")
		}
		if err != nil {
			return nil, fault("", "not well-formed XML: %v", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, fault("", "nested too deep")
			}
			e := &element{name: t.Name.Local}
			for _, a := range t.Attr {
				if a.Name.Space == xsi {
					if e.attrs == nil {
						e.attrs = map[string]string{}
					}
					e.attrs["xsi:"+a.Name.Local] = a.Value
				}
			}
			switch n := len(stack); {
			case n > 0:
				stack[n-1].children = append(stack[n-1].children, e)
			case root != nil:
				return nil, fault("", "more follows the document")
			default:
				root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if n := len(stack); n > 0 {
				stack[n-1].text = append(stack[n-1].text, t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, fault("", "text stands outside of the document")
			}
		}
	}
}

func decodeXML(s *shape, v reflect.Value, e *element, path string) error {
	v = place(v)
	for i := range s.fields {
		if f := &s.fields[i]; f.attr {
			if text, ok := e.attrs[f.xml]; ok {
				if err := setText(f.shape, v.Field(f.index), text, join(path, f.name), f.ts); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range e.children {
		f := s.byXML[c.name]
		if f == nil || f.bound() {
			continue // S3 ignores elements that it does not know
		}
		if err := decodeMember(f, v.Field(f.index), c, join(path, f.name)); err != nil {
			return err
		}
	}
	return nil
}

func decodeMember(f *field, v reflect.Value, e *element, path string) error {
	switch f.shape.kind {
	case kindList:
		if f.flat {
			item := reflect.New(f.shape.elem.typ).Elem()
			if err := decodeElement(f, f.shape.elem, item, e, path); err != nil {
				return err
			}
			v.Set(reflect.Append(v, item))
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, len(e.children)))
		}
		for _, c := range e.children {
			if c.name != f.elemXML {
				return fault(path, "the element %s was expected, not %s", f.elemXML, c.name)
			}
			item := reflect.New(f.shape.elem.typ).Elem()
			if err := decodeElement(f, f.shape.elem, item, c, path); err != nil {
				return err
			}
			v.Set(reflect.Append(v, item))
		}
		return nil
	case kindMap:
		return fault(path, "maps are not read from XML")
	}
	return decodeElement(f, f.shape, v, e, path)
}

func decodeElement(f *field, s *shape, v reflect.Value, e *element, path string) error {
	switch s.kind {
	case kindStruct:
		return decodeXML(s, v, e, path)
	case kindList:
		return decodeMember(&field{name: f.name, elemXML: "member", shape: s}, v, e, path)
	case kindString:
		place(v).SetString(string(e.text))
		return nil
	}
	return setText(s, v, strings.TrimSpace(string(e.text)), path, f.ts)
}
