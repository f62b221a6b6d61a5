package cloudwatch

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

// tag adds tags to an ARN's.
func (t *txn) tag(arn string, tags []Tag) error {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		switch k, v := *tag.Key, *tag.Value; {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return constraint(k, "tags.member.key", "Member must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return constraint(v, "tags.member.value", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return invalid("Tag keys that begin with aws: are reserved for AWS.")
		default:
			set[k] = v
		}
	}
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return invalid("A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// tagged checks that an ARN is that of an alarm or a dashboard of the caller's.
func (t *txn) tagged(arn string) error {
	if !strings.HasPrefix(arn, "arn:aws:cloudwatch:") {
		return badValue("The value %s for parameter ResourceARN is invalid.", arn)
	}
	table, sc, _, ok := state.Lookup(t.tx, arn)
	if !ok || sc.Account != t.sc.Account || sc.Region != "" && sc.Region != t.sc.Region || !strings.HasPrefix(table, "cloudwatch.") {
		return wire.Errorf("ResourceNotFoundException", "Unknown resource: %s", arn)
	}
	return nil
}

// ListTagsForResource gives the tags of an alarm or a dashboard.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		tags := state.Tags(t.tx, *in.ResourceARN)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, Tag{Key: new(k), Value: new(tags[k])})
		}
		return t.tagged(*in.ResourceARN)
	})
}

// TagResource tags an alarm or a dashboard.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		return t.tag(*in.ResourceARN, in.Tags)
	})
}

// UntagResource takes tags from an alarm or a dashboard.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceARN, in.TagKeys)
		return nil
	})
}
