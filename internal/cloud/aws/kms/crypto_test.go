package kms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func TestEncryptAndDecrypt(t *testing.T) {
	k := start(t)
	key := k.key()
	k.alias("alias/a", key)
	context := map[string]string{"app": "shop", "env": "dev"}
	out := k.encrypt("alias/a", "secret", context)
	if *out.KeyId != arnPrefix+"key/"+*key || out.EncryptionAlgorithm != types.EncryptionAlgorithmSpecSymmetricDefault || bytes.Contains(out.CiphertextBlob, []byte("secret")) {
		t.Errorf("got %+v", out)
	}
	if again := k.encrypt("alias/a", "secret", context); bytes.Equal(again.CiphertextBlob, out.CiphertextBlob) {
		t.Error("the same ciphertext twice")
	}
	plain := must(k.Decrypt(k.ctx, &awskms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: context, KeyId: aws.String("alias/a")}))(t)
	if string(plain.Plaintext) != "secret" || *plain.KeyId != *out.KeyId || *plain.KeyMaterialId != *k.describe(*key).CurrentKeyMaterialId {
		t.Errorf("got %+v", plain)
	}
	for _, wrong := range []map[string]string{nil, {"app": "shop"}, {"app": "shop", "env": "prod"}, {"app": "shop", "env": "dev", "x": ""}, {"app": "shopenv", "": "dev"}} {
		_, err := k.decrypt(out.CiphertextBlob, wrong)
		refused(t, err, "InvalidCiphertextException")
	}
	for at := range out.CiphertextBlob {
		broken := slices.Clone(out.CiphertextBlob)
		broken[at] ^= 1
		if got, err := k.decrypt(broken, context); err == nil {
			t.Fatalf("byte %d is not protected: %q", at, got)
		}
	}
	_, err := k.decrypt([]byte("nonsense"), nil)
	refused(t, err, "InvalidCiphertextException")
	_, err = k.Decrypt(k.ctx, &awskms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: context, KeyId: k.key()})
	refused(t, err, "IncorrectKeyException")

	_, err = k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: make([]byte, 4097)})
	refused(t, err, "ValidationException", "plaintext")
	_, err = k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: []byte("x"), DryRun: aws.Bool(true)})
	refused(t, err, "DryRunOperationException")
	_, err = k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1})
	refused(t, err, "InvalidKeyUsageException", "incompatible")
}

func TestReEncrypt(t *testing.T) {
	k := start(t)
	from, to := k.key(), k.key()
	blob := k.encrypt(*from, "secret", map[string]string{"a": "1"}).CiphertextBlob
	out := must(k.ReEncrypt(k.ctx, &awskms.ReEncryptInput{
		CiphertextBlob: blob, SourceEncryptionContext: map[string]string{"a": "1"}, DestinationKeyId: to, DestinationEncryptionContext: map[string]string{"b": "2"},
	}))(t)
	if *out.SourceKeyId != arnPrefix+"key/"+*from || *out.KeyId != arnPrefix+"key/"+*to {
		t.Errorf("got %+v", out)
	}
	k.disable(from)
	if got := must(k.decrypt(out.CiphertextBlob, map[string]string{"b": "2"}))(t); got != "secret" {
		t.Errorf("got %q", got)
	}
	_, err := k.ReEncrypt(k.ctx, &awskms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: to})
	refused(t, err, "DisabledException")
}

func TestDataKeys(t *testing.T) {
	k := start(t)
	key := k.key()
	context := map[string]string{"a": "1"}
	out := must(k.GenerateDataKey(k.ctx, &awskms.GenerateDataKeyInput{KeyId: key, KeySpec: types.DataKeySpecAes256, EncryptionContext: context}))(t)
	if got := must(k.decrypt(out.CiphertextBlob, context))(t); len(out.Plaintext) != 32 || got != string(out.Plaintext) {
		t.Errorf("got %d bytes", len(out.Plaintext))
	}
	without := must(k.GenerateDataKeyWithoutPlaintext(k.ctx, &awskms.GenerateDataKeyWithoutPlaintextInput{KeyId: key, NumberOfBytes: aws.Int32(7)}))(t)
	if got := must(k.decrypt(without.CiphertextBlob, nil))(t); len(got) != 7 {
		t.Errorf("got %d bytes", len(got))
	}
	_, err := k.GenerateDataKey(k.ctx, &awskms.GenerateDataKeyInput{KeyId: key})
	refused(t, err, "ValidationException", "either number of bytes or key spec")
	_, err = k.GenerateDataKey(k.ctx, &awskms.GenerateDataKeyInput{KeyId: k.keyOf(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac), KeySpec: types.DataKeySpecAes128})
	refused(t, err, "InvalidKeyUsageException", "not valid for GenerateDataKey")
	random := must(k.GenerateRandom(k.ctx, &awskms.GenerateRandomInput{NumberOfBytes: aws.Int32(1024)}))(t)
	if len(random.Plaintext) != 1024 {
		t.Errorf("got %d bytes", len(random.Plaintext))
	}
	_, err = k.GenerateRandom(k.ctx, &awskms.GenerateRandomInput{NumberOfBytes: aws.Int32(1025)})
	refused(t, err, "ValidationException")
}

