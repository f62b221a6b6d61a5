package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/disk"
)

// DatabaseCA is the file with the certificate of the authority that signs the certificates of a cloud's databases: what AWS gives as
// global-bundle.pem. It is made once, and a reset leaves it.
func DatabaseCA(dir string) string { return filepath.Join(dir, "rds-ca.pem") }

// authority is the certificate authority of databases.
type authority struct {
	clock       clock.Clock
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

const (
	authorityLife   = 40 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour // as on RDS
)

func openAuthority(dir string, c clock.Clock) (*authority, error) {
	path := DatabaseCA(dir)
	keyPath := filepath.Join(dir, "rds-ca.key")
	certificate, err1 := os.ReadFile(path)
	key, err2 := os.ReadFile(keyPath)
	if err := errors.Join(err1, err2); errors.Is(err, fs.ErrNotExist) {
		if certificate, key, err = newAuthority(c.Now()); err != nil {
			return nil, fmt.Errorf("making the certificate authority of databases: %w", err)
		}
		if _, err := disk.Write(keyPath, key, 0o600); err != nil {
			return nil, fmt.Errorf("storing the key of the databases' certificate authority: %w", err)
		}
		if _, err := disk.Write(path, certificate, 0o644); err != nil {
			return nil, fmt.Errorf("storing the databases' certificate authority: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("reading the databases' certificate authority: %w", err)
	}
	a := &authority{clock: c}
	block, _ := pem.Decode(certificate)
	keyBlock, _ := pem.Decode(key)
	if block == nil || keyBlock == nil {
		return nil, fmt.Errorf("%s or %s is no PEM file", path, keyPath)
	}
	var err error
	if a.certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
		a.key, err = x509.ParseECPrivateKey(keyBlock.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the databases' certificate authority: %w", err)
	}
	return a, nil
}

func newAuthority(now time.Time) (certificate, key []byte, err error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "atoll local cloud RDS CA"}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		return nil, nil, err
	}
	own, err := x509.MarshalECPrivateKey(secret)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: own}), err
}

func serial() *big.Int {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return new(big.Int).SetBytes(raw)
}

// Issue gives a certificate for hosts and its key, in PEM. It begins a day early, for clients whose clocks differ.
func (a *authority) Issue(hosts []string) (certificate, key []byte, err error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := a.clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), DNSNames: hosts, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(hosts) > 0 && len(hosts[0]) <= 64 { // the limit of a common name
		template.Subject.CommonName = hosts[0]
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &secret.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	own, err := x509.MarshalECPrivateKey(secret)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: append([]byte{}, raw...)}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: own}), err
}
