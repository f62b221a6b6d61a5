package kms

import (
	"context"
	"time"
)

// yearly is the rotation period of AWS managed keys, and the default of others, in days.
const yearly = 365

func (k *keyRecord) rotationPeriod() time.Duration {
	return time.Duration(k.RotationPeriod) * 24 * time.Hour
}

// EnableKeyRotation has a symmetric key's material renewed after each period. The material before it decrypts what it encrypted.
func (s *Service) EnableKeyRotation(ctx context.Context, in *EnableKeyRotationInput) (*EnableKeyRotationOutput, error) {
	days, err := between(in.RotationPeriodInDays, "rotationPeriodInDays", 90, 2560, yearly)
	if err != nil {
		return nil, err
	}
	return &EnableKeyRotationOutput{}, s.changeKey(ctx, *in.KeyId, "EnableKeyRotation", func(t *txn, k *keyRecord) error {
		if err := t.rotatable(k); err != nil {
			return err
		}
		k.RotationPeriod = days
		k.NextRotation = t.now.Add(k.rotationPeriod())
		return nil
	})
}

// DisableKeyRotation ends the renewal.
func (s *Service) DisableKeyRotation(ctx context.Context, in *DisableKeyRotationInput) (*DisableKeyRotationOutput, error) {
	return &DisableKeyRotationOutput{}, s.changeKey(ctx, *in.KeyId, "DisableKeyRotation", func(t *txn, k *keyRecord) error {
		if err := t.rotatable(k); err != nil {
			return err
		}
		k.RotationPeriod, k.NextRotation = 0, time.Time{}
		return nil
	})
}

func (t *txn) rotatable(k *keyRecord) error {
	if err := t.enabled(k); err != nil {
		return err
	}
	if k.Spec != symmetric {
		return errorf("UnsupportedOperationException", "Automatic key rotation is supported for symmetric encryption keys only; %s has the key spec %s.", keyARN(t.sc, k.ID), k.Spec)
	}
	return nil
}

// GetKeyRotationStatus tells whether and when a key's material is renewed.
func (s *Service) GetKeyRotationStatus(ctx context.Context, in *GetKeyRotationStatusInput) (*GetKeyRotationStatusOutput, error) {
	out := &GetKeyRotationStatusOutput{}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.key(*in.KeyId)
		if err != nil {
			return err
		}
		on := k.RotationPeriod > 0 && k.State != statePendingDeletion
		out.KeyId, out.KeyRotationEnabled = new(keyARN(t.sc, k.ID)), &on
		if on {
			out.RotationPeriodInDays, out.NextRotationDate = new(k.RotationPeriod), new(k.NextRotation)
		}
		return nil
	})
}
