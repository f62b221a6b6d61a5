package cloudtrail

import (
	"context"
	"crypto"
	"crypto/md5" //nolint:gosec // AWS identifies the keys so
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// signerRecord is the key that signs an account's digests in a region.
type signerRecord struct {
	Key     []byte // RSA, PKCS #1
	Created time.Time
}

const (
	signerID       = "digest"
	signerBits     = 2048
	signerLifetime = 10 * 365 * 24 * time.Hour
)

// digestState is a trail's chain of digests in a region.
type digestState struct {
	Files                           []logFile // delivered since the last digest
	Bucket, Object, Hash, Signature string    // of the last digest
}

func (r *trailRecord) digest(region string) *digestState {
	if r.Digests == nil {
		r.Digests = map[string]*digestState{}
	}
	if r.Digests[region] == nil {
		r.Digests[region] = &digestState{}
	}
	return r.Digests[region]
}

// digestFile is a digest, in AWS's form.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
type digestFile struct {
	Account           string        `json:"awsAccountId"`
	Start             string        `json:"digestStartTime"`
	End               string        `json:"digestEndTime"`
	Bucket            string        `json:"digestS3Bucket"`
	Object            string        `json:"digestS3Object"`
	Newest            *string       `json:"newestEventTime"`
	Oldest            *string       `json:"oldestEventTime"`
	PreviousBucket    *string       `json:"previousDigestS3Bucket"`
	PreviousObject    *string       `json:"previousDigestS3Object"`
	PreviousHash      *string       `json:"previousDigestHashValue"`
	PreviousAlgorithm *string       `json:"previousDigestHashAlgorithm"`
	PreviousSignature *string       `json:"previousDigestSignature"`
	Fingerprint       string        `json:"digestPublicKeyFingerprint"`
	Algorithm         string        `json:"digestSignatureAlgorithm"`
	Files             []digestEntry `json:"logFiles"`
}

type digestEntry struct {
	Bucket    string `json:"s3Bucket"`
	Object    string `json:"s3Object"`
	Hash      string `json:"hashValue"`
	Algorithm string `json:"hashAlgorithm"`
	Newest    string `json:"newestEventTime"`
	Oldest    string `json:"oldestEventTime"`
}

// digests writes the digests of an hour that has ended.
func (d *delivery) digests(ctx context.Context) error {
	r := d.r
	end := hour(d.at)
	if !r.Validation || !end.After(r.DigestFrom) {
		return nil
	}
	if !r.Logging && len(r.Digests) == 0 {
		return d.digested(ctx, end, nil, "")
	}
	key, err := d.signer(ctx)
	if err != nil {
		return err
	}
	written := map[string]digestState{}
	fault := ""
	for _, region := range r.regions(d.sc.Region) {
		last := digestState{}
		if r.Digests[region] != nil {
			last = *r.Digests[region]
		}
		if !r.Logging && len(last.Files) == 0 {
			continue
		}
		next, err := d.sign(ctx, key, region, last, end)
		if err != nil {
			fault = code(err)
			break
		}
		written[region] = next
	}
	return d.digested(ctx, end, written, fault)
}

// sign writes a region's digest.
func (d *delivery) sign(ctx context.Context, key *rsa.PrivateKey, region string, last digestState, end time.Time) (digestState, error) {
	f := digestFile{
		Account: d.sc.Account, Start: d.r.DigestFrom.Format(time.RFC3339), End: end.Format(time.RFC3339), Bucket: d.r.Bucket,
		Object: fmt.Sprintf("%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s.json.gz", d.r.root(d.sc.Account), region, end.Format("2006/01/02"),
			d.sc.Account, region, d.name, d.sc.Region, end.Format("20060102T150405Z")),
		Fingerprint: fingerprint(&key.PublicKey), Algorithm: "SHA256withRSA", Files: []digestEntry{},
	}
	before := "null"
	if last.Object != "" {
		f.PreviousBucket, f.PreviousObject, f.PreviousHash, f.PreviousSignature = &last.Bucket, &last.Object, &last.Hash, &last.Signature
		f.PreviousAlgorithm = new("SHA-256")
		before = last.Signature
	}
	for i, file := range last.Files {
		oldest, newest := file.Oldest.Format(time.RFC3339), file.Newest.Format(time.RFC3339)
		f.Files = append(f.Files, digestEntry{Bucket: file.Bucket, Object: file.Key, Hash: file.Hash, Algorithm: "SHA-256", Oldest: oldest, Newest: newest})
		if i == 0 {
			f.Oldest = &oldest
		}
		f.Newest = &newest
	}
	content, err := json.Marshal(f)
	if err != nil {
		return last, err
	}
	sum := sha256.Sum256([]byte(f.End + "\n" + f.Bucket + "/" + f.Object + "\n" + digestOf(content) + "\n" + before))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return last, err
	}
	signature := hex.EncodeToString(raw)
	err = d.store(ctx, f.Object, content, map[string]string{"signature": signature, "signature-algorithm": f.Algorithm})
	return digestState{Bucket: f.Bucket, Object: f.Object, Hash: digestOf(content), Signature: signature}, err
}

