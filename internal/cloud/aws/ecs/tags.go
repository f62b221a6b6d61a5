package ecs

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

const maxTags = 50

var tagCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagMap checks the tags of a call. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
func tagMap(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		key, value := text(tag.Key), text(tag.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, invalid("Tag keys must have between 1 and 128 characters.")
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("Tag values can have at most 256 characters.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("Tag keys and values with prefix aws: are reserved for system use.")
		case !tagCharacters.MatchString(key) || !tagCharacters.MatchString(value):
			return nil, invalid("Some tags contain invalid characters. Valid characters: UTF-8 letters, spaces, numbers and _ . / = + - : @.")
		}
		if _, twice := out[key]; twice {
			return nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, invalid("Tags can not be more than %d.", maxTags)
	}
	return out, nil
}

// tagList gives a resource's tags in the order of their keys; a list without any is empty, not absent.
func (t *txn) tagList(arn string) []Tag { return sortedTags(state.Tags(t.tx, arn)) }

func sortedTags(tags map[string]string) []Tag {
	out := make([]Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{Key: new(k), Value: new(tags[k])})
	}
	return out
}

// taggable checks that an ARN is that of a resource of the caller's that has tags.
func (t *txn) taggable(arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "ecs" {
		return invalid("Long arn format must be used for tagging operations or the arn is invalid: %s", arn)
	}
	table, sc, _, ok := state.Lookup(t.tx, arn)
	if !ok || sc != t.sc || !strings.HasPrefix(table, "ecs.") {
		kind, _, _ := strings.Cut(parts[5], "/")
		switch kind {
		case "cluster":
			return errNoCluster()
		case "service":
			return errNoService()
		}
		return invalid("The specified %s is not found. Specify a valid ARN and try again.", kind)
	}
	return nil
}

// ListTagsForResource gives a resource's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{}
	return out, s.view(ctx, func(t *txn) error {
		out.Tags = t.tagList(*in.ResourceArn)
		return t.taggable(*in.ResourceArn)
	})
}

// TagResource adds tags to a resource.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.taggable(*in.ResourceArn); err != nil {
			return err
		}
		state.SetTags(t.tx, *in.ResourceArn, tags)
		if len(state.Tags(t.tx, *in.ResourceArn)) > maxTags {
			return invalid("Tags can not be more than %d.", maxTags)
		}
		return nil
	})
}

// UntagResource takes tags from a resource.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.taggable(*in.ResourceArn); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceArn, in.TagKeys)
		return nil
	})
}
