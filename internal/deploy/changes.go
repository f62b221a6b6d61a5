package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// interrupting names attributes whose change in place interrupts the resource, as AWS documents.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
func interrupting(kind, attribute string) bool {
	return kind == "aws_db_instance" && slices.Contains([]string{"instance_class", "engine_version", "identifier", "port", "storage_type", "ca_cert_identifier"}, attribute)
}

// Summarize reads a plan, with the attributes that change.
func Summarize(plan *tfjson.Plan) *Summary {
	s := &Summary{}
	for _, c := range plan.ResourceChanges {
		if c.Mode != tfjson.ManagedResourceMode || c.Change == nil {
			continue
		}
		i := Item{Address: c.Address}
		switch a := c.Change.Actions; {
		case a.Create():
			i.Effect = Made
		case a.Delete():
			i.Effect = Destroyed
		case a.CreateBeforeDestroy():
			i.Effect = Renewed
		case a.DestroyBeforeCreate():
			i.Effect = Replaced
			if c.Type == "aws_ecs_task_definition" {
				i.Effect = Renewed // a new revision: the tasks of the old one run until the service has replaced them
			}
		case a.Update():
			i.Effect = Changed
		default:
			continue
		}
		if i.Effect != Made && i.Effect != Destroyed {
			var attributes []string
			i.Details, attributes = details(c.Change)
			if i.Effect == Changed && slices.ContainsFunc(attributes, func(a string) bool { return interrupting(c.Type, a) }) {
				i.Effect = Restarted
			}
		}
		s.add(i)
	}
	s.sort()
	return s
}

// maxValue is how many characters of a value are told.
const maxValue = 60

// details tells the attributes that differ, with their values where these are short, known and not sensitive.
func details(c *tfjson.Change) (lines, attributes []string) {
	before, _ := c.Before.(map[string]any)
	after, _ := c.After.(map[string]any)
	unknown, _ := c.AfterUnknown.(map[string]any)
	hidden := func(name string) bool {
		return sensitive(c.BeforeSensitive, name) || sensitive(c.AfterSensitive, name)
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	forced := map[string]bool{}
	for _, path := range c.ReplacePaths {
		if steps, ok := path.([]any); ok && len(steps) > 0 {
			forced[fmt.Sprint(steps[0])] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if reflect.DeepEqual(before[name], after[name]) || unknown[name] == true && !forced[name] || name == "tags_all" {
			continue
		}
		attributes = append(attributes, name)
		line := name + ": "
		switch {
		case hidden(name):
			line += "(sensitive)"
		case unknown[name] != nil && unknown[name] != false:
			line += "changes"
		default:
			line += value(before[name]) + " → " + value(after[name])
		}
		if forced[name] {
			line += "   (forces the replacement)"
		}
		lines = append(lines, line)
	}
	return lines, attributes
}

func sensitive(marks any, name string) bool {
	switch m := marks.(type) {
	case bool:
		return m
	case map[string]any:
		return m[name] != nil && m[name] != false
	}
	return false
}

func value(v any) string {
	if v == nil {
		return "none"
	}
	if s, ok := v.(string); ok && len(s) <= maxValue {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "…"
	}
	if len(raw) > maxValue {
		return strings.ToValidUTF8(string(raw[:maxValue]), "") + "…"
	}
	return string(raw)
}
