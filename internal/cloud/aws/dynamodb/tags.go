package dynamodb

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

func tagMap(tags []Tag) (map[string]string, error) {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		key, value := *tag.Key, *tag.Value
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, invalid("1 validation error detected: Value '%s' at 'tags.1.member.key' failed to satisfy constraint: Member must have length between 1 and 128", key)
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("1 validation error detected: Value '%s' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256", value)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalidValue("User-defined tag keys can't start with aws:, which is a reserved prefix. Key: %s", key)
		}
		if _, twice := set[key]; twice {
			return nil, invalidValue("Found multiple tags with the same key: %s", key)
		}
		set[key] = value
	}
	if len(set) > maxTags {
		return nil, invalidValue("Too many tags: a resource can have %d at most", maxTags)
	}
	return set, nil
}

// tagged checks that an ARN is that of a table of the caller.
func (t *txn) tagged(arn string) error {
	name, ok := strings.CutPrefix(arn, tableARN(t.sc, ""))
	if !ok {
		if strings.HasPrefix(arn, "arn:aws:dynamodb:") {
			return wire.Errorf("ResourceNotFoundException", "Requested resource not found: ResourcArn: %s not found", arn)
		}
		return invalidValue("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	if _, err := t.table(name); isNotFound(err) {
		return wire.Errorf("ResourceNotFoundException", "Requested resource not found: ResourcArn: %s not found", arn)
	} else if err != nil {
		return err
	}
	return nil
}

// TagResource adds tags to a table, or overwrites them.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	set, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		state.SetTags(t.tx, *in.ResourceArn, set)
		if len(state.Tags(t.tx, *in.ResourceArn)) > maxTags {
			return invalidValue("Too many tags: a resource can have %d at most", maxTags)
		}
		return nil
	})
}

// UntagResource takes tags from a table.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceArn); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceArn, in.TagKeys)
		return nil
	})
}

// ListTagsOfResource lists a table's tags by key. All that a table can have fit into one answer.
func (s *Service) ListTagsOfResource(ctx context.Context, in *ListTagsOfResourceInput) (*ListTagsOfResourceOutput, error) {
	out := &ListTagsOfResourceOutput{Tags: []Tag{}}
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
