package sts

import (
	"context"
	"fmt"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// BeginFor begins a session of a role for a service of AWS that has checked that it may assume it. The session lasts as long as the role lets it,
// and no longer than lasts. It must not be called within a transaction.
func (s *Service) BeginFor(ctx context.Context, role, name, region string, lasts time.Duration) (auth.Key, error) {
	var key auth.Key
	return key, s.d.Store.Update(ctx, func(tx *state.Tx) error {
		r, ok := s.d.Roles.Role(tx, role)
		if !ok {
			return fmt.Errorf("there is no role %s", role)
		}
		now := s.d.Clock.Now()
		credentials := s.issue(tx, now, auth.Key{Session: &auth.Session{}, Principal: auth.Principal{
			Account: r.Account, ARN: "arn:aws:sts::" + r.Account + ":assumed-role/" + r.Name + "/" + name, UserID: r.ID + ":" + name, Role: r.ARN,
		}}, min(lasts, r.MaxSession))
		s.d.Roles.RoleUsed(tx, role, region, now)
		key = auth.Key{ID: *credentials.AccessKeyId, Secret: *credentials.SecretAccessKey, SessionToken: *credentials.SessionToken, Expires: *credentials.Expiration}
		return nil
	})
}
