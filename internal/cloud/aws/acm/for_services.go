package acm

import (
	"slices"

	"atoll/internal/cloud/state"
)

// What other services may ask of ACM, each within a transaction of theirs.

// find gives a certificate as it is now. In an Update what has happened to it is written down first.
func (s *Service) find(tx *state.Tx, sc state.Scope, arn string) (*txn, *certificateRecord, bool) {
	t := s.txn(tx, sc)
	id, ok := certificateID(sc, arn)
	if !ok {
		return t, nil, false
	}
	r, ok := s.certificates.Get(tx, sc, id)
	if ok && tx.Writable() {
		if err := t.settle(r); err != nil {
			s.d.Logger.Error("a certificate cannot be brought up to date", "certificate", arn, "err", err)
		}
	}
	return t, r, ok
}

// Certificate gives the domain name of a certificate, and whether it can be used. ok is false where there is no such certificate.
func (s *Service) Certificate(tx *state.Tx, sc state.Scope, arn string) (domain string, issued, ok bool) {
	t, r, ok := s.find(tx, sc, arn)
	if !ok {
		return "", false, false
	}
	switch t.next(r) { // in a View, which cannot write it down
	case stepIssue:
		return r.Domain, true, true
	case stepExpire:
		return r.Domain, false, true
	}
	return r.Domain, r.Status == statusIssued, true
}

// UseCertificate notes that a resource uses a certificate, which cannot be deleted then. It may be called again.
func (s *Service) UseCertificate(tx *state.Tx, sc state.Scope, arn, user string) {
	t, r, ok := s.find(tx, sc, arn)
	if ok && !slices.Contains(r.UsedBy, user) {
		r.UsedBy = append(r.UsedBy, user)
		t.put(r)
	}
}

// ReleaseCertificate notes that a resource uses a certificate no more.
func (s *Service) ReleaseCertificate(tx *state.Tx, sc state.Scope, arn, user string) {
	t, r, ok := s.find(tx, sc, arn)
	if i := slices.Index(usersOf(r), user); ok && i >= 0 {
		r.UsedBy = slices.Delete(r.UsedBy, i, i+1)
		t.put(r)
	}
}

func usersOf(r *certificateRecord) []string {
	if r == nil {
		return nil
	}
	return r.UsedBy
}

// KeyPair gives what a server needs to serve a certificate: the certificate, the chain that follows it and the private key, each in
// PEM. ok is false where there is no such certificate or it is not issued.
func (s *Service) KeyPair(tx *state.Tx, sc state.Scope, arn string) (certPEM, chainPEM, keyPEM []byte, ok bool) {
	_, r, ok := s.find(tx, sc, arn)
	if !ok || r.Facts == nil {
		return nil, nil, nil, false
	}
	m, ok := s.materials.Get(tx, sc, r.ID)
	if !ok {
		return nil, nil, nil, false
	}
	return m.Certificate, m.Chain, m.Key, true
}

// CA gives the certificate of the cloud's own authority in PEM, nil before the first certificate was asked for.
func (s *Service) CA(tx *state.Tx) (certPEM []byte) {
	if r, ok := s.authority.Get(tx, state.Scope{}, authorityID); ok {
		return r.Certificate
	}
	return nil
}
