package sns

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/eventpattern"
)

const maxMessageBytes = 256 << 10 // of a message with its attributes, and of a batch

// attribute is a message attribute as messages show it; binary values are in base64.
type attribute struct {
	Type  string
	Value string
}

// message is what is published, before it is told for whom.
type message struct {
	Subject, Body string
	Structured    map[string]string // by protocol, nil for a plain message
	Attributes    map[string]attribute
}

var attributeNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// readMessage checks a message and gives it with its size in bytes.
func readMessage(subject, body, structure *string, attributes map[string]MessageAttributeValue) (*message, int, error) {
	m := &message{Subject: text(subject), Body: text(body), Attributes: map[string]attribute{}}
	size := len(m.Body)
	switch {
	case m.Body == "":
		return nil, 0, invalid("Empty message")
	case !utf8.ValidString(m.Body):
		return nil, 0, invalid("Message Reason: must be UTF-8 text")
	case subject != nil && !validSubject(*subject):
		return nil, 0, invalid("Subject")
	}
	for name, v := range attributes {
		a, err := readAttribute(name, v)
		if err != nil {
			return nil, 0, err
		}
		m.Attributes[name] = a
		size += len(name) + len(a.Type) + len(text(v.StringValue)) + len(v.BinaryValue)
	}
	if size > maxMessageBytes {
		return nil, 0, invalid("Message too long")
	}
	switch text(structure) {
	case "":
	case "json":
		if err := m.structure(); err != nil {
			return nil, 0, err
		}
	default:
		return nil, 0, invalid("MessageStructure")
	}
	return m, size, nil
}

// validSubject checks a subject: up to 100 characters of printable ASCII that begin with no blank.
func validSubject(s string) bool {
	return s != "" && len(s) <= 100 && s[0] != ' ' && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}

// structure reads a message that has a text for each protocol.
func (m *message) structure() error {
	var texts map[string]any
	if err := json.Unmarshal([]byte(m.Body), &texts); err != nil {
		return invalid("Message Structure - JSON message body failed to parse")
	}
	m.Structured = map[string]string{}
	for protocol, v := range texts {
		if s, ok := v.(string); ok {
			m.Structured[protocol] = s
		}
	}
	if _, ok := m.Structured["default"]; !ok {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	return nil
}

// text gives what a protocol's endpoints get.
func (m *message) text(protocol string) string {
	if m.Structured == nil {
		return m.Body
	}
	if s, ok := m.Structured[protocol]; ok {
		return s
	}
	return m.Structured["default"]
}

func readAttribute(name string, v MessageAttributeValue) (attribute, error) {
	lower := strings.ToLower(name)
	if !attributeNames.MatchString(name) || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") ||
		strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") {
		return attribute{}, invalidValue("Invalid message attribute name: %s", name)
	}
	a := attribute{Type: *v.DataType, Value: text(v.StringValue)}
	kind, _, _ := strings.Cut(a.Type, ".")
	switch kind {
	case "String", "Number":
	case "Binary":
		a.Value = base64.StdEncoding.EncodeToString(v.BinaryValue)
	default:
		return a, invalidValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	}
	if a.Value == "" || (kind == "Binary") != (v.StringValue == nil) {
		return a, invalidValue("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.Type)
	}
	if kind == "Number" {
		if _, err := strconv.ParseFloat(a.Value, 64); err != nil {
			return a, invalidValue("Could not cast message attribute '%s' value to number.", name)
		}
	}
	return a, nil
}

// passes reports whether a subscription's filter policy accepts a message.
func (m *message) passes(r *subscriptionRecord) bool {
	policy := r.Attributes["FilterPolicy"]
	if policy == "" {
		return true
	}
	p, err := eventpattern.Parse([]byte(policy), eventpattern.SNS)
	if err != nil {
		return false // checked when it was set
	}
	if r.Attributes["FilterPolicyScope"] == scopeBody {
		ok, err := p.Matches([]byte(m.text(r.Protocol)))
		return ok && err == nil // a body that is not JSON passes no filter
	}
	return p.MatchesValue(m.filterable())
}

// filterable gives the attributes as a filter policy sees them: strings, numbers, and the elements of string arrays.
func (m *message) filterable() map[string]any {
	out := map[string]any{}
	for name, a := range m.Attributes {
		switch {
		case a.Type == "String.Array":
			var list []any
			d := json.NewDecoder(strings.NewReader(a.Value))
			d.UseNumber()
			if d.Decode(&list) == nil && !slices.ContainsFunc(list, compound) {
				out[name] = list
			}
		case strings.HasPrefix(a.Type, "String"):
			out[name] = a.Value
		case strings.HasPrefix(a.Type, "Number"):
			out[name] = json.Number(a.Value)
		}
	}
	return out
}

func compound(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}
