package rds

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const mostTags = 50

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@%]*$`)

// tagsOf checks the tags of a call.
func tagsOf(in []Tag) (map[string]string, error) {
	out := make(map[string]string, len(in))
	for _, tag := range in {
		key, value := text(tag.Key), text(tag.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, invalid("A tag's key must have 1 to 128 characters.")
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("The value of the tag %s is longer than 256 characters.", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("Tag keys that start with aws: are reserved for AWS.")
		case !tagText.MatchString(key) || !tagText.MatchString(value):
			return nil, invalid("The tag %s has characters that are not allowed.", key)
		}
		if _, twice := out[key]; twice {
			return nil, invalid("The tag key %s is given more than once.", key)
		}
		out[key] = value
	}
	if len(out) > mostTags {
		return nil, invalid("A resource can have up to %d tags.", mostTags)
	}
	return out, nil
}

func (t *txn) tagList(arn string) []Tag {
	tags := state.Tags(t.tx, arn)
	out := make([]Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{Key: &key, Value: new(tags[key])})
	}
	return out
}

// kinds are the resources that have tags, by the word in their ARNs, and the error code of one that is not there.
var kinds = map[string]string{
	"db": "DBInstanceNotFound", "snapshot": "DBSnapshotNotFound", "subgrp": "DBSubnetGroupNotFoundFault", "pg": "DBParameterGroupNotFound",
	"auto-backup": "DBInstanceAutomatedBackupNotFound", "es": "SubscriptionNotFound", "og": "OptionGroupNotFoundFault",
}

// tagged finds the resource that a call on tags names, and gives its ARN as it is kept.
func (t *txn) tagged(resource string) (string, error) {
	parts := strings.SplitN(resource, ":", 7)
	if len(parts) != 7 || parts[2] != "rds" || parts[3] != t.sc.Region || parts[4] != t.sc.Account {
		return "", invalid("The specified resource name does not match an RDS resource in this region.")
	}
	kept := arn(t.sc, parts[5], strings.ToLower(parts[6]))
	if _, _, _, ok := state.Lookup(t.tx, kept); ok {
		return kept, nil
	}
	if parts[5] == "og" && strings.HasPrefix(parts[6], "default:") || parts[5] == "pg" && strings.HasPrefix(parts[6], "default.") {
		return kept, nil // default groups have no tags
	}
	code, ok := kinds[parts[5]]
	if !ok {
		return "", wire.NotImplemented("tags on rds resources of the kind " + parts[5])
	}
	return "", wire.Errorf(code, "%s not found: %s", strings.TrimSuffix(strings.TrimSuffix(code, "Fault"), "NotFound"), parts[6])
}

// AddTagsToResource adds tags or overwrites them.
func (s *Service) AddTagsToResource(ctx context.Context, in *AddTagsToResourceInput) (*AddTagsToResourceOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	return &AddTagsToResourceOutput{}, s.update(ctx, func(t *txn) error {
		kept, err := t.tagged(*in.ResourceName)
		if err != nil {
			return err
		}
		all := maps.Clone(state.Tags(t.tx, kept))
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, tags)
		if len(all) > mostTags {
			return invalid("A resource can have up to %d tags.", mostTags)
		}
		if _, _, _, ok := state.Lookup(t.tx, kept); !ok {
			return invalid("Default groups cannot have tags.")
		}
		state.SetTags(t.tx, kept, tags)
		return nil
	})
}

// RemoveTagsFromResource takes tags away.
func (s *Service) RemoveTagsFromResource(ctx context.Context, in *RemoveTagsFromResourceInput) (*RemoveTagsFromResourceOutput, error) {
	return &RemoveTagsFromResourceOutput{}, s.update(ctx, func(t *txn) error {
		kept, err := t.tagged(*in.ResourceName)
		if err != nil {
			return err
		}
		state.RemoveTags(t.tx, kept, in.TagKeys)
		return nil
	})
}

// ListTagsForResource lists tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	if len(in.Filters) > 0 {
		return nil, wire.NotImplemented("rds:ListTagsForResource with Filters")
	}
	out := &ListTagsForResourceOutput{}
	return out, s.view(ctx, func(t *txn) error {
		kept, err := t.tagged(*in.ResourceName)
		if err != nil {
			return err
		}
		out.TagList = t.tagList(kept)
		return nil
	})
}
