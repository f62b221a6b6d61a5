package expression

import "math"

func (n literal) eval(*Env) (Value, error) { return n.value, nil }

func (n reference) eval(env *Env) (Value, error) {
	v, ok := env.Values[string(n)]
	if !ok {
		return Value{}, errorf("the id %s is not defined", string(n))
	}
	return v, nil
}

func (n list) eval(env *Env) (Value, error) {
	out := Value{kind: array}
	for _, item := range n {
		v, err := item.eval(env)
		if err != nil {
			return v, err
		}
		if v.kind == number || v.kind == text {
			return v, errorf("an array holds time series only")
		}
		out.series = append(out.series, v.series...)
	}
	return out, nil
}

func (n *unary) eval(env *Env) (Value, error) {
	v, err := n.of.eval(env)
	if err == nil && v.kind == text {
		err = errorf("a string cannot be calculated with")
	}
	if err != nil {
		return v, err
	}
	return v.each(func(_ int64, x float64) float64 { return -x }), nil
}

func (n *binary) eval(env *Env) (Value, error) {
	a, err := n.left.eval(env)
	if err != nil {
		return a, err
	}
	b, err := n.right.eval(env)
	if err != nil {
		return b, err
	}
	return combine(a, b, operator(n.op))
}

func operator(op string) func(x, y float64) float64 {
	switch op {
	case "+":
		return func(x, y float64) float64 { return x + y }
	case "-":
		return func(x, y float64) float64 { return x - y }
	case "*":
		return func(x, y float64) float64 { return x * y }
	case "/":
		return func(x, y float64) float64 { return x / y }
	case "^":
		return math.Pow
	case "==":
		return func(x, y float64) float64 { return truth(x == y) }
	case "!=":
		return func(x, y float64) float64 { return truth(x != y) }
	case "<":
		return func(x, y float64) float64 { return truth(x < y) }
	case ">":
		return func(x, y float64) float64 { return truth(x > y) }
	case "<=":
		return func(x, y float64) float64 { return truth(x <= y) }
	case ">=":
		return func(x, y float64) float64 { return truth(x >= y) }
	case "AND", "&&":
		return func(x, y float64) float64 { return truth(x != 0 && y != 0) }
	default: // OR
		return func(x, y float64) float64 { return truth(x != 0 || y != 0) }
	}
}
