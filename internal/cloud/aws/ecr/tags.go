package ecr

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

func invalidTag(format string, args ...any) error {
	return wire.Errorf("InvalidTagParameterException", format, args...)
}

// tagMap checks tags and gives them as a map.
func tagMap(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, *tag.Value
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, invalidTag("A tag key must have between 1 and 128 characters: %q", k)
		case utf8.RuneCountInString(v) > 256:
			return nil, invalidTag("A tag value must have no more than 256 characters: %q", v)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalidTag("Tag keys that begin with aws: are reserved: %s", k)
		case twice:
			return nil, invalidTag("Tag keys must be unique: %s", k)
		}
		out[k] = v
	}
	if len(out) > maxTags {
		return nil, errTags()
	}
	return out, nil
}

func errTags() error {
	return wire.Errorf("TooManyTagsException", "A repository can have no more than %d tags.", maxTags)
}

// tagged checks that there is a repository with an ARN.
func (t *txn) tagged(arn string) error {
	name, ok := strings.CutPrefix(arn, repositoryARN(t.sc, ""))
	if !ok {
		return invalid("resourceArn", "Invalid ARN")
	}
	_, err := t.repository(nil, &name)
	return err
}

// TagResource tags a repository.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		state.SetTags(t.tx, *in.ResourceArn, tags)
		if len(state.Tags(t.tx, *in.ResourceArn)) > maxTags {
			return errTags()
		}
		return nil
	})
}

// UntagResource takes tags from a repository.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		err := t.tagged(*in.ResourceArn)
		if err == nil {
			state.RemoveTags(t.tx, *in.ResourceArn, in.TagKeys)
		}
		return err
	})
}

// ListTagsForResource gives a repository's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		tags := state.Tags(t.tx, *in.ResourceArn)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, Tag{Key: new(k), Value: new(tags[k])})
		}
		return nil
	})
}
