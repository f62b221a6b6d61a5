package ecs

import (
	"iter"
	"slices"

	"atoll/internal/cloud/state"
)

// page is what a caller wants of a list.
type page struct {
	limit int
	after string // the key of the last item of the page before
}

// pageOf checks a page's size, which is most if none is given, and its token.
func pageOf(maxResults *int64, nextToken *string, most int) (p page, err error) {
	p.limit = most
	if maxResults != nil {
		if *maxResults < 1 || *maxResults > int64(most) {
			return p, invalid("maxResults must be between 1 and %d.", most)
		}
		p.limit = int(*maxResults)
	}
	if text(nextToken) != "" {
		p.after, err = state.After(nextToken, invalid("Invalid token."))
	}
	return p, err
}

// token makes the token of the page after the one that ends with a key, none for none.
// tablePage takes a page of a table's records whose ids begin with a prefix.
func tablePage[T any](t *txn, table state.Table[T], prefix string, p page, keep func(*T) bool) (items []*T, next *string) {
	items, end := state.Page(table.PrefixFrom(t.tx, t.sc, prefix, p.after), p.limit, keep)
	return items, state.Token(end)
}

// listed takes a page of a short list that is in no table's order; the keys are unique.
func listed(keys []string, p page) (out []string, next *string) {
	if p.after != "" {
		keys = keys[slices.Index(keys, p.after)+1:]
	}
	if len(keys) > p.limit {
		return keys[:p.limit], state.Token(keys[p.limit-1])
	}
	return keys, nil
}

// within gives those of a table's records whose ids begin with prefix, by id.
func within[T any](t *txn, table state.Table[T], prefix string) iter.Seq2[string, *T] {
	return table.Prefix(t.tx, t.sc, prefix)
}
