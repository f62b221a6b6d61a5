package wafv2

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 50

func badTag(format string, args ...any) error {
	return wire.Errorf("WAFTagOperationException", format, args...)
}

func (t *txn) tag(arn string, tags []Tag) error {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, *tag.Value
		_, twice := set[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256:
			return invalid("TAGS", k, "The tag's key or value is too long, or the key is empty.")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return badTag("Tag keys that begin with aws: are reserved.")
		case twice:
			return invalid("TAG_KEYS", k, "The tag's key is given twice.")
		}
		set[k] = v
	}
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return badTag("A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// tagged checks that there is a resource of an ARN.
func (t *txn) tagged(arn string) error {
	table, sc, _, ok := state.Lookup(t.tx, arn)
	if !ok || !strings.HasPrefix(table, "wafv2.") || sc != t.sc {
		return nonexistent()
	}
	return nil
}

// ListTagsForResource gives a resource's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	size, after, err := page(in.NextMarker, in.Limit)
	if err != nil {
		return nil, err
	}
	info := &TagInfoForResource{ResourceARN: in.ResourceARN, TagList: []Tag{}}
	out := &ListTagsForResourceOutput{TagInfoForResource: info}
	return out, s.view(ctx, func(t *txn) error {
		tags := state.Tags(t.tx, *in.ResourceARN)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			if k <= after {
				continue
			}
			if len(info.TagList) == size {
				out.NextMarker = state.Token(*info.TagList[size-1].Key)
				break
			}
			info.TagList = append(info.TagList, Tag{Key: new(k), Value: new(tags[k])})
		}
		return t.tagged(*in.ResourceARN)
	})
}

// TagResource tags a resource.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		return t.tag(*in.ResourceARN, in.Tags)
	})
}

// UntagResource takes tags from a resource.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceARN, in.TagKeys)
		return nil
	})
}
