package expression

import (
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// Step is one step of a document path: a name, or an index into a list.
type Step struct {
	Name  string
	Index int
	List  bool
}

// Path is a document path, from the item to a value in it.
type Path []Step

// String shows a path as DynamoDB does in its messages: [a, b, [0]].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.Name
		if s.List {
			parts[i] = "[" + strconv.Itoa(s.Index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Get gives the value at a path in an item.
func (p Path) Get(item attribute.Item) (attribute.Value, bool) {
	v, ok := item[p[0].Name]
	for _, s := range p[1:] {
		if !ok {
			break
		}
		v, ok = s.in(v)
	}
	return v, ok
}

func (s Step) in(v attribute.Value) (attribute.Value, bool) {
	if s.List {
		if v.Type != attribute.List || s.Index >= len(v.List) {
			return attribute.Value{}, false
		}
		return v.List[s.Index], true
	}
	e, ok := v.Map[s.Name]
	return e, ok
}

// disjoint checks that no path is part of another, and that none takes for a list what another takes for a map.
func disjoint(paths []Path) error {
	for i, p := range paths {
		for _, q := range paths[:i] {
			if fault := clash(q, p); fault != "" {
				return errorf("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", fault, q, p)
			}
		}
	}
	return nil
}

func clash(p, q Path) string {
	for i := range min(len(p), len(q)) {
		if p[i].List != q[i].List {
			return "conflict"
		}
		if p[i] != q[i] {
			return ""
		}
	}
	return "overlap"
}

// Projection picks parts of an item.
type Projection struct {
	paths []Path
	root  *pick
}

// pick is a node of the paths' tree. A leaf takes all that stands there.
type pick struct {
	leaf  bool
	names map[string]*pick
	items map[int]*pick
}

// NewProjection picks by paths.
func NewProjection(paths []Path) *Projection {
	p := &Projection{paths: paths, root: &pick{}}
	for _, path := range paths {
		n := p.root
		for _, s := range path {
			n = n.step(s)
		}
		n.leaf = true
	}
	return p
}

func (n *pick) step(s Step) *pick {
	if s.List {
		if n.items == nil {
			n.items = map[int]*pick{}
		}
		if n.items[s.Index] == nil {
			n.items[s.Index] = &pick{}
		}
		return n.items[s.Index]
	}
	if n.names == nil {
		n.names = map[string]*pick{}
	}
	if n.names[s.Name] == nil {
		n.names[s.Name] = &pick{}
	}
	return n.names[s.Name]
}

// Projection parses a projection expression.
func (c *Context) Projection(text string) (*Projection, error) {
	p, err := c.parser(text)
	if err != nil {
		return nil, invalid(ProjectionExpression, err)
	}
	paths := []Path{p.path()}
	for p.err == nil && p.sign(",") {
		paths = append(paths, p.path())
	}
	if err := p.end(); err != nil {
		return nil, invalid(ProjectionExpression, err)
	}
	if err := disjoint(paths); err != nil {
		return nil, invalid(ProjectionExpression, err)
	}
	return NewProjection(paths), nil
}

// Names gives the top-level attributes that the paths begin with, sorted.
func (p *Projection) Names() []string {
	var out []string
	for name := range p.root.names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Apply gives the picked parts of an item; what the item lacks is left out.
func (p *Projection) Apply(item attribute.Item) attribute.Item {
	out := attribute.Item{}
	for name, n := range p.root.names {
		if v, ok := item[name]; ok {
			if v, ok = n.apply(v); ok {
				out[name] = v
			}
		}
	}
	return out
}

func (n *pick) apply(v attribute.Value) (attribute.Value, bool) {
	if n.leaf {
		return v, true
	}
	switch {
	case n.names != nil && v.Type == attribute.Map:
		out := attribute.Value{Type: attribute.Map, Map: map[string]attribute.Value{}}
		for name, child := range n.names {
			if e, ok := v.Map[name]; ok {
				if e, ok = child.apply(e); ok {
					out.Map[name] = e
				}
			}
		}
		return out, len(out.Map) > 0
	case n.items != nil && v.Type == attribute.List:
		out := attribute.Value{Type: attribute.List}
		for i, e := range v.List {
			if child := n.items[i]; child != nil {
				if e, ok := child.apply(e); ok {
					out.List = append(out.List, e)
				}
			}
		}
		return out, len(out.List) > 0
	}
	return attribute.Value{}, false
}
