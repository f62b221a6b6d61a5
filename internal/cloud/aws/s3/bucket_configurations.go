package s3

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

// A bucket has four kinds of settings of which it can have many, each with an id of its own: for metrics, analytics, inventories and
// Intelligent-Tiering. All are stored and read back; see the package's comment.

const (
	maxConfigurations  = 1000 // of a kind in a bucket
	configurationsPage = 100
)

// checkConfigurationID checks the id of a call against that in its body.
func checkConfigurationID(id, within string) error {
	switch {
	case id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "":
		return invalid("id", id, "Invalid configuration Id")
	case id != within:
		return wire.Errorf("InvalidArgument", "The Id in the request does not match the Id in the configuration.")
	}
	return nil
}

// putConfiguration stores one of a kind.
func putConfiguration[T any](kind *map[string]T, id string, c *T) error {
	if _, there := (*kind)[id]; !there && len(*kind) >= maxConfigurations {
		return wire.Errorf("TooManyConfigurations", "You are attempting to create a new configuration but have already reached the %d-configuration limit.", maxConfigurations)
	}
	if *kind == nil {
		*kind = map[string]T{}
	}
	(*kind)[id] = *c
	return nil
}

func configuration[T any](kind map[string]T, id string) (*T, error) {
	c, ok := kind[id]
	if !ok {
		return nil, fail("NoSuchConfiguration", detail{})
	}
	return &c, nil
}

func deleteConfiguration[T any](kind map[string]T, id string) error {
	_, err := configuration(kind, id)
	delete(kind, id)
	return err
}

// configurations gives a page of a kind in the order of the ids.
func configurations[T any](kind map[string]T, token *string) (page []T, truncated *bool, next *string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(text(token))
	if err != nil {
		return nil, nil, nil, invalid("continuation-token", *token, "The continuation token provided is incorrect")
	}
	ids := slices.Sorted(maps.Keys(kind))
	i, found := slices.BinarySearch(ids, string(after))
	if found {
		i++
	}
	ids = ids[i:]
	if len(ids) > configurationsPage {
		ids = ids[:configurationsPage]
		next = new(base64.RawURLEncoding.EncodeToString([]byte(ids[len(ids)-1])))
	}
	for _, id := range ids {
		page = append(page, kind[id])
	}
	return page, new(next != nil), next, nil
}

// PutBucketAnalyticsConfiguration adds one analytics configuration to a bucket's, or replaces it.
func (s *Service) PutBucketAnalyticsConfiguration(ctx context.Context, in *PutBucketAnalyticsConfigurationInput) (*PutBucketAnalyticsConfigurationOutput, error) {
	c := in.AnalyticsConfiguration
	if err := checkConfigurationID(*in.Id, *c.Id); err != nil {
		return nil, err
	}
	return &PutBucketAnalyticsConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return putConfiguration(&b.Analytics, *in.Id, c)
	})
}

// GetBucketAnalyticsConfiguration gives one analytics configuration of a bucket.
func (s *Service) GetBucketAnalyticsConfiguration(ctx context.Context, in *GetBucketAnalyticsConfigurationInput) (*GetBucketAnalyticsConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	c, err := configuration(b.Analytics, *in.Id)
	return &GetBucketAnalyticsConfigurationOutput{AnalyticsConfiguration: c}, err
}

// ListBucketAnalyticsConfigurations lists those of a bucket, a hundred at a time.
func (s *Service) ListBucketAnalyticsConfigurations(ctx context.Context, in *ListBucketAnalyticsConfigurationsInput) (*ListBucketAnalyticsConfigurationsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &ListBucketAnalyticsConfigurationsOutput{ContinuationToken: in.ContinuationToken}
	out.AnalyticsConfigurationList, out.IsTruncated, out.NextContinuationToken, err = configurations(b.Analytics, in.ContinuationToken)
	return out, err
}

// DeleteBucketAnalyticsConfiguration removes one analytics configuration from a bucket's.
func (s *Service) DeleteBucketAnalyticsConfiguration(ctx context.Context, in *DeleteBucketAnalyticsConfigurationInput) (*DeleteBucketAnalyticsConfigurationOutput, error) {
	return &DeleteBucketAnalyticsConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return deleteConfiguration(b.Analytics, *in.Id)
	})
}

// PutBucketInventoryConfiguration adds one inventory to a bucket's, or replaces it.
func (s *Service) PutBucketInventoryConfiguration(ctx context.Context, in *PutBucketInventoryConfigurationInput) (*PutBucketInventoryConfigurationOutput, error) {
	c := in.InventoryConfiguration
	if err := checkConfigurationID(*in.Id, *c.Id); err != nil {
		return nil, err
	}
	switch d := c.Destination.S3BucketDestination; {
	case !strings.HasPrefix(*d.Bucket, "arn:aws:s3:::"):
		return nil, wire.Errorf("InvalidS3DestinationBucket", "Invalid bucket ARN.")
	case !slices.Contains([]string{"CSV", "ORC", "Parquet"}, *d.Format), !slices.Contains([]string{"All", "Current"}, *c.IncludedObjectVersions),
		!slices.Contains([]string{"Daily", "Weekly"}, *c.Schedule.Frequency):
		return nil, fail("MalformedXML", detail{})
	}
	return &PutBucketInventoryConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return putConfiguration(&b.Inventory, *in.Id, c)
	})
}

// GetBucketInventoryConfiguration gives one inventory of a bucket.
func (s *Service) GetBucketInventoryConfiguration(ctx context.Context, in *GetBucketInventoryConfigurationInput) (*GetBucketInventoryConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	c, err := configuration(b.Inventory, *in.Id)
	return &GetBucketInventoryConfigurationOutput{InventoryConfiguration: c}, err
}

