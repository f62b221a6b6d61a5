package attribute_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.000": "0", "1": "1", "+1": "1", "-1": "-1", "007": "7", "1.50": "1.5", ".5": "0.5", "5.": "5", "1e3": "1000", "1E-3": "0.001",
		"12345.678e-2": "123.45678", "100": "100", "-0.00100": "-0.001", "1E125": "1" + strings.Repeat("0", 125), "1e-130": "0." + strings.Repeat("0", 129) + "1",
		"99999999999999999999999999999999999999": "99999999999999999999999999999999999999", "0e99999999": "0",
	} {
		got, err := attribute.ParseNumber(in)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"": "cannot be converted to a numeric value", "x": "cannot be converted to a numeric value: x", "1.2.3": "numeric value", "1e": "numeric value", "-": "numeric value",
		" 1": "numeric value", "0x1": "numeric value", "NaN": "numeric value", "1e126": "Number overflow", "-1e126": "Number overflow", "1e-131": "Number underflow",
		"1e99999999": "Number overflow", "1" + strings.Repeat("0", 37) + "1": "more than 38 significant digits", "1e999999999": "numeric value",
	} {
		if got, err := attribute.ParseNumber(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestArithmetic(t *testing.T) {
	for _, c := range [][4]string{
		{"1", "2", "3", "-1"}, {"0.1", "0.2", "0.3", "-0.1"}, {"0", "5", "5", "-5"}, {"5", "0", "5", "5"}, {"-1.5", "1.5", "0", "-3"},
		{"10000000000000000000000000000000000000", "1", "10000000000000000000000000000000000001", "9999999999999999999999999999999999999"},
	} {
		sum, err := attribute.Add(c[0], c[1])
		if err != nil || sum != c[2] {
			t.Errorf("%s + %s: got %s, %v", c[0], c[1], sum, err)
		}
		diff, err := attribute.Subtract(c[0], c[1])
		if err != nil || diff != c[3] {
			t.Errorf("%s - %s: got %s, %v", c[0], c[1], diff, err)
		}
	}
	top, _ := attribute.ParseNumber("9e125")
	if _, err := attribute.Add(top, top); !errors.Is(err, attribute.ErrOverflow) {
		t.Errorf("got %v", err)
	}
	if _, err := attribute.Add(top, "1"); !errors.Is(err, attribute.ErrPrecision) {
		t.Errorf("got %v", err)
	}
}

func random(r *rand.Rand, typ attribute.Type) attribute.Value {
	v := attribute.Value{Type: typ}
	switch typ {
	case attribute.Number:
		text := ""
		for range 1 + r.IntN(4) {
			text += string(rune('0' + r.IntN(10)))
		}
		if r.IntN(2) == 0 {
			text = "-" + text
		}
		v.Text, _ = attribute.ParseNumber(text + "e" + []string{"-5", "-1", "0", "1", "3"}[r.IntN(5)])
	case attribute.Binary:
		for range r.IntN(4) {
			v.Bin = append(v.Bin, []byte{0, 1, 2, 3, 0x7f, 0xff}[r.IntN(6)])
		}
	default:
		for range r.IntN(4) {
			v.Text += string([]rune{0, 1, 2, 3, 'a', 'é', '€', '😀'}[r.IntN(8)])
		}
	}
	return v
}

func TestKeysSortAsValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range []attribute.Type{attribute.String, attribute.Number, attribute.Binary} {
		for range 20_000 {
			v, w := random(r, typ), random(r, typ)
			a, b := append(attribute.Key(nil, v), attribute.End...), append(attribute.Key(nil, w), attribute.End...)
			want, _ := attribute.Compare(v, w)
			if got := bytes.Compare(a, b); got*want < 0 || (got == 0) != (want == 0) {
				t.Fatalf("%+v and %+v compare as %d, their keys %q and %q as %d", v, w, want, a, b, got)
			}
			if bytes.IndexByte(a, 0) >= 0 || bytes.IndexByte(a[:len(a)-1], attribute.End[0]) >= 0 && !escaped(a) {
				t.Fatalf("the key %q of %+v", a, v)
			}
			after := append(attribute.Key(nil, v), attribute.After...)
			if want < 0 && bytes.Compare(after, b) > 0 || want >= 0 && bytes.Compare(after, b) < 0 {
				t.Fatalf("what comes after %+v, %q, stands wrong to %q", v, after, b)
			}
			if typ != attribute.Number && w.HasPrefix(v) != bytes.HasPrefix(attribute.Key(nil, w), attribute.Key(nil, v)) {
				t.Fatalf("the keys of %+v and %+v differ in their beginnings", v, w)
			}
		}
	}
}

// escaped reports whether each End within a key belongs to an escape.
func escaped(key []byte) bool {
	for i, c := range key[:len(key)-1] {
		if c == attribute.End[0] && (i == 0 || key[i-1] != 2) {
			return false
		}
	}
	return true
}

func TestValues(t *testing.T) {
	set := attribute.Value{Type: attribute.StringSet, Set: []string{"a", "b"}}
	turned := attribute.Value{Type: attribute.StringSet, Set: []string{"b", "a"}}
	if !set.Equal(turned) || set.Equal(attribute.Value{Type: attribute.StringSet, Set: []string{"a", "c"}}) {
		t.Error("sets have no order")
	}
	if u := set.Union(attribute.Value{Type: attribute.StringSet, Set: []string{"b", "c"}}); len(u.Set) != 3 || len(set.Set) != 2 {
		t.Errorf("got %v", u)
	}
	if m := set.Minus(turned); len(m.Set) != 0 {
		t.Errorf("got %v", m)
	}
	v := attribute.Value{Type: attribute.List, List: []attribute.Value{set, {Type: attribute.Map, Map: map[string]attribute.Value{
		"b": {Type: attribute.Binary, Bin: []byte{0, 255}}, "n": {Type: attribute.Number, Text: "-1.5"}, "t": {Type: attribute.Bool, Bool: true}, "z": {Type: attribute.Null}}}}}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back attribute.Value
	if err := json.Unmarshal(raw, &back); err != nil || !v.Equal(back) || !reflect.DeepEqual(v, back) {
		t.Errorf("got %+v, %v", back, err)
	}
	if v.Depth() != 2 || !v.Contains(set) || v.Size() != 3+(2+1)+(3+(1+2+1)+(1+3+1)+(1+1+1)+(1+1+1)+1) {
		t.Errorf("got depth %d, size %d", v.Depth(), v.Size())
	}
	own := v.Clone()
	own.List[1].Map["b"] = attribute.Text("x")
	if v.List[1].Map["b"].Type != attribute.Binary {
		t.Error("a clone shares a map")
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "-1.5e10", "1e-130", "x", "", "1e", ".e1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := attribute.ParseNumber(s)
		if err != nil {
			return
		}
		if again, err := attribute.ParseNumber(n); err != nil || again != n {
			t.Errorf("%q gives %q, and that %q, %v", s, n, again, err)
		}
		if sum, err := attribute.Subtract(n, n); err != nil || sum != "0" {
			t.Errorf("%q - %q is %q, %v", n, n, sum, err)
		}
	})
}
