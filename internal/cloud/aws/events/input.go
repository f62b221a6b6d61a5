package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// step is one step of a JSON path: a member's name, an element's number, or all of them.
type step struct {
	name  string
	index int // of an element, if name is empty and all is not set
	all   bool
}

var errPath = errors.New("the JSON path is not valid")

// parsePath reads the JSON paths that EventBridge has: $, .name, [0], [*], .* and ['name'].
func parsePath(path string) ([]step, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, errPath
	}
	var out []step
	for rest != "" {
		switch {
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			name := rest[1 : end+1]
			if name == "" {
				return nil, errPath
			}
			out, rest = append(out, step{name: name, all: name == "*"}), rest[end+1:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 {
				return nil, errPath
			}
			inner := rest[1:end]
			rest = rest[end+1:]
			n, err := strconv.Atoi(inner)
			switch quote := inner[0]; {
			case inner == "*":
				out = append(out, step{all: true})
			case (quote == '\'' || quote == '"') && len(inner) > 2 && inner[len(inner)-1] == quote:
				out = append(out, step{name: inner[1 : len(inner)-1]})
			case err == nil && n >= 0:
				out = append(out, step{index: n})
			default:
				return nil, errPath
			}
		default:
			return nil, errPath
		}
	}
	return out, nil
}

// find gives what stands at a path.
func find(steps []step, value any) (any, bool) {
	for i, s := range steps {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[s.name]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			if s.all {
				return findAll(steps[i+1:], v), true
			}
			if s.name != "" || s.index >= len(v) {
				return nil, false
			}
			value = v[s.index]
		default:
			return nil, false
		}
	}
	return value, true
}

func findAll(steps []step, list []any) []any {
	out := []any{}
	for _, v := range list {
		if found, ok := find(steps, v); ok {
			out = append(out, found)
		}
	}
	return out
}

// predefined are the variables that every template has.
var predefined = []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}

// fill writes a template with its variables. value gives a variable's value; quoted tells whether it stands within a JSON string.
func fill(template string, value func(name string, quoted bool) (string, error)) (string, error) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c == '<' {
			if end := strings.IndexByte(template[i:], '>'); end > 1 && variable(template[i+1:i+end]) {
				text, err := value(template[i+1:i+end], quoted)
				if err != nil {
					return "", err
				}
				b.WriteString(text)
				i += end
				continue
			}
		}
		if c == '\\' && quoted && i+1 < len(template) {
			b.WriteByte(c)
			i++
			c = template[i]
		} else if c == '"' {
			quoted = !quoted
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// variable reports whether text between angle brackets is the name of a variable.
func variable(name string) bool {
	return pathNames.MatchString(name) || slices.Contains(predefined, name)
}

// checkTemplate refuses a template whose variables are unknown, or that gives no JSON.
func checkTemplate(in *InputTransformer, id string) error {
	template := *in.InputTemplate
	if template == "" || len(template) > maxInput {
		return constraint(template, "targets.member.inputTransformer.inputTemplate", "Member must have length between 1 and 8192")
	}
	sample, err := fill(template, func(name string, quoted bool) (string, error) {
		if _, ok := in.InputPathsMap[name]; !ok && !slices.Contains(predefined, name) {
			return "", invalid("InputTemplate for target %s contains invalid placeholder <%s>.", id, name)
		}
		if quoted {
			return "x", nil
		}
		return `"x"`, nil
	})
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(sample))
	for { // several strings, one to a line, are fine
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return nil
		} else if err != nil {
			return invalid("Invalid InputTemplate for target %s : it must give a JSON object or strings in quotes.", id)
		}
	}
}

// occurrence is an event on its way to the targets of a rule.
type occurrence struct {
	rule, name string // ARN and name
	ingested   string
	event      string // JSON
}

// input gives what a target gets.
func (o *occurrence) input(target *Target) (string, error) {
	if target.Input != nil {
		return *target.Input, nil
	}
	if target.InputPath == nil && target.InputTransformer == nil {
		return o.event, nil
	}
	d := json.NewDecoder(strings.NewReader(o.event))
	d.UseNumber()
	var event any
	if err := d.Decode(&event); err != nil {
		return "", fmt.Errorf("reading the event: %w", err)
	}
	if target.InputPath != nil {
		steps, err := parsePath(*target.InputPath)
		if err != nil {
			return "", err
		}
		v, ok := find(steps, event)
		if !ok {
			return "", fmt.Errorf("the event has nothing at %s", *target.InputPath)
		}
		return plain(v)
	}
	return fill(*target.InputTransformer.InputTemplate, func(name string, quoted bool) (string, error) {
		v, ok := o.variable(name, event)
		if path, own := target.InputTransformer.InputPathsMap[name]; own {
			steps, err := parsePath(path)
			if err != nil {
				return "", err
			}
			v, ok = find(steps, event)
		}
		switch {
		case !ok && quoted:
			return "", nil
		case !ok:
			return `""`, nil
		}
		return written(v, quoted)
	})
}

// variable gives a predefined variable.
func (o *occurrence) variable(name string, event any) (any, bool) {
	switch name {
	case "aws.events.rule-arn":
		return o.rule, true
	case "aws.events.rule-name":
		return o.name, true
	case "aws.events.event.ingestion-time":
		return o.ingested, true
	case "aws.events.event.json":
		return event, true
	case "aws.events.event":
		members, ok := event.(map[string]any)
		without := map[string]any{}
		for k, v := range members {
			if k != "detail" {
				without[k] = v
			}
		}
		return without, ok
	}
	return nil, false
}

// plain writes a value as JSON whose characters of HTML are not escaped.
func plain(v any) (string, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// written writes a value into a template: as JSON, or within a string as text.
func written(v any, quoted bool) (string, error) {
	text, err := plain(v)
	if err != nil || !quoted {
		return text, err
	}
	if s, ok := v.(string); ok {
		text = s
	}
	inner, err := plain(text)
	if err != nil {
		return "", err
	}
	return inner[1 : len(inner)-1], nil
}
