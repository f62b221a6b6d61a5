package kms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"
)

// materialRecord is a key's secret. It stands under KEY/NUMBER; rotation adds one, and the older ones decrypt what they
// encrypted.
type materialRecord struct {
	Secret  []byte // the key itself, or a private key in PKCS #8
	Created time.Time
}

func materialID(key string, number int) string { return fmt.Sprintf("%s/%06d", key, number) }

// publicID gives the id by which AWS names the material of a symmetric key: 64 hexadecimal digits.
func publicID(key string, number int) string {
	sum := sha256.Sum256([]byte(materialID(key, number)))
	return hex.EncodeToString(sum[:])
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by its contract
	return b
}

func newSymmetricMaterial() []byte { return randomBytes(keySpecs[symmetric].bytes) }

// newMaterial makes a secret for a spec. For RSA it takes as long as a second.
func newMaterial(spec keySpec) ([]byte, error) {
	var private any
	var err error
	switch {
	case spec.bytes > 0:
		return randomBytes(spec.bytes), nil
	case spec.bits > 0:
		private, err = rsa.GenerateKey(rand.Reader, spec.bits)
	case spec.curve == "P-256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case spec.curve == "P-384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case spec.curve == "P-521":
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

// addMaterial gives a key another secret, the one that encrypts from now on. The caller stores the key.
func (t *txn) addMaterial(k *keyRecord, secret []byte) {
	k.Materials++
	t.materials.Put(t.tx, t.sc, materialID(k.ID, k.Materials), &materialRecord{Secret: secret, Created: t.now})
}

// secret gives one of a key's secrets; false if it has none of that number.
func (t *txn) secret(k *keyRecord, number int) ([]byte, bool) {
	m, ok := t.materials.Get(t.tx, t.sc, materialID(k.ID, number))
	if !ok {
		return nil, false
	}
	return m.Secret, true
}

// private gives the private key of an asymmetric key.
func (t *txn) private(k *keyRecord) (crypto.Signer, error) {
	der, ok := t.secret(k, k.Materials)
	if !ok {
		return nil, fmt.Errorf("the key %s has no material", k.ID)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the material of %s: %w", k.ID, err)
	}
	return key.(crypto.Signer), nil
}
