package ecr

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Read(s.BatchCheckLayerAvailability, on(func(in *BatchCheckLayerAvailabilityInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.BatchDeleteImage, on(func(in *BatchDeleteImageInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.BatchGetImage, on(func(in *BatchGetImageInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.CompleteLayerUpload, on(func(in *CompleteLayerUploadInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.CreatePullThroughCacheRule),
		wire.Write(s.CreateRepository, on(func(in *CreateRepositoryInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.DeleteLifecyclePolicy, on(func(in *DeleteLifecyclePolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.DeletePullThroughCacheRule),
		wire.Write(s.DeleteRegistryPolicy),
		wire.Write(s.DeleteRepository, on(func(in *DeleteRepositoryInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.DeleteRepositoryPolicy, on(func(in *DeleteRepositoryPolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.DescribeImages, on(func(in *DescribeImagesInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.DescribePullThroughCacheRules),
		wire.Read(s.DescribeRegistry),
		wire.Read(s.DescribeRepositories, on(func(in *DescribeRepositoriesInput) []string { return in.RepositoryNames })),
		wire.Read(s.GetAccountSetting),
		wire.Read(s.GetAuthorizationToken),
		wire.Read(s.GetDownloadUrlForLayer, on(func(in *GetDownloadUrlForLayerInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.GetLifecyclePolicy, on(func(in *GetLifecyclePolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.GetRegistryPolicy),
		wire.Read(s.GetRegistryScanningConfiguration),
		wire.Read(s.GetRepositoryPolicy, on(func(in *GetRepositoryPolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.InitiateLayerUpload, on(func(in *InitiateLayerUploadInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.ListImages, on(func(in *ListImagesInput) []string { return []string{*in.RepositoryName} })),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.PutAccountSetting),
		wire.Write(s.PutImage, on(func(in *PutImageInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.PutImageScanningConfiguration, on(func(in *PutImageScanningConfigurationInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.PutImageTagMutability, on(func(in *PutImageTagMutabilityInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.PutLifecyclePolicy, on(func(in *PutLifecyclePolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.PutRegistryPolicy),
		wire.Write(s.PutRegistryScanningConfiguration),
		wire.Write(s.PutReplicationConfiguration),
		wire.Write(s.SetRepositoryPolicy, on(func(in *SetRepositoryPolicyInput) []string { return []string{*in.RepositoryName} })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.UpdatePullThroughCacheRule),
		wire.Write(s.UploadLayerPart, on(func(in *UploadLayerPartInput) []string { return []string{*in.RepositoryName} })),
	}
}

// on says which repositories a call names.
func on[I any](names func(in *I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		var arns []string
		for _, name := range names(in) {
			arns = append(arns, repositoryARN(wire.CallFrom(ctx).Scope(), name))
		}
		return arns
	})
}
