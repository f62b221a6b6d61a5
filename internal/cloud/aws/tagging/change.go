package tagging

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

const (
	maxChanged  = 20 // resources of a call
	maxTags     = 50 // of a resource, and of a call
	maxValueLen = 256
)

// TagResources tags resources. Those that cannot be tagged are in the answer, with the reason; the others are tagged.
func (s *Service) TagResources(ctx context.Context, in *TagResourcesInput) (*TagResourcesOutput, error) {
	if len(in.Tags) < 1 || len(in.Tags) > maxTags {
		return nil, invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length between 1 and %d", maxTags)
	}
	for key, value := range in.Tags {
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
	}
	failed, err := s.change(ctx, in.ResourceARNList, func(t *txn, arn string) *FailureInfo {
		count := len(in.Tags)
		for key := range state.Tags(t.tx, arn) {
			if _, replaced := in.Tags[key]; !replaced {
				count++
			}
		}
		if count > maxTags {
			return failure("The resource would have %d tags, more than the %d that it can have.", count, maxTags)
		}
		state.SetTags(t.tx, arn, in.Tags)
		return nil
	})
	return &TagResourcesOutput{FailedResourcesMap: failed}, err
}

// UntagResources takes tags from resources.
func (s *Service) UntagResources(ctx context.Context, in *UntagResourcesInput) (*UntagResourcesOutput, error) {
	if len(in.TagKeys) < 1 || len(in.TagKeys) > maxTags {
		return nil, invalid("1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must have length between 1 and %d", maxTags)
	}
	for _, key := range in.TagKeys {
		if err := checkTag(key, ""); err != nil {
			return nil, err
		}
	}
	failed, err := s.change(ctx, in.ResourceARNList, func(t *txn, arn string) *FailureInfo {
		state.RemoveTags(t.tx, arn, in.TagKeys)
		return nil
	})
	return &UntagResourcesOutput{FailedResourcesMap: failed}, err
}

// change runs edit on each resource that exists in the caller's account and region.
func (s *Service) change(ctx context.Context, arns []string, edit func(t *txn, arn string) *FailureInfo) (map[string]FailureInfo, error) {
	if err := checkARNs(arns, maxChanged); err != nil {
		return nil, err
	}
	failed := map[string]FailureInfo{}
	err := s.update(ctx, func(t *txn) error {
		for _, arn := range arns {
			n, _ := parse(arn)
			_, sc, _, ok := state.Lookup(t.tx, arn)
			var f *FailureInfo
			switch {
			case n.untaggable():
				f = failure("The resource type %s:%s is not supported by this operation.", n.service, n.kind)
			case !ok || sc.Account != t.sc.Account || !t.here(arn, sc):
				f = failure("The resource %s does not exist in the region %s.", arn, t.sc.Region)
			default:
				f = edit(t, arn)
			}
			if f != nil {
				failed[arn] = *f
			}
		}
		return nil
	})
	return failed, err
}

func failure(format string, args ...any) *FailureInfo {
	e := invalid(format, args...)
	return &FailureInfo{StatusCode: new(int64(http.StatusBadRequest)), ErrorCode: &e.Code, ErrorMessage: &e.Message}
}

func checkTag(key, value string) error {
	switch n := utf8.RuneCountInString(key); {
	case n < 1 || n > maxKeyRunes:
		return invalid("Tag keys must have 1 to %d characters.", maxKeyRunes)
	case utf8.RuneCountInString(value) > maxValueLen:
		return invalid("Tag values must have at most %d characters.", maxValueLen)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return invalid("Tag keys that begin with aws: are reserved for system use.")
	}
	return nil
}

func checkARNs(arns []string, most int) error {
	if len(arns) < 1 || len(arns) > most {
		return invalid("1 validation error detected: Value at 'resourceARNList' failed to satisfy constraint: Member must have length between 1 and %d", most)
	}
	for _, arn := range arns {
		if _, ok := parse(arn); !ok || len(arn) > 1011 {
			return invalid("%s is not a valid ARN.", arn)
		}
	}
	return nil
}
