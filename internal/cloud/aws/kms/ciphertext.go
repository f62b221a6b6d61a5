package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// A ciphertext of a symmetric key: magic, length of the key's id, the key's id, the number of its material (4 bytes), a nonce (12
// bytes), and what AES-256-GCM made of the plaintext. All before the nonce, and the encryption context, are authenticated too.

const ciphertextMagic = "ATK\x01"

const nonceSize = 12

type ciphertext struct {
	header   []byte
	key      string
	material int
	nonce    []byte
	sealed   []byte
}

func errCiphertext() error {
	return errorf("InvalidCiphertextException", "The ciphertext is invalid, was made by another key, or has another encryption context.")
}

func parseCiphertext(blob []byte) (*ciphertext, error) {
	if len(blob) < len(ciphertextMagic)+1 || string(blob[:len(ciphertextMagic)]) != ciphertextMagic {
		return nil, errCiphertext()
	}
	at := len(ciphertextMagic) + 1
	end := at + int(blob[at-1])
	if len(blob) < end+4+nonceSize {
		return nil, errCiphertext()
	}
	return &ciphertext{
		header: blob[:end+4], key: string(blob[at:end]), material: int(binary.BigEndian.Uint32(blob[end:])),
		nonce: blob[end+4 : end+4+nonceSize], sealed: blob[end+4+nonceSize:],
	}, nil
}

// seal encrypts with a symmetric key's current material.
func (t *txn) seal(k *keyRecord, plaintext []byte, context map[string]string) ([]byte, error) {
	secret, ok := t.secret(k, k.Materials)
	if !ok {
		return nil, fmt.Errorf("the key %s has no material", k.ID)
	}
	gcm, err := newGCM(secret)
	if err != nil {
		return nil, err
	}
	blob := make([]byte, 0, len(ciphertextMagic)+1+len(k.ID)+4+nonceSize+len(plaintext)+gcm.Overhead())
	blob = append(append(append(blob, ciphertextMagic...), byte(len(k.ID))), k.ID...)
	blob = binary.BigEndian.AppendUint32(blob, uint32(k.Materials))
	authenticated := appendContext(slices.Clone(blob), context)
	nonce := randomBytes(nonceSize)
	return gcm.Seal(append(blob, nonce...), nonce, plaintext, authenticated), nil
}

// open decrypts what seal made.
func (t *txn) open(k *keyRecord, c *ciphertext, context map[string]string) ([]byte, error) {
	secret, ok := t.secret(k, c.material)
	if !ok {
		return nil, errCiphertext()
	}
	gcm, err := newGCM(secret)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open([]byte{}, c.nonce, c.sealed, appendContext(slices.Clone(c.header), context))
	if err != nil {
		return nil, errCiphertext()
	}
	return plaintext, nil
}

func newGCM(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("setting up AES: %w", err)
	}
	return cipher.NewGCM(block)
}

// appendContext writes an encryption context so that no two of them read the same: pairs by key, each text after its length.
func appendContext(b []byte, context map[string]string) []byte {
	for _, k := range slices.Sorted(maps.Keys(context)) {
		for _, s := range [...]string{k, context[k]} {
			b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
			b = append(b, s...)
		}
	}
	return b
}
