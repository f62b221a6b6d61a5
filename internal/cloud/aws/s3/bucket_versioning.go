package s3

import (
	"context"

	"atoll/internal/cloud/wire"
)

// GetBucketVersioning gives a bucket's versioning state, nothing for one that never had versioning.
func (s *Service) GetBucketVersioning(ctx context.Context, in *GetBucketVersioningInput) (*GetBucketVersioningOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &GetBucketVersioningOutput{Status: set(b.Versioning)}, nil
}

// PutBucketVersioning enables or suspends versioning. It cannot be suspended under object lock or replication.
func (s *Service) PutBucketVersioning(ctx context.Context, in *PutBucketVersioningInput) (*PutBucketVersioningOutput, error) {
	status := text(in.VersioningConfiguration.Status)
	if status != enabled && status != suspended {
		return nil, wire.Errorf("IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	if text(in.VersioningConfiguration.MFADelete) == enabled {
		return nil, wire.NotImplemented("s3:PutBucketVersioning with MfaDelete")
	}
	return &PutBucketVersioningOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		if status == suspended && b.ObjectLock != nil {
			return wire.Errorf("InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.").WithStatus(409)
		}
		if status == suspended && b.Replication != nil {
			return wire.Errorf("InvalidBucketState", "A replication configuration is present on this bucket, so the versioning state cannot be changed. To change the versioning state, first delete the replication configuration.").WithStatus(409)
		}
		b.Versioning = status
		return nil
	})
}
