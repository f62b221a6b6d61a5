package iam

import (
	"context"
	"iter"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// paging is what a list call asks for by Marker and MaxItems.
type paging struct {
	after string // the last id of the page before
	limit int
}

func newPaging(marker *string, maxItems *int64) (p paging, err error) {
	p.limit = 100
	if maxItems != nil {
		if err := within(*maxItems, "maxItems", 1, 1000); err != nil {
			return p, err
		}
		p.limit = int(*maxItems)
	}
	if marker != nil {
		p.after, err = state.After(marker, wire.Errorf("ValidationError", "Invalid Marker: %s", *marker))
	}
	return p, err
}

// end gives IsTruncated and Marker for a page that ends before the rest of a list; last is empty on the last page.
func end(last string) (truncated *bool, marker *string) {
	return new(last != ""), state.Token(last)
}

// records takes a page of a table.
func records[T any](t *txn, table state.Table[T], p paging, keep func(*T) bool) (items []*T, last string) {
	return state.Page(table.From(t.tx, t.sc, p.after), p.limit, keep)
}

// listByPath gives each record of a page whose path begins with the prefix asked for to add.
func listByPath[T any](ctx context.Context, s *Service, table state.Table[T], marker *string, maxItems *int64, pathPrefix *string, path func(*T) string, add func(*txn, *T)) (truncated *bool, next *string, err error) {
	p, err := newPaging(marker, maxItems)
	if err != nil {
		return nil, nil, err
	}
	prefix, err := checkPathPrefix(pathPrefix)
	if err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, func(t *txn) error {
		found, last := records(t, table, p, func(r *T) bool { return strings.HasPrefix(path(r), prefix) })
		for _, r := range found {
			add(t, r)
		}
		truncated, next = end(last)
		return nil
	})
	return truncated, next, err
}

// cut takes a page of a list, in the order of its keys.
func cut[T any](all []T, p paging, key func(T) string) (items []T, last string) {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b T) int { return strings.Compare(key(a), key(b)) })
	var seq iter.Seq2[string, *T] = func(yield func(string, *T) bool) {
		for i := range sorted {
			if k := key(sorted[i]); k > p.after && !yield(k, &sorted[i]) {
				return
			}
		}
	}
	found, last := state.Page(seq, p.limit, nil)
	items = make([]T, 0, len(found))
	for _, f := range found {
		items = append(items, *f)
	}
	return items, last
}

// self is the key of lists of strings.
func self(s string) string { return s }
