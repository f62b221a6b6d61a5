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
		wire.Write(s.CancelKeyDeletion, onKey(s, func(in *CancelKeyDeletionInput) *string { return in.KeyId })),
		wire.Write(s.CreateAlias, wire.On(func(ctx context.Context, in *CreateAliasInput) []string {
			return s.withAlias(ctx, in.AliasName, in.TargetKeyId)
		})),
		wire.Write(s.CreateGrant, onKey(s, func(in *CreateGrantInput) *string { return in.KeyId })),
		wire.Write(s.CreateKey),
		wire.Read(s.Decrypt, wire.On(func(ctx context.Context, in *DecryptInput) []string {
			return s.resources(ctx, source(in.KeyId, in.CiphertextBlob))
		})),
		wire.Write(s.DeleteAlias, wire.On(func(ctx context.Context, in *DeleteAliasInput) []string {
			return s.withAlias(ctx, in.AliasName, in.AliasName)
		})),
		wire.Read(s.DescribeKey, onKey(s, func(in *DescribeKeyInput) *string { return in.KeyId })),
		wire.Write(s.DisableKey, onKey(s, func(in *DisableKeyInput) *string { return in.KeyId })),
		wire.Write(s.DisableKeyRotation, onKey(s, func(in *DisableKeyRotationInput) *string { return in.KeyId })),
		wire.Write(s.EnableKey, onKey(s, func(in *EnableKeyInput) *string { return in.KeyId })),
		wire.Write(s.EnableKeyRotation, onKey(s, func(in *EnableKeyRotationInput) *string { return in.KeyId })),
		wire.Read(s.Encrypt, onKey(s, func(in *EncryptInput) *string { return in.KeyId })),
		wire.Read(s.GenerateDataKey, onKey(s, func(in *GenerateDataKeyInput) *string { return in.KeyId })),
		wire.Read(s.GenerateDataKeyWithoutPlaintext, onKey(s, func(in *GenerateDataKeyWithoutPlaintextInput) *string { return in.KeyId })),
		wire.Read(s.GenerateMac, onKey(s, func(in *GenerateMacInput) *string { return in.KeyId })),
		wire.Read(s.GenerateRandom),
		wire.Read(s.GetKeyPolicy, onKey(s, func(in *GetKeyPolicyInput) *string { return in.KeyId })),
		wire.Read(s.GetKeyRotationStatus, onKey(s, func(in *GetKeyRotationStatusInput) *string { return in.KeyId })),
		wire.Read(s.GetPublicKey, onKey(s, func(in *GetPublicKeyInput) *string { return in.KeyId })),
		wire.Read(s.ListAliases),
		wire.Read(s.ListGrants, onKey(s, func(in *ListGrantsInput) *string { return in.KeyId })),
		wire.Read(s.ListKeyPolicies, onKey(s, func(in *ListKeyPoliciesInput) *string { return in.KeyId })),
		wire.Read(s.ListKeys),
		wire.Read(s.ListResourceTags, onKey(s, func(in *ListResourceTagsInput) *string { return in.KeyId })),
		wire.Write(s.PutKeyPolicy, onKey(s, func(in *PutKeyPolicyInput) *string { return in.KeyId })),
		wire.Read(s.ReEncrypt, wire.On(func(ctx context.Context, in *ReEncryptInput) []string {
			return s.resources(ctx, source(in.SourceKeyId, in.CiphertextBlob), in.DestinationKeyId)
		})),
		wire.Write(s.RetireGrant, onKey(s, func(in *RetireGrantInput) *string { return in.KeyId })),
		wire.Write(s.RevokeGrant, onKey(s, func(in *RevokeGrantInput) *string { return in.KeyId })),
		wire.Write(s.ScheduleKeyDeletion, onKey(s, func(in *ScheduleKeyDeletionInput) *string { return in.KeyId })),
		wire.Read(s.Sign, onKey(s, func(in *SignInput) *string { return in.KeyId })),
		wire.Write(s.TagResource, onKey(s, func(in *TagResourceInput) *string { return in.KeyId })),
		wire.Write(s.UntagResource, onKey(s, func(in *UntagResourceInput) *string { return in.KeyId })),
		wire.Write(s.UpdateAlias, wire.On(func(ctx context.Context, in *UpdateAliasInput) []string {
			return s.withAlias(ctx, in.AliasName, in.AliasName, in.TargetKeyId)
		})),
		wire.Write(s.UpdateKeyDescription, onKey(s, func(in *UpdateKeyDescriptionInput) *string { return in.KeyId })),
		wire.Read(s.Verify, onKey(s, func(in *VerifyInput) *string { return in.KeyId })),
		wire.Read(s.VerifyMac, onKey(s, func(in *VerifyMacInput) *string { return in.KeyId })),
	}
}

// onKey says which member of the input names the key.
func onKey[I any](s *Service, key func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string { return s.resources(ctx, key(in)) })
}

// resources gives the ARNs of the keys that a call names, for authorisation.
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

// withAlias gives the ARN of an alias itself, and those of keys: AWS asks for permission on both.
func (s *Service) withAlias(ctx context.Context, alias *string, keys ...*string) []string {
	out := []string{aliasARN(wire.CallFrom(ctx).Scope(), *alias)}
	for _, arn := range s.resources(ctx, keys...) {
		if arn != out[0] { // an alias that does not exist stands for no key
			out = append(out, arn)
		}
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
