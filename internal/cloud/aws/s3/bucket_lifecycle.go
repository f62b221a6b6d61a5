package s3

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	maxRules       = 1000
	minimum128K    = "all_storage_classes_128K"
	minimumByClass = "varies_by_storage_class"
	day            = 24 * time.Hour
)

// GetBucketLifecycleConfiguration gives a bucket's lifecycle rules as they were put.
func (s *Service) GetBucketLifecycleConfiguration(ctx context.Context, in *GetBucketLifecycleConfigurationInput) (*GetBucketLifecycleConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Lifecycle) == 0 {
		return nil, fail("NoSuchLifecycleConfiguration", detail{BucketName: in.Bucket})
	}
	return &GetBucketLifecycleConfigurationOutput{Rules: b.Lifecycle, TransitionDefaultMinimumObjectSize: &b.LifecycleMinimum}, nil
}

// PutBucketLifecycleConfiguration replaces a bucket's lifecycle rules. They apply to the objects that are there, too.
func (s *Service) PutBucketLifecycleConfiguration(ctx context.Context, in *PutBucketLifecycleConfigurationInput) (*PutBucketLifecycleConfigurationOutput, error) {
	if in.LifecycleConfiguration == nil || len(in.LifecycleConfiguration.Rules) == 0 || len(in.LifecycleConfiguration.Rules) > maxRules {
		return nil, fail("MalformedXML", detail{})
	}
	minimum := text(in.TransitionDefaultMinimumObjectSize)
	switch minimum {
	case "":
		minimum = minimum128K
	case minimum128K, minimumByClass:
	default:
		return nil, invalid("x-amz-transition-default-minimum-object-size", minimum, "Invalid TransitionDefaultMinimumObjectSize found: %s", minimum)
	}
	rules := slices.Clone(in.LifecycleConfiguration.Rules)
	ids := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if text(r.ID) == "" {
			r.ID = new(s.d.IDs.Alnum(48))
		}
		if ids[*r.ID] {
			return nil, wire.Errorf("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
		}
		ids[*r.ID] = true
		if err := checkRule(r); err != nil {
			return nil, err
		}
	}
	err := s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Lifecycle, b.LifecycleMinimum = rules, minimum
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.sweepAgain(*in.Bucket)
	return &PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: &minimum}, nil
}

// DeleteBucketLifecycle removes a bucket's lifecycle rules.
func (s *Service) DeleteBucketLifecycle(ctx context.Context, in *DeleteBucketLifecycleInput) (*DeleteBucketLifecycleOutput, error) {
	return &DeleteBucketLifecycleOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Lifecycle, b.LifecycleMinimum = nil, ""
		return nil
	})
}

func checkRule(r *LifecycleRule) error {
	if len(*r.ID) > 255 {
		return wire.Errorf("InvalidArgument", "ID length should not exceed allowed limit of 255")
	}
	if *r.Status != enabled && *r.Status != "Disabled" {
		return fail("MalformedXML", detail{})
	}
	if (r.Prefix == nil) == (r.Filter == nil) || !checkFilter(r.Filter) {
		return fail("MalformedXML", detail{})
	}
	if r.Expiration == nil && r.Transitions == nil && r.NoncurrentVersionExpiration == nil && r.NoncurrentVersionTransitions == nil &&
		r.AbortIncompleteMultipartUpload == nil {
		return invalidRequest("At least one action needs to be specified in a rule")
	}
	return checkActions(r)
}

func checkFilter(f *LifecycleRuleFilter) bool {
	if f == nil {
		return true
	}
	n := 0
	for _, given := range []bool{f.Prefix != nil, f.Tag != nil, f.ObjectSizeGreaterThan != nil, f.ObjectSizeLessThan != nil, f.And != nil} {
		if given {
			n++
		}
	}
	return n <= 1
}

func checkActions(r *LifecycleRule) error {
	positive := func(n *int64, what string) error {
		if n != nil && *n < 1 {
			return wire.Errorf("InvalidArgument", "'%s' action must be a positive integer", what)
		}
		return nil
	}
	if e := r.Expiration; e != nil {
		if e.Days != nil && e.Date != nil || truth(e.ExpiredObjectDeleteMarker) && (e.Days != nil || e.Date != nil) {
			return fail("MalformedXML", detail{})
		}
		if err := positive(e.Days, "Days' for Expiration"); err != nil {
			return err
		}
		if err := checkMidnight(e.Date); err != nil {
			return err
		}
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		if err := positive(a.DaysAfterInitiation, "DaysAfterInitiation' for AbortIncompleteMultipartUpload"); err != nil {
			return err
		}
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		if err := positive(n.NoncurrentDays, "NoncurrentDays' for NoncurrentVersionExpiration"); err != nil {
			return err
		}
	}
	for _, tr := range r.Transitions {
		if err := checkMidnight(tr.Date); err != nil {
			return err
		}
		if err := checkTransition(tr.StorageClass, tr.Days); err != nil {
			return err
		}
	}
	for _, tr := range r.NoncurrentVersionTransitions {
		if err := checkTransition(tr.StorageClass, nil); err != nil {
			return err
		}
	}
	return nil
}

func checkMidnight(t *time.Time) error {
	if t != nil && !t.Equal(t.Truncate(day)) {
		return wire.Errorf("InvalidArgument", "'Date' must be at midnight GMT")
	}
	return nil
}

func checkTransition(class *string, days *int64) error {
	c := text(class)
	if c == "STANDARD" || c == "REDUCED_REDUNDANCY" || !slices.Contains(storageClasses, c) {
		return fail("MalformedXML", detail{})
	}
	if strings.HasSuffix(c, "_IA") && days != nil && *days < 30 {
		return wire.Errorf("InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass '%s'", c)
	}
	return nil
}
