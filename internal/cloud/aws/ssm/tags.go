package ssm

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

// tagMap checks tags and gives them as a map.
func tagMap(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, *tag.Value
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, constraint("tags.1.member.key", "Member must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return nil, constraint("tags.1.member.value", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalid("Tag keys that begin with aws: are reserved: %s", k)
		case twice:
			return nil, invalid("Tag keys must be unique: %s", k)
		}
		out[k] = v
	}
	if len(out) > maxTags {
		return nil, errorf("TooManyTagsError", "The Targets parameter includes too many tags. A parameter can have up to %d tags.", maxTags)
	}
	return out, nil
}

// taggable are the kinds of resources that Systems Manager tags.
var taggable = []string{"Association", "Automation", "CloudConnector", "Document", "MaintenanceWindow", "ManagedInstance", "OpsItem", "OpsMetadata", "PatchBaseline"}

// tagged finds the parameter that a call on tags names. AWS overlooks a version behind the name.
func (t *txn) tagged(operation, kind, name string) (*parameterRecord, error) {
	switch {
	case slices.Contains(taggable, kind):
		return nil, wire.NotImplemented("ssm:" + operation + " on the resource type " + kind)
	case kind != "Parameter":
		return nil, errorf("InvalidResourceType", "%s is not a valid resource type. Valid resource types are: %s, Parameter.", kind, strings.Join(taggable, ", "))
	}
	base, _ := split(name)
	if p, ok := t.find(base); ok {
		return p, nil
	}
	return nil, errorf("InvalidResourceId", "The resource ID is not valid. Verify that you entered the correct ID and try again: %s", name)
}

// AddTagsToResource tags a parameter.
func (s *Service) AddTagsToResource(ctx context.Context, in *AddTagsToResourceInput) (*AddTagsToResourceOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &AddTagsToResourceOutput{}, s.update(ctx, func(t *txn) error {
		p, err := t.tagged("AddTagsToResource", *in.ResourceType, *in.ResourceId)
		if err != nil {
			return err
		}
		state.SetTags(t.tx, t.arn(p), tags)
		if len(state.Tags(t.tx, t.arn(p))) > maxTags {
			return errorf("TooManyTagsError", "A parameter can have up to %d tags.", maxTags)
		}
		return nil
	})
}

// RemoveTagsFromResource takes tags from a parameter.
func (s *Service) RemoveTagsFromResource(ctx context.Context, in *RemoveTagsFromResourceInput) (*RemoveTagsFromResourceOutput, error) {
	return &RemoveTagsFromResourceOutput{}, s.update(ctx, func(t *txn) error {
		p, err := t.tagged("RemoveTagsFromResource", *in.ResourceType, *in.ResourceId)
		if err == nil {
			state.RemoveTags(t.tx, t.arn(p), in.TagKeys)
		}
		return err
	})
}

// ListTagsForResource gives a parameter's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{TagList: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		p, err := t.tagged("ListTagsForResource", *in.ResourceType, *in.ResourceId)
		if err != nil {
			return err
		}
		tags := state.Tags(t.tx, t.arn(p))
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.TagList = append(out.TagList, Tag{Key: new(k), Value: new(tags[k])})
		}
		return nil
	})
}
