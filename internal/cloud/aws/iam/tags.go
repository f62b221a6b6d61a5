package iam

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// maxTags is AWS's limit of tags on a resource.
const maxTags = 50

// tagsOf gives a resource's tags in the order of their keys, nil if it has none: IAM then leaves the element out.
func (t *txn) tagsOf(arn string) []Tag {
	var out []Tag
	for k, v := range state.Tags(t.tx, arn) {
		out = append(out, Tag{Key: new(k), Value: new(v)})
	}
	slices.SortFunc(out, func(a, b Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return out
}

// tag adds tags to a resource. Keys are the same whatever their case, and keep the case that they were last given.
func (t *txn) tag(arn string, tags []Tag) error {
	set := make(map[string]string, len(tags))
	folded := make(map[string]bool, len(tags))
	for _, tag := range tags {
		key, value := text(tag.Key), text(tag.Value)
		switch {
		case key == "":
			return invalid(key, "tags.1.member.key", "Member must have length greater than or equal to 1")
		case utf8.RuneCountInString(key) > 128:
			return tooLong(key, "tags.1.member.key", 128)
		case utf8.RuneCountInString(value) > 256:
			return tooLong(value, "tags.1.member.value", 256)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return wire.Errorf("InvalidInput", "Tag keys that start with the prefix aws: are reserved for AWS use.")
		case folded[strings.ToLower(key)]:
			return wire.Errorf("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		set[key], folded[strings.ToLower(key)] = value, true
	}
	var stale []string
	for key := range state.Tags(t.tx, arn) {
		if _, same := set[key]; !same && folded[strings.ToLower(key)] {
			stale = append(stale, key)
		}
	}
	if stale != nil {
		state.RemoveTags(t.tx, arn, stale)
	}
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return nil
}

func (t *txn) untag(arn string, keys []string) {
	gone := map[string]bool{}
	for _, k := range keys {
		gone[strings.ToLower(k)] = true
	}
	var drop []string
	for key := range state.Tags(t.tx, arn) {
		if gone[strings.ToLower(key)] {
			drop = append(drop, key)
		}
	}
	if drop != nil {
		state.RemoveTags(t.tx, arn, drop)
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// finder gives the ARN of an existing resource.
type finder func(t *txn) (arn string, err error)

func (s *Service) tagResource(ctx context.Context, find finder, tags []Tag) error {
	return s.update(ctx, func(t *txn) error {
		arn, err := find(t)
		if err != nil {
			return err
		}
		return t.tag(arn, tags)
	})
}

func (s *Service) untagResource(ctx context.Context, find finder, keys []string) error {
	return s.update(ctx, func(t *txn) error {
		arn, err := find(t)
		if err == nil {
			t.untag(arn, keys)
		}
		return err
	})
}

// listTags gives a page of a resource's tags.
func (s *Service) listTags(ctx context.Context, find finder, marker *string, maxItems *int64) (tags []Tag, truncated *bool, next *string, err error) {
	p, err := newPaging(marker, maxItems)
	if err != nil {
		return nil, nil, nil, err
	}
	err = s.view(ctx, func(t *txn) error {
		arn, err := find(t)
		if err != nil {
			return err
		}
		page, last := cut(t.tagsOf(arn), p, func(tag Tag) string { return *tag.Key })
		tags = page
		truncated, next = end(last)
		return nil
	})
	return tags, truncated, next, err
}

func roleARN(name *string) finder {
	return func(t *txn) (string, error) {
		r, err := t.role(*name)
		if err != nil {
			return "", err
		}
		return r.arn(t.sc.Account), nil
	}
}

func userARN(name *string) finder {
	return func(t *txn) (string, error) {
		r, err := t.user(*name)
		if err != nil {
			return "", err
		}
		return r.arn(t.sc.Account), nil
	}
}

func ownPolicyARN(arn *string) finder {
	return func(t *txn) (string, error) {
		_, err := t.ownPolicy(*arn)
		return *arn, err
	}
}

func profileARN(name *string) finder {
	return func(t *txn) (string, error) {
		r, err := t.profile(*name)
		if err != nil {
			return "", err
		}
		return r.arn(t.sc.Account), nil
	}
}

func existingProviderARN(arn *string) finder {
	return func(t *txn) (string, error) {
		_, _, err := t.provider(*arn)
		return *arn, err
	}
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, in *TagRoleInput) (*TagRoleOutput, error) {
	return &TagRoleOutput{}, s.tagResource(ctx, roleARN(in.RoleName), in.Tags)
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, in *UntagRoleInput) (*UntagRoleOutput, error) {
	return &UntagRoleOutput{}, s.untagResource(ctx, roleARN(in.RoleName), in.TagKeys)
}

// ListRoleTags lists a role's tags.
func (s *Service) ListRoleTags(ctx context.Context, in *ListRoleTagsInput) (*ListRoleTagsOutput, error) {
	tags, truncated, marker, err := s.listTags(ctx, roleARN(in.RoleName), in.Marker, in.MaxItems)
	return &ListRoleTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// TagUser adds tags to a user.
func (s *Service) TagUser(ctx context.Context, in *TagUserInput) (*TagUserOutput, error) {
	return &TagUserOutput{}, s.tagResource(ctx, userARN(in.UserName), in.Tags)
}

// UntagUser removes tags from a user.
func (s *Service) UntagUser(ctx context.Context, in *UntagUserInput) (*UntagUserOutput, error) {
	return &UntagUserOutput{}, s.untagResource(ctx, userARN(in.UserName), in.TagKeys)
}

// ListUserTags lists a user's tags.
func (s *Service) ListUserTags(ctx context.Context, in *ListUserTagsInput) (*ListUserTagsOutput, error) {
	tags, truncated, marker, err := s.listTags(ctx, userARN(in.UserName), in.Marker, in.MaxItems)
	return &ListUserTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// TagPolicy adds tags to a policy of the account.
func (s *Service) TagPolicy(ctx context.Context, in *TagPolicyInput) (*TagPolicyOutput, error) {
	return &TagPolicyOutput{}, s.tagResource(ctx, ownPolicyARN(in.PolicyArn), in.Tags)
}

// UntagPolicy removes tags from a policy of the account.
func (s *Service) UntagPolicy(ctx context.Context, in *UntagPolicyInput) (*UntagPolicyOutput, error) {
	return &UntagPolicyOutput{}, s.untagResource(ctx, ownPolicyARN(in.PolicyArn), in.TagKeys)
}

// ListPolicyTags lists a policy's tags.
func (s *Service) ListPolicyTags(ctx context.Context, in *ListPolicyTagsInput) (*ListPolicyTagsOutput, error) {
	find := func(t *txn) (string, error) {
		_, err := t.policy(*in.PolicyArn)
		return *in.PolicyArn, err
	}
	tags, truncated, marker, err := s.listTags(ctx, find, in.Marker, in.MaxItems)
	return &ListPolicyTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// TagInstanceProfile adds tags to an instance profile.
func (s *Service) TagInstanceProfile(ctx context.Context, in *TagInstanceProfileInput) (*TagInstanceProfileOutput, error) {
	return &TagInstanceProfileOutput{}, s.tagResource(ctx, profileARN(in.InstanceProfileName), in.Tags)
}

// UntagInstanceProfile removes tags from an instance profile.
func (s *Service) UntagInstanceProfile(ctx context.Context, in *UntagInstanceProfileInput) (*UntagInstanceProfileOutput, error) {
	return &UntagInstanceProfileOutput{}, s.untagResource(ctx, profileARN(in.InstanceProfileName), in.TagKeys)
}

// ListInstanceProfileTags lists an instance profile's tags.
func (s *Service) ListInstanceProfileTags(ctx context.Context, in *ListInstanceProfileTagsInput) (*ListInstanceProfileTagsOutput, error) {
	tags, truncated, marker, err := s.listTags(ctx, profileARN(in.InstanceProfileName), in.Marker, in.MaxItems)
	return &ListInstanceProfileTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}

// TagOpenIDConnectProvider adds tags to an OpenID Connect provider.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *TagOpenIDConnectProviderInput) (*TagOpenIDConnectProviderOutput, error) {
	return &TagOpenIDConnectProviderOutput{}, s.tagResource(ctx, existingProviderARN(in.OpenIDConnectProviderArn), in.Tags)
}

// UntagOpenIDConnectProvider removes tags from an OpenID Connect provider.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *UntagOpenIDConnectProviderInput) (*UntagOpenIDConnectProviderOutput, error) {
	return &UntagOpenIDConnectProviderOutput{}, s.untagResource(ctx, existingProviderARN(in.OpenIDConnectProviderArn), in.TagKeys)
}

// ListOpenIDConnectProviderTags lists an OpenID Connect provider's tags.
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, in *ListOpenIDConnectProviderTagsInput) (*ListOpenIDConnectProviderTagsOutput, error) {
	tags, truncated, marker, err := s.listTags(ctx, existingProviderARN(in.OpenIDConnectProviderArn), in.Marker, in.MaxItems)
	return &ListOpenIDConnectProviderTagsOutput{Tags: tags, IsTruncated: truncated, Marker: marker}, err
}
