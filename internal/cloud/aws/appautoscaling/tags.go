package appautoscaling

import (
	"context"
	"maps"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 50

func (t *txn) tag(arn string, tags map[string]string) error {
	for k, v := range tags {
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return constraint(k, "tags", "Map keys must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return constraint(v, "tags", "Map values must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return invalid("Tag keys that begin with aws: are reserved for AWS")
		}
	}
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TooManyTagsException", "A resource can have no more than %d tags", maxTags)
	}
	return nil
}

// tagged checks that an ARN is that of a scalable target of the caller's.
func (t *txn) tagged(arn string) error {
	table, sc, _, ok := state.Lookup(t.tx, arn)
	if !ok || sc != t.sc || table != "appautoscaling.target" {
		return wire.Errorf("ResourceNotFoundException", "The resource %s does not exist", arn)
	}
	return nil
}

// ListTagsForResource gives a target's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: map[string]string{}}
	return out, s.view(ctx, func(t *txn) error {
		maps.Copy(out.Tags, state.Tags(t.tx, *in.ResourceARN))
		return t.tagged(*in.ResourceARN)
	})
}

// TagResource tags a target.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		return t.tag(*in.ResourceARN, in.Tags)
	})
}

// UntagResource takes tags from a target.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceARN, in.TagKeys)
		return nil
	})
}
