package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Policy is a policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Policy struct {
	Version    string // "2012-10-17", "2008-10-17", or empty, which means the latter
	ID         string
	Statements []Statement
}

// Statement is one statement of a policy.
type Statement struct {
	SID                     string
	Deny                    bool
	Principal, NotPrincipal *Principals // nil where the element is absent
	Actions, NotActions     []string    // at most one of them is not nil
	Resources, NotResources []string    // at most one of them is not nil
	Conditions              []Condition // all must hold
}

// Principals are the values of a Principal element.
type Principals struct {
	Everyone                               bool // the element is "*"
	AWS, Service, Federated, CanonicalUser []string
}

// Condition is one key of one operator in a Condition element.
type Condition struct {
	Operator Operator
	Key      string
	Values   []string
}

// PolicyError says what is wrong with a policy document. IAM reports it under the code MalformedPolicyDocument.
type PolicyError struct {
	Message string // AWS's
	Grammar bool   // the document does not follow the grammar; IAM calls each of these "Syntax errors in policy." but in trust policies
}

func (e *PolicyError) Error() string { return e.Message }

func grammar(format string, args ...any) error {
	return &PolicyError{Message: fmt.Sprintf(format, args...), Grammar: true}
}

// Versions of the policy language.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// ParsePolicy reads a policy document. Its errors are *PolicyError with Grammar set. What the different kinds of policies need
// beyond the grammar is for Check.
func ParsePolicy(doc []byte) (*Policy, error) {
	members, err := object(doc)
	if err != nil {
		return nil, grammar("This policy contains invalid Json")
	}
	p := &Policy{}
	for _, m := range members {
		switch m.key {
		case "Version":
			p.Version, err = text(m)
			if err == nil && p.Version != version2008 && p.Version != version2012 {
				err = grammar("Invalid version %s", p.Version)
			}
		case "Id":
			p.ID, err = text(m)
		case "Statement":
			p.Statements, err = statements(m.value)
		default:
			err = grammar("Unknown field %s", m.key)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(p.Statements) == 0 {
		return nil, grammar("Missing required field Statement")
	}
	return p, nil
}

func statements(raw json.RawMessage) ([]Statement, error) {
	list := []json.RawMessage{raw}
	if first(raw) == '[' {
		list = nil
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, grammar("This policy contains invalid Json")
		}
	}
	out := make([]Statement, 0, len(list))
	for _, item := range list {
		s, err := statement(item)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func statement(raw json.RawMessage) (Statement, error) {
	var s Statement
	members, err := object(raw)
	if err != nil {
		return s, grammar("Syntax error in a statement")
	}
	effect := ""
	for _, m := range members {
		switch m.key {
		case "Sid":
			s.SID, err = text(m)
		case "Effect":
			effect, err = text(m)
			if err == nil && effect != "Allow" && effect != "Deny" {
				err = grammar("Invalid effect: %s", effect)
			}
		case "Action":
			s.Actions, err = texts(m)
		case "NotAction":
			s.NotActions, err = texts(m)
		case "Resource":
			s.Resources, err = texts(m)
		case "NotResource":
			s.NotResources, err = texts(m)
		case "Principal":
			s.Principal, err = principals(m)
		case "NotPrincipal":
			s.NotPrincipal, err = principals(m)
		case "Condition":
			s.Conditions, err = conditions(m)
		default:
			err = grammar("Unknown field %s", m.key)
		}
		if err != nil {
			return s, err
		}
	}
	s.Deny = effect == "Deny"
	switch {
	case effect == "":
		return s, grammar("Missing required field Effect")
	case s.Actions != nil && s.NotActions != nil:
		return s, grammar("Statement has both Action and NotAction")
	case s.Resources != nil && s.NotResources != nil:
		return s, grammar("Statement has both Resource and NotResource")
	case s.Principal != nil && s.NotPrincipal != nil:
		return s, grammar("Statement has both Principal and NotPrincipal")
	}
	return s, nil
}

func principals(m member) (*Principals, error) {
	p := &Principals{}
	if first(m.value) == '"' {
		v, err := text(m)
		if err == nil && v != "*" {
			err = grammar("Invalid principal in policy: %q", v)
		}
		p.Everyone = true
		return p, err
	}
	members, err := object(m.value)
	if err != nil || len(members) == 0 {
		return nil, grammar("Invalid value for field %s", m.key)
	}
	for _, kind := range members {
		values, err := texts(kind)
		if err != nil {
			return nil, err
		}
		switch kind.key {
		case "AWS":
			p.AWS = values
		case "Service":
			p.Service = values
		case "Federated":
			p.Federated = values
		case "CanonicalUser":
			p.CanonicalUser = values
		default:
			return nil, grammar("Unknown field %s", kind.key)
		}
	}
	return p, nil
}

func conditions(m member) ([]Condition, error) {
	operators, err := object(m.value)
	if err != nil {
		return nil, grammar("Invalid value for field %s", m.key)
	}
	var out []Condition
	for _, o := range operators {
		keys, err := object(o.value)
		if err != nil {
			return nil, grammar("Invalid value for field %s", o.key)
		}
		if len(keys) == 0 {
			continue // AWS takes any name over an empty map
		}
		op, ok := parseOperator(o.key)
		if !ok {
			return nil, grammar("Invalid Condition type : %s", o.key)
		}
		for _, k := range keys {
			values, err := scalars(k)
			if err != nil {
				return nil, err
			}
			out = append(out, Condition{Operator: op, Key: k.key, Values: values})
		}
	}
	return out, nil
}

// member is one key of a JSON object, with its value as written.
type member struct {
	key   string
	value json.RawMessage
}

// object reads a JSON object and nothing after it. Unlike encoding/json it tells keys apart by case and refuses one given twice.
func object(raw []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, grammar("an object was expected")
	}
	var out []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: key.(string)} // the decoder accepts nothing else as a key
		if slices.ContainsFunc(out, func(o member) bool { return o.key == m.key }) {
			return nil, grammar("duplicate key %s", m.key)
		}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, grammar("text after the end")
	}
	return out, nil
}

func first(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

func text(m member) (string, error) {
	var v any
	if err := json.Unmarshal(m.value, &v); err != nil {
		return "", grammar("Invalid value for field %s", m.key)
	}
	s, ok := v.(string)
	if !ok || strings.ContainsAny(s, wildcards) {
		return "", grammar("Invalid value for field %s", m.key)
	}
	return s, nil
}

// texts reads a string or a list of strings; the result is never nil.
func texts(m member) ([]string, error) {
	if first(m.value) != '[' {
		s, err := text(m)
		return []string{s}, err
	}
	return list(m, text)
}

// scalars reads what a condition compares with: strings, numbers and booleans, alone or in a list.
func scalars(m member) ([]string, error) {
	one := func(m member) (string, error) {
		switch c := first(m.value); {
		case c == 't', c == 'f', c == '-', c >= '0' && c <= '9':
			return string(bytes.TrimSpace(m.value)), nil
		}
		return text(m)
	}
	if first(m.value) != '[' {
		s, err := one(m)
		return []string{s}, err
	}
	return list(m, one)
}

func list(m member, one func(member) (string, error)) ([]string, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(m.value, &items); err != nil {
		return nil, grammar("Invalid value for field %s", m.key)
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, err := one(member{m.key, item})
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
