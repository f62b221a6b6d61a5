package acm

import (
	"context"

	"atoll/internal/cloud/wire"
)

// By default AWS sends events from 45 days before the end, which is also the most.
const maxExpiryDays = 45

const accountID = "configuration"

type accountRecord struct {
	Days  int64
	Token string
}

// GetAccountConfiguration gives the account's settings in the region.
func (s *Service) GetAccountConfiguration(ctx context.Context, _ *GetAccountConfigurationInput) (*GetAccountConfigurationOutput, error) {
	out := &GetAccountConfigurationOutput{ExpiryEvents: &ExpiryEventsConfiguration{DaysBeforeExpiry: new(int64(maxExpiryDays))}}
	return out, s.view(ctx, func(t *txn) error {
		if r, ok := t.accounts.Get(t.tx, t.sc, accountID); ok {
			out.ExpiryEvents.DaysBeforeExpiry = new(r.Days)
		}
		return nil
	})
}

// PutAccountConfiguration changes the account's settings in the region.
func (s *Service) PutAccountConfiguration(ctx context.Context, in *PutAccountConfigurationInput) (*PutAccountConfigurationOutput, error) {
	if !tokens.MatchString(*in.IdempotencyToken) {
		return nil, constraint(*in.IdempotencyToken, "idempotencyToken", `Member must satisfy regular expression pattern: \w+ and have length between 1 and 32`)
	}
	days := int64(maxExpiryDays)
	if in.ExpiryEvents != nil && in.ExpiryEvents.DaysBeforeExpiry != nil {
		days = *in.ExpiryEvents.DaysBeforeExpiry
	}
	if days < 1 || days > maxExpiryDays {
		return nil, constraint(days, "expiryEvents.daysBeforeExpiry", "Member must be between 1 and 45")
	}
	return &PutAccountConfigurationOutput{}, s.update(ctx, func(t *txn) error {
		if r, ok := t.accounts.Get(t.tx, t.sc, accountID); ok && r.Token == *in.IdempotencyToken && r.Days != days {
			return wire.Errorf("ConflictException", "The idempotency token was used with another configuration.")
		}
		t.accounts.Put(t.tx, t.sc, accountID, &accountRecord{Days: days, Token: *in.IdempotencyToken})
		return nil
	})
}
