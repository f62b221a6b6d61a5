package cloudtrail

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxTags   = 50 // of a trail
	maxListed = 20 // trails of a ListTags call
)

// checkTags checks tags; to take one away its value need not be given.
func checkTags(tags []Tag, remove bool) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		key := text(tag.Key)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(text(tag.Value)) > 256:
			return wire.Errorf("InvalidTagParameterException", "A tag's key must have 1 to 128 characters, and its value at most 256.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return wire.Errorf("InvalidTagParameterException", "Tag keys cannot begin with aws:.")
		case seen[key] && !remove:
			return wire.Errorf("InvalidTagParameterException", "The tag key %s is given twice.", key)
		}
		seen[key] = true
	}
	return nil
}

func (t *txn) tag(arn string, tags []Tag) error {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		set[*tag.Key] = text(tag.Value)
	}
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TagsLimitExceededException", "A trail can have no more than %d tags.", maxTags)
	}
	return nil
}

// resource finds the trail that tags are about, which goes by its ARN.
func (t *txn) resource(arn string) error {
	if !strings.HasPrefix(arn, "arn:") {
		return wire.Errorf("CloudTrailARNInvalidException", "The specified resource ARN is not valid: %s", arn)
	}
	sc, name, err := t.place(arn)
	if err != nil {
		return err
	}
	if _, ok := t.trails.Get(t.tx, sc, name); !ok || sc.Account != t.sc.Account {
		return wire.Errorf("ResourceNotFoundException", "Unknown resource: %s", arn)
	}
	return nil
}

// AddTags tags a trail.
func (s *Service) AddTags(ctx context.Context, in *AddTagsInput) (*AddTagsOutput, error) {
	if err := checkTags(in.TagsList, false); err != nil {
		return nil, err
	}
	return &AddTagsOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.resource(*in.ResourceId); err != nil {
			return err
		}
		return t.tag(*in.ResourceId, in.TagsList)
	})
}

// RemoveTags takes tags from a trail, by their keys.
func (s *Service) RemoveTags(ctx context.Context, in *RemoveTagsInput) (*RemoveTagsOutput, error) {
	if err := checkTags(in.TagsList, true); err != nil {
		return nil, err
	}
	return &RemoveTagsOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.resource(*in.ResourceId); err != nil {
			return err
		}
		keys := make([]string, 0, len(in.TagsList))
		for _, tag := range in.TagsList {
			keys = append(keys, *tag.Key)
		}
		state.RemoveTags(t.tx, *in.ResourceId, keys)
		return nil
	})
}

// ListTags gives the tags of up to 20 trails.
func (s *Service) ListTags(ctx context.Context, in *ListTagsInput) (*ListTagsOutput, error) {
	if n := len(in.ResourceIdList); n < 1 || n > maxListed {
		return nil, wire.Errorf("InvalidParameterException", "Between 1 and %d resources can be given.", maxListed)
	}
	out := &ListTagsOutput{ResourceTagList: []ResourceTag{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, arn := range in.ResourceIdList {
			if err := t.resource(arn); err != nil {
				return err
			}
			r := ResourceTag{ResourceId: &arn, TagsList: []Tag{}}
			tags := state.Tags(t.tx, arn)
			for _, key := range slices.Sorted(maps.Keys(tags)) {
				r.TagsList = append(r.TagsList, Tag{Key: &key, Value: new(tags[key])})
			}
			out.ResourceTagList = append(out.ResourceTagList, r)
		}
		return nil
	})
}
