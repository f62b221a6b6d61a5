package expression_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
)

func num(s string) attribute.Value { return attribute.Value{Type: attribute.Number, Text: s} }

func list(v ...attribute.Value) attribute.Value {
	return attribute.Value{Type: attribute.List, List: v}
}

func dict(m map[string]attribute.Value) attribute.Value {
	return attribute.Value{Type: attribute.Map, Map: m}
}

func set(s ...string) attribute.Value { return attribute.Value{Type: attribute.StringSet, Set: s} }

func sample() attribute.Item {
	return attribute.Item{
		"s": attribute.Text("hello"), "n": num("5"), "b": {Type: attribute.Binary, Bin: []byte("bin")}, "yes": {Type: attribute.Bool, Bool: true}, "nil": {Type: attribute.Null},
		"ss": set("x", "y"), "l": list(num("1"), attribute.Text("two"), dict(map[string]attribute.Value{"k": num("3")})),
		"m": dict(map[string]attribute.Value{"a": dict(map[string]attribute.Value{"c": attribute.Text("deep")}), "name": attribute.Text("n")}),
	}
}

func values() map[string]attribute.Value {
	return map[string]attribute.Value{
		":s": attribute.Text("hello"), ":h": attribute.Text("he"), ":one": num("1"), ":five": num("5"), ":ten": num("10"), ":x": attribute.Text("x"),
		":S": attribute.Text("S"), ":N": attribute.Text("N"), ":Q": attribute.Text("Q"), ":t": {Type: attribute.Bool, Bool: true}, ":set": set("y", "x"), ":y": set("y"),
		":l": list(num("9")), ":bin": {Type: attribute.Binary, Bin: []byte("bin")}, ":L": attribute.Text("L"),
	}
}

func names() map[string]string { return map[string]string{"#n": "name", "#m": "m", "#odd": "a.b c"} }

