package kms

import (
	"context"

	"atoll/internal/cloud/wire"
)

// GenerateDataKey makes a symmetric key for use outside of KMS, in the clear and encrypted.
func (s *Service) GenerateDataKey(ctx context.Context, in *GenerateDataKeyInput) (*GenerateDataKeyOutput, error) {
	if in.Recipient != nil {
		return nil, wire.NotImplemented("kms:GenerateDataKey for a Nitro enclave")
	}
	out := &GenerateDataKeyOutput{}
	size, err := dataKeySize(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.usable(*in.KeyId)
		if err != nil {
			return err
		}
		out.Plaintext = randomBytes(size)
		out.CiphertextBlob, err = t.encrypt(k, out.Plaintext, symmetric, in.EncryptionContext, "GenerateDataKey")
		if err != nil {
			return err
		}
		out.KeyId, out.KeyMaterialId = new(keyARN(t.sc, k.ID)), new(publicID(k.ID, k.Materials))
		return dryRun(in.DryRun)
	})
}

// GenerateDataKeyWithoutPlaintext makes a data key of which only the encrypted copy is given.
func (s *Service) GenerateDataKeyWithoutPlaintext(ctx context.Context, in *GenerateDataKeyWithoutPlaintextInput) (*GenerateDataKeyWithoutPlaintextOutput, error) {
	out := &GenerateDataKeyWithoutPlaintextOutput{}
	size, err := dataKeySize(in.KeySpec, in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.usable(*in.KeyId)
		if err != nil {
			return err
		}
		out.CiphertextBlob, err = t.encrypt(k, randomBytes(size), symmetric, in.EncryptionContext, "GenerateDataKeyWithoutPlaintext")
		if err != nil {
			return err
		}
		out.KeyId, out.KeyMaterialId = new(keyARN(t.sc, k.ID)), new(publicID(k.ID, k.Materials))
		return dryRun(in.DryRun)
	})
}

// dataKeySize gives a data key's length in bytes, which is asked for in one of two ways.
func dataKeySize(spec *string, bytes *int64) (int, error) {
	if (spec == nil) == (bytes == nil) {
		return 0, invalid("Please specify either number of bytes or key spec.")
	}
	if spec == nil {
		n, err := between(bytes, "numberOfBytes", 1, 1024, 0)
		return int(n), err
	}
	switch *spec {
	case "AES_256":
		return 32, nil
	case "AES_128":
		return 16, nil
	}
	return 0, constraint(*spec, "keySpec", "Member must satisfy enum value set: [AES_256, AES_128]")
}

// GenerateRandom gives random bytes.
func (s *Service) GenerateRandom(_ context.Context, in *GenerateRandomInput) (*GenerateRandomOutput, error) {
	if in.CustomKeyStoreId != nil || in.Recipient != nil {
		return nil, wire.NotImplemented("kms:GenerateRandom with a custom key store or a Nitro enclave")
	}
	if in.NumberOfBytes == nil {
		return nil, invalid("NumberOfBytes is required.")
	}
	n, err := between(in.NumberOfBytes, "numberOfBytes", 1, 1024, 0)
	if err != nil {
		return nil, err
	}
	return &GenerateRandomOutput{Plaintext: randomBytes(int(n))}, nil
}