// ListBucketInventoryConfigurations lists those of a bucket, a hundred at a time.
func (s *Service) ListBucketInventoryConfigurations(ctx context.Context, in *ListBucketInventoryConfigurationsInput) (*ListBucketInventoryConfigurationsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &ListBucketInventoryConfigurationsOutput{ContinuationToken: in.ContinuationToken}
	out.InventoryConfigurationList, out.IsTruncated, out.NextContinuationToken, err = configurations(b.Inventory, in.ContinuationToken)
	return out, err
}

// DeleteBucketInventoryConfiguration removes one inventory from a bucket's.
func (s *Service) DeleteBucketInventoryConfiguration(ctx context.Context, in *DeleteBucketInventoryConfigurationInput) (*DeleteBucketInventoryConfigurationOutput, error) {
	return &DeleteBucketInventoryConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return deleteConfiguration(b.Inventory, *in.Id)
	})
}

// PutBucketMetricsConfiguration adds one metrics configuration to a bucket's, or replaces it.
func (s *Service) PutBucketMetricsConfiguration(ctx context.Context, in *PutBucketMetricsConfigurationInput) (*PutBucketMetricsConfigurationOutput, error) {
	c := in.MetricsConfiguration
	if err := checkConfigurationID(*in.Id, *c.Id); err != nil {
		return nil, err
	}
	if f := c.Filter; f != nil && (f.AccessPointArn != nil || f.And != nil && f.And.AccessPointArn != nil) {
		return nil, wire.NotImplemented("s3:PutBucketMetricsConfiguration with AccessPointArn, since there are no access points")
	}
	return &PutBucketMetricsConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return putConfiguration(&b.Metrics, *in.Id, c)
	})
}

// GetBucketMetricsConfiguration gives one metrics configuration of a bucket.
func (s *Service) GetBucketMetricsConfiguration(ctx context.Context, in *GetBucketMetricsConfigurationInput) (*GetBucketMetricsConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	c, err := configuration(b.Metrics, *in.Id)
	return &GetBucketMetricsConfigurationOutput{MetricsConfiguration: c}, err
}

// ListBucketMetricsConfigurations lists those of a bucket, a hundred at a time.
func (s *Service) ListBucketMetricsConfigurations(ctx context.Context, in *ListBucketMetricsConfigurationsInput) (*ListBucketMetricsConfigurationsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &ListBucketMetricsConfigurationsOutput{ContinuationToken: in.ContinuationToken}
	out.MetricsConfigurationList, out.IsTruncated, out.NextContinuationToken, err = configurations(b.Metrics, in.ContinuationToken)
	return out, err
}

// DeleteBucketMetricsConfiguration removes one metrics configuration from a bucket's.
func (s *Service) DeleteBucketMetricsConfiguration(ctx context.Context, in *DeleteBucketMetricsConfigurationInput) (*DeleteBucketMetricsConfigurationOutput, error) {
	return &DeleteBucketMetricsConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return deleteConfiguration(b.Metrics, *in.Id)
	})
}

// PutBucketIntelligentTieringConfiguration adds one Intelligent-Tiering configuration to a bucket's, or replaces it.
func (s *Service) PutBucketIntelligentTieringConfiguration(ctx context.Context, in *PutBucketIntelligentTieringConfigurationInput) (*PutBucketIntelligentTieringConfigurationOutput, error) {
	c := in.IntelligentTieringConfiguration
	if err := checkConfigurationID(*in.Id, *c.Id); err != nil {
		return nil, err
	}
	if *c.Status != enabled && *c.Status != "Disabled" || len(c.Tierings) == 0 {
		return nil, fail("MalformedXML", detail{})
	}
	for _, tier := range c.Tierings {
		least, ok := map[string]int64{"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}[*tier.AccessTier]
		switch {
		case !ok:
			return nil, fail("MalformedXML", detail{})
		case *tier.Days < least || *tier.Days > 730:
			return nil, invalid("Days", strconv.FormatInt(*tier.Days, 10), "'Days' for %s must be between %d and 730", *tier.AccessTier, least)
		}
	}
	return &PutBucketIntelligentTieringConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return putConfiguration(&b.Tiering, *in.Id, c)
	})
}

// GetBucketIntelligentTieringConfiguration gives one Intelligent-Tiering configuration of a bucket.
func (s *Service) GetBucketIntelligentTieringConfiguration(ctx context.Context, in *GetBucketIntelligentTieringConfigurationInput) (*GetBucketIntelligentTieringConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	c, err := configuration(b.Tiering, *in.Id)
	return &GetBucketIntelligentTieringConfigurationOutput{IntelligentTieringConfiguration: c}, err
}

// ListBucketIntelligentTieringConfigurations lists those of a bucket, a hundred at a time.
func (s *Service) ListBucketIntelligentTieringConfigurations(ctx context.Context, in *ListBucketIntelligentTieringConfigurationsInput) (*ListBucketIntelligentTieringConfigurationsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &ListBucketIntelligentTieringConfigurationsOutput{ContinuationToken: in.ContinuationToken}
	out.IntelligentTieringConfigurationList, out.IsTruncated, out.NextContinuationToken, err = configurations(b.Tiering, in.ContinuationToken)
	return out, err
}

// DeleteBucketIntelligentTieringConfiguration removes one Intelligent-Tiering configuration from a bucket's.
func (s *Service) DeleteBucketIntelligentTieringConfiguration(ctx context.Context, in *DeleteBucketIntelligentTieringConfigurationInput) (*DeleteBucketIntelligentTieringConfigurationOutput, error) {
	return &DeleteBucketIntelligentTieringConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		return deleteConfiguration(b.Tiering, *in.Id)
	})
}
