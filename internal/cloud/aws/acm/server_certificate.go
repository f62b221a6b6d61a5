package acm

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// ServerCertificate makes a certificate for a server of the cloud's own, such as the endpoint of a service, signed by the cloud's authority, which is
// made if it is not there. Everything is in PEM. It must not be called within a transaction.
func (s *Service) ServerCertificate(ctx context.Context, now time.Time, names ...string) (certificate, key, authority []byte, err error) {
	ca, err := s.authorityFor(ctx, now)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err = newKey("EC_prime256v1")
	if err != nil {
		return nil, nil, nil, err
	}
	signed, err := ca.sign(key, names, now, s.d.IDs)
	if err != nil {
		return nil, nil, nil, err
	}
	return encodeCertificate(signed.Raw), key, ca.Certificate, nil
}

// Authority gives the certificate of the cloud's own authority in PEM, which is made if it is not there. It must not be called within a transaction.
func (s *Service) Authority(ctx context.Context, now time.Time) ([]byte, error) {
	ca, err := s.authorityFor(ctx, now)
	if err != nil {
		return nil, err
	}
	return ca.Certificate, nil
}

func (s *Service) authorityFor(ctx context.Context, now time.Time) (ca *authorityRecord, err error) {
	if err := s.makeAuthority(wire.WithCall(ctx, &wire.Call{Time: now})); err != nil {
		return nil, err
	}
	return ca, s.d.Store.View(func(tx *state.Tx) error {
		ca, _ = s.authority.Get(tx, state.Scope{}, authorityID)
		return nil
	})
}
