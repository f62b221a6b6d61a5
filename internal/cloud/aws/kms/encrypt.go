package kms

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"atoll/internal/cloud/wire"
)

const (
	maxPlaintext  = 4096
	maxCiphertext = 6144
)

// Encrypt encrypts up to 4 KB.
func (s *Service) Encrypt(ctx context.Context, in *EncryptInput) (*EncryptOutput, error) {
	if err := checkBlob(in.Plaintext, "plaintext", maxPlaintext); err != nil {
		return nil, err
	}
	out := &EncryptOutput{}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.usable(*in.KeyId)
		if err != nil {
			return err
		}
		algorithm := algorithmOr(in.EncryptionAlgorithm)
		if out.CiphertextBlob, err = t.encrypt(k, in.Plaintext, algorithm, in.EncryptionContext, "Encrypt"); err != nil {
			return err
		}
		out.KeyId, out.EncryptionAlgorithm = new(keyARN(t.sc, k.ID)), &algorithm
		return dryRun(in.DryRun)
	})
}

// Decrypt decrypts what Encrypt and GenerateDataKey made. For symmetric keys the ciphertext tells the key.
func (s *Service) Decrypt(ctx context.Context, in *DecryptInput) (*DecryptOutput, error) {
	if in.Recipient != nil {
		return nil, wire.NotImplemented("kms:Decrypt for a Nitro enclave")
	}
	if len(in.DryRunModifiers) > 0 {
		return nil, wire.NotImplemented("kms:Decrypt with DryRunModifiers")
	}
	out := &DecryptOutput{}
	return out, s.view(ctx, func(t *txn) error {
		algorithm := algorithmOr(in.EncryptionAlgorithm)
		k, material, plaintext, err := t.decrypt(in.KeyId, in.CiphertextBlob, algorithm, in.EncryptionContext, "Decrypt")
		if err != nil {
			return err
		}
		out.Plaintext, out.KeyId, out.EncryptionAlgorithm = plaintext, new(keyARN(t.sc, k.ID)), &algorithm
		out.KeyMaterialId = material
		return dryRun(in.DryRun)
	})
}

// ReEncrypt decrypts with one key and encrypts with another, without giving away the plaintext.
func (s *Service) ReEncrypt(ctx context.Context, in *ReEncryptInput) (*ReEncryptOutput, error) {
	if len(in.DryRunModifiers) > 0 {
		return nil, wire.NotImplemented("kms:ReEncrypt with DryRunModifiers")
	}
	out := &ReEncryptOutput{}
	return out, s.view(ctx, func(t *txn) error {
		from, to := algorithmOr(in.SourceEncryptionAlgorithm), algorithmOr(in.DestinationEncryptionAlgorithm)
		source, material, plaintext, err := t.decrypt(in.SourceKeyId, in.CiphertextBlob, from, in.SourceEncryptionContext, "ReEncrypt")
		if err != nil {
			return err
		}
		k, err := t.usable(*in.DestinationKeyId)
		if err != nil {
			return err
		}
		if out.CiphertextBlob, err = t.encrypt(k, plaintext, to, in.DestinationEncryptionContext, "ReEncrypt"); err != nil {
			return err
		}
		out.SourceKeyId, out.KeyId = new(keyARN(t.sc, source.ID)), new(keyARN(t.sc, k.ID))
		out.SourceEncryptionAlgorithm, out.DestinationEncryptionAlgorithm = &from, &to
		out.SourceKeyMaterialId = material
		if k.Spec == symmetric {
			out.DestinationKeyMaterialId = new(publicID(k.ID, k.Materials))
		}
		return dryRun(in.DryRun)
	})
}

func algorithmOr(algorithm *string) string {
	if algorithm == nil {
		return symmetric
	}
	return *algorithm
}

func checkBlob(b []byte, member string, most int) error {
	if len(b) < 1 || len(b) > most {
		return invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length between 1 and %d", member, most)
	}
	return nil
}

func (t *txn) encrypt(k *keyRecord, plaintext []byte, algorithm string, context map[string]string, operation string) ([]byte, error) {
	if err := t.checkUse(k, usageEncrypt, operation, algorithm); err != nil {
		return nil, err
	}
	if algorithm == symmetric {
		return t.seal(k, plaintext, context)
	}
	if err := noContext(context); err != nil {
		return nil, err
	}
	private, err := t.private(k)
	if err != nil {
		return nil, err
	}
	blob, err := rsa.EncryptOAEP(hashOf(algorithm).New(), rand.Reader, private.Public().(*rsa.PublicKey), plaintext, nil)
	if err != nil {
		return nil, invalid("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, k.Spec, oaepCapacity(k, hashOf(algorithm)))
	}
	return blob, nil
}

// oaepCapacity gives how many bytes a key encrypts: its size less the padding of RFC 8017, section 7.1.1.
func oaepCapacity(k *keyRecord, h crypto.Hash) int { return keySpecs[k.Spec].bits/8 - 2*h.Size() - 2 }

func noContext(context map[string]string) error {
	if len(context) > 0 {
		return invalid("An encryption context is supported for symmetric encryption keys only.")
	}
	return nil
}

// decrypt gives the plaintext, its key, and the public id of the material where the key is symmetric.
func (t *txn) decrypt(key *string, blob []byte, algorithm string, context map[string]string, operation string) (*keyRecord, *string, []byte, error) {
	if err := checkBlob(blob, "ciphertextBlob", maxCiphertext); err != nil {
		return nil, nil, nil, err
	}
	if algorithm != symmetric {
		k, plaintext, err := t.decryptRSA(key, blob, algorithm, context, operation)
		return k, nil, plaintext, err
	}
	var named *keyRecord
	if key != nil {
		var err error
		if named, err = t.usable(*key); err != nil {
			return nil, nil, nil, err
		}
		if err := t.checkUse(named, usageEncrypt, operation, algorithm); err != nil {
			return nil, nil, nil, err
		}
	}
	c, err := parseCiphertext(blob)
	if err != nil {
		return nil, nil, nil, err
	}
	if named != nil && named.ID != c.key {
		return nil, nil, nil, errorf("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	k, err := t.keyByID(c.key)
	if err != nil {
		return nil, nil, nil, errorf("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	}
	if err := t.enabled(k); err != nil {
		return nil, nil, nil, err
	}
	plaintext, err := t.open(k, c, context)
	return k, new(publicID(k.ID, c.material)), plaintext, err
}

func (t *txn) decryptRSA(key *string, blob []byte, algorithm string, context map[string]string, operation string) (*keyRecord, []byte, error) {
	if key == nil {
		return nil, nil, invalid("KeyId is required to decrypt with the algorithm %s.", algorithm)
	}
	k, err := t.usable(*key)
	if err != nil {
		return nil, nil, err
	}
	if err := t.checkUse(k, usageEncrypt, operation, algorithm); err != nil {
		return nil, nil, err
	}
	if err := noContext(context); err != nil {
		return nil, nil, err
	}
	private, err := t.private(k)
	if err != nil {
		return nil, nil, err
	}
	rsaKey, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("the material of %s is no RSA key", k.ID)
	}
	plaintext, err := rsa.DecryptOAEP(hashOf(algorithm).New(), nil, rsaKey, blob, nil)
	if err != nil {
		return nil, nil, errCiphertext()
	}
	return k, plaintext, nil
}
