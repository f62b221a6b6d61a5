// Package kms is AWS Key Management Service: keys, aliases, key policies, grants, and cryptography that is real: AES-256-GCM,
// RSA, ECDSA, Ed25519 and HMAC. https://docs.aws.amazon.com/kms/latest/APIReference/
//
// Key material lies unencrypted in records of the cloud's state file, which only its owner can read (mode 0600). It protects
// what a rehearsal makes, not secrets that must outlive the machine. A key whose deletion date has come is erased with its
// material by the next call to the service in its account and region; it is gone for callers from that date on.
//
// What differs from AWS:
//   - Ciphertexts have a format of their own: they name the key and the material that made them, and are bound to the encryption
//     context. Neither side can read the other's.
//   - ReEncrypt is authorised as kms:ReEncrypt on both keys, which kms:ReEncrypt* allows, and not as kms:ReEncryptFrom and
//     kms:ReEncryptTo.
//   - Keys are used from their own account only.
//   - Key policies are checked for their grammar and for lock-out; whether the principals in them exist is not looked up.
//   - The aliases of AWS managed keys that an account has before their keys are made are those in managed.go.
//   - Key specs without an implementation in Go's standard library (ECC_SECG_P256K1, ML-DSA, ML-KEM, SM2), key agreement,
//     imported material, custom key stores and Nitro attestation are refused. A multi-Region key has no replicas.
package kms
