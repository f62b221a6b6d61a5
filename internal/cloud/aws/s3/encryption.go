package s3

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

const (
	sseS3   = "AES256"
	sseKMS  = "aws:kms"
	sseDSSE = "aws:kms:dsse"
)

func isSSE(algorithm string) bool {
	return algorithm == sseS3 || algorithm == sseKMS || algorithm == sseDSSE
}

// defaultEncryption is that of a new bucket.
func defaultEncryption() *ServerSideEncryptionConfiguration {
	return &ServerSideEncryptionConfiguration{Rules: []ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &ServerSideEncryptionByDefault{SSEAlgorithm: new(sseS3)},
		BucketKeyEnabled:                   new(false),
	}}}
}

// encryption says how a new object is encrypted: as the call asks, else by the bucket's default.
func (t *txn) encryption(a attributes) (Encryption, error) {
	e := Encryption{Algorithm: text(a.sse), KMSKey: text(a.kmsKey), Context: text(a.context), BucketKey: truth(a.bucketKey)}
	switch {
	case e.Algorithm == "" && e.KMSKey != "":
		return e, invalid("x-amz-server-side-encryption-aws-kms-key-id", e.KMSKey, "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	case e.Algorithm == "":
		e = t.b.defaultSSE(e)
	case !isSSE(e.Algorithm):
		return e, invalid("x-amz-server-side-encryption", e.Algorithm, "The encryption method specified is not supported")
	case e.Algorithm == sseS3 && e.KMSKey != "":
		return e, invalid("x-amz-server-side-encryption-aws-kms-key-id", e.KMSKey, "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	}
	if e.KMSKey != "" && !strings.HasPrefix(e.KMSKey, "arn:") {
		kind := "key/"
		if strings.HasPrefix(e.KMSKey, "alias/") {
			kind = ""
		}
		e.KMSKey = "arn:aws:kms:" + t.b.Region + ":" + t.b.Account + ":" + kind + e.KMSKey
	}
	return e, nil
}

func (b *BucketRecord) defaultSSE(e Encryption) Encryption {
	e.Algorithm = sseS3
	if b.Encryption == nil || len(b.Encryption.Rules) == 0 {
		return e
	}
	rule := b.Encryption.Rules[0]
	if d := rule.ApplyServerSideEncryptionByDefault; d != nil {
		e.Algorithm, e.KMSKey = *d.SSEAlgorithm, text(d.KMSMasterKeyID)
		e.BucketKey = e.Algorithm == sseKMS && (e.BucketKey || truth(rule.BucketKeyEnabled))
	}
	return e
}

// showEncryption fills the members that tell of an object's encryption.
func (t *txn) showEncryption(v *Version, sse, kmsKey **string, bucketKey **bool) {
	e := v.Encryption
	*sse, *kmsKey = set(e.Algorithm), set(e.KMSKey)
	if e.BucketKey {
		*bucketKey = new(true)
	}
}

// GetBucketEncryption gives a bucket's default encryption; there always is one.
func (s *Service) GetBucketEncryption(ctx context.Context, in *GetBucketEncryptionInput) (*GetBucketEncryptionOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: b.Encryption}, nil
}

// PutBucketEncryption sets a bucket's default encryption.
func (s *Service) PutBucketEncryption(ctx context.Context, in *PutBucketEncryptionInput) (*PutBucketEncryptionOutput, error) {
	c := *in.ServerSideEncryptionConfiguration
	if len(c.Rules) != 1 {
		return nil, fail("MalformedXML", detail{})
	}
	rule := &c.Rules[0]
	d := rule.ApplyServerSideEncryptionByDefault
	switch {
	case d == nil:
		rule.ApplyServerSideEncryptionByDefault = &ServerSideEncryptionByDefault{SSEAlgorithm: new(sseS3)}
	case !isSSE(*d.SSEAlgorithm):
		return nil, fail("MalformedXML", detail{})
	case *d.SSEAlgorithm == sseS3 && d.KMSMasterKeyID != nil:
		return nil, invalid("SSEAlgorithm", sseS3, "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	if rule.BucketKeyEnabled == nil {
		rule.BucketKeyEnabled = new(false)
	}
	if blocked := rule.BlockedEncryptionTypes; blocked != nil {
		for _, kind := range blocked.EncryptionType {
			if kind != "NONE" && kind != "SSE-C" {
				return nil, wire.Errorf("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
			}
		}
	}
	return &PutBucketEncryptionOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Encryption = &c
		return nil
	})
}

// DeleteBucketEncryption sets a bucket's default encryption back to that of a new bucket.
func (s *Service) DeleteBucketEncryption(ctx context.Context, in *DeleteBucketEncryptionInput) (*DeleteBucketEncryptionOutput, error) {
	return &DeleteBucketEncryptionOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Encryption = defaultEncryption()
		return nil
	})
}
