package wire

import (
	"io"
	"reflect"
	"strings"
	"time"
)

type kind int

const (
	kindString kind = iota
	kindInt
	kindFloat
	kindBool
	kindTime
	kindBlob
	kindStream
	kindDocument
	kindStruct
	kindList
	kindMap
)

// shape is the codec's view of a Go type: compiled once per operation, on its first call.
type shape struct {
	kind    kind
	typ     reflect.Type // without the pointer
	xmlName string       // of a structure as the root of a document
	xmlNS   string       // prefix|uri or uri
	fields  []field
	byName  map[string]*field // by member name
	byXML   map[string]*field
	byQuery map[string]*field // by EC2 query name
	elem    *shape            // of lists and maps
}

type field struct {
	index                    int
	name, json, xml, query   string
	flat, attr               bool
	ns, listNS               string
	elemXML, keyXML, valXML  string
	header, prefix, uriQuery string
	hasPrefix                bool
	label, payload, status   bool
	token, sensitive         bool
	required                 bool
	ts                       string
	shape                    *shape
}

// bound reports whether a member travels outside of the body.
func (f *field) bound() bool {
	return f.header != "" || f.hasPrefix || f.uriQuery != "" || f.label || f.status
}

// payload gives the member that is the HTTP body, if the shape has one.
func (s *shape) payloadField() *field {
	for i := range s.fields {
		if s.fields[i].payload {
			return &s.fields[i]
		}
	}
	return nil
}

// compile builds the shape of a struct type and of all that it reaches.
func compile(t reflect.Type) *shape { return compileType(t, map[reflect.Type]*shape{}) }

func compileType(t reflect.Type, seen map[reflect.Type]*shape) *shape {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s := seen[t]; s != nil {
		return s
	}
	s := &shape{typ: t}
	seen[t] = s
	switch {
	case t == reflect.TypeFor[time.Time]():
		s.kind = kindTime
	case t == reflect.TypeFor[[]byte]():
		s.kind = kindBlob
	case t == reflect.TypeFor[io.ReadCloser]():
		s.kind = kindStream
	case t.Kind() == reflect.Interface:
		s.kind = kindDocument
	case t.Kind() == reflect.String:
		s.kind = kindString
	case t.Kind() == reflect.Int64:
		s.kind = kindInt
	case t.Kind() == reflect.Float64:
		s.kind = kindFloat
	case t.Kind() == reflect.Bool:
		s.kind = kindBool
	case t.Kind() == reflect.Slice:
		s.kind, s.elem = kindList, compileType(t.Elem(), seen)
	case t.Kind() == reflect.Map:
		s.kind, s.elem = kindMap, compileType(t.Elem(), seen)
	case t.Kind() == reflect.Struct:
		s.kind = kindStruct
		compileStruct(s, seen)
	default:
		panic("wire: no codec for " + t.String())
	}
	return s
}

func compileStruct(s *shape, seen map[reflect.Type]*shape) {
	n := s.typ.NumField()
	s.fields = make([]field, 0, n)
	for i := range n {
		sf := s.typ.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("aws"), ",")
		if sf.Name == "_" {
			s.xmlName = name
			s.xmlNS, _ = strings.CutPrefix(options, "ns=")
			continue
		}
		f := field{index: i, name: name, json: name, xml: name, elemXML: "member", keyXML: "key", valXML: "value"}
		parseOptions(&f, options)
		f.shape = compileType(sf.Type, seen)
		s.fields = append(s.fields, f)
	}
	s.byName, s.byXML = make(map[string]*field, n), make(map[string]*field, n)
	s.byQuery = make(map[string]*field, n)
	for i := range s.fields {
		f := &s.fields[i]
		s.byName[f.json] = f
		s.byXML[f.xml] = f
		s.byQuery[f.query] = f
	}
}

func parseOptions(f *field, options string) {
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "x":
			f.xml = value
		case "q":
			f.query = value
		case "j":
			f.json = value
		case "flat":
			f.flat = true
		case "attr":
			f.attr = true
		case "ns":
			f.ns = value
		case "lns":
			f.listNS = value
		case "li":
			f.elemXML = value
		case "mk":
			f.keyXML = value
		case "mv":
			f.valXML = value
		case "h":
			f.header = value
		case "hp":
			f.prefix, f.hasPrefix = value, true
		case "uq":
			f.uriQuery = value
		case "label":
			f.label = true
		case "payload":
			f.payload = true
		case "status":
			f.status = true
		case "token":
			f.token = true
		case "sensitive":
			f.sensitive = true
		case "req":
			f.required = true
		case "ts":
			f.ts = value
		}
	}
	if f.query == "" { // EC2's rule: the XML name, else the member's, with its first letter in upper case
		f.query = strings.ToUpper(f.xml[:1]) + f.xml[1:]
	}
}
