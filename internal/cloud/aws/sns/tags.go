package sns

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 50

func isCode(err error, code string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code
}

// readTags checks tags and gives them as a map.
func readTags(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, *tag.Value
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, invalid("Tags Reason: a tag key must have 1 to 128 characters")
		case utf8.RuneCountInString(v) > 256:
			return nil, invalid("Tags Reason: a tag value must have at most 256 characters")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalid("Tags Reason: aws: prefixed tag key names are not allowed for external use.")
		case twice:
			return nil, invalid("Duplicated keys are not allowed.")
		}
		out[k] = v
	}
	return out, nil
}

func (t *txn) tag(arn string, tags map[string]string) error {
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
	}
	return nil
}

// tagged finds the topic that a tag operation is about.
func (t *txn) tagged(arn string) error {
	_, err := t.topic(arn, "ResourceArn")
	if isCode(err, "NotFound") {
		return wire.Errorf("ResourceNotFound", "Resource does not exist")
	}
	return err
}

// ListTagsForResource gives a topic's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		tags := state.Tags(t.tx, *in.ResourceArn)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, Tag{Key: new(k), Value: new(tags[k])})
		}
		return t.tagged(*in.ResourceArn)
	})
}

// TagResource tags a topic.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		return t.tag(*in.ResourceArn, tags)
	})
}

// UntagResource takes tags from a topic.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceArn, in.TagKeys)
		return nil
	})
}
