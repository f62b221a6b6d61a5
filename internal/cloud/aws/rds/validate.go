package rds

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValue", format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

var identifiers = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)

// identifier checks the name of an instance, a snapshot or a group of parameters, and gives it in lower case, as RDS keeps it.
func identifier(name, member string, most int) (string, error) {
	name = strings.ToLower(name)
	if name == "" {
		return "", invalid("The parameter %s must be provided and must not be blank.", member)
	}
	if !identifiers.MatchString(name) {
		return "", invalid("The parameter %s is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, "+
			"digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.", member)
	}
	if len(name) > most {
		return "", invalid("The parameter %s is not a valid identifier because it is longer than %d characters.", member, most)
	}
	return name, nil
}

// nameIn gives the name in an identifier that is a name, or an ARN of a kind such as "db" in the caller's account and region.
func nameIn(sc state.Scope, kind, identifier string) (string, error) {
	if !strings.HasPrefix(identifier, "arn:") {
		return strings.ToLower(identifier), nil
	}
	name, ok := strings.CutPrefix(identifier, arn(sc, kind, ""))
	if !ok {
		return "", invalid("The specified resource name does not match an RDS resource in this region.")
	}
	return strings.ToLower(name), nil
}

// pageSize checks MaxRecords, which is 20 at least and 100 by default.
func pageSize(given *int64, most int64) (int, error) {
	n := or(given, 100)
	if n < 20 || n > most {
		return 0, invalid("Invalid value %d for MaxRecords. Must be between 20 and %d", n, most)
	}
	return int(n), nil
}

// after gives the id after which a page begins.
func after(marker *string) (string, error) {
	if text(marker) == "" {
		return "", nil
	}
	return state.After(marker, invalid("The marker %q is not valid.", *marker))
}

// list is what the Describe operations have in common.
type list struct {
	max    *int64
	marker *string
	filter []Filter
}

// pageOf takes a page of a table, of the records that pass the filters and keep (nil: all).
func pageOf[T any](t *txn, table state.Table[T], l list, filters map[string]func(*T) []string, keep func(*T) bool) ([]*T, *string, error) {
	return pageIn(func(from string) iter.Seq2[string, *T] { return table.From(t.tx, t.sc, from) }, l, filters, keep)
}

func pageIn[T any](from func(after string) iter.Seq2[string, *T], l list, filters map[string]func(*T) []string, keep func(*T) bool) ([]*T, *string, error) {
	size, err := pageSize(l.max, 100)
	if err != nil {
		return nil, nil, err
	}
	last, err := after(l.marker)
	if err != nil {
		return nil, nil, err
	}
	pass, err := filtered(l.filter, filters)
	if err != nil {
		return nil, nil, err
	}
	items, next := state.Page(from(last), size, func(v *T) bool { return pass(v) && (keep == nil || keep(v)) })
	return items, state.Token(next), nil
}

// pageOfSlice takes a page of a computed list; the marker is a position in it.
func pageOfSlice[T any](all []T, size int, mark *string) ([]T, *string, error) {
	at := 0
	if text(mark) != "" {
		raw, err := after(mark)
		if err == nil {
			at, err = strconv.Atoi(raw)
		}
		if err != nil || at < 0 || at > len(all) {
			return nil, nil, invalid("The marker %q is not valid.", *mark)
		}
	}
	end := min(at+size, len(all))
	if end == len(all) {
		return all[at:end], nil, nil
	}
	return all[at:end], state.Token(strconv.Itoa(end)), nil
}

// filtered gives the test of filters: a record passes if, for each of them, one of its values is asked for.
func filtered[T any](in []Filter, known map[string]func(*T) []string) (func(*T) bool, error) {
	for _, f := range in {
		if known[text(f.Name)] == nil {
			return nil, invalid("Unrecognized filter name: %s", text(f.Name))
		}
		if len(f.Values) == 0 {
			return nil, invalid("Filter %s must have at least one value.", text(f.Name))
		}
	}
	return func(v *T) bool {
		for _, f := range in {
			if !slices.ContainsFunc(known[*f.Name](v), func(has string) bool { return slices.Contains(f.Values, has) }) {
				return false
			}
		}
		return true
	}, nil
}