// digested notes the digests that were written, and where the next ones begin.
func (d *delivery) digested(ctx context.Context, end time.Time, written map[string]digestState, fault string) error {
	return d.d.Store.Update(ctx, func(tx *state.Tx) error {
		r, ok := d.trails.Get(tx, d.sc, d.name)
		if !ok || !r.Validation {
			return nil
		}
		for region, next := range written {
			*r.digest(region) = next
		}
		if r.Status.DigestError = fault; fault == "" {
			r.DigestFrom = end
			if len(written) > 0 {
				r.Status.Digested = d.at
			}
		}
		d.trails.Put(tx, d.sc, d.name, r)
		return nil
	})
}

// signer gives the account's key in the trail's home region, made when it is first needed.
func (d *delivery) signer(ctx context.Context) (*rsa.PrivateKey, error) {
	var found *signerRecord
	_ = d.d.Store.View(func(tx *state.Tx) error {
		found, _ = d.signers.Get(tx, d.sc, signerID)
		return nil
	})
	if found != nil {
		return x509.ParsePKCS1PrivateKey(found.Key)
	}
	key, err := rsa.GenerateKey(rand.Reader, signerBits)
	if err != nil {
		return nil, err
	}
	return key, d.d.Store.Update(ctx, func(tx *state.Tx) error {
		// The hour that the first digest is of belongs to the time in which the key is good.
		d.signers.Put(tx, d.sc, signerID, &signerRecord{Key: x509.MarshalPKCS1PrivateKey(key), Created: d.r.DigestFrom})
		return nil
	})
}

func fingerprint(key *rsa.PublicKey) string {
	sum := md5.Sum(x509.MarshalPKCS1PublicKey(key)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// ListPublicKeys gives the keys that sign digests, of a time range.
func (s *Service) ListPublicKeys(ctx context.Context, in *ListPublicKeysInput) (*ListPublicKeysOutput, error) {
	if _, err := pageAfter(in.NextToken); err != nil {
		return nil, err
	}
	now := s.d.Clock.Now()
	start, end := now.Add(-24*time.Hour), now
	set(&start, in.StartTime)
	set(&end, in.EndTime)
	if start.After(end) {
		return nil, wire.Errorf("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	out := &ListPublicKeysOutput{PublicKeyList: []PublicKey{}}
	return out, s.view(ctx, func(t *txn) error {
		r, ok := t.signers.Get(t.tx, t.sc, signerID)
		if !ok || r.Created.After(end) || r.Created.Add(signerLifetime).Before(start) {
			return nil
		}
		key, err := x509.ParsePKCS1PrivateKey(r.Key)
		if err != nil {
			return err
		}
		out.PublicKeyList = append(out.PublicKeyList, PublicKey{Value: x509.MarshalPKCS1PublicKey(&key.PublicKey), Fingerprint: new(fingerprint(&key.PublicKey)),
			ValidityStartTime: &r.Created, ValidityEndTime: new(r.Created.Add(signerLifetime))})
		return nil
	})
}
