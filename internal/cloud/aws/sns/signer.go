package sns

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // signature version 1 of SNS is SHA1withRSA
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// signerRecord is the key and certificate with which the cloud's SNS signs messages, made for the first of them.
type signerRecord struct {
	Key         []byte // PKCS #8
	Certificate []byte // PEM
}

const signerID = "signer"

type signer struct {
	key  *rsa.PrivateKey
	path string // of the certificate's URL
}

const certificatePrefix = "/SimpleNotificationService-"

func certificatePath(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	return certificatePrefix + hex.EncodeToString(sum[:16]) + ".pem"
}

// signing gives the cloud's signer.
func (s *Service) signing(ctx context.Context) (*signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signer != nil {
		return s.signer, nil
	}
	var r *signerRecord
	err := s.d.Store.View(func(tx *state.Tx) error { r, _ = s.signers.Get(tx, state.Scope{}, signerID); return nil })
	if err != nil {
		return nil, err
	}
	if r == nil {
		if r, err = newSigner(s.d.Clock.Now()); err != nil {
			return nil, err
		}
		err = s.d.Store.Update(ctx, func(tx *state.Tx) error { s.signers.Put(tx, state.Scope{}, signerID, r); return nil })
		if err != nil {
			return nil, fmt.Errorf("storing the key that signs messages: %w", err)
		}
	}
	key, err := x509.ParsePKCS8PrivateKey(r.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the key that signs messages: %w", err)
	}
	own, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key that signs messages is a %T", key)
	}
	s.signer = &signer{key: own, path: certificatePath(r.Certificate)}
	return s.signer, nil
}

func newSigner(now time.Time) (*signerRecord, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making a key to sign messages: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "sns.amazonaws.com", Organization: []string{"atoll's local cloud"}},
		DNSNames: []string{"sns.amazonaws.com"}, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate to sign messages: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key that signs messages: %w", err)
	}
	var certificate bytes.Buffer
	if err := pem.Encode(&certificate, &pem.Block{Type: "CERTIFICATE", Bytes: raw}); err != nil {
		return nil, err
	}
	return &signerRecord{Key: private, Certificate: certificate.Bytes()}, nil
}

// sign gives the signature over the given names and values, in base64. Version "2" is over SHA-256, others over SHA-1.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func (s *signer) sign(version string, pairs ...string) (string, error) {
	signed := []byte(strings.Join(pairs, "\n") + "\n")
	hash, sum := crypto.SHA1, sha1.Sum(signed) //nolint:gosec // see above
	digest := sum[:]
	if version == "2" {
		long := sha256.Sum256(signed)
		hash, digest = crypto.SHA256, long[:]
	}
	raw, err := rsa.SignPKCS1v15(nil, s.key, hash, digest)
	if err != nil {
		return "", fmt.Errorf("signing a message: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// Document gives the certificate at its path.
func (s *Service) Document(path string) (contentType string, body []byte, ok bool) {
	if !strings.HasPrefix(path, certificatePrefix) {
		return "", nil, false
	}
	_ = s.d.Store.View(func(tx *state.Tx) error {
		if r, there := s.signers.Get(tx, state.Scope{}, signerID); there && certificatePath(r.Certificate) == path {
			body, ok = r.Certificate, true
		}
		return nil
	})
	return "application/x-pem-file", body, ok
}
