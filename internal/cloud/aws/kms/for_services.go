package kms

import (
	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services may ask of KMS, each within a transaction of theirs.

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now(), call: &wire.Call{Principal: auth.Principal{Account: sc.Account}, Region: sc.Region}}
}

// Seal encrypts with an enabled symmetric key, as Encrypt does: Decrypt reads the result. keyARN is what KeyARN gave.
func (s *Service) Seal(tx *state.Tx, sc state.Scope, keyARN string, plaintext []byte, context map[string]string) ([]byte, error) {
	t := s.in(tx, sc)
	k, err := t.usable(keyARN)
	if err != nil {
		return nil, err
	}
	if err := t.checkUse(k, usageEncrypt, "Encrypt", symmetric); err != nil {
		return nil, err
	}
	return t.seal(k, plaintext, context)
}

// Open decrypts what Seal made, while its key is enabled.
func (s *Service) Open(tx *state.Tx, sc state.Scope, blob []byte, context map[string]string) ([]byte, error) {
	t := s.in(tx, sc)
	c, err := parseCiphertext(blob)
	if err != nil {
		return nil, err
	}
	k, err := t.usable(c.key)
	if err != nil {
		return nil, err
	}
	return t.open(k, c, context)
}
