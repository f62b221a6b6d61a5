package elbv2

import (
	"context"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxTags   = 50
	maxTagged = 20 // resources that one call may be about
)

// tagsOf checks the tags of a call.
func tagsOf(in []Tag) (map[string]string, error) {
	out := map[string]string{}
	for _, tag := range in {
		key, value := *tag.Key, text(tag.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, invalid("The tag key '%s' must have between 1 and 128 characters", key)
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("The value of the tag '%s' can have a maximum of 256 characters", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("The tag key '%s' is invalid: the prefix 'aws:' is reserved for system use", key)
		}
		if _, twice := out[key]; twice {
			return nil, wire.Errorf("DuplicateTagKeys", "The tag key '%s' was specified more than once", key)
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, wire.Errorf("TooManyTags", "Up to '%d' tags can be specified, but '%d' were specified", maxTags, len(out))
	}
	return out, nil
}

// tagged checks that the resources of a call exist, of whichever kind.
func (t *txn) tagged(arns []string) error {
	if len(arns) > maxTagged {
		return invalid("Up to '%d' resource ARNs can be specified, but '%d' were specified", maxTagged, len(arns))
	}
	for i := range arns {
		var err error
		switch text := arns[i]; {
		case strings.Contains(text, ":"+string(kindBalancer)+"/"):
			_, err = find(t, t.balancers, kindBalancer, &text)
		case strings.Contains(text, ":"+string(kindGroup)+"/"):
			_, err = find(t, t.groups, kindGroup, &text)
		case strings.Contains(text, ":"+string(kindListener)+"/"):
			_, err = find(t, t.listeners, kindListener, &text)
		case strings.Contains(text, ":"+string(kindRule)+"/"):
			_, err = find(t, t.rules, kindRule, &text)
		case strings.Contains(text, ":"+string(kindTrustStore)+"/"):
			_, err = find(t, t.trust, kindTrustStore, &text)
		default:
			err = invalid("'%s' is not a valid load balancer, target group, listener, listener rule or trust store ARN", text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AddTags tags resources.
func (s *Service) AddTags(ctx context.Context, in *AddTagsInput) (*AddTagsOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	return &AddTagsOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(in.ResourceArns); err != nil {
			return err
		}
		for _, text := range in.ResourceArns {
			state.SetTags(t.tx, text, tags)
			if n := len(state.Tags(t.tx, text)); n > maxTags {
				return wire.Errorf("TooManyTags", "The resource '%s' cannot have more than '%d' tags", text, maxTags)
			}
		}
		return nil
	})
}

// RemoveTags takes tags from resources.
func (s *Service) RemoveTags(ctx context.Context, in *RemoveTagsInput) (*RemoveTagsOutput, error) {
	return &RemoveTagsOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(in.ResourceArns); err != nil {
			return err
		}
		for _, text := range in.ResourceArns {
			state.RemoveTags(t.tx, text, in.TagKeys)
		}
		return nil
	})
}

// DescribeTags gives the tags of resources.
func (s *Service) DescribeTags(ctx context.Context, in *DescribeTagsInput) (*DescribeTagsOutput, error) {
	out := &DescribeTagsOutput{TagDescriptions: []TagDescription{}}
	return out, s.view(ctx, func(t *txn) error {
		if err := t.tagged(in.ResourceArns); err != nil {
			return err
		}
		for _, text := range in.ResourceArns {
			d := TagDescription{ResourceArn: new(text), Tags: []Tag{}}
			tags := state.Tags(t.tx, text)
			for _, key := range sortedKeys(tags) {
				d.Tags = append(d.Tags, Tag{Key: new(key), Value: new(tags[key])})
			}
			out.TagDescriptions = append(out.TagDescriptions, d)
		}
		return nil
	})
}