func context(t testing.TB) *expression.Context {
	t.Helper()
	c, err := expression.NewContext(names(), values())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConditions(t *testing.T) {
	for text, want := range map[string]bool{
		"s = :s": true, "s <> :s": false, "n = :five": true, "n < :ten": true, "n <= :five": true, "n > :five": false, "n >= :five": true, "s < :ten": false,
		"n = :s": false, "n <> :s": true, "gone = :s": false, "gone <> :s": true, "gone < :ten": false, ":ten > n": true, "yes = :t": true, "ss = :set": true,
		"n BETWEEN :one AND :ten": true, "n between :one and :five": true, "n BETWEEN :ten AND :ten": false, "gone BETWEEN :one AND :ten": false,
		"n IN (:one, :five)": true, "n IN (:one)": false, "n in (l[0], :five)": true,
		"attribute_exists(s)": true, "attribute_exists(m.a.c)": true, "attribute_exists(m.a.d)": false, "attribute_exists(l[2].k)": true, "attribute_exists(l[3])": false,
		"attribute_not_exists(gone)": true, "attribute_not_exists(s)": false, "attribute_exists(s.t)": false, "attribute_exists(m[0])": false,
		"attribute_type(s, :S)": true, "attribute_type(s, :N)": false, "attribute_type(l, :L)": true, "attribute_type(gone, :S)": false,
		"begins_with(s, :h)": true, "begins_with(s, :x)": false, "begins_with(n, :h)": false, "begins_with(b, :bin)": true,
		"contains(s, :h)": true, "contains(ss, :x)": true, "contains(ss, :h)": false, "contains(l, :one)": true, "contains(n, :x)": false, "contains(b, :bin)": true,
		"size(s) = :five": true, "size(l) < :five": true, "size(ss) > :one": true, "size(gone) < :ten": false, "size(n) < :ten": false,
		"#m.a.c = :s": false, "#odd = :s": false, "attribute_not_exists(#odd)": true,
		"NOT s = :s": false, "NOT NOT s = :s": true, "NOT s = :x AND n = :five": true, "NOT (s = :x AND n = :five)": true,
		"s = :x AND s = :x OR n = :five": true, "s = :x AND (s = :x OR n = :five)": false, "n = :five OR s = :x AND s = :x": true,
		"(s = :s)": true, "(s) = (:s)": true, "( n ) BETWEEN (:one) AND (:ten)": true, "not(s = :x)": true, "s=:s and n=:five": true,
	} {
		c, err := context(t).Condition(expression.ConditionExpression, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Match(sample()); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
	c, err := context(t).Condition(expression.FilterExpression, "attribute_not_exists(s) AND NOT attribute_exists(n)")
	if err != nil || !c.Match(nil) {
		t.Errorf("an item that is not there: %v", err)
	}
}

func TestConditionFaults(t *testing.T) {
	long := "s = :s" + strings.Repeat(" ", 5000)
	for text, want := range map[string]string{
		"":                                "Invalid ConditionExpression: The expression can not be empty;",
		"  ":                              "Invalid ConditionExpression: The expression can not be empty;",
		long:                              "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 5006",
		"s":                               `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "s"`,
		"s = = :s":                        `Invalid ConditionExpression: Syntax error; token: "=", near: "= = :s"`,
		"s = :s AND":                      `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "AND"`,
		"= :s":                            `Invalid ConditionExpression: Syntax error; token: "=", near: "= :s"`,
		"s-t = :s":                        `Invalid ConditionExpression: Syntax error; token: "-", near: "s-t"`,
		"s = 5":                           `Invalid ConditionExpression: Syntax error; token: "5", near: "= 5"`,
		"s = 'x'":                         `Invalid ConditionExpression: Syntax error; token: "'", near: "= 'x"`,
		"attribute_exists(":               `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("`,
		"contains(s, :x":                  `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: ":x"`,
		"s = :s)":                         `Invalid ConditionExpression: Syntax error; token: ")", near: ":s)"`,
		"l[x] = :s":                       `Invalid ConditionExpression: Syntax error; token: "x", near: "[x]"`,
		"l[99999999] = :s":                "Invalid ConditionExpression: List index is not within the allowable range; index: [99999999]",
		"name = :s":                       "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name",
		"m.Size = :s":                     "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: Size",
		"#x = :s":                         "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x",
		"s = :nope":                       "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :nope",
		"exists(s)":                       "Invalid ConditionExpression: Invalid function name; function: exists",
		"attribute_exists(s, n)":          "Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
		"attribute_exists(:s)":            "Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists",
		"attribute_type(s, :Q)":           "Invalid ConditionExpression: Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
		"attribute_type(s, :one)":         "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
		"begins_with(s, :one)":            "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
		"size(:one) > :one":               "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: size, operand type: N",
		"size(s)":                         "Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size",
		"attribute_exists(s) = :t":        "Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: attribute_exists",
		"s < :t":                          "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
		"n BETWEEN :ten AND :one":         "Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:1}",
		"n BETWEEN :one AND :s":           "Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:hello}",
		"((s = :s))":                      "Invalid ConditionExpression: The expression has redundant parentheses;",
		"m.#n = m.#n":                     "Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [m, name]",
		strings.Repeat("(", 400) + "s=:s": "Invalid ConditionExpression: The expression contains too many nested levels",
	} {
		_, err := context(t).Condition(expression.ConditionExpression, text)
		var e *expression.Error
		if !errors.As(err, &e) || e.Message != want {
			t.Errorf("%.40s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestUpdates(t *testing.T) {
	for text, want := range map[string]string{
		"SET n = :ten":                                 "n",
		"set n = n + :one":                             "n",
		"SET n = (n + :one)":                           "n",
		"SET l[0] = l[1], l[1] = l[0]":                 "l",
		"SET m.a.c = :x, m.z = if_not_exists(gone, n)": "m",
		"SET l = list_append(:l, l)":                   "l",
		"SET l[9] = :ten, l[5] = :five":                "l",
		"REMOVE l[0], l[1]":                            "l",
		"REMOVE m.a.c, gone, l[7]":                     "m",
		"REMOVE l[2].k":                                "l",
		"ADD n :one":                                   "n",
		"ADD fresh :one":                               "fresh",
		"ADD ss :y":                                    "ss",
		"DELETE ss :y":                                 "ss",
		"DELETE ss :set":                               "ss",
		"SET #odd = if_not_exists(#odd, :one) - :five REMOVE s": "a.b c",
		"REMOVE l[0] SET l[2].k = :x, l[3] = n":                 "l",
	} {
		shown := map[string]string{
			"SET n = :ten": "10", "set n = n + :one": "6", "SET n = (n + :one)": "6", "SET l[0] = l[1], l[1] = l[0]": "[two 1 {k:3}]",
			"SET m.a.c = :x, m.z = if_not_exists(gone, n)": "{a:{c:x} name:n z:5}", "SET l = list_append(:l, l)": "[9 1 two {k:3}]",
			"SET l[9] = :ten, l[5] = :five": "[1 two {k:3} 5 10]", "REMOVE l[0], l[1]": "[{k:3}]", "REMOVE m.a.c, gone, l[7]": "{a:{} name:n}", "REMOVE l[2].k": "[1 two {}]",
			"ADD n :one": "6", "ADD fresh :one": "1", "ADD ss :y": "x,y", "DELETE ss :y": "x", "DELETE ss :set": "-",
			"SET #odd = if_not_exists(#odd, :one) - :five REMOVE s": "-4", "REMOVE l[0] SET l[2].k = :x, l[3] = n": "[two {k:x} 5]",
		}[text]
		u, err := context(t).Update(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		before := sample()
		after, err := u.Apply(before)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := "-"
		if v, ok := after[want]; ok {
			got = show(v)
		}
		if got != shown {
			t.Errorf("%s: got %s, want %s", text, got, shown)
		}
		for k, v := range sample() {
			if !before[k].Equal(v) {
				t.Errorf("%s changed %s of the item that it was given", text, k)
			}
		}
	}
}

func show(v attribute.Value) string {
	switch v.Type {
	case attribute.List:
		parts := []string{}
		for _, e := range v.List {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case attribute.Map:
		parts := []string{}
		for _, k := range []string{"a", "c", "k", "name", "z"} {
			if e, ok := v.Map[k]; ok {
				parts = append(parts, k+":"+show(e))
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	case attribute.StringSet:
		return strings.Join(v.Set, ",")
	}
	return v.Text
}

func TestUpdateFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "The expression can not be empty;",
		"n = :one":                     `Syntax error; token: "n", near: "n ="`,
		"SET n :one":                   `Syntax error; token: ":one", near: "n :one"`,
		"SET n = :one,":                `Syntax error; token: "<EOF>", near: ","`,
		"SET":                          `Syntax error; token: "<EOF>", near: "SET"`,
		"SET n = :one REMOVE":          `Syntax error; token: "<EOF>", near: "REMOVE"`,
		"SET n = :one + :one + :one":   `Syntax error; token: "+", near: ":one + :one"`,
		"ADD n n":                      `Syntax error; token: "n", near: "n n"`,
		"SET n = :one SET s = :x":      `The "SET" section can only be used once in an update expression;`,
		"SET n = size(s)":              "Invalid function name; function: size",
		"SET n = if_not_exists(:s, n)": "Operator or function requires a document path; operator or function: if_not_exists",
		"SET n = if_not_exists(n)":     "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1",
		"SET l = list_append(l, :one)": "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
		"SET n = n + :s":               "Incorrect operand type for operator or function; operator or function: +, operand type: S",
		"ADD n :s":                     "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
		"DELETE n :one":                "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
		"SET m.a = :one, m.a.c = :x":   "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, a, c]",
		"SET l[0] = :one REMOVE l[0]":  "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [l, [0]], path two: [l, [0]]",
		"SET m.a = :one REMOVE m[0]":   "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]",
		"SET name = :x":                "Attribute name is a reserved keyword; reserved keyword: name",
	} {
		_, err := context(t).Update(text)
		if err == nil || err.Error() != "Invalid UpdateExpression: "+want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"SET n = gone":              "The provided expression refers to an attribute that does not exist in the item",
		"SET n = gone + :one":       "The provided expression refers to an attribute that does not exist in the item",
		"SET n = s + :one":          "An operand in the update expression has an incorrect data type",
		"SET l = list_append(s, l)": "An operand in the update expression has an incorrect data type",
		"ADD s :one":                "An operand in the update expression has an incorrect data type",
		"DELETE l :y":               "An operand in the update expression has an incorrect data type",
		"SET gone.a = :one":         "The document path provided in the update expression is invalid for update",
		"SET s.a = :one":            "The document path provided in the update expression is invalid for update",
		"SET m[0] = :one":           "The document path provided in the update expression is invalid for update",
		"REMOVE gone.a":             "The document path provided in the update expression is invalid for update",
		"REMOVE s[0]":               "The document path provided in the update expression is invalid for update",
	} {
		u, err := context(t).Update(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := u.Apply(sample()); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestProjections(t *testing.T) {
	for text, want := range map[string]string{
		"n, s": "n=5 s=hello", "m.a.c": "m={a:{c:deep}}", "l[2].k, l[0]": "l=[1 {k:3}]", "gone, l[9], m.a.nope": "", "m.a, m.#n": "m={a:{c:deep} name:n}", "s.t, n": "n=5",
	} {
		p, err := context(t).Projection(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := []string{}
		item := p.Apply(sample())
		for _, k := range []string{"gone", "l", "m", "n", "s"} {
			if v, ok := item[k]; ok {
				got = append(got, k+"="+show(v))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"":       "Invalid ProjectionExpression: The expression can not be empty;",
		"a,,b":   `Invalid ProjectionExpression: Syntax error; token: ",", near: ",,b"`,
		"s, s":   "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [s], path two: [s]",
		"m.a, m": "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]",
		"status": "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status",
	} {
		if _, err := context(t).Projection(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestUnused(t *testing.T) {
	c, err := expression.NewContext(map[string]string{"#a": "a", "#b": "b"}, map[string]attribute.Value{":v": num("1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Condition(expression.ConditionExpression, "#a = :v"); err != nil {
		t.Fatal(err)
	}
	if err := c.Unused(); err == nil || err.Error() != "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}" {
		t.Errorf("got %v", err)
	}
}

// FuzzParse looks for expressions that the parsers cannot bear, and for accepted ones that cannot be evaluated.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a = :s AND NOT (b < :one OR size(#n) > :five)", "SET a[1].b = if_not_exists(a, :l) + :one REMOVE l[0], l[1] ADD n :one DELETE ss :y",
		"a.b[0], #n, c", "n BETWEEN :one AND :ten", "n IN (:one, m.a)", "contains(l, :x)", "attribute_type(s, :S)", "((", "REMOVE l[0], l[2].k SET l[9] = l DELETE ss :set"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := context(t)
		var all []error
		if p, err := c.Condition(expression.ConditionExpression, text); err == nil {
			p.Match(sample())
			p.Match(nil)
		} else {
			all = append(all, err)
		}
		if u, err := c.Update(text); err == nil {
			if next, err := u.Apply(sample()); err != nil {
				all = append(all, err)
			} else if len(next) == 0 {
				t.Logf("%q removes everything", text)
			}
		} else {
			all = append(all, err)
		}
		if p, err := c.Projection(text); err == nil {
			p.Apply(sample())
		} else {
			all = append(all, err)
		}
		if _, err := c.KeyConditions(text); err != nil {
			all = append(all, err)
		}
		for _, err := range all {
			var e *expression.Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Errorf("%q gives %v", text, fmt.Sprintf("%T", err))
			}
		}
	})
}
