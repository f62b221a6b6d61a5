package s3

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// The settings in this file are stored and read back; see the package's comment.

// GetBucketAccelerateConfiguration gives a bucket's transfer acceleration, nothing if it was never set.
func (s *Service) GetBucketAccelerateConfiguration(ctx context.Context, in *GetBucketAccelerateConfigurationInput) (*GetBucketAccelerateConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &GetBucketAccelerateConfigurationOutput{Status: set(b.Accelerate)}, nil
}

// PutBucketAccelerateConfiguration sets a bucket's transfer acceleration.
func (s *Service) PutBucketAccelerateConfiguration(ctx context.Context, in *PutBucketAccelerateConfigurationInput) (*PutBucketAccelerateConfigurationOutput, error) {
	status := text(in.AccelerateConfiguration.Status)
	if status != enabled && status != suspended {
		return nil, fail("MalformedXML", detail{})
	}
	if strings.Contains(*in.Bucket, ".") {
		return nil, invalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
	}
	return &PutBucketAccelerateConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Accelerate = status
		return nil
	})
}

const bucketOwnerPays = "BucketOwner"

// GetBucketRequestPayment tells who pays for requests.
func (s *Service) GetBucketRequestPayment(ctx context.Context, in *GetBucketRequestPaymentInput) (*GetBucketRequestPaymentOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &GetBucketRequestPaymentOutput{Payer: set(b.Payer)}
	if out.Payer == nil {
		out.Payer = new(bucketOwnerPays)
	}
	return out, nil
}

// PutBucketRequestPayment sets who pays for requests.
func (s *Service) PutBucketRequestPayment(ctx context.Context, in *PutBucketRequestPaymentInput) (*PutBucketRequestPaymentOutput, error) {
	payer := *in.RequestPaymentConfiguration.Payer
	if payer != bucketOwnerPays && payer != "Requester" {
		return nil, fail("MalformedXML", detail{})
	}
	return &PutBucketRequestPaymentOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Payer = payer
		return nil
	})
}

// GetBucketCors gives a bucket's CORS rules.
func (s *Service) GetBucketCors(ctx context.Context, in *GetBucketCorsInput) (*GetBucketCorsOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.CORS) == 0 {
		return nil, fail("NoSuchCORSConfiguration", detail{BucketName: in.Bucket})
	}
	return &GetBucketCorsOutput{CORSRules: b.CORS}, nil
}

// maxCORSRules is the largest number of a bucket's CORS rules.
const maxCORSRules = 100

// PutBucketCors replaces a bucket's CORS rules.
func (s *Service) PutBucketCors(ctx context.Context, in *PutBucketCorsInput) (*PutBucketCorsOutput, error) {
	rules := in.CORSConfiguration.CORSRules
	if len(rules) == 0 || len(rules) > maxCORSRules {
		return nil, fail("MalformedXML", detail{})
	}
	for _, r := range rules {
		for _, m := range r.AllowedMethods {
			switch m {
			case "GET", "PUT", "HEAD", "POST", "DELETE":
			default:
				return nil, invalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is %s", m)
			}
		}
		for _, o := range append(r.AllowedOrigins, r.AllowedHeaders...) {
			if strings.Count(o, "*") > 1 {
				return nil, invalidRequest("%q can not have more than one wildcard.", o)
			}
		}
	}
	return &PutBucketCorsOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.CORS = rules
		return nil
	})
}

// DeleteBucketCors removes a bucket's CORS rules.
func (s *Service) DeleteBucketCors(ctx context.Context, in *DeleteBucketCorsInput) (*DeleteBucketCorsOutput, error) {
	return &DeleteBucketCorsOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.CORS = nil
		return nil
	})
}

// GetBucketWebsite gives a bucket's website settings.
func (s *Service) GetBucketWebsite(ctx context.Context, in *GetBucketWebsiteInput) (*GetBucketWebsiteOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	w := b.Website
	if w == nil {
		return nil, fail("NoSuchWebsiteConfiguration", detail{BucketName: in.Bucket})
	}
	return &GetBucketWebsiteOutput{RedirectAllRequestsTo: w.RedirectAllRequestsTo, IndexDocument: w.IndexDocument,
		ErrorDocument: w.ErrorDocument, RoutingRules: w.RoutingRules}, nil
}

// PutBucketWebsite sets a bucket's website settings.
func (s *Service) PutBucketWebsite(ctx context.Context, in *PutBucketWebsiteInput) (*PutBucketWebsiteOutput, error) {
	w := in.WebsiteConfiguration
	switch {
	case w.RedirectAllRequestsTo != nil && (w.IndexDocument != nil || w.ErrorDocument != nil || w.RoutingRules != nil):
		return nil, invalidRequest("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
	case w.RedirectAllRequestsTo == nil && w.IndexDocument == nil:
		return nil, invalid("IndexDocument", "", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
	case w.IndexDocument != nil && (*w.IndexDocument.Suffix == "" || strings.Contains(*w.IndexDocument.Suffix, "/")):
		return nil, invalid("IndexDocument", *w.IndexDocument.Suffix, "The IndexDocument Suffix is not well formed")
	}
	return &PutBucketWebsiteOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Website = w
		return nil
	})
}

