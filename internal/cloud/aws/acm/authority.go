package acm

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/id"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	authorityID   = "ca"
	authorityName = "atoll local cloud"
	authorityLife = 20 // years
	// Issued certificates are valid for 13 months. https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
	lifeDays = 395
)

// authorityRecord is the cloud's certificate authority; there is one for all accounts and regions.
type authorityRecord struct {
	Certificate []byte // PEM
	Key         []byte // PEM of PKCS #8
}

// keyAlgorithms are those of certificates; Amazon issues the first three only.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html#algorithms-term
var keyAlgorithms = [...]string{"RSA_2048", "EC_prime256v1", "EC_secp384r1", "RSA_1024", "RSA_3072", "RSA_4096", "EC_secp521r1"}

func checkRequestedAlgorithm(name string) error {
	switch i := slices.Index(keyAlgorithms[:], name); {
	case i < 0:
		return constraint(name, "keyAlgorithm", "Member must satisfy enum value set: ["+strings.Join(keyAlgorithms[:], ", ")+"]")
	case i > 2:
		return invalid("The key algorithm %s is not supported for public certificates. Use RSA_2048, EC_prime256v1 or EC_secp384r1.", name)
	}
	return nil
}

// hyphenated is how AWS shows a key algorithm.
func hyphenated(algorithm string) string { return strings.ReplaceAll(algorithm, "_", "-") }

// newKey makes a private key, in PEM.
func newKey(algorithm string) ([]byte, error) {
	var key any
	var err error
	switch algorithm {
	case "EC_prime256v1":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EC_secp384r1":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key of %s: %w", algorithm, err)
	}
	return encodeKey(key)
}

func encodeKey(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// storedKey reads a private key that encodeKey wrote.
func storedKey(raw []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("a stored private key is damaged")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading a stored private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a stored private key is a %T", key)
	}
	return signer, nil
}

// makeAuthority makes the cloud's authority unless it is there.
func (s *Service) makeAuthority(ctx context.Context) error {
	there := false
	err := s.view(ctx, func(t *txn) error {
		_, there = t.authority.Get(t.tx, state.Scope{}, authorityID)
		return nil
	})
	if err != nil || there {
		return err
	}
	ca, err := newAuthority(wire.CallFrom(ctx).Time, s.d.IDs)
	if err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		if _, there := t.authority.Get(t.tx, state.Scope{}, authorityID); !there {
			t.authority.Put(t.tx, state.Scope{}, authorityID, ca)
		}
		return nil
	})
}

func newAuthority(now time.Time, ids id.Source) (*authorityRecord, error) {
	raw, err := newKey("RSA_2048")
	if err != nil {
		return nil, err
	}
	key, err := storedKey(raw)
	if err != nil {
		return nil, err
	}
	from := midnight(now)
	template := &x509.Certificate{
		SerialNumber: serial(ids), Subject: pkix.Name{Organization: []string{authorityName}, CommonName: authorityName + " CA " + ids.Hex(8)},
		NotBefore: from.AddDate(0, 0, -1), NotAfter: from.AddDate(authorityLife, 0, 0), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature, SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the cloud's certificate authority: %w", err)
	}
	return &authorityRecord{Certificate: encodeCertificate(der), Key: raw}, nil
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func serial(ids id.Source) *big.Int {
	n, _ := new(big.Int).SetString("1"+ids.Hex(31), 16) // hexadecimal digits always parse; positive, and always of 16 bytes
	return n
}

// sign makes a server's certificate for names and the public half of a key.
func (ca *authorityRecord) sign(key []byte, names []string, now time.Time, ids id.Source) (*x509.Certificate, error) {
	own, err := storedKey(key)
	if err != nil {
		return nil, err
	}
	issuerKey, err := storedKey(ca.Key)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(ca.Certificate)
	if block == nil {
		return nil, errors.New("the authority's certificate is damaged")
	}
	issuer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	from := midnight(now)
	template := &x509.Certificate{
		SerialNumber: serial(ids), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: from, NotAfter: from.AddDate(0, 0, lifeDays).Add(-time.Second), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if _, ok := own.(*rsa.PrivateKey); ok {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, own.Public(), issuerKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
