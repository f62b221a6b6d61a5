package kms

import (
	"context"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.CancelKeyDeletion, wire.On(func(ctx context.Context, in *CancelKeyDeletionInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.CreateAlias, wire.On(func(ctx context.Context, in *CreateAliasInput) []string { return s.resources(ctx, in.TargetKeyId) })),
		wire.Write(s.CreateGrant, wire.On(func(ctx context.Context, in *CreateGrantInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.CreateKey),
		wire.Read(s.Decrypt, wire.On(func(ctx context.Context, in *DecryptInput) []string {
			return s.resources(ctx, source(in.KeyId, in.CiphertextBlob))
		})),
		wire.Write(s.DeleteAlias, wire.On(func(ctx context.Context, in *DeleteAliasInput) []string { return s.resources(ctx, in.AliasName) })),
		wire.Read(s.DescribeKey, wire.On(func(ctx context.Context, in *DescribeKeyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.DisableKey, wire.On(func(ctx context.Context, in *DisableKeyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.DisableKeyRotation, wire.On(func(ctx context.Context, in *DisableKeyRotationInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.EnableKey, wire.On(func(ctx context.Context, in *EnableKeyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.EnableKeyRotation, wire.On(func(ctx context.Context, in *EnableKeyRotationInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.Encrypt, wire.On(func(ctx context.Context, in *EncryptInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.GenerateDataKey, wire.On(func(ctx context.Context, in *GenerateDataKeyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.GenerateDataKeyWithoutPlaintext, wire.On(func(ctx context.Context, in *GenerateDataKeyWithoutPlaintextInput) []string {
			return s.resources(ctx, in.KeyId)
		})),
		wire.Read(s.GenerateMac, wire.On(func(ctx context.Context, in *GenerateMacInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.GenerateRandom),
		wire.Read(s.GetKeyPolicy, wire.On(func(ctx context.Context, in *GetKeyPolicyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.GetKeyRotationStatus, wire.On(func(ctx context.Context, in *GetKeyRotationStatusInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.GetPublicKey, wire.On(func(ctx context.Context, in *GetPublicKeyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.ListAliases),
		wire.Read(s.ListGrants, wire.On(func(ctx context.Context, in *ListGrantsInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.ListKeyPolicies, wire.On(func(ctx context.Context, in *ListKeyPoliciesInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.ListKeys),
		wire.Read(s.ListResourceTags, wire.On(func(ctx context.Context, in *ListResourceTagsInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.PutKeyPolicy, wire.On(func(ctx context.Context, in *PutKeyPolicyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.ReEncrypt, wire.On(func(ctx context.Context, in *ReEncryptInput) []string {
			return s.resources(ctx, source(in.SourceKeyId, in.CiphertextBlob), in.DestinationKeyId)
		})),
		wire.Write(s.RetireGrant, wire.On(func(ctx context.Context, in *RetireGrantInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.RevokeGrant, wire.On(func(ctx context.Context, in *RevokeGrantInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.ScheduleKeyDeletion, wire.On(func(ctx context.Context, in *ScheduleKeyDeletionInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.Sign, wire.On(func(ctx context.Context, in *SignInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.TagResource, wire.On(func(ctx context.Context, in *TagResourceInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.UntagResource, wire.On(func(ctx context.Context, in *UntagResourceInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Write(s.UpdateAlias, wire.On(func(ctx context.Context, in *UpdateAliasInput) []string {
			return s.resources(ctx, in.AliasName, in.TargetKeyId)
		})),
		wire.Write(s.UpdateKeyDescription, wire.On(func(ctx context.Context, in *UpdateKeyDescriptionInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.Verify, wire.On(func(ctx context.Context, in *VerifyInput) []string { return s.resources(ctx, in.KeyId) })),
		wire.Read(s.VerifyMac, wire.On(func(ctx context.Context, in *VerifyMacInput) []string { return s.resources(ctx, in.KeyId) })),
	}
}

// resources gives the ARN of the key that a call names, for authorisation.
func (s *Service) resources(ctx context.Context, names ...*string) []string {
	var out []string
	_ = s.d.Store.View(func(tx *state.Tx) error {
		t := s.txn(ctx, tx)
		for _, name := range names {
			if name == nil {
				continue
			}
			if k, err := t.keyOrAlias(*name); err == nil {
				out = append(out, keyARN(t.sc, k.ID))
			} else if id, err := t.local(*name); err == nil && strings.HasPrefix(id, "alias/") {
				out = append(out, aliasARN(t.sc, id))
			} else if err == nil {
				out = append(out, keyARN(t.sc, id))
			} else {
				out = append(out, *name)
			}
		}
		return nil
	})
	if len(out) == 0 {
		return []string{"*"}
	}
	return out
}

// source names the key of a ciphertext: the one that the caller gives or, for symmetric keys, the one in the ciphertext.
func source(key *string, blob []byte) *string {
	if key != nil {
		return key
	}
	if c, err := parseCiphertext(blob); err == nil {
		return &c.key
	}
	return nil
}