// DeleteBucketWebsite removes a bucket's website settings.
func (s *Service) DeleteBucketWebsite(ctx context.Context, in *DeleteBucketWebsiteInput) (*DeleteBucketWebsiteOutput, error) {
	return &DeleteBucketWebsiteOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Website = nil
		return nil
	})
}

// GetBucketLogging gives a bucket's access logging, nothing if it is off.
func (s *Service) GetBucketLogging(ctx context.Context, in *GetBucketLoggingInput) (*GetBucketLoggingOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &GetBucketLoggingOutput{LoggingEnabled: b.Logging}, nil
}

// PutBucketLogging sets a bucket's access logging, or turns it off. The target must be a bucket of the same account and region.
func (s *Service) PutBucketLogging(ctx context.Context, in *PutBucketLoggingInput) (*PutBucketLoggingOutput, error) {
	l := in.BucketLoggingStatus.LoggingEnabled
	return &PutBucketLoggingOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if l != nil {
			target, ok := s.find(t.tx, *l.TargetBucket)
			switch {
			case !ok:
				return wire.Errorf("InvalidTargetBucketForLogging", "The target bucket for logging does not exist")
			case target.Account != t.b.Account:
				return wire.Errorf("InvalidTargetBucketForLogging", "The owner for the bucket to be logged and the target bucket must be the same.")
			case target.Region != t.b.Region:
				return wire.Errorf("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.").WithStatus(403)
			case l.TargetGrants != nil && target.Ownership == bucketOwnerEnforced:
				return invalid("TargetGrants", "", "The target bucket for logging has ACLs disabled: TargetGrants cannot be used")
			}
		}
		t.b.Logging = l
		t.putBucket()
		return nil
	})
}

// GetBucketNotificationConfiguration gives a bucket's notifications.
func (s *Service) GetBucketNotificationConfiguration(ctx context.Context, in *GetBucketNotificationConfigurationInput) (*GetBucketNotificationConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &GetBucketNotificationConfigurationOutput{}
	if n := b.Notification; n != nil {
		out.TopicConfigurations, out.QueueConfigurations = n.TopicConfigurations, n.QueueConfigurations
		out.LambdaFunctionConfigurations, out.EventBridgeConfiguration = n.LambdaFunctionConfigurations, n.EventBridgeConfiguration
	}
	return out, nil
}

// PutBucketNotificationConfiguration replaces a bucket's notifications. Those without an id get one.
func (s *Service) PutBucketNotificationConfiguration(ctx context.Context, in *PutBucketNotificationConfigurationInput) (*PutBucketNotificationConfigurationOutput, error) {
	n := in.NotificationConfiguration
	name := func(id **string) {
		if text(*id) == "" {
			*id = new(s.d.IDs.UUID())
		}
	}
	var events []string
	for i := range n.TopicConfigurations {
		name(&n.TopicConfigurations[i].Id)
		events = append(events, n.TopicConfigurations[i].Events...)
	}
	for i := range n.QueueConfigurations {
		name(&n.QueueConfigurations[i].Id)
		events = append(events, n.QueueConfigurations[i].Events...)
	}
	for i := range n.LambdaFunctionConfigurations {
		name(&n.LambdaFunctionConfigurations[i].Id)
		events = append(events, n.LambdaFunctionConfigurations[i].Events...)
	}
	for _, e := range events {
		if !strings.HasPrefix(e, "s3:") {
			return nil, invalid("Event", e, "The event is not supported for notifications")
		}
	}
	return &PutBucketNotificationConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Notification = n
		return nil
	})
}

// GetBucketReplication gives a bucket's replication rules.
func (s *Service) GetBucketReplication(ctx context.Context, in *GetBucketReplicationInput) (*GetBucketReplicationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Replication == nil {
		return nil, fail("ReplicationConfigurationNotFoundError", detail{BucketName: in.Bucket})
	}
	return &GetBucketReplicationOutput{ReplicationConfiguration: b.Replication}, nil
}

// PutBucketReplication replaces a bucket's replication rules. Both buckets must have versioning.
func (s *Service) PutBucketReplication(ctx context.Context, in *PutBucketReplicationInput) (*PutBucketReplicationOutput, error) {
	c := in.ReplicationConfiguration
	if len(c.Rules) == 0 || len(c.Rules) > maxRules {
		return nil, fail("MalformedXML", detail{})
	}
	return &PutBucketReplicationOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if t.b.Versioning != enabled {
			return invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
		}
		for i := range c.Rules {
			r := &c.Rules[i]
			if text(r.ID) == "" {
				r.ID = new(s.d.IDs.Alnum(48))
			}
			if *r.Status != enabled && *r.Status != "Disabled" {
				return fail("MalformedXML", detail{})
			}
			target, ok := s.find(t.tx, strings.TrimPrefix(*r.Destination.Bucket, bucketARN("")))
			if !ok {
				return invalidRequest("Destination bucket must exist.")
			}
			if target.Versioning != enabled {
				return invalidRequest("Destination bucket must have versioning enabled.")
			}
		}
		t.b.Replication = c
		t.putBucket()
		return nil
	})
}

// DeleteBucketReplication removes a bucket's replication rules.
func (s *Service) DeleteBucketReplication(ctx context.Context, in *DeleteBucketReplicationInput) (*DeleteBucketReplicationOutput, error) {
	return &DeleteBucketReplicationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Replication = nil
		return nil
	})
}
