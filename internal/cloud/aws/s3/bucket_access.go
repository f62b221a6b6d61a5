package s3

import (
	"context"

	"atoll/internal/cloud/wire"
)

func isOwnership(o string) bool {
	return o == bucketOwnerEnforced || o == "BucketOwnerPreferred" || o == "ObjectWriter"
}

// GetBucketOwnershipControls tells who owns objects that other accounts upload, and whether ACLs act.
func (s *Service) GetBucketOwnershipControls(ctx context.Context, in *GetBucketOwnershipControlsInput) (*GetBucketOwnershipControlsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Ownership == "" {
		return nil, fail("OwnershipControlsNotFoundError", detail{BucketName: in.Bucket})
	}
	return &GetBucketOwnershipControlsOutput{OwnershipControls: &OwnershipControls{Rules: []OwnershipControlsRule{{ObjectOwnership: &b.Ownership}}}}, nil
}

// PutBucketOwnershipControls sets a bucket's object ownership. ACLs cannot be disabled while they grant others something.
func (s *Service) PutBucketOwnershipControls(ctx context.Context, in *PutBucketOwnershipControlsInput) (*PutBucketOwnershipControlsOutput, error) {
	if len(in.OwnershipControls.Rules) != 1 || !isOwnership(*in.OwnershipControls.Rules[0].ObjectOwnership) {
		return nil, fail("MalformedXML", detail{})
	}
	want := *in.OwnershipControls.Rules[0].ObjectOwnership
	return &PutBucketOwnershipControlsOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		if want == bucketOwnerEnforced && b.Ownership != bucketOwnerEnforced {
			for _, g := range b.Grants {
				if text(g.Grantee.ID) != canonicalID(b.Account) {
					return wire.Errorf("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
				}
			}
		}
		b.Ownership = want
		return nil
	})
}

// DeleteBucketOwnershipControls removes a bucket's object ownership setting: its ACLs act then, as in ObjectWriter.
func (s *Service) DeleteBucketOwnershipControls(ctx context.Context, in *DeleteBucketOwnershipControlsInput) (*DeleteBucketOwnershipControlsOutput, error) {
	return &DeleteBucketOwnershipControlsOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Ownership = ""
		return nil
	})
}

// GetPublicAccessBlock gives a bucket's public access block.
func (s *Service) GetPublicAccessBlock(ctx context.Context, in *GetPublicAccessBlockInput) (*GetPublicAccessBlockOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.PublicAccess == nil {
		return nil, fail("NoSuchPublicAccessBlockConfiguration", detail{BucketName: in.Bucket})
	}
	return &GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.PublicAccess}, nil
}

// PutPublicAccessBlock sets a bucket's public access block; settings that are left out are off.
func (s *Service) PutPublicAccessBlock(ctx context.Context, in *PutPublicAccessBlockInput) (*PutPublicAccessBlockOutput, error) {
	c := *in.PublicAccessBlockConfiguration
	for _, p := range []**bool{&c.BlockPublicAcls, &c.IgnorePublicAcls, &c.BlockPublicPolicy, &c.RestrictPublicBuckets} {
		if *p == nil {
			*p = new(false)
		}
	}
	return &PutPublicAccessBlockOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.PublicAccess = &c
		return nil
	})
}

// DeletePublicAccessBlock removes a bucket's public access block.
func (s *Service) DeletePublicAccessBlock(ctx context.Context, in *DeletePublicAccessBlockInput) (*DeletePublicAccessBlockOutput, error) {
	return &DeletePublicAccessBlockOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.PublicAccess = nil
		return nil
	})
}