func TestRotation(t *testing.T) {
	k := start(t)
	key := k.key()
	status := func() *awskms.GetKeyRotationStatusOutput {
		return must(k.GetKeyRotationStatus(k.ctx, &awskms.GetKeyRotationStatusInput{KeyId: key}))(t)
	}
	if s := status(); s.KeyRotationEnabled || s.RotationPeriodInDays != nil || *s.KeyId != arnPrefix+"key/"+*key {
		t.Errorf("got %+v", s)
	}
	must(k.EnableKeyRotation(k.ctx, &awskms.EnableKeyRotationInput{KeyId: key}))(t)
	if s := status(); !s.KeyRotationEnabled || *s.RotationPeriodInDays != 365 {
		t.Errorf("got %+v", s)
	}
	must(k.EnableKeyRotation(k.ctx, &awskms.EnableKeyRotationInput{KeyId: key, RotationPeriodInDays: aws.Int32(91)}))(t)
	_, err := k.EnableKeyRotation(k.ctx, &awskms.EnableKeyRotationInput{KeyId: key, RotationPeriodInDays: aws.Int32(89)})
	refused(t, err, "ValidationException", "rotationPeriodInDays")
	next := *status().NextRotationDate

	first := *k.describe(*key).CurrentKeyMaterialId
	old := k.encrypt(*key, "old", nil).CiphertextBlob
	k.days(90)
	if got := *k.describe(*key).CurrentKeyMaterialId; got != first {
		t.Error("rotated too early")
	}
	k.days(1)
	second := *k.describe(*key).CurrentKeyMaterialId
	if second == first {
		t.Error("not rotated")
	}
	if s := status(); s.NextRotationDate.Sub(next).Hours() != 91*24 {
		t.Errorf("next rotation %v after %v", s.NextRotationDate, next)
	}
	fresh := k.encrypt(*key, "new", nil).CiphertextBlob
	for want, blob := range map[string][]byte{"old": old, "new": fresh} {
		if got := must(k.decrypt(blob, nil))(t); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	k.disable(key)
	k.days(91)
	if got := *k.describe(*key).CurrentKeyMaterialId; got != second {
		t.Error("rotated while disabled")
	}
	must(k.EnableKey(k.ctx, &awskms.EnableKeyInput{KeyId: key}))(t)
	if got := *k.describe(*key).CurrentKeyMaterialId; got == second {
		t.Error("not rotated after it was enabled")
	}
	must(k.DisableKeyRotation(k.ctx, &awskms.DisableKeyRotationInput{KeyId: key}))(t)
	if s := status(); s.KeyRotationEnabled {
		t.Errorf("got %+v", s)
	}
	key = k.keyOf(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify)
	_, err = k.EnableKeyRotation(k.ctx, &awskms.EnableKeyRotationInput{KeyId: key})
	refused(t, err, "UnsupportedOperationException")
	if s := status(); s.KeyRotationEnabled {
		t.Errorf("got %+v", s)
	}
}

func TestSignAndVerify(t *testing.T) {
	k := start(t)
	message := []byte("a message")
	for spec, algorithms := range map[types.KeySpec][]types.SigningAlgorithmSpec{
		types.KeySpecRsa2048: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, types.SigningAlgorithmSpecRsassaPkcs1V15Sha512,
			types.SigningAlgorithmSpecRsassaPssSha256, types.SigningAlgorithmSpecRsassaPssSha384},
		types.KeySpecEccNistP256:         {types.SigningAlgorithmSpecEcdsaSha256},
		types.KeySpecEccNistP384:         {types.SigningAlgorithmSpecEcdsaSha384},
		types.KeySpecEccNistP521:         {types.SigningAlgorithmSpecEcdsaSha512},
		types.KeySpecEccNistEdwards25519: {types.SigningAlgorithmSpecEd25519Sha512},
	} {
		key := k.keyOf(spec, types.KeyUsageTypeSignVerify)
		for _, algorithm := range algorithms {
			out := must(k.Sign(k.ctx, &awskms.SignInput{KeyId: key, Message: message, SigningAlgorithm: algorithm}))(t)
			verify := &awskms.VerifyInput{KeyId: key, Message: message, Signature: out.Signature, SigningAlgorithm: algorithm}
			if v := must(k.Verify(k.ctx, verify))(t); !v.SignatureValid || *v.KeyId != arnPrefix+"key/"+*key {
				t.Errorf("%s: got %+v", algorithm, v)
			}
			verify.Message = []byte("another message")
			_, err := k.Verify(k.ctx, verify)
			refused(t, err, "KMSInvalidSignatureException")
		}
	}
}

