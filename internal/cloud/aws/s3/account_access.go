package s3

import (
	"context"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// accountBlock is the id of an account's only public access block.
const accountBlock = "account"

// blocks says whether the bucket's public access block or its account's has a setting on.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (t *txn) blocks(setting func(c *PublicAccessBlockConfiguration) *bool) bool {
	if t.b.PublicAccess != nil && truth(setting(t.b.PublicAccess)) {
		return true
	}
	c, ok := t.s.accounts.Get(t.tx, state.Scope{Account: t.b.Account}, accountBlock)
	return ok && truth(setting(c))
}

// AccountBlock gives the caller's public access block for all of its buckets. ok is false if it has none.
func (s *Service) AccountBlock(ctx context.Context) (blockACLs, ignoreACLs, blockPolicy, restrict, ok bool) {
	_ = s.d.Store.View(func(tx *state.Tx) error {
		c, found := s.accounts.Get(tx, wire.CallFrom(ctx).Global(), accountBlock)
		if ok = found; ok {
			blockACLs, ignoreACLs = truth(c.BlockPublicAcls), truth(c.IgnorePublicAcls)
			blockPolicy, restrict = truth(c.BlockPublicPolicy), truth(c.RestrictPublicBuckets)
		}
		return nil
	})
	return blockACLs, ignoreACLs, blockPolicy, restrict, ok
}

// SetAccountBlock sets the caller's public access block for all of its buckets.
func (s *Service) SetAccountBlock(ctx context.Context, blockACLs, ignoreACLs, blockPolicy, restrict bool) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		s.accounts.Put(tx, wire.CallFrom(ctx).Global(), accountBlock, &PublicAccessBlockConfiguration{
			BlockPublicAcls: &blockACLs, IgnorePublicAcls: &ignoreACLs, BlockPublicPolicy: &blockPolicy, RestrictPublicBuckets: &restrict})
		return nil
	})
}

// RemoveAccountBlock removes it, if there is one.
func (s *Service) RemoveAccountBlock(ctx context.Context) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		s.accounts.Delete(tx, wire.CallFrom(ctx).Global(), accountBlock)
		return nil
	})
}
