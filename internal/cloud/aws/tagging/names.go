package tagging

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

// namesPage is the number of keys or values of an answer; AWS does not tell its own.
const namesPage = 500

// GetTagKeys lists the keys of all tags in the caller's region.
func (s *Service) GetTagKeys(ctx context.Context, in *GetTagKeysInput) (*GetTagKeysOutput, error) {
	keys, next, err := s.names(ctx, in.PaginationToken, func(tags map[string]string, add func(string)) {
		for key := range tags {
			add(key)
		}
	})
	return &GetTagKeysOutput{TagKeys: keys, PaginationToken: next}, err
}

// GetTagValues lists the values that a key has in the caller's region.
func (s *Service) GetTagValues(ctx context.Context, in *GetTagValuesInput) (*GetTagValuesOutput, error) {
	if n := utf8.RuneCountInString(*in.Key); n < 1 || n > maxKeyRunes {
		return nil, invalid("The key must have 1 to %d characters.", maxKeyRunes)
	}
	values, next, err := s.names(ctx, in.PaginationToken, func(tags map[string]string, add func(string)) {
		if value, ok := tags[*in.Key]; ok {
			add(value)
		}
	})
	return &GetTagValuesOutput{TagValues: values, PaginationToken: next}, err
}

// names gives a page of what pick adds of each resource's tags, sorted and each once.
func (s *Service) names(ctx context.Context, token *string, pick func(tags map[string]string, add func(string))) (page []string, next *string, err error) {
	after, err := pageAfter(token)
	if err != nil {
		return nil, nil, err
	}
	set := map[string]struct{}{}
	err = s.view(ctx, func(t *txn) error {
		t.tagged("", func(_ string, _ name, tags map[string]string) bool {
			pick(tags, func(s string) {
				if after == "" || "="+s > after { // a token is "=" and the last one, since a value may be empty
					set[s] = struct{}{}
				}
			})
			return true
		})
		return nil
	})
	page, next = slices.Sorted(maps.Keys(set)), new("")
	if page == nil {
		page = []string{}
	}
	if len(page) > namesPage {
		page = page[:namesPage]
		next = state.Token("=" + page[namesPage-1])
	}
	return page, next, err
}
