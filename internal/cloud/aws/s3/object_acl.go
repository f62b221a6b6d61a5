package s3

import (
	"context"

	"atoll/internal/cloud/wire"
)

// GetObjectAcl gives an object's owner and grants. With ACLs disabled it is the bucket owner's full control.
func (s *Service) GetObjectAcl(ctx context.Context, in *GetObjectAclInput) (*GetObjectAclOutput, error) {
	out := &GetObjectAclOutput{}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.object(*in.Key, in.VersionId)
		if err != nil {
			return err
		}
		out.Owner, out.Grants = owner(t.b.Account), t.b.effective(v.Grants)
		return nil
	})
}

// PutObjectAcl replaces an object's grants.
func (s *Service) PutObjectAcl(ctx context.Context, in *PutObjectAclInput) (*PutObjectAclOutput, error) {
	account := wire.CallFrom(ctx).Account
	r := bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP)
	r.policy = in.AccessControlPolicy
	return &PutObjectAclOutput{}, s.edit(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, func(t *txn, v *Version) error {
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
		v.Grants = grants
		return nil
	})
}
