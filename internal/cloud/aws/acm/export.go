package acm

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
)

// ExportCertificate gives a certificate, its chain and its private key under a passphrase.
// https://docs.aws.amazon.com/acm/latest/userguide/export-public-certificate.html
func (s *Service) ExportCertificate(ctx context.Context, in *ExportCertificateInput) (*ExportCertificateOutput, error) {
	if n := len(in.Passphrase); n < 4 || n > 128 {
		return nil, invalid("1 validation error detected: Value at 'passphrase' failed to satisfy constraint: Member must have length between 4 and 128")
	}
	for _, b := range in.Passphrase {
		if b < ' ' || b > '~' || b == '#' || b == '$' || b == '%' {
			return nil, invalid("The passphrase can have ASCII characters, without #, $ and %%.")
		}
	}
	out := &ExportCertificateOutput{}
	return out, s.change(ctx, *in.CertificateArn, func(t *txn, r *certificateRecord) error {
		if r.Type != typeIssued || r.Export != enabled {
			return invalid("The certificate %s cannot be exported: its export option is not ENABLED.", *in.CertificateArn)
		}
		m, err := t.material(r)
		if err != nil {
			return err
		}
		key, err := encryptKey(m.Key, string(in.Passphrase))
		if err != nil {
			return fmt.Errorf("encrypting the key of %s: %w", r.ID, err)
		}
		r.Exported = true
		out.Certificate, out.CertificateChain, out.PrivateKey = new(string(m.Certificate)), new(string(m.Chain)), new(string(key))
		return nil
	})
}

// What PKCS #8 and PKCS #5 write for a key under a passphrase: RFC 5958, section 3, and RFC 8018, appendix A.

type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2 struct{ Derivation, Encryption pkix.AlgorithmIdentifier }

type pbkdf2Parameters struct {
	Salt       []byte
	Iterations int
	PRF        pkix.AlgorithmIdentifier
}

const iterations = 2048 // as OpenSSL, and AWS's files

func algorithm(oid asn1.ObjectIdentifier, parameters any) (pkix.AlgorithmIdentifier, error) {
	raw, err := asn1.Marshal(parameters)
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: raw}}, err
}

// encryptKey encrypts a PKCS #8 key with AES-256-CBC.
func encryptKey(plain []byte, passphrase string) ([]byte, error) {
	block, _ := pem.Decode(plain)
	if block == nil {
		return nil, errors.New("the stored key is damaged")
	}
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	_, _ = rand.Read(salt) // never fails, by its contract
	_, _ = rand.Read(iv)
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, iterations, 32)
	if err != nil {
		return nil, err
	}
	sealer, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(block.Bytes)%aes.BlockSize
	data := append([]byte(nil), block.Bytes...)
	for range pad {
		data = append(data, byte(pad))
	}
	cipher.NewCBCEncrypter(sealer, iv).CryptBlocks(data, data)

	derivation, err := algorithm(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, pbkdf2Parameters{Salt: salt, Iterations: iterations,
		PRF: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, Parameters: asn1.NullRawValue}})
	if err != nil {
		return nil, err
	}
	encryption, err := algorithm(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, iv)
	if err != nil {
		return nil, err
	}
	scheme, err := algorithm(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, pbes2{derivation, encryption})
	if err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(encryptedKey{scheme, data})
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}
