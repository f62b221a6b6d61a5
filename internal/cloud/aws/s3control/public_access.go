package s3control

import (
	"context"

	"atoll/internal/cloud/wire"
)

// GetPublicAccessBlock gives the account's public access block.
func (s *Service) GetPublicAccessBlock(ctx context.Context, in *GetPublicAccessBlockInput) (*GetPublicAccessBlockOutput, error) {
	if err := ownAccount(ctx, in.AccountId); err != nil {
		return nil, err
	}
	blockACLs, ignoreACLs, blockPolicy, restrict, ok := s.d.Buckets.AccountBlock(ctx)
	if !ok {
		return nil, wire.Errorf("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	}
	return &GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &PublicAccessBlockConfiguration{
		BlockPublicAcls: &blockACLs, IgnorePublicAcls: &ignoreACLs, BlockPublicPolicy: &blockPolicy, RestrictPublicBuckets: &restrict}}, nil
}

// PutPublicAccessBlock sets the account's public access block; settings that are left out are off.
func (s *Service) PutPublicAccessBlock(ctx context.Context, in *PutPublicAccessBlockInput) (*PutPublicAccessBlockOutput, error) {
	if err := ownAccount(ctx, in.AccountId); err != nil {
		return nil, err
	}
	on := func(b *bool) bool { return b != nil && *b }
	c := in.PublicAccessBlockConfiguration
	return &PutPublicAccessBlockOutput{}, s.d.Buckets.SetAccountBlock(ctx, on(c.BlockPublicAcls), on(c.IgnorePublicAcls), on(c.BlockPublicPolicy), on(c.RestrictPublicBuckets))
}

// DeletePublicAccessBlock removes the account's public access block.
func (s *Service) DeletePublicAccessBlock(ctx context.Context, in *DeletePublicAccessBlockInput) (*DeletePublicAccessBlockOutput, error) {
	if err := ownAccount(ctx, in.AccountId); err != nil {
		return nil, err
	}
	return &DeletePublicAccessBlockOutput{}, s.d.Buckets.RemoveAccountBlock(ctx)
}
