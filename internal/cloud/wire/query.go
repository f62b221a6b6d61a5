package wire

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds how deep a request may nest. AWS's own bounds are lower (DynamoDB: 32 lists and maps, each two levels here).
const maxDepth = 128

// node is a parameter of a query request, split at its dots.
type node struct {
	value    string
	set      bool
	children map[string]*node
}

// parseQuery reads a form body, or a query string, as a tree.
func parseQuery(form string) (*node, error) {
	root := &node{}
	for len(form) > 0 {
		var pair string
		pair, form, _ = strings.Cut(form, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, fault("", "the parameter name %q is not URL-encoded", key)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, fault(key, "the value is not URL-encoded")
		}
		n, rest, more := root, key, true
		for depth := 0; more; depth++ {
			if depth > maxDepth {
				return nil, fault(key[:32], "nested too deep")
			}
			var part string
			part, rest, more = strings.Cut(rest, ".")
			child := n.children[part]
			if child == nil {
				if n.children == nil {
					n.children = map[string]*node{}
				}
				child = &node{}
				n.children[part] = child
			}
			n = child
		}
		n.value, n.set = value, true
	}
	return root, nil
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	return n.children[name]
}

// text gives a top-level parameter's value.
func (n *node) text(name string) string {
	if c := n.child(name); c != nil {
		return c.value
	}
	return ""
}

// indexed gives the children named by numbers, in their order.
func (n *node) indexed(path string) ([]*node, error) {
	type item struct {
		at int
		n  *node
	}
	items := make([]item, 0, len(n.children))
	for name, c := range n.children {
		at, err := strconv.Atoi(name)
		if err != nil || at < 0 {
			return nil, fault(path, "%q is not a list index", name)
		}
		items = append(items, item{at, c})
	}
	slices.SortFunc(items, func(a, b item) int { return a.at - b.at })
	list := make([]*node, len(items))
	for i, it := range items {
		list[i] = it.n
	}
	return list, nil
}

// queryDecoder reads input structures from query parameters, by EC2's naming or by the older one with "member" elements.
type queryDecoder struct{ ec2 bool }

func (d queryDecoder) structure(s *shape, v reflect.Value, n *node, path string) error {
	if n.value != "" {
		return fault(path, "a structure was expected, not a value")
	}
	v = place(v)
	names := s.byXML
	if d.ec2 {
		names = s.byQuery
	}
	for name, c := range n.children {
		f := names[name]
		if f == nil {
			if path == "" && (name == "Action" || name == "Version" || strings.HasPrefix(name, "X-Amz-") || !d.ec2) {
				continue
			}
			return fault(join(path, name), "the parameter is not recognized")
		}
		if err := d.value(f, f.shape, v.Field(f.index), c, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d queryDecoder) value(f *field, s *shape, v reflect.Value, n *node, path string) error {
	switch s.kind {
	case kindStruct:
		return d.structure(s, v, n, path)
	case kindList:
		return d.list(f, s, v, n, path)
	case kindMap:
		return d.mapping(f, s, v, n, path)
	}
	if !n.set {
		return fault(path, "a value was expected")
	}
	return setText(s, v, n.value, path, f.ts)
}

func (d queryDecoder) list(f *field, s *shape, v reflect.Value, n *node, path string) error {
	if !d.ec2 && !f.flat && len(n.children) > 0 {
		inner := n.child(f.elemXML)
		if inner == nil || len(n.children) > 1 {
			return fault(path, "a list of %s was expected", f.elemXML)
		}
		n = inner
	}
	if n.set && len(n.children) == 0 { // "List=" is how an empty list is written
		if n.value != "" {
			return fault(path, "a list was expected")
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return nil
	}
	items, err := n.indexed(path)
	if err != nil {
		return err
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	inner := &field{name: f.name, elemXML: "member", ts: f.ts}
	for i, item := range items {
		if err := d.value(inner, s.elem, out.Index(i), item, path+"."+strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func (d queryDecoder) mapping(f *field, s *shape, v reflect.Value, n *node, path string) error {
	if !f.flat && n.child("entry") != nil {
		n = n.child("entry")
	}
	items, err := n.indexed(path)
	if err != nil {
		return err
	}
	out := reflect.MakeMapWithSize(v.Type(), len(items))
	inner := &field{name: f.name, elemXML: "member", ts: f.ts}
	for i, item := range items {
		at := path + "." + strconv.Itoa(i+1)
		key, value := item.child(f.keyXML), item.child(f.valXML)
		if key == nil || value == nil {
			return fault(at, "an entry needs %s and %s", f.keyXML, f.valXML)
		}
		ev := reflect.New(s.elem.typ).Elem()
		if err := d.value(inner, s.elem, ev, value, at); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(key.value), ev)
	}
	v.Set(out)
	return nil
}
