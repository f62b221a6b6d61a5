package secretsmanager

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Read(s.BatchGetSecretValue, wire.On(func(ctx context.Context, in *BatchGetSecretValueInput) []string {
			var arns []string
			for _, id := range in.SecretIdList {
				arns = append(arns, s.resource(ctx, id))
			}
			return arns
		})),
		wire.Write(s.CancelRotateSecret, on(s, func(in *CancelRotateSecretInput) *string { return in.SecretId })),
		wire.Write(s.CreateSecret, on(s, func(in *CreateSecretInput) *string { return in.Name })),
		wire.Write(s.DeleteResourcePolicy, on(s, func(in *DeleteResourcePolicyInput) *string { return in.SecretId })),
		wire.Write(s.DeleteSecret, on(s, func(in *DeleteSecretInput) *string { return in.SecretId })),
		wire.Read(s.DescribeSecret, on(s, func(in *DescribeSecretInput) *string { return in.SecretId })),
		wire.Read(s.GetRandomPassword),
		wire.Read(s.GetResourcePolicy, on(s, func(in *GetResourcePolicyInput) *string { return in.SecretId })),
		wire.Read(s.GetSecretValue, on(s, func(in *GetSecretValueInput) *string { return in.SecretId })),
		wire.Read(s.ListSecretVersionIds, on(s, func(in *ListSecretVersionIdsInput) *string { return in.SecretId })),
		wire.Read(s.ListSecrets),
		wire.Write(s.PutResourcePolicy, on(s, func(in *PutResourcePolicyInput) *string { return in.SecretId })),
		wire.Write(s.PutSecretValue, on(s, func(in *PutSecretValueInput) *string { return in.SecretId })),
		wire.Write(s.RemoveRegionsFromReplication, on(s, func(in *RemoveRegionsFromReplicationInput) *string { return in.SecretId })),
		wire.Write(s.ReplicateSecretToRegions, on(s, func(in *ReplicateSecretToRegionsInput) *string { return in.SecretId })),
		wire.Write(s.RestoreSecret, on(s, func(in *RestoreSecretInput) *string { return in.SecretId })),
		wire.Write(s.RotateSecret, on(s, func(in *RotateSecretInput) *string { return in.SecretId })),
		wire.Write(s.TagResource, on(s, func(in *TagResourceInput) *string { return in.SecretId })),
		wire.Write(s.UntagResource, on(s, func(in *UntagResourceInput) *string { return in.SecretId })),
		wire.Write(s.UpdateSecret, on(s, func(in *UpdateSecretInput) *string { return in.SecretId })),
		wire.Write(s.UpdateSecretVersionStage, on(s, func(in *UpdateSecretVersionStageInput) *string { return in.SecretId })),
		wire.Read(s.ValidateResourcePolicy, on(s, func(in *ValidateResourcePolicyInput) *string { return in.SecretId })),
	}
}