func TestSignaturesAreStandard(t *testing.T) {
	k := start(t)
	sum := sha256.Sum256([]byte("a message"))
	key := k.keyOf(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify)
	out := must(k.Sign(k.ctx, &awskms.SignInput{KeyId: key, Message: sum[:], MessageType: types.MessageTypeDigest, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}))(t)
	public := must(k.GetPublicKey(k.ctx, &awskms.GetPublicKeyInput{KeyId: key}))(t)
	parsed := must(x509.ParsePKIXPublicKey(public.PublicKey))(t).(*ecdsa.PublicKey)
	if !ecdsa.VerifyASN1(parsed, sum[:], out.Signature) || public.SigningAlgorithms[0] != types.SigningAlgorithmSpecEcdsaSha256 || public.KeySpec != types.KeySpecEccNistP256 {
		t.Errorf("got %+v", public)
	}
	_, err := k.Sign(k.ctx, &awskms.SignInput{KeyId: key, Message: []byte("short"), MessageType: types.MessageTypeDigest, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	refused(t, err, "ValidationException", "Digest is invalid length")
	_, err = k.Sign(k.ctx, &awskms.SignInput{KeyId: key, Message: sum[:], SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha384})
	refused(t, err, "InvalidKeyUsageException", "incompatible")
	_, err = k.Sign(k.ctx, &awskms.SignInput{KeyId: k.key(), Message: sum[:], SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256})
	refused(t, err, "InvalidKeyUsageException", "ENCRYPT_DECRYPT")
	_, err = k.GetPublicKey(k.ctx, &awskms.GetPublicKeyInput{KeyId: k.key()})
	refused(t, err, "UnsupportedOperationException")

	rsaKey := k.keyOf(types.KeySpecRsa2048, types.KeyUsageTypeSignVerify)
	out = must(k.Sign(k.ctx, &awskms.SignInput{KeyId: rsaKey, Message: []byte("a message"), SigningAlgorithm: types.SigningAlgorithmSpecRsassaPssSha256}))(t)
	public = must(k.GetPublicKey(k.ctx, &awskms.GetPublicKeyInput{KeyId: rsaKey}))(t)
	if err := rsa.VerifyPSS(must(x509.ParsePKIXPublicKey(public.PublicKey))(t).(*rsa.PublicKey), crypto.SHA256, sum[:], out.Signature, nil); err != nil {
		t.Error(err)
	}
}

func TestRSAEncryption(t *testing.T) {
	k := start(t)
	key := k.keyOf(types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt)
	for _, algorithm := range []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecRsaesOaepSha1, types.EncryptionAlgorithmSpecRsaesOaepSha256} {
		out := must(k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: []byte("secret"), EncryptionAlgorithm: algorithm}))(t)
		plain := must(k.Decrypt(k.ctx, &awskms.DecryptInput{KeyId: key, CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: algorithm}))(t)
		if string(plain.Plaintext) != "secret" {
			t.Errorf("got %q", plain.Plaintext)
		}
		_, err := k.Decrypt(k.ctx, &awskms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: algorithm})
		refused(t, err, "ValidationException", "KeyId")
		out.CiphertextBlob[3] ^= 1
		_, err = k.Decrypt(k.ctx, &awskms.DecryptInput{KeyId: key, CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: algorithm})
		refused(t, err, "InvalidCiphertextException")
	}
	_, err := k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: make([]byte, 191), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
	refused(t, err, "ValidationException", "190 bytes")
	_, err = k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: key, Plaintext: []byte("x")})
	refused(t, err, "InvalidKeyUsageException", "SYMMETRIC_DEFAULT")
}

func TestMacs(t *testing.T) {
	k := start(t)
	key := k.keyOf(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)
	out := must(k.GenerateMac(k.ctx, &awskms.GenerateMacInput{KeyId: key, Message: []byte("m"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256}))(t)
	verify := &awskms.VerifyMacInput{KeyId: key, Message: []byte("m"), Mac: out.Mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256}
	if v := must(k.VerifyMac(k.ctx, verify))(t); len(out.Mac) != 32 || !v.MacValid {
		t.Errorf("got %+v", v)
	}
	verify.Message = []byte("n")
	_, err := k.VerifyMac(k.ctx, verify)
	refused(t, err, "KMSInvalidMacException")
	_, err = k.GenerateMac(k.ctx, &awskms.GenerateMacInput{KeyId: key, Message: []byte(strings.Repeat("m", 4097)), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
	refused(t, err, "ValidationException", "message")
}

func BenchmarkEncrypt(b *testing.B) {
	k := start(b)
	key := k.key()
	for b.Loop() {
		k.encrypt(*key, "a secret of some length", map[string]string{"app": "shop"})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, c := range []struct {
		spec      types.KeySpec
		algorithm types.SigningAlgorithmSpec
	}{{types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha256}, {types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256}} {
		b.Run(string(c.spec), func(b *testing.B) {
			k := start(b)
			key := k.keyOf(c.spec, types.KeyUsageTypeSignVerify)
			for b.Loop() {
				must(k.Sign(k.ctx, &awskms.SignInput{KeyId: key, Message: []byte("m"), SigningAlgorithm: c.algorithm}))(b)
			}
		})
	}
}
