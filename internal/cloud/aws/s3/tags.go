package s3

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxBucketTags = 50
	maxObjectTags = 10
)

func checkTag(key, value string) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > 128:
		return wire.Errorf("InvalidTag", "The TagKey you have provided is invalid")
	case utf8.RuneCountInString(value) > 256:
		return wire.Errorf("InvalidTag", "The TagValue you have provided is invalid")
	case strings.HasPrefix(key, "aws:"):
		return wire.Errorf("InvalidTag", "System tags cannot be added/updated by requester")
	}
	return nil
}

// tagMap checks a list of tags.
func tagMap(tags []Tag, limit int) (map[string]string, error) {
	set := make(map[string]string, len(tags))
	for _, t := range tags {
		key, value := text(t.Key), text(t.Value)
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
		if _, twice := set[key]; twice {
			return nil, wire.Errorf("InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		set[key] = value
	}
	return set, checkTagCount(len(set), limit)
}

func checkTagCount(n, limit int) error {
	switch {
	case n <= limit:
		return nil
	case limit == maxObjectTags:
		return wire.Errorf("BadRequest", "Object tags cannot be greater than %d", limit)
	}
	return wire.Errorf("BadRequest", "Bucket tag count cannot be greater than %d", limit)
}

// tagHeader reads x-amz-tagging: tags as URL query parameters.
func tagHeader(header *string) (map[string]string, error) {
	if text(header) == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(*header)
	if err != nil {
		return nil, invalid("x-amz-tagging", *header, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	set := make(map[string]string, len(values))
	for key, list := range values {
		if len(list) > 1 {
			return nil, invalid("x-amz-tagging", *header, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		if err := checkTag(key, list[0]); err != nil {
			return nil, err
		}
		set[key] = list[0]
	}
	return set, checkTagCount(len(set), maxObjectTags)
}

func tagList(tags map[string]string) []Tag {
	out := make([]Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{Key: new(key), Value: new(tags[key])})
	}
	return out
}

// GetBucketTagging gives a bucket's tags; a bucket without any has no tag set.
func (s *Service) GetBucketTagging(ctx context.Context, in *GetBucketTaggingInput) (*GetBucketTaggingOutput, error) {
	var tags map[string]string
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		tags = state.Tags(t.tx, bucketARN(t.b.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, fail("NoSuchTagSet", detail{BucketName: in.Bucket})
	}
	return &GetBucketTaggingOutput{TagSet: tagList(tags)}, nil
}

// PutBucketTagging replaces a bucket's tags.
func (s *Service) PutBucketTagging(ctx context.Context, in *PutBucketTaggingInput) (*PutBucketTaggingOutput, error) {
	tags, err := tagMap(in.Tagging.TagSet, maxBucketTags)
	if err != nil {
		return nil, err
	}
	return &PutBucketTaggingOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		state.ReplaceTags(t.tx, bucketARN(t.b.Name), tags)
		return nil
	})
}

// DeleteBucketTagging removes a bucket's tags.
func (s *Service) DeleteBucketTagging(ctx context.Context, in *DeleteBucketTaggingInput) (*DeleteBucketTaggingOutput, error) {
	return &DeleteBucketTaggingOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		state.ReplaceTags(t.tx, bucketARN(t.b.Name), nil)
		return nil
	})
}

// BucketTags gives a bucket's tags to S3 Control, which shows the same by ARN.
func (s *Service) BucketTags(ctx context.Context, bucket string) (map[string]string, error) {
	var tags map[string]string
	err := s.view(ctx, &bucket, nil, func(t *txn) error {
		tags = state.Tags(t.tx, bucketARN(t.b.Name))
		return nil
	})
	return tags, err
}

// ChangeBucketTags adds and removes a bucket's tags for S3 Control.
func (s *Service) ChangeBucketTags(ctx context.Context, bucket string, add map[string]string, remove []string) error {
	for key, value := range add {
		if err := checkTag(key, value); err != nil {
			return err
		}
	}
	return s.update(ctx, &bucket, nil, func(t *txn) error {
		arn := bucketARN(t.b.Name)
		state.RemoveTags(t.tx, arn, remove)
		state.SetTags(t.tx, arn, add)
		return checkTagCount(len(state.Tags(t.tx, arn)), maxBucketTags)
	})
}

// GetObjectTagging gives an object's tags.
func (s *Service) GetObjectTagging(ctx context.Context, in *GetObjectTaggingInput) (*GetObjectTaggingOutput, error) {
	out := &GetObjectTaggingOutput{}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.object(*in.Key, in.VersionId)
		if err != nil {
			return err
		}
		out.TagSet, out.VersionId = tagList(v.Tags), t.shownID(v)
		return nil
	})
}

// PutObjectTagging replaces an object's tags.
func (s *Service) PutObjectTagging(ctx context.Context, in *PutObjectTaggingInput) (*PutObjectTaggingOutput, error) {
	tags, err := tagMap(in.Tagging.TagSet, maxObjectTags)
	if err != nil {
		return nil, err
	}
	out := &PutObjectTaggingOutput{}
	return out, s.edit(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, func(t *txn, v *Version) error {
		v.Tags, out.VersionId = tags, t.shownID(v)
		return nil
	})
}

// DeleteObjectTagging removes an object's tags.
func (s *Service) DeleteObjectTagging(ctx context.Context, in *DeleteObjectTaggingInput) (*DeleteObjectTaggingOutput, error) {
	out := &DeleteObjectTaggingOutput{}
	return out, s.edit(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, func(t *txn, v *Version) error {
		v.Tags, out.VersionId = nil, t.shownID(v)
		return nil
	})
}
