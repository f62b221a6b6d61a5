package ec2

import (
	"iter"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// values gives what a record has under a filter's name; ok is false for a name that the resource has no filter for.
// The tag filters are handled for all resources alike.
type values[T any] func(t *txn, r *T, name string) (got []string, ok bool)

// query is how the describe operations of a resource find their records.
type query[T any] struct {
	kind     string // in ARNs, for tags
	notFound string // error code for an id that does not exist
	noun     string // in the message: "The vpc ID 'vpc-1' does not exist"
	absent   string // that message's format where AWS words it otherwise
	prefix   string // of well-formed ids, "vpc-"
	malform  string // error code for an id of another form, "InvalidVpcID.Malformed"; "" skips the check
	values   values[T]
	narrow   map[string]string // filter name → table index, to avoid a scan
}

// find gives the records asked for by ids and filters, in id order, and the token of the next page.
func find[T any](t *txn, table state.Table[T], q query[T], ids []string, filters []Filter, max *int64, token *string) ([]*T, *string, error) {
	if max != nil && len(ids) > 0 {
		return nil, nil, wire.Errorf("InvalidParameterCombination", "The parameter maxResults cannot be used with the parameter %sSet", q.noun)
	}
	if err := checkMaxResults(max); err != nil {
		return nil, nil, err
	}
	if err := checkFilters(t, q.values, filters); err != nil {
		return nil, nil, err
	}
	keep := func(r *T, id string) bool { return matches(t, q, r, id, filters) }
	if len(ids) > 0 {
		found, err := findByID(t, table, q, ids, keep)
		return found, nil, err
	}
	after, err := tokenID(token)
	if err != nil {
		return nil, nil, err
	}
	limit := 0
	if max != nil {
		limit = int(*max)
	}
	var out []*T
	last := ""
	for id, r := range source(t, table, q, filters, after) {
		if id <= after && after != "" || !keep(r, id) {
			continue
		}
		if limit > 0 && len(out) == limit {
			return out, state.Token(last), nil
		}
		out, last = append(out, r), id
	}
	return out, nil, nil
}

// tokenID gives the id after which the page of a token begins, "" for the first page.
func tokenID(token *string) (string, error) {
	if text(token) == "" {
		return "", nil
	}
	return state.After(token, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", *token))
}

func checkMaxResults(max *int64) error {
	if max != nil && (*max < 5 || *max > 1000) {
		return wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", *max)
	}
	return nil
}

func findByID[T any](t *txn, table state.Table[T], q query[T], ids []string, keep func(*T, string) bool) ([]*T, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var out []*T
	for _, id := range ids {
		r, ok := table.Get(t.tx, t.sc, id)
		if !ok {
			return nil, q.missing(id)
		}
		if keep(r, id) {
			out = append(out, r)
		}
	}
	return out, nil
}

// existing gives those of the ids that name a record.
func existing[T any](t *txn, table state.Table[T], ids []string) []string {
	var out []string
	for _, id := range ids {
		if _, ok := table.Get(t.tx, t.sc, id); ok {
			out = append(out, id)
		}
	}
	return out
}

// missing is the error for an id that names no record: malformed, or not found.
func (q query[T]) missing(id string) *wire.Error {
	if q.malform != "" && !strings.HasPrefix(id, q.prefix) {
		return wire.Errorf(q.malform, "Invalid id: \"%s\" (expecting \"%s...\")", id, q.prefix)
	}
	if q.absent != "" {
		return wire.Errorf(q.notFound, q.absent, id)
	}
	return wire.Errorf(q.notFound, "The %s ID '%s' does not exist", q.noun, id)
}

// get gives one record by its id, or the resource's error.
func get[T any](t *txn, table state.Table[T], q query[T], id string) (*T, error) {
	r, ok := table.Get(t.tx, t.sc, id)
	if !ok {
		return nil, q.missing(id)
	}
	return r, nil
}

// source gives the records to look through: those of an index where a filter without wildcards names one, else all.
func source[T any](t *txn, table state.Table[T], q query[T], filters []Filter, after string) iter.Seq2[string, *T] {
	for _, f := range filters {
		index := q.narrow[text(f.Name)]
		if index == "" || len(f.Values) != 1 || strings.ContainsAny(f.Values[0], "*?\\") {
			continue
		}
		return table.By(t.tx, t.sc, index, f.Values[0])
	}
	return table.From(t.tx, t.sc, after)
}

func checkFilters[T any](t *txn, v values[T], filters []Filter) error {
	var zero T
	for _, f := range filters {
		name := text(f.Name)
		if strings.HasPrefix(name, "tag:") || name == "tag-key" || name == "tag-value" {
			continue
		}
		if _, ok := v(t, &zero, name); !ok {
			return wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		if len(f.Values) == 0 {
			return wire.Errorf("InvalidParameterValue", "The filter '%s' must have at least one value", name)
		}
	}
	return nil
}

// matches reports whether a record meets all filters: any value of each.
func matches[T any](t *txn, q query[T], r *T, id string, filters []Filter) bool {
	for _, f := range filters {
		name := text(f.Name)
		var got []string
		switch key, isTag := strings.CutPrefix(name, "tag:"); {
		case isTag:
			if v, ok := state.Tags(t.tx, arn(t.sc, q.kind, id))[key]; ok {
				got = []string{v}
			}
		case name == "tag-key":
			for k := range state.Tags(t.tx, arn(t.sc, q.kind, id)) {
				got = append(got, k)
			}
		case name == "tag-value":
			for _, v := range state.Tags(t.tx, arn(t.sc, q.kind, id)) {
				got = append(got, v)
			}
		default:
			got, _ = q.values(t, r, name)
		}
		if !anyMatch(got, f.Values) {
			return false
		}
	}
	return true
}

func anyMatch(got, patterns []string) bool {
	for _, p := range patterns {
		for _, g := range got {
			if wildcard(p, g) {
				return true
			}
		}
	}
	return false
}

// wildcard matches a filter's value: * stands for any run of characters, ? for one, and a backslash takes the next one literally.
func wildcard(p, s string) bool {
	if !strings.ContainsAny(p, `*?\`) {
		return p == s
	}
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i] == '?':
			i, j = i+1, j+1
		case i+1 < len(p) && p[i] == '\\' && p[i+1] == s[j]:
			i, j = i+2, j+1
		case i < len(p) && p[i] != '\\' && p[i] == s[j]:
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// text gives the value behind a pointer, "" for none.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// truth gives the value behind a pointer, false for none.
func truth(p *bool) bool { return p != nil && *p }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
