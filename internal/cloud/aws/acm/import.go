package acm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"
)

// imported is a certificate that a caller brings, after all checks.
type imported struct {
	leaf      *x509.Certificate
	algorithm string
	material  materialRecord
}

// ImportCertificate takes a certificate that another authority has issued, or puts it in the place of an imported one.
// https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html
func (s *Service) ImportCertificate(ctx context.Context, in *ImportCertificateInput) (*ImportCertificateOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	c, err := readImport(in, s.d.Clock.Now())
	if err != nil {
		return nil, err
	}
	if in.CertificateArn != nil {
		if len(tags) > 0 {
			return nil, invalid("Tagging is not permitted on re-import.")
		}
		return &ImportCertificateOutput{CertificateArn: in.CertificateArn}, s.change(ctx, *in.CertificateArn, func(t *txn, r *certificateRecord) error {
			return t.reimport(r, c)
		})
	}
	out := &ImportCertificateOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r := &certificateRecord{ID: t.d.IDs.UUID(), Type: typeImported, Created: t.now, Logging: disabled, Export: disabled}
		t.take(r, c)
		t.put(r)
		out.CertificateArn = new(certificateARN(t.sc, r.ID))
		return t.tag(r, tags)
	})
}

// take gives a record the certificate that was brought.
func (t *txn) take(r *certificateRecord, c *imported) {
	r.Domain, r.Names = namesOf(c.leaf)
	r.Algorithm, r.Facts, r.Issued, r.Status = c.algorithm, factsOf(c.leaf), t.now, statusIssued
	r.Revision++
	t.materials.Put(t.tx, t.sc, r.ID, &c.material)
}

// reimport replaces an imported certificate. What may not change is what the services that use it rely on.
// https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html
func (t *txn) reimport(r *certificateRecord, c *imported) error {
	if r.Type != typeImported {
		return invalid("The certificate %s was not imported: a certificate can be re-imported only in the place of an imported one.", certificateARN(t.sc, r.ID))
	}
	if r.Algorithm != c.algorithm {
		return invalid("The key type and size of a certificate cannot change on re-import: it is %s, not %s.", hyphenated(r.Algorithm), hyphenated(c.algorithm))
	}
	if domain, _ := namesOf(c.leaf); r.Domain != "" && domain == "" {
		return invalid("The domain names of a certificate cannot all be removed on re-import.")
	}
	after := factsOf(c.leaf)
	for _, u := range r.Facts.Usages {
		if u != "ANY" && !slices.Contains(after.Usages, u) {
			return invalid("The key usage %s cannot be removed on re-import.", u)
		}
	}
	for _, u := range r.Facts.Extended {
		if u.Name != "NONE" && !slices.Contains(after.Extended, u) {
			return invalid("The extended key usage %s cannot be removed on re-import.", u.Name)
		}
	}
	t.take(r, c)
	return nil
}

// readImport checks what is brought: one certificate in its time, the key that fits it, and the chain that signed it.
func readImport(in *ImportCertificateInput, now time.Time) (*imported, error) {
	leaves, err := readCertificates(in.Certificate)
	if err != nil {
		return nil, err
	}
	if len(leaves) > 1 {
		return nil, invalid("The certificate field contains more than one certificate. You can specify only one certificate in this field.")
	}
	leaf := leaves[0]
	key, err := readKey(in.PrivateKey)
	if err != nil {
		return nil, err
	}
	algorithm, err := algorithmOf(key.Public())
	if err != nil {
		return nil, err
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return nil, invalid("The private key does not match the public key of the certificate.")
	}
	if now.After(leaf.NotAfter) {
		return nil, invalid("The certificate has expired, is not valid.")
	}
	if now.Before(leaf.NotBefore) {
		return nil, invalid("The certificate is not in effect yet, is not valid.")
	}
	if err := checkChain(leaf, in.CertificateChain, now); err != nil {
		return nil, err
	}
	raw, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return &imported{leaf: leaf, algorithm: algorithm, material: materialRecord{Certificate: in.Certificate, Chain: in.CertificateChain, Key: raw}}, nil
}

// readCertificates reads the certificates of a PEM file, of which there must be one.
func readCertificates(raw []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, invalid("Unable to parse certificate. Please ensure the certificate is in PEM format.")
		}
		out = append(out, c)
	}
	if len(out) == 0 || strings.Contains(string(raw), "-----BEGIN") {
		return nil, invalid("Unable to parse certificate. Please ensure the certificate is in PEM format.")
	}
	return out, nil
}

func readKey(raw []byte) (crypto.Signer, error) {
	var block *pem.Block
	for block, raw = pem.Decode(raw); block != nil && block.Type == "EC PARAMETERS"; {
		block, raw = pem.Decode(raw)
	}
	if block == nil {
		return nil, invalid("The private key is not supported.")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, invalid("Your private key should not be encrypted.")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, invalid("The private key is not supported.")
	}
	return signer, nil
}

// checkChain checks that each certificate is signed by the next one, or that a certificate without a chain is signed by itself.
func checkChain(leaf *x509.Certificate, raw []byte, now time.Time) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		if !signedBy(leaf, leaf) {
			return invalid("Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.")
		}
		return nil
	}
	chain, err := readCertificates(raw)
	if err != nil {
		return err
	}
	broken := func(i int) error {
		return invalid("Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: %d", i)
	}
	for i, c := range chain {
		if c.Equal(leaf) && (i > 0 || len(chain) > 1 || !signedBy(leaf, leaf)) {
			return broken(i)
		}
		if now.After(c.NotAfter) {
			return invalid("The certificate chain has expired, is not valid.")
		}
	}
	if !signedBy(leaf, chain[0]) {
		return invalid("Could not validate the certificate with the certificate chain.")
	}
	for i := 1; i < len(chain); i++ {
		if !signedBy(chain[i-1], chain[i]) {
			return broken(i)
		}
	}
	return nil
}

func signedBy(c, issuer *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, issuer.RawSubject) && issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
