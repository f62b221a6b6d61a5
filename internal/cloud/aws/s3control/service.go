package s3control

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire"
)

// Buckets is S3, which has the buckets, their tags, and the public access block of each account. Its errors are S3's.
type Buckets interface {
	BucketTags(ctx context.Context, bucket string) (map[string]string, error)
	ChangeBucketTags(ctx context.Context, bucket string, add map[string]string, remove []string) error
	AccountBlock(ctx context.Context) (blockACLs, ignoreACLs, blockPolicy, restrict, ok bool)
	SetAccountBlock(ctx context.Context, blockACLs, ignoreACLs, blockPolicy, restrict bool) error
	RemoveAccountBlock(ctx context.Context) error
}

// Deps is what the service needs.
type Deps struct {
	Buckets Buckets
}

// Service is Amazon S3 Control.
type Service struct{ d Deps }

var _ wire.Service = (*Service)(nil)

// New makes the service.
func New(d Deps) *Service { return &Service{d: d} }

// API is the generated description of S3 Control's wire side.
func (s *Service) API() *model.API { return API() }

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.DeletePublicAccessBlock, wire.Action("s3:PutAccountPublicAccessBlock")),
		wire.Read(s.GetPublicAccessBlock, wire.Action("s3:GetAccountPublicAccessBlock")),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.PutPublicAccessBlock, wire.Action("s3:PutAccountPublicAccessBlock")),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceArn} })),
	}
}

// ownAccount checks that a call names the caller's account.
func ownAccount(ctx context.Context, account *string) error {
	if account != nil && *account != wire.CallFrom(ctx).Account {
		return wire.Errorf("AccessDenied", "Access Denied").WithStatus(403)
	}
	return nil
}

// bucketOf gives the bucket of an ARN, after checking that the call names the caller's account.
func bucketOf(ctx context.Context, arn string, account *string) (string, error) {
	if err := ownAccount(ctx, account); err != nil {
		return "", err
	}
	bucket, ok := strings.CutPrefix(arn, "arn:aws:s3:::")
	switch {
	case ok && bucket != "" && !strings.Contains(bucket, "/"):
		return bucket, nil
	case strings.HasPrefix(arn, "arn:aws:s3"):
		return "", wire.NotImplemented("s3:tags of " + arn)
	}
	return "", wire.Errorf("InvalidRequest", "The resource ARN %s is not valid.", arn)
}

// ListTagsForResource gives a bucket's tags, none for a bucket without any.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	bucket, err := bucketOf(ctx, *in.ResourceArn, in.AccountId)
	if err != nil {
		return nil, err
	}
	tags, err := s.d.Buckets.BucketTags(ctx, bucket)
	if err != nil {
		return nil, err
	}
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, Tag{Key: new(key), Value: new(tags[key])})
	}
	return out, nil
}

// TagResource adds tags to a bucket's, or overwrites them.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	bucket, err := bucketOf(ctx, *in.ResourceArn, in.AccountId)
	if err != nil {
		return nil, err
	}
	add := make(map[string]string, len(in.Tags))
	for _, t := range in.Tags {
		if _, twice := add[*t.Key]; twice {
			return nil, wire.Errorf("InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		add[*t.Key] = *t.Value
	}
	return &TagResourceOutput{}, s.d.Buckets.ChangeBucketTags(ctx, bucket, add, nil)
}

// UntagResource takes tags from a bucket.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	bucket, err := bucketOf(ctx, *in.ResourceArn, in.AccountId)
	if err != nil {
		return nil, err
	}
	return &UntagResourceOutput{}, s.d.Buckets.ChangeBucketTags(ctx, bucket, nil, in.TagKeys)
}
