package expression

import (
	"maps"
	"math"
	"slices"
)

// Series is a time series: values by the start of their period, in seconds since 1970.
type Series struct {
	ID, Label string
	Period    int64 // seconds
	Points    map[int64]float64
}

// Times gives the points' times, the earliest first.
func (s Series) Times() []int64 { return slices.Sorted(maps.Keys(s.Points)) }

// Value is what an expression, or a part of one, comes to: a number, a series, or an array of series.
type Value struct {
	kind   kind
	number float64
	text   string
	series []Series
}

type kind int

const (
	number kind = iota
	series
	array
	text
)

// Number makes a value of a number.
func Number(f float64) Value { return Value{kind: number, number: f} }

// Of makes a value of one series.
func Of(s Series) Value { return Value{kind: series, series: []Series{s}} }

// Series gives the value's series, none of a number.
func (v Value) Series() []Series { return v.series }

// IsSeries reports whether the value is one series, as opposed to a number or an array.
func (v Value) IsSeries() bool { return v.kind == series }

func (v Value) one() Series { return v.series[0] }

// finite leaves out what is no number: CloudWatch has no point where a division by zero was.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func (s Series) with(points map[int64]float64) Series {
	return Series{ID: s.ID, Label: s.Label, Period: s.Period, Points: points}
}

// each changes every point of every series.
func (v Value) each(f func(at int64, x float64) float64) Value {
	if v.kind == number {
		return Number(f(0, v.number))
	}
	out := Value{kind: v.kind, series: make([]Series, len(v.series))}
	for i, s := range v.series {
		points := make(map[int64]float64, len(s.Points))
		for at, x := range s.Points {
			if y := f(at, x); finite(y) {
				points[at] = y
			}
		}
		out.series[i] = s.with(points)
	}
	return out
}

// combine works on two values point by point: where both have one. A number stands for a series of it.
func combine(a, b Value, f func(x, y float64) float64) (Value, error) {
	switch {
	case a.kind == text || b.kind == text:
		return Value{}, errorf("a string cannot be calculated with")
	case a.kind == number && b.kind == number:
		return Number(f(a.number, b.number)), nil
	case a.kind == number:
		return b.each(func(_ int64, y float64) float64 { return f(a.number, y) }), nil
	case b.kind == number:
		return a.each(func(_ int64, x float64) float64 { return f(x, b.number) }), nil
	case a.kind == array && b.kind == array:
		return Value{}, errorf("two arrays of time series cannot be combined")
	case a.kind == array:
		return pairwise(a, func(s Series) Series { return join(s, b.one(), f) }), nil
	case b.kind == array:
		return pairwise(b, func(s Series) Series { return join(a.one(), s, f) }), nil
	}
	return Of(join(a.one(), b.one(), f)), nil
}

func pairwise(v Value, f func(Series) Series) Value {
	out := Value{kind: array}
	for _, s := range v.series {
		out.series = append(out.series, f(s))
	}
	return out
}

func join(a, b Series, f func(x, y float64) float64) Series {
	points := map[int64]float64{}
	for at, x := range a.Points {
		if y, ok := b.Points[at]; ok {
			if z := f(x, y); finite(z) {
				points[at] = z
			}
		}
	}
	out := a.with(points)
	out.Period = max(a.Period, b.Period)
	return out
}

func truth(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// IsNumber reports whether the value is a number, which no query may come to.
func (v Value) IsNumber() bool { return v.kind == number || v.kind == text }
