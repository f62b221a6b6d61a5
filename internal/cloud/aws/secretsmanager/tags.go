package secretsmanager

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
		k, v := text(tag.Key), text(tag.Value)
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, constraint("tags.1.member.key", "Member must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return nil, constraint("tags.1.member.value", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalid("Tag keys that begin with aws: are reserved for AWS use: %s", k)
		case twice:
			return nil, invalid("Tag keys must be unique: %s", k)
		}
		out[k] = v
	}
	if len(out) > maxTags {
		return nil, errTags()
	}
	return out, nil
}

func errTags() error { return invalid("A secret can't have more than %d tags.", maxTags) }

// tags gives a secret's tags in order; AWS leaves the member out where there are none.
func (t *txn) tags(r *secretRecord) []Tag {
	tags := state.Tags(t.tx, r.arn(t.sc))
	var out []Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{Key: new(k), Value: new(tags[k])})
	}
	return out
}

// TagResource tags a secret.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		if err != nil {
			return err
		}
		user := 0
		state.SetTags(t.tx, r.arn(t.sc), tags)
		for k := range state.Tags(t.tx, r.arn(t.sc)) {
			if !strings.HasPrefix(k, "aws:") {
				user++
			}
		}
		if user > maxTags {
			return errTags()
		}
		t.store(r)
		return nil
	})
}

// UntagResource takes tags from a secret.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	for _, k := range in.TagKeys {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, invalid("Tag keys that begin with aws: are reserved for AWS use: %s", k)
		}
	}
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		if err != nil {
			return err
		}
		state.RemoveTags(t.tx, r.arn(t.sc), in.TagKeys)
		t.store(r)
		return nil
	})
}
