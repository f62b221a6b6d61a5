package s3_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestSettingsOfWhichABucketHasMany(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	id := aws.String("all")
	_, err := cl.GetBucketMetricsConfiguration(ctx, &s3.GetBucketMetricsConfigurationInput{Bucket: box, Id: id})
	wantCode(t, err, "NoSuchConfiguration")
	filter := &types.MetricsFilterMemberAnd{Value: types.MetricsAndOperator{Prefix: aws.String("docs/"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}
	must(cl.PutBucketMetricsConfiguration(ctx, &s3.PutBucketMetricsConfigurationInput{Bucket: box, Id: id, MetricsConfiguration: &types.MetricsConfiguration{Id: id, Filter: filter}}))
	metrics := must(cl.GetBucketMetricsConfiguration(ctx, &s3.GetBucketMetricsConfigurationInput{Bucket: box, Id: id})).MetricsConfiguration
	if and, ok := metrics.Filter.(*types.MetricsFilterMemberAnd); !ok || *and.Value.Prefix != "docs/" || *and.Value.Tags[0].Value != "b" {
		t.Errorf("metrics: %+v", metrics)
	}
	_, err = cl.PutBucketMetricsConfiguration(ctx, &s3.PutBucketMetricsConfigurationInput{Bucket: box, Id: id, MetricsConfiguration: &types.MetricsConfiguration{Id: aws.String("other")}})
	wantCode(t, err, "InvalidArgument")

	must(cl.PutBucketAnalyticsConfiguration(ctx, &s3.PutBucketAnalyticsConfigurationInput{Bucket: box, Id: id, AnalyticsConfiguration: &types.AnalyticsConfiguration{
		Id: id, StorageClassAnalysis: &types.StorageClassAnalysis{DataExport: &types.StorageClassAnalysisDataExport{OutputSchemaVersion: "V_1",
			Destination: &types.AnalyticsExportDestination{S3BucketDestination: &types.AnalyticsS3BucketDestination{Bucket: aws.String("arn:aws:s3:::box"), Format: "CSV"}}}}}}))
	analytics := must(cl.GetBucketAnalyticsConfiguration(ctx, &s3.GetBucketAnalyticsConfigurationInput{Bucket: box, Id: id})).AnalyticsConfiguration
	if *analytics.StorageClassAnalysis.DataExport.Destination.S3BucketDestination.Bucket != "arn:aws:s3:::box" || analytics.Filter != nil {
		t.Errorf("analytics: %+v", analytics)
	}

	inventory := &types.InventoryConfiguration{Id: id, IsEnabled: aws.Bool(true), IncludedObjectVersions: "All", OptionalFields: []types.InventoryOptionalField{"Size", "ETag"},
		Schedule: &types.InventorySchedule{Frequency: "Daily"}, Destination: &types.InventoryDestination{S3BucketDestination: &types.InventoryS3BucketDestination{
			Bucket: aws.String("arn:aws:s3:::box"), Format: "ORC", Encryption: &types.InventoryEncryption{SSES3: &types.SSES3{}}}}}
	must(cl.PutBucketInventoryConfiguration(ctx, &s3.PutBucketInventoryConfigurationInput{Bucket: box, Id: id, InventoryConfiguration: inventory}))
	got := must(cl.GetBucketInventoryConfiguration(ctx, &s3.GetBucketInventoryConfigurationInput{Bucket: box, Id: id})).InventoryConfiguration
	if len(got.OptionalFields) != 2 || got.Destination.S3BucketDestination.Encryption.SSES3 == nil {
		t.Errorf("inventory: %+v", got)
	}
	inventory.Destination.S3BucketDestination.Bucket = aws.String("box")
	_, err = cl.PutBucketInventoryConfiguration(ctx, &s3.PutBucketInventoryConfigurationInput{Bucket: box, Id: id, InventoryConfiguration: inventory})
	wantCode(t, err, "InvalidS3DestinationBucket")

	tiering := func(days int32) error {
		_, err := cl.PutBucketIntelligentTieringConfiguration(ctx, &s3.PutBucketIntelligentTieringConfigurationInput{Bucket: box, Id: id,
			IntelligentTieringConfiguration: &types.IntelligentTieringConfiguration{Id: id, Status: "Enabled", Tierings: []types.Tiering{{AccessTier: "DEEP_ARCHIVE_ACCESS", Days: &days}}}})
		return err
	}
	wantCode(t, tiering(90), "InvalidArgument")
	if err := tiering(180); err != nil {
		t.Fatal(err)
	}
	if list := must(cl.ListBucketIntelligentTieringConfigurations(ctx, &s3.ListBucketIntelligentTieringConfigurationsInput{Bucket: box})); len(list.IntelligentTieringConfigurationList) != 1 {
		t.Errorf("tierings: %+v", list)
	}
	must(cl.DeleteBucketIntelligentTieringConfiguration(ctx, &s3.DeleteBucketIntelligentTieringConfigurationInput{Bucket: box, Id: id}))
	_, err = cl.DeleteBucketIntelligentTieringConfiguration(ctx, &s3.DeleteBucketIntelligentTieringConfigurationInput{Bucket: box, Id: id})
	wantCode(t, err, "NoSuchConfiguration")
}

func TestListsOfSettingsPage(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	for i := range 101 {
		id := aws.String(fmt.Sprintf("m%03d", i))
		must(cl.PutBucketMetricsConfiguration(ctx, &s3.PutBucketMetricsConfigurationInput{Bucket: box, Id: id, MetricsConfiguration: &types.MetricsConfiguration{Id: id}}))
	}
	first := must(cl.ListBucketMetricsConfigurations(ctx, &s3.ListBucketMetricsConfigurationsInput{Bucket: box}))
	rest := must(cl.ListBucketMetricsConfigurations(ctx, &s3.ListBucketMetricsConfigurationsInput{Bucket: box, ContinuationToken: first.NextContinuationToken}))
	if len(first.MetricsConfigurationList) != 100 || !*first.IsTruncated || len(rest.MetricsConfigurationList) != 1 || *rest.IsTruncated || *rest.MetricsConfigurationList[0].Id != "m100" {
		t.Errorf("%d, then %+v", len(first.MetricsConfigurationList), rest)
	}
}

// A key with a space may be written with + in the source, as Terraform's aws_s3_object_copy does.
func TestCopySourceWithPlus(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: box, Key: aws.String("a/hello world+.txt")}))
	must(cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: box, Key: aws.String("copy"), CopySource: aws.String("box%2Fa%2Fhello+world%2B.txt")}))
}
