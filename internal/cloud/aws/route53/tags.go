package route53

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
	maxTags       = 50
	maxTagChanges = 10 // in a call
)

// resourceARN gives the ARN of what can have tags: a hosted zone or a health check.
func resourceARN(kind, id string) string { return "arn:aws:route53:::" + kind + "/" + bare(id) }

// tagged checks that a resource with tags is there, and gives its ARN.
func (t *txn) tagged(kind, id string) (string, error) {
	switch kind {
	case "hostedzone":
		_, err := t.zone(id)
		return resourceARN(kind, id), err
	case "healthcheck":
		_, err := t.check(id)
		return resourceARN(kind, id), err
	}
	return "", invalid("1 validation error detected: Value '%s' at 'resourceType' failed to satisfy constraint: Member must satisfy enum value set: [healthcheck, hostedzone]", kind)
}

// ChangeTagsForResource adds tags to a resource, and takes others from it.
func (s *Service) ChangeTagsForResource(ctx context.Context, in *ChangeTagsForResourceInput) (*ChangeTagsForResourceOutput, error) {
	if len(in.AddTags) == 0 && len(in.RemoveTagKeys) == 0 {
		return nil, invalid("You must specify AddTags, RemoveTagKeys or both.")
	}
	if len(in.AddTags) > maxTagChanges || len(in.RemoveTagKeys) > maxTagChanges {
		return nil, invalid("A call can add up to %d tags and remove up to %d.", maxTagChanges, maxTagChanges)
	}
	add := map[string]string{}
	for _, tag := range in.AddTags {
		k, v := text(tag.Key), text(tag.Value)
		_, twice := add[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, invalid("The tag key '%s' must have between 1 and 128 characters.", k)
		case utf8.RuneCountInString(v) > 256:
			return nil, invalid("The value of the tag %s must have no more than 256 characters.", k)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalid("The tag key %s begins with aws:, which is reserved for AWS.", k)
		case twice:
			return nil, invalid("The tag key %s was specified more than once.", k)
		}
		add[k] = v
	}
	return &ChangeTagsForResourceOutput{}, s.update(ctx, func(t *txn) error {
		arn, err := t.tagged(*in.ResourceType, *in.ResourceId)
		if err != nil {
			return err
		}
		state.RemoveTags(t.tx, arn, in.RemoveTagKeys)
		state.SetTags(t.tx, arn, add)
		if len(state.Tags(t.tx, arn)) > maxTags {
			return invalid("A resource can have no more than %d tags.", maxTags)
		}
		return nil
	})
}

func (t *txn) tagSet(kind, id string) (*ResourceTagSet, error) {
	arn, err := t.tagged(kind, id)
	if err != nil {
		return nil, err
	}
	out := &ResourceTagSet{ResourceType: new(kind), ResourceId: new(bare(id)), Tags: []Tag{}}
	tags := state.Tags(t.tx, arn)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, Tag{Key: new(key), Value: new(tags[key])})
	}
	return out, nil
}

// ListTagsForResource gives a resource's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{}
	return out, s.view(ctx, func(t *txn) error {
		var err error
		out.ResourceTagSet, err = t.tagSet(*in.ResourceType, *in.ResourceId)
		return err
	})
}

// ListTagsForResources gives the tags of up to ten resources of a kind.
func (s *Service) ListTagsForResources(ctx context.Context, in *ListTagsForResourcesInput) (*ListTagsForResourcesOutput, error) {
	if len(in.ResourceIds) < 1 || len(in.ResourceIds) > 10 {
		return nil, wire.Errorf("InvalidInput", "A call can ask for the tags of 1 to 10 resources.")
	}
	out := &ListTagsForResourcesOutput{ResourceTagSets: []ResourceTagSet{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, id := range in.ResourceIds {
			set, err := t.tagSet(*in.ResourceType, id)
			if err != nil {
				return err
			}
			out.ResourceTagSets = append(out.ResourceTagSets, *set)
		}
		return nil
	})
}
