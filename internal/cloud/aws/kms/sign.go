package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
)

// Sign signs a message of up to 4 KB, or the digest of a larger one.
func (s *Service) Sign(ctx context.Context, in *SignInput) (*SignOutput, error) {
	out := &SignOutput{SigningAlgorithm: in.SigningAlgorithm}
	return out, s.view(ctx, func(t *txn) error {
		k, private, err := t.signer(*in.KeyId, "Sign", *in.SigningAlgorithm)
		if err != nil {
			return err
		}
		signed, options, err := digest(in.Message, text(in.MessageType), *in.SigningAlgorithm)
		if err != nil {
			return err
		}
		if out.Signature, err = private.Sign(rand.Reader, signed, options); err != nil {
			return fmt.Errorf("signing with %s: %w", k.ID, err)
		}
		out.KeyId = new(keyARN(t.sc, k.ID))
		return dryRun(in.DryRun)
	})
}

// Verify checks a signature; one that does not fit is an error.
func (s *Service) Verify(ctx context.Context, in *VerifyInput) (*VerifyOutput, error) {
	out := &VerifyOutput{SigningAlgorithm: in.SigningAlgorithm, SignatureValid: new(true)}
	return out, s.view(ctx, func(t *txn) error {
		k, private, err := t.signer(*in.KeyId, "Verify", *in.SigningAlgorithm)
		if err != nil {
			return err
		}
		signed, options, err := digest(in.Message, text(in.MessageType), *in.SigningAlgorithm)
		if err != nil {
			return err
		}
		if !verifies(private.Public(), signed, in.Signature, options) {
			return errorf("KMSInvalidSignatureException", "The signature is not valid for the message, the key and the signing algorithm.")
		}
		out.KeyId = new(keyARN(t.sc, k.ID))
		return dryRun(in.DryRun)
	})
}

func (t *txn) signer(key, operation, algorithm string) (*keyRecord, crypto.Signer, error) {
	k, err := t.usable(key)
	if err != nil {
		return nil, nil, err
	}
	if err := t.checkUse(k, usageSign, operation, algorithm); err != nil {
		return nil, nil, err
	}
	private, err := t.private(k)
	return k, private, err
}

// digest gives what is signed for a message, and how. Ed25519 signs the message itself, Ed25519ph a digest alone.
func digest(message []byte, messageType, algorithm string) ([]byte, crypto.SignerOpts, error) {
	if err := checkBlob(message, "message", maxPlaintext); err != nil {
		return nil, nil, err
	}
	raw := messageType == "" || messageType == "RAW"
	if !raw && messageType != "DIGEST" {
		return nil, nil, constraint(messageType, "messageType", "Member must satisfy enum value set: [RAW, DIGEST, EXTERNAL_MU]")
	}
	h := hashOf(algorithm)
	switch algorithm {
	case "ED25519_SHA_512":
		if !raw {
			return nil, nil, invalid("MessageType %s is not valid for the signing algorithm %s.", messageType, algorithm)
		}
		return message, crypto.Hash(0), nil
	case "ED25519_PH_SHA_512":
		if raw {
			return nil, nil, invalid("MessageType RAW is not valid for the signing algorithm %s.", algorithm)
		}
	}
	if raw {
		sum := h.New()
		sum.Write(message)
		message = sum.Sum(nil)
	} else if len(message) != h.Size() {
		return nil, nil, invalid("Digest is invalid length for algorithm %s.", algorithm)
	}
	if strings.HasPrefix(algorithm, "RSASSA_PSS_") {
		return message, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}, nil
	}
	return message, h, nil
}

func verifies(public crypto.PublicKey, signed, signature []byte, options crypto.SignerOpts) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if pss, ok := options.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(key, pss.Hash, signed, signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(key, options.HashFunc(), signed, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, signed, signature)
	case ed25519.PublicKey:
		return ed25519.VerifyWithOptions(key, signed, signature, &ed25519.Options{Hash: options.HashFunc()}) == nil
	}
	return false
}

// GetPublicKey gives the public half of an asymmetric key, as a DER-encoded SubjectPublicKeyInfo.
func (s *Service) GetPublicKey(ctx context.Context, in *GetPublicKeyInput) (*GetPublicKeyOutput, error) {
	out := &GetPublicKeyOutput{}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.usable(*in.KeyId)
		if err != nil {
			return err
		}
		if keySpecs[k.Spec].bytes > 0 {
			return errorf("UnsupportedOperationException", "%s has the key spec %s, which has no public key.", keyARN(t.sc, k.ID), k.Spec)
		}
		private, err := t.private(k)
		if err != nil {
			return err
		}
		if out.PublicKey, err = x509.MarshalPKIXPublicKey(private.Public()); err != nil {
			return fmt.Errorf("encoding the public key of %s: %w", k.ID, err)
		}
		out.KeyId, out.KeySpec, out.CustomerMasterKeySpec, out.KeyUsage = new(keyARN(t.sc, k.ID)), new(k.Spec), new(k.Spec), new(k.Usage)
		out.EncryptionAlgorithms, out.SigningAlgorithms = k.algorithms(usageEncrypt), k.algorithms(usageSign)
		return nil
	})
}
