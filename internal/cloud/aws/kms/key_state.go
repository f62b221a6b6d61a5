package kms

import (
	"context"
	"time"
)

// EnableKey enables a key.
func (s *Service) EnableKey(ctx context.Context, in *EnableKeyInput) (*EnableKeyOutput, error) {
	return &EnableKeyOutput{}, s.changeKey(ctx, *in.KeyId, "EnableKey", func(t *txn, k *keyRecord) error {
		if err := t.alive(k); err != nil {
			return err
		}
		k.State = stateEnabled
		return nil
	})
}

// DisableKey disables a key: it can be changed, but not used.
func (s *Service) DisableKey(ctx context.Context, in *DisableKeyInput) (*DisableKeyOutput, error) {
	return &DisableKeyOutput{}, s.changeKey(ctx, *in.KeyId, "DisableKey", func(t *txn, k *keyRecord) error {
		if err := t.alive(k); err != nil {
			return err
		}
		k.State = stateDisabled
		return nil
	})
}

// ScheduleKeyDeletion has a key deleted when the waiting time is over.
func (s *Service) ScheduleKeyDeletion(ctx context.Context, in *ScheduleKeyDeletionInput) (*ScheduleKeyDeletionOutput, error) {
	days, err := between(in.PendingWindowInDays, "pendingWindowInDays", 7, 30, 30)
	if err != nil {
		return nil, err
	}
	out := &ScheduleKeyDeletionOutput{}
	return out, s.changeKey(ctx, *in.KeyId, "ScheduleKeyDeletion", func(t *txn, k *keyRecord) error {
		if err := t.alive(k); err != nil {
			return err
		}
		k.State, k.Deletion = statePendingDeletion, t.now.Add(time.Duration(days)*24*time.Hour)
		out.KeyId, out.KeyState, out.DeletionDate, out.PendingWindowInDays = new(keyARN(t.sc, k.ID)), new(k.State), new(k.Deletion), new(days)
		return nil
	})
}

// CancelKeyDeletion keeps a key, which is disabled then.
func (s *Service) CancelKeyDeletion(ctx context.Context, in *CancelKeyDeletionInput) (*CancelKeyDeletionOutput, error) {
	out := &CancelKeyDeletionOutput{}
	return out, s.changeKey(ctx, *in.KeyId, "CancelKeyDeletion", func(t *txn, k *keyRecord) error {
		if k.State != statePendingDeletion {
			return errorf("KMSInvalidStateException", "%s is not pending deletion.", keyARN(t.sc, k.ID))
		}
		k.State, k.Deletion = stateDisabled, time.Time{}
		out.KeyId = new(keyARN(t.sc, k.ID))
		return nil
	})
}
