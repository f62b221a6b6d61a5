package s3

import (
	"context"
	"reflect"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table. IAM's actions are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AbortMultipartUpload, onObject[AbortMultipartUploadInput]()),
		wire.Write(s.CompleteMultipartUpload, wire.Action("s3:PutObject"), onObject[CompleteMultipartUploadInput]()),
		wire.Write(s.CopyObject, wire.Action("s3:PutObject"), onObject[CopyObjectInput]()),
		wire.Write(s.CreateBucket, onBucket[CreateBucketInput]()),
		wire.Write(s.CreateMultipartUpload, wire.Action("s3:PutObject"), onObject[CreateMultipartUploadInput]()),
		wire.Write(s.DeleteBucket, onBucket[DeleteBucketInput]()),
		wire.Write(s.DeleteBucketAnalyticsConfiguration, wire.Action("s3:PutAnalyticsConfiguration"), onBucket[DeleteBucketAnalyticsConfigurationInput]()),
		wire.Write(s.DeleteBucketCors, wire.Action("s3:PutBucketCORS"), onBucket[DeleteBucketCorsInput]()),
		wire.Write(s.DeleteBucketEncryption, wire.Action("s3:PutEncryptionConfiguration"), onBucket[DeleteBucketEncryptionInput]()),
		wire.Write(s.DeleteBucketIntelligentTieringConfiguration, wire.Action("s3:PutIntelligentTieringConfiguration"), onBucket[DeleteBucketIntelligentTieringConfigurationInput]()),
		wire.Write(s.DeleteBucketInventoryConfiguration, wire.Action("s3:PutInventoryConfiguration"), onBucket[DeleteBucketInventoryConfigurationInput]()),
		wire.Write(s.DeleteBucketLifecycle, wire.Action("s3:PutLifecycleConfiguration"), onBucket[DeleteBucketLifecycleInput]()),
		wire.Write(s.DeleteBucketMetricsConfiguration, wire.Action("s3:PutMetricsConfiguration"), onBucket[DeleteBucketMetricsConfigurationInput]()),
		wire.Write(s.DeleteBucketOwnershipControls, wire.Action("s3:PutBucketOwnershipControls"), onBucket[DeleteBucketOwnershipControlsInput]()),
		wire.Write(s.DeleteBucketPolicy, onBucket[DeleteBucketPolicyInput]()),
		wire.Write(s.DeleteBucketReplication, wire.Action("s3:PutReplicationConfiguration"), onBucket[DeleteBucketReplicationInput]()),
		wire.Write(s.DeleteBucketTagging, wire.Action("s3:PutBucketTagging"), onBucket[DeleteBucketTaggingInput]()),
		wire.Write(s.DeleteBucketWebsite, onBucket[DeleteBucketWebsiteInput]()),
		wire.Write(s.DeleteObject, onObject[DeleteObjectInput]()),
		wire.Write(s.DeleteObjectTagging, onObject[DeleteObjectTaggingInput]()),
		wire.Write(s.DeleteObjects, wire.Action("s3:DeleteObject"), wire.On(deletedARNs)),
		wire.Write(s.DeletePublicAccessBlock, wire.Action("s3:PutBucketPublicAccessBlock"), onBucket[DeletePublicAccessBlockInput]()),
		wire.Read(s.GetBucketAccelerateConfiguration, wire.Action("s3:GetAccelerateConfiguration"), onBucket[GetBucketAccelerateConfigurationInput]()),
		wire.Read(s.GetBucketAcl, onBucket[GetBucketAclInput]()),
		wire.Read(s.GetBucketAnalyticsConfiguration, wire.Action("s3:GetAnalyticsConfiguration"), onBucket[GetBucketAnalyticsConfigurationInput]()),
		wire.Read(s.GetBucketCors, wire.Action("s3:GetBucketCORS"), onBucket[GetBucketCorsInput]()),
		wire.Read(s.GetBucketEncryption, wire.Action("s3:GetEncryptionConfiguration"), onBucket[GetBucketEncryptionInput]()),
		wire.Read(s.GetBucketIntelligentTieringConfiguration, wire.Action("s3:GetIntelligentTieringConfiguration"), onBucket[GetBucketIntelligentTieringConfigurationInput]()),
		wire.Read(s.GetBucketInventoryConfiguration, wire.Action("s3:GetInventoryConfiguration"), onBucket[GetBucketInventoryConfigurationInput]()),
		wire.Read(s.GetBucketLifecycleConfiguration, wire.Action("s3:GetLifecycleConfiguration"), onBucket[GetBucketLifecycleConfigurationInput]()),
		wire.Read(s.GetBucketLocation, onBucket[GetBucketLocationInput]()),
		wire.Read(s.GetBucketLogging, onBucket[GetBucketLoggingInput]()),
		wire.Read(s.GetBucketMetricsConfiguration, wire.Action("s3:GetMetricsConfiguration"), onBucket[GetBucketMetricsConfigurationInput]()),
		wire.Read(s.GetBucketNotificationConfiguration, wire.Action("s3:GetBucketNotification"), onBucket[GetBucketNotificationConfigurationInput]()),
		wire.Read(s.GetBucketOwnershipControls, onBucket[GetBucketOwnershipControlsInput]()),
		wire.Read(s.GetBucketPolicy, onBucket[GetBucketPolicyInput]()),
		wire.Read(s.GetBucketPolicyStatus, onBucket[GetBucketPolicyStatusInput]()),
		wire.Read(s.GetBucketReplication, wire.Action("s3:GetReplicationConfiguration"), onBucket[GetBucketReplicationInput]()),
		wire.Read(s.GetBucketRequestPayment, onBucket[GetBucketRequestPaymentInput]()),
		wire.Read(s.GetBucketTagging, onBucket[GetBucketTaggingInput]()),
		wire.Read(s.GetBucketVersioning, onBucket[GetBucketVersioningInput]()),
		wire.Read(s.GetBucketWebsite, onBucket[GetBucketWebsiteInput]()),
		wire.Read(s.GetObject, onObject[GetObjectInput]()),
		wire.Read(s.GetObjectAcl, onObject[GetObjectAclInput]()),
		wire.Read(s.GetObjectAttributes, onObject[GetObjectAttributesInput]()),
		wire.Read(s.GetObjectLegalHold, onObject[GetObjectLegalHoldInput]()),
		wire.Read(s.GetObjectLockConfiguration, wire.Action("s3:GetBucketObjectLockConfiguration"), onBucket[GetObjectLockConfigurationInput]()),
		wire.Read(s.GetObjectRetention, onObject[GetObjectRetentionInput]()),
		wire.Read(s.GetObjectTagging, onObject[GetObjectTaggingInput]()),
		wire.Read(s.GetPublicAccessBlock, wire.Action("s3:GetBucketPublicAccessBlock"), onBucket[GetPublicAccessBlockInput]()),
		wire.Read(s.HeadBucket, wire.Action("s3:ListBucket"), onBucket[HeadBucketInput]()),
		wire.Read(s.HeadObject, wire.Action("s3:GetObject"), onObject[HeadObjectInput]()),
		wire.Read(s.ListBucketAnalyticsConfigurations, wire.Action("s3:GetAnalyticsConfiguration"), onBucket[ListBucketAnalyticsConfigurationsInput]()),
		wire.Read(s.ListBucketIntelligentTieringConfigurations, wire.Action("s3:GetIntelligentTieringConfiguration"), onBucket[ListBucketIntelligentTieringConfigurationsInput]()),
		wire.Read(s.ListBucketInventoryConfigurations, wire.Action("s3:GetInventoryConfiguration"), onBucket[ListBucketInventoryConfigurationsInput]()),
		wire.Read(s.ListBucketMetricsConfigurations, wire.Action("s3:GetMetricsConfiguration"), onBucket[ListBucketMetricsConfigurationsInput]()),
		wire.Read(s.ListBuckets, wire.Action("s3:ListAllMyBuckets")),
		wire.Read(s.ListMultipartUploads, wire.Action("s3:ListBucketMultipartUploads"), onBucket[ListMultipartUploadsInput]()),
		wire.Read(s.ListObjectVersions, wire.Action("s3:ListBucketVersions"), onBucket[ListObjectVersionsInput]()),
		wire.Read(s.ListObjects, wire.Action("s3:ListBucket"), onBucket[ListObjectsInput]()),
		wire.Read(s.ListObjectsV2, wire.Action("s3:ListBucket"), onBucket[ListObjectsV2Input]()),
		wire.Read(s.ListParts, wire.Action("s3:ListMultipartUploadParts"), onObject[ListPartsInput]()),
		wire.Write(s.PutBucketAccelerateConfiguration, wire.Action("s3:PutAccelerateConfiguration"), onBucket[PutBucketAccelerateConfigurationInput]()),
		wire.Write(s.PutBucketAcl, onBucket[PutBucketAclInput]()),
		wire.Write(s.PutBucketAnalyticsConfiguration, wire.Action("s3:PutAnalyticsConfiguration"), onBucket[PutBucketAnalyticsConfigurationInput]()),
		wire.Write(s.PutBucketCors, wire.Action("s3:PutBucketCORS"), onBucket[PutBucketCorsInput]()),
		wire.Write(s.PutBucketEncryption, wire.Action("s3:PutEncryptionConfiguration"), onBucket[PutBucketEncryptionInput]()),
		wire.Write(s.PutBucketIntelligentTieringConfiguration, wire.Action("s3:PutIntelligentTieringConfiguration"), onBucket[PutBucketIntelligentTieringConfigurationInput]()),
		wire.Write(s.PutBucketInventoryConfiguration, wire.Action("s3:PutInventoryConfiguration"), onBucket[PutBucketInventoryConfigurationInput]()),
		wire.Write(s.PutBucketLifecycleConfiguration, wire.Action("s3:PutLifecycleConfiguration"), onBucket[PutBucketLifecycleConfigurationInput]()),
		wire.Write(s.PutBucketLogging, onBucket[PutBucketLoggingInput]()),
		wire.Write(s.PutBucketMetricsConfiguration, wire.Action("s3:PutMetricsConfiguration"), onBucket[PutBucketMetricsConfigurationInput]()),
		wire.Write(s.PutBucketNotificationConfiguration, wire.Action("s3:PutBucketNotification"), onBucket[PutBucketNotificationConfigurationInput]()),
		wire.Write(s.PutBucketOwnershipControls, onBucket[PutBucketOwnershipControlsInput]()),
		wire.Write(s.PutBucketPolicy, onBucket[PutBucketPolicyInput]()),
		wire.Write(s.PutBucketReplication, wire.Action("s3:PutReplicationConfiguration"), onBucket[PutBucketReplicationInput]()),
		wire.Write(s.PutBucketRequestPayment, onBucket[PutBucketRequestPaymentInput]()),
		wire.Write(s.PutBucketTagging, onBucket[PutBucketTaggingInput]()),
		wire.Write(s.PutBucketVersioning, onBucket[PutBucketVersioningInput]()),
		wire.Write(s.PutBucketWebsite, onBucket[PutBucketWebsiteInput]()),
		wire.Write(s.PutObject, onObject[PutObjectInput]()),
		wire.Write(s.PutObjectAcl, onObject[PutObjectAclInput]()),
		wire.Write(s.PutObjectLegalHold, onObject[PutObjectLegalHoldInput]()),
		wire.Write(s.PutObjectLockConfiguration, wire.Action("s3:PutBucketObjectLockConfiguration"), onBucket[PutObjectLockConfigurationInput]()),
		wire.Write(s.PutObjectRetention, onObject[PutObjectRetentionInput]()),
		wire.Write(s.PutObjectTagging, onObject[PutObjectTaggingInput]()),
		wire.Write(s.PutPublicAccessBlock, wire.Action("s3:PutBucketPublicAccessBlock"), onBucket[PutPublicAccessBlockInput]()),
		wire.Write(s.UploadPart, wire.Action("s3:PutObject"), onObject[UploadPartInput]()),
		wire.Write(s.UploadPartCopy, wire.Action("s3:PutObject"), onObject[UploadPartCopyInput]()),
	}
}

// member reads a string member that all inputs of a kind have, by name.
func member[I any](field string) func(in *I) string {
	f, ok := reflect.TypeFor[I]().FieldByName(field)
	if !ok {
		panic("s3: " + reflect.TypeFor[I]().Name() + " has no " + field)
	}
	return func(in *I) string {
		return text(reflect.ValueOf(in).Elem().FieldByIndex(f.Index).Interface().(*string))
	}
}

func onBucket[I any]() wire.Option {
	bucket := member[I]("Bucket")
	return wire.On(func(_ context.Context, in *I) []string { return []string{bucketARN(bucket(in))} })
}

func onObject[I any]() wire.Option {
	bucket, key := member[I]("Bucket"), member[I]("Key")
	return wire.On(func(_ context.Context, in *I) []string { return []string{bucketARN(bucket(in)) + "/" + key(in)} })
}

func deletedARNs(_ context.Context, in *DeleteObjectsInput) []string {
	out := make([]string, 0, len(in.Delete.Objects))
	for _, o := range in.Delete.Objects {
		out = append(out, bucketARN(*in.Bucket)+"/"+*o.Key)
	}
	return out
}
