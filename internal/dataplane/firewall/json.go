package firewall

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// inspectJSON says whether any key or value of a JSON body passes a test. What comes before a fault is looked at as well, unless the component
// says what to do with one. https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields-list.html
func (c *component) inspectJSON(j *judging, test func(text string) bool) truth {
	r := &jsonReader{decoder: json.NewDecoder(strings.NewReader(j.body)), c: c}
	r.decoder.UseNumber()
	err := r.value("")
	if err == nil {
		if _, after := r.decoder.Token(); after != io.EOF {
			err = errTrailing
		}
	}
	if err != nil {
		switch c.Invalid {
		case "MATCH":
			return yes
		case "NO_MATCH":
			return no
		case "EVALUATE_AS_STRING":
			return truthOf(test(c.transform(j.body)))
		}
	}
	for _, text := range r.found {
		if test(c.transform(text)) {
			return yes
		}
	}
	return no
}

var errTrailing = strconv.ErrSyntax

// jsonReader gathers the texts that a component asks for.
type jsonReader struct {
	decoder *json.Decoder
	c       *component
	found   []string
}

// value reads the value at a JSON pointer.
func (r *jsonReader) value(at string) error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return r.inside(v, at)
	case string:
		r.take(at, "KEY", v)
	case json.Number:
		r.take(at, "KEY", v.String())
	case bool:
		r.take(at, "KEY", strconv.FormatBool(v))
	case nil:
		r.take(at, "KEY", "null")
	}
	return nil
}

func (r *jsonReader) inside(open json.Delim, at string) error {
	for i := 0; r.decoder.More(); i++ {
		next := at + "/" + strconv.Itoa(i)
		if open == '{' {
			token, err := r.decoder.Token()
			if err != nil {
				return err
			}
			key, _ := token.(string)
			next = at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			r.take(next, "VALUE", key)
		}
		if err := r.value(next); err != nil {
			return err
		}
	}
	_, err := r.decoder.Token()
	return err
}

// take keeps a text at a pointer, unless the component looks only at texts of the other kind.
func (r *jsonReader) take(at, other, text string) {
	if r.c.Scope == other {
		return
	}
	for _, p := range r.c.Include {
		if at == p || strings.HasPrefix(at, p+"/") {
			r.found = append(r.found, text)
			return
		}
	}
	if len(r.c.Include) == 0 {
		r.found = append(r.found, text)
	}
}
