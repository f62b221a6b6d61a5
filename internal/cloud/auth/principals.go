package auth

import (
	"encoding/json"
	"strings"
)

// ReplacePrincipals writes other names for principals in a valid policy document and leaves the rest as it is, byte for byte.
// IAM does so when a user or role that a trust policy names is deleted: its unique id takes the place of its ARN.
func ReplacePrincipals(doc string, names map[string]string) string {
	r := replacer{d: json.NewDecoder(strings.NewReader(doc)), doc: doc, names: names}
	r.value(false)
	r.b.WriteString(doc[r.done:])
	return r.b.String()
}

type replacer struct {
	d     *json.Decoder
	doc   string
	names map[string]string
	b     strings.Builder
	done  int // how much of doc is written
}

// value walks the next value; inside tells whether it is in a Principal element.
func (r *replacer) value(inside bool) {
	from := int(r.d.InputOffset())
	t, err := r.d.Token()
	if err != nil {
		return
	}
	switch t := t.(type) {
	case json.Delim:
		for r.d.More() {
			if t == '[' {
				r.value(inside)
				continue
			}
			key, err := r.d.Token()
			if err != nil {
				return
			}
			r.value(inside || key == "Principal" || key == "NotPrincipal")
		}
		_, _ = r.d.Token() // the closing bracket; a fault shows at the next token
	case string:
		name, ok := r.names[t]
		if !inside || !ok {
			return
		}
		end := int(r.d.InputOffset())
		start := from + strings.IndexByte(r.doc[from:end], '"')
		quoted, err := json.Marshal(name)
		if err != nil {
			return
		}
		r.b.WriteString(r.doc[r.done:start])
		r.b.Write(quoted)
		r.done = end
	}
}
