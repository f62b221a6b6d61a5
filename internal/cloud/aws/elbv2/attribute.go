package elbv2

import (
	"maps"
	"slices"
	"strconv"
)

// attribute is a setting that AWS keeps as a key and a text, with the value that it has until it is set.
type attribute struct {
	key, standard string
	valid         func(value string) bool
}

func isBool(v string) bool { return v == "true" || v == "false" }

func anything(string) bool { return true }

func isOneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func isNumber(least, most int) func(string) bool {
	return func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && n >= least && n <= most
	}
}

func either(a, b func(string) bool) func(string) bool {
	return func(v string) bool { return a(v) || b(v) }
}

// values gives all of a resource's attributes: those that it supports, as they were set or by default.
func values(supported []attribute, set map[string]string) map[string]string {
	out := make(map[string]string, len(supported))
	for _, a := range supported {
		out[a.key] = a.standard
		if v, ok := set[a.key]; ok {
			out[a.key] = v
		}
	}
	return out
}

// pair is a key and a value, of whichever resource.
type pair struct{ key, value *string }

// set adds changes to what is set. what names the resource in messages; known has the attributes of all its types, such as those
// of application and of network load balancers; on says of which type this one is. Where the only fault is an attribute that this
// type lacks, the others are given with the error: what is wrong between them is told first.
func set(what, on string, supported, known []attribute, old map[string]string, changes []pair) (map[string]string, error) {
	next := maps.Clone(old)
	if next == nil {
		next = map[string]string{}
	}
	var lacking error
	seen := map[string]bool{}
	for _, c := range changes {
		key, value := text(c.key), text(c.value)
		byKey := func(a attribute) bool { return a.key == key }
		i := slices.IndexFunc(supported, byKey)
		switch {
		case !slices.ContainsFunc(known, byKey):
			return nil, invalid("%s attribute key '%s' is not recognized", what, key)
		case i < 0:
			lacking = badConfiguration("%s attribute key '%s' is not supported on %s", what, key, on)
			continue
		case seen[key]:
			return nil, badConfiguration("%s attribute key '%s' cannot be specified more than once", what, key)
		case !supported[i].valid(value):
			return nil, badConfiguration("%s attribute '%s' cannot have the value '%s'", what, key, value)
		}
		seen[key], next[key] = true, value
	}
	return next, lacking
}
