package kms

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

const maxTags = 50

// tagMap checks tags and gives them as a map.
func tagMap(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.TagKey, *tag.TagValue
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, constraint(k, "tags.1.member.tagKey", "Member must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return nil, constraint(v, "tags.1.member.tagValue", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, errorf("TagException", "aws: prefixed tag key names are not allowed for external use.")
		case twice:
			return nil, errorf("TagException", "Duplicate tag keys")
		}
		out[k] = v
	}
	return out, nil
}

func (t *txn) tag(k *keyRecord, tags map[string]string) error {
	arn := keyARN(t.sc, k.ID)
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return errorf("TagException", "Too many tags")
	}
	return nil
}

// TagResource tags a key.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		k, err := t.own(*in.KeyId, "TagResource")
		if err != nil {
			return err
		}
		if err := t.alive(k); err != nil {
			return err
		}
		return t.tag(k, tags)
	})
}

// UntagResource takes tags from a key.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		k, err := t.own(*in.KeyId, "UntagResource")
		if err != nil {
			return err
		}
		state.RemoveTags(t.tx, keyARN(t.sc, k.ID), in.TagKeys)
		return t.alive(k)
	})
}

// ListResourceTags gives a key's tags, by their keys.
func (s *Service) ListResourceTags(ctx context.Context, in *ListResourceTagsInput) (*ListResourceTagsOutput, error) {
	limit, after, err := page(in.Limit, 50, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListResourceTagsOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.key(*in.KeyId)
		if err != nil {
			return err
		}
		tags := state.Tags(t.tx, keyARN(t.sc, k.ID))
		next := ""
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			if key <= after {
				continue
			}
			if len(out.Tags) == limit {
				next = *out.Tags[limit-1].TagKey
				break
			}
			out.Tags = append(out.Tags, Tag{TagKey: new(key), TagValue: new(tags[key])})
		}
		out.NextMarker, out.Truncated = following(next)
		return nil
	})
}
