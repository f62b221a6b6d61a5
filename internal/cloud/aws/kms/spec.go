package kms

import (
	"crypto"
	"slices"
)

// Key usages.
const (
	usageEncrypt = "ENCRYPT_DECRYPT"
	usageSign    = "SIGN_VERIFY"
	usageMac     = "GENERATE_VERIFY_MAC"
)

const symmetric = "SYMMETRIC_DEFAULT" // a key spec and its encryption algorithm

// keySpec says what keys of a spec are for, and by which algorithms.
type keySpec struct {
	usages     []string
	algorithms map[string][]string // by usage
	bits       int                 // of RSA keys
	curve      string              // of elliptic curve keys
	bytes      int                 // of symmetric and HMAC keys
}

var rsaAlgorithms = map[string][]string{
	usageEncrypt: {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"},
	usageSign: {"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"},
}

// keySpecs are the specs that can be made here.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
var keySpecs = map[string]keySpec{
	symmetric:               {usages: []string{usageEncrypt}, bytes: 32, algorithms: map[string][]string{usageEncrypt: {symmetric}}},
	"RSA_2048":              {usages: []string{usageEncrypt, usageSign}, bits: 2048, algorithms: rsaAlgorithms},
	"RSA_3072":              {usages: []string{usageEncrypt, usageSign}, bits: 3072, algorithms: rsaAlgorithms},
	"RSA_4096":              {usages: []string{usageEncrypt, usageSign}, bits: 4096, algorithms: rsaAlgorithms},
	"ECC_NIST_P256":         {usages: []string{usageSign}, curve: "P-256", algorithms: map[string][]string{usageSign: {"ECDSA_SHA_256"}}},
	"ECC_NIST_P384":         {usages: []string{usageSign}, curve: "P-384", algorithms: map[string][]string{usageSign: {"ECDSA_SHA_384"}}},
	"ECC_NIST_P521":         {usages: []string{usageSign}, curve: "P-521", algorithms: map[string][]string{usageSign: {"ECDSA_SHA_512"}}},
	"ECC_NIST_EDWARDS25519": {usages: []string{usageSign}, curve: "Ed25519", algorithms: map[string][]string{usageSign: {"ED25519_SHA_512", "ED25519_PH_SHA_512"}}},
	"HMAC_224":              {usages: []string{usageMac}, bytes: 28, algorithms: map[string][]string{usageMac: {"HMAC_SHA_224"}}},
	"HMAC_256":              {usages: []string{usageMac}, bytes: 32, algorithms: map[string][]string{usageMac: {"HMAC_SHA_256"}}},
	"HMAC_384":              {usages: []string{usageMac}, bytes: 48, algorithms: map[string][]string{usageMac: {"HMAC_SHA_384"}}},
	"HMAC_512":              {usages: []string{usageMac}, bytes: 64, algorithms: map[string][]string{usageMac: {"HMAC_SHA_512"}}},
}

// otherSpecs are AWS's specs that cannot be made here.
var otherSpecs = []string{"ECC_SECG_P256K1", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"}

// otherUsages are AWS's usages that cannot be served here.
var otherUsages = []string{"KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"}

// hashes are the digests that algorithms name at their end.
var hashes = map[string]crypto.Hash{"SHA_1": crypto.SHA1, "SHA_224": crypto.SHA224, "SHA_256": crypto.SHA256, "SHA_384": crypto.SHA384, "SHA_512": crypto.SHA512}

// hashOf gives the digest that an algorithm names at its end, as in ECDSA_SHA_256.
func hashOf(algorithm string) crypto.Hash {
	for name, h := range hashes {
		if len(algorithm) > len(name) && algorithm[len(algorithm)-len(name):] == name {
			return h
		}
	}
	return 0
}

// algorithms gives those of a key, nil for another usage than the key's.
func (k *keyRecord) algorithms(usage string) []string {
	if k.Usage != usage {
		return nil
	}
	return keySpecs[k.Spec].algorithms[usage]
}

// checkUse checks that the key's usage is that of an operation, and that its algorithms have the one asked for.
func (t *txn) checkUse(k *keyRecord, usage, operation, algorithm string) error {
	if k.Usage != usage {
		return errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.", keyARN(t.sc, k.ID), k.Usage, operation)
	}
	if !slices.Contains(k.algorithms(usage), algorithm) {
		return errorf("InvalidKeyUsageException", "Algorithm %s and key spec %s are incompatible.", algorithm, k.Spec)
	}
	return nil
}
