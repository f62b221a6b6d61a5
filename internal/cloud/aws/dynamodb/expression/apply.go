package expression

import "atoll/internal/cloud/aws/dynamodb/attribute"

const (
	missingOperand = "The provided expression refers to an attribute that does not exist in the item"
	wrongOperand   = "An operand in the update expression has an incorrect data type"
	badPath        = "The document path provided in the update expression is invalid for update"
)

func (o plain) of(item attribute.Item) (attribute.Value, error) {
	v, ok := o.operand.value(item)
	if !ok {
		return v, errorf(missingOperand)
	}
	return v, nil
}

func (f ifNotExists) of(item attribute.Item) (attribute.Value, error) {
	if v, ok := f.path.value(item); ok {
		return v, nil
	}
	return f.or.of(item)
}

func (f listAppend) of(item attribute.Item) (attribute.Value, error) {
	x, err := f.x.of(item)
	if err != nil {
		return x, err
	}
	y, err := f.y.of(item)
	if err != nil {
		return y, err
	}
	if x.Type != attribute.List || y.Type != attribute.List {
		return x, errorf(wrongOperand)
	}
	list := make([]attribute.Value, 0, len(x.List)+len(y.List))
	return attribute.Value{Type: attribute.List, List: append(append(list, x.List...), y.List...)}, nil
}

func (f arithmetic) of(item attribute.Item) (attribute.Value, error) {
	x, err := f.x.of(item)
	if err != nil {
		return x, err
	}
	y, err := f.y.of(item)
	if err != nil {
		return y, err
	}
	return calculate(f.operator, x, y)
}

func calculate(operator string, x, y attribute.Value) (attribute.Value, error) {
	if x.Type != attribute.Number || y.Type != attribute.Number {
		return x, errorf(wrongOperand)
	}
	f := attribute.Add
	if operator == "-" {
		f = attribute.Subtract
	}
	text, err := f(x.Text, y.Text)
	if err != nil {
		return x, errorf("%s", err.Error())
	}
	return attribute.Value{Type: attribute.Number, Text: text}, nil
}

// Apply gives a changed copy of an item; the item itself stays as it is.
func (u *Update) Apply(item attribute.Item) (attribute.Item, error) {
	next := attribute.CloneItem(item)
	for _, a := range u.actions {
		v, keep, err := a.result(item)
		if err != nil {
			return nil, err
		}
		if keep {
			err = put(next, a.path, v.Clone())
		} else {
			err = drop(next, a.path, item)
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

// result gives what an action leaves at its path; keep is false where it leaves nothing.
func (a action) result(item attribute.Item) (v attribute.Value, keep bool, err error) {
	if a.verb == remove {
		return v, false, nil
	}
	if v, err = a.value.of(item); err != nil || a.verb == set {
		return v, true, err
	}
	old, ok := a.path.Get(item)
	switch {
	case a.verb == del && !ok:
		return v, false, nil
	case !ok:
		return v, true, nil
	case a.verb == add && v.Type == attribute.Number:
		v, err = calculate("+", old, v)
		return v, true, err
	case old.Type != v.Type:
		return v, true, errorf(wrongOperand)
	case a.extend && v.Type == attribute.List:
		return attribute.Value{Type: attribute.List, List: append(append([]attribute.Value{}, old.List...), v.List...)}, true, nil
	case a.verb == add:
		return old.Union(v), true, nil
	}
	left := old.Minus(v)
	return left, len(left.Set)+len(left.Bins) > 0, nil
}

// put sets what stands at a path. All but its last step must be there; an index behind the end of a list appends.
func put(item attribute.Item, path Path, v attribute.Value) error {
	if len(path) == 1 {
		item[path[0].Name] = v
		return nil
	}
	root, ok := item[path[0].Name]
	if !ok {
		return errorf(badPath)
	}
	root, err := putIn(root, path[1:], v)
	if err == nil {
		item[path[0].Name] = root
	}
	return err
}

func putIn(at attribute.Value, path Path, v attribute.Value) (attribute.Value, error) {
	s := path[0]
	if s.List && at.Type != attribute.List || !s.List && at.Type != attribute.Map {
		return at, errorf(badPath)
	}
	if len(path) > 1 {
		child, ok := s.in(at)
		if !ok {
			return at, errorf(badPath)
		}
		child, err := putIn(child, path[1:], v)
		if err != nil {
			return at, err
		}
		v = child
	}
	switch {
	case !s.List:
		at.Map[s.Name] = v
	case s.Index < len(at.List):
		at.List[s.Index] = v
	default:
		at.List = append(at.List, v)
	}
	return at, nil
}

// drop removes what stands at a path, if it is there; original is the item before the update.
func drop(item attribute.Item, path Path, original attribute.Item) error {
	if len(path) == 1 {
		delete(item, path[0].Name)
		return nil
	}
	parent, ok := path[:len(path)-1].Get(original)
	last := path[len(path)-1]
	if !ok || last.List && parent.Type != attribute.List || !last.List && parent.Type != attribute.Map {
		return errorf(badPath)
	}
	if _, there := path.Get(original); !there {
		return nil
	}
	parent, _ = path[:len(path)-1].Get(item)
	if !last.List {
		delete(parent.Map, last.Name)
		return nil
	}
	list := append(append([]attribute.Value{}, parent.List[:last.Index]...), parent.List[last.Index+1:]...)
	return put(item, path[:len(path)-1], attribute.Value{Type: attribute.List, List: list})
}
