package kms

import (
	"context"
	"crypto/hmac"
	"fmt"
)

// GenerateMac gives the HMAC of a message of up to 4 KB.
func (s *Service) GenerateMac(ctx context.Context, in *GenerateMacInput) (*GenerateMacOutput, error) {
	out := &GenerateMacOutput{MacAlgorithm: in.MacAlgorithm}
	return out, s.view(ctx, func(t *txn) error {
		k, mac, err := t.mac(*in.KeyId, "GenerateMac", *in.MacAlgorithm, in.Message)
		if err != nil {
			return err
		}
		out.KeyId, out.Mac = new(keyARN(t.sc, k.ID)), mac
		return dryRun(in.DryRun)
	})
}

// VerifyMac checks the HMAC of a message; one that does not fit is an error.
func (s *Service) VerifyMac(ctx context.Context, in *VerifyMacInput) (*VerifyMacOutput, error) {
	out := &VerifyMacOutput{MacAlgorithm: in.MacAlgorithm, MacValid: new(true)}
	return out, s.view(ctx, func(t *txn) error {
		k, mac, err := t.mac(*in.KeyId, "VerifyMac", *in.MacAlgorithm, in.Message)
		if err != nil {
			return err
		}
		if !hmac.Equal(mac, in.Mac) {
			return errorf("KMSInvalidMacException", "The HMAC is not valid for the message, the key and the MAC algorithm.")
		}
		out.KeyId = new(keyARN(t.sc, k.ID))
		return dryRun(in.DryRun)
	})
}

func (t *txn) mac(key, operation, algorithm string, message []byte) (*keyRecord, []byte, error) {
	if err := checkBlob(message, "message", maxPlaintext); err != nil {
		return nil, nil, err
	}
	k, err := t.usable(key)
	if err != nil {
		return nil, nil, err
	}
	if err := t.checkUse(k, usageMac, operation, algorithm); err != nil {
		return nil, nil, err
	}
	secret, ok := t.secret(k, k.Materials)
	if !ok {
		return nil, nil, fmt.Errorf("the key %s has no material", k.ID)
	}
	h := hmac.New(hashOf(algorithm).New, secret)
	h.Write(message)
	return k, h.Sum(nil), nil
}
