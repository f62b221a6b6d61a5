package s3

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	governance = "GOVERNANCE"
	compliance = "COMPLIANCE"
)

func isHold(status string) bool { return status == "ON" || status == "OFF" }

func isLockMode(mode string) bool { return mode == governance || mode == compliance }

// lock gives a new version the retention and the legal hold that the call asks for, else the bucket's default retention.
func (t *txn) lock(v *Version, a attributes) error {
	if t.b.ObjectLock == nil {
		if a.lockMode != nil || a.lockUntil != nil || a.legalHold != nil {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
		return nil
	}
	v.LegalHold = text(a.legalHold)
	if v.LegalHold != "" && !isHold(v.LegalHold) {
		return invalid("x-amz-object-lock-legal-hold", v.LegalHold, "Legal hold must be either of 'ON' or 'OFF'")
	}
	if (a.lockMode == nil) != (a.lockUntil == nil) {
		return invalid("x-amz-object-lock-mode", text(a.lockMode), "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if a.lockMode != nil {
		if !isLockMode(*a.lockMode) {
			return invalid("x-amz-object-lock-mode", *a.lockMode, "Unknown wormMode directive.")
		}
		if !a.lockUntil.After(t.now) {
			return invalid("x-amz-object-lock-retain-until-date", "", "The retain until date must be in the future!")
		}
		v.Retention = &Retention{Mode: *a.lockMode, Until: a.lockUntil.UTC()}
		return nil
	}
	if rule := t.b.ObjectLock.Rule; rule != nil && rule.DefaultRetention != nil {
		d := rule.DefaultRetention
		until := t.now
		if d.Days != nil {
			until = until.AddDate(0, 0, int(*d.Days))
		}
		if d.Years != nil {
			until = until.AddDate(int(*d.Years), 0, 0)
		}
		v.Retention = &Retention{Mode: text(d.Mode), Until: until}
	}
	return nil
}

// locked says why a version may not be deleted, nil if it may.
func (t *txn) locked(v *Version, bypass *bool) error {
	r := v.Retention
	held := r != nil && r.Until.After(t.now) && (r.Mode == compliance || !truth(bypass))
	if v.LegalHold == "ON" || held {
		return deny("Access Denied because object protected by object lock.")
	}
	return nil
}

// GetObjectLockConfiguration gives a bucket's object lock settings.
func (s *Service) GetObjectLockConfiguration(ctx context.Context, in *GetObjectLockConfigurationInput) (*GetObjectLockConfigurationOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.ObjectLock == nil {
		return nil, fail("ObjectLockConfigurationNotFoundError", detail{BucketName: in.Bucket})
	}
	return &GetObjectLockConfigurationOutput{ObjectLockConfiguration: b.ObjectLock}, nil
}

// PutObjectLockConfiguration enables object lock, which stays, or changes the default retention of new objects.
func (s *Service) PutObjectLockConfiguration(ctx context.Context, in *PutObjectLockConfigurationInput) (*PutObjectLockConfigurationOutput, error) {
	c := in.ObjectLockConfiguration
	if c == nil || text(c.ObjectLockEnabled) != enabled {
		return nil, fail("MalformedXML", detail{})
	}
	if c.Rule != nil {
		d := c.Rule.DefaultRetention
		switch {
		case d == nil || !isLockMode(text(d.Mode)) || (d.Days == nil) == (d.Years == nil):
			return nil, fail("MalformedXML", detail{})
		case d.DefaultEventHold != nil:
			return nil, wire.NotImplemented("s3:PutObjectLockConfiguration with DefaultEventHold")
		case d.Days != nil && (*d.Days < 1 || *d.Days > 36500), d.Years != nil && (*d.Years < 1 || *d.Years > 100):
			return nil, wire.Errorf("InvalidArgument", "Default retention period must be a positive integer value")
		}
	}
	return &PutObjectLockConfigurationOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		if b.Versioning != enabled {
			return wire.Errorf("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration").WithStatus(409)
		}
		b.ObjectLock = c
		return nil
	})
}

// GetObjectRetention gives a version's retention.
func (s *Service) GetObjectRetention(ctx context.Context, in *GetObjectRetentionInput) (*GetObjectRetentionOutput, error) {
	out := &GetObjectRetentionOutput{}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.lockable(*in.Key, in.VersionId)
		if err != nil {
			return err
		}
		if v.Retention == nil {
			return fail("NoSuchObjectLockConfiguration", detail{Key: in.Key})
		}
		out.Retention = &ObjectLockRetention{Mode: &v.Retention.Mode, RetainUntilDate: &v.Retention.Until}
		return nil
	})
}

func (t *txn) lockable(key string, id *string) (*Version, error) {
	if t.b.ObjectLock == nil {
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	return t.object(key, id)
}

// PutObjectRetention sets a version's retention. It may be shortened or lifted in governance mode only, by callers who bypass it.
func (s *Service) PutObjectRetention(ctx context.Context, in *PutObjectRetentionInput) (*PutObjectRetentionOutput, error) {
	var next *Retention
	if r := in.Retention; r != nil {
		if r.EventHold != nil || r.EventHoldDuration != nil {
			return nil, wire.NotImplemented("s3:PutObjectRetention with EventHold")
		}
		if r.Mode != nil || r.RetainUntilDate != nil {
			if !isLockMode(text(r.Mode)) || r.RetainUntilDate == nil {
				return nil, fail("MalformedXML", detail{})
			}
			next = &Retention{Mode: *r.Mode, Until: r.RetainUntilDate.UTC()}
		}
	}
	return &PutObjectRetentionOutput{}, s.edit(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, func(t *txn, v *Version) error {
		if t.b.ObjectLock == nil {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
		if next != nil && !next.Until.After(t.now) {
			return invalid("RetainUntilDate", next.Until.Format(time.RFC3339), "The retain until date must be in the future!")
		}
		if old := v.Retention; old != nil && old.Until.After(t.now) {
			looser := next == nil || next.Until.Before(old.Until) || old.Mode == compliance && next.Mode != compliance
			if looser && (old.Mode == compliance || !truth(in.BypassGovernanceRetention)) {
				return deny("Access Denied because object protected by object lock.")
			}
		}
		v.Retention = next
		return nil
	})
}

// GetObjectLegalHold tells whether a version has a legal hold.
func (s *Service) GetObjectLegalHold(ctx context.Context, in *GetObjectLegalHoldInput) (*GetObjectLegalHoldOutput, error) {
	out := &GetObjectLegalHoldOutput{}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.lockable(*in.Key, in.VersionId)
		if err != nil {
			return err
		}
		if v.LegalHold == "" {
			return fail("NoSuchObjectLockConfiguration", detail{Key: in.Key})
		}
		out.LegalHold = &ObjectLockLegalHold{Status: &v.LegalHold}
		return nil
	})
}

// PutObjectLegalHold puts a legal hold on a version, or takes it off.
func (s *Service) PutObjectLegalHold(ctx context.Context, in *PutObjectLegalHoldInput) (*PutObjectLegalHoldOutput, error) {
	if in.LegalHold == nil || !isHold(text(in.LegalHold.Status)) {
		return nil, fail("MalformedXML", detail{})
	}
	return &PutObjectLegalHoldOutput{}, s.edit(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, func(t *txn, v *Version) error {
		if t.b.ObjectLock == nil {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
		v.LegalHold = *in.LegalHold.Status
		return nil
	})
}
