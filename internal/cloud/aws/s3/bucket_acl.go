package s3

import (
	"context"

	"atoll/internal/cloud/wire"
)

// GetBucketAcl gives a bucket's owner and grants. With ACLs disabled it is the owner's full control.
func (s *Service) GetBucketAcl(ctx context.Context, in *GetBucketAclInput) (*GetBucketAclOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &GetBucketAclOutput{Owner: owner(b.Account), Grants: b.effective(b.Grants)}, nil
}

// effective gives the grants that count: with ACLs disabled only the bucket owner's.
func (b *BucketRecord) effective(grants []Grant) []Grant {
	if b.Ownership != bucketOwnerEnforced && grants != nil {
		return grants
	}
	return []Grant{{Grantee: canonicalGrantee(canonicalID(b.Account)), Permission: new("FULL_CONTROL")}}
}

// PutBucketAcl replaces a bucket's grants.
func (s *Service) PutBucketAcl(ctx context.Context, in *PutBucketAclInput) (*PutBucketAclOutput, error) {
	account := wire.CallFrom(ctx).Account
	r := bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP)
	r.policy = in.AccessControlPolicy
	return &PutBucketAclOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		grants, given, err := grantsOf(r, account, t.b.Account)
		if err != nil {
			return err
		}
		if !given {
			return wire.Errorf("MissingSecurityHeader", "Your request was missing a required header")
		}
		if err := t.admitACL(r, grants); err != nil {
			return err
		}
		t.b.Grants = grants
		t.putBucket()
		return nil
	})
}
