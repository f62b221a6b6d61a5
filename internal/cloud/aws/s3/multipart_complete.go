package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETags are MD5
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
	"atoll/internal/cloud/wire/sigv4"
)

// remembered is how long a completed upload may be completed again.
const remembered = 24 * time.Hour

// CompleteMultipartUpload makes an upload's parts an object. Completing it again gives the same answer.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *CompleteMultipartUploadInput) (*CompleteMultipartUploadOutput, error) {
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 || len(in.MultipartUpload.Parts) > maxParts {
		return nil, fail("MalformedXML", detail{})
	}
	call := wire.CallFrom(ctx)
	out := &CompleteMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key, Location: new(call.Endpoint + "/" + *in.Bucket + "/" + url.PathEscape(*in.Key))}
	return out, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		record := t.b.Name + "/" + *in.UploadId
		if done, ok := s.completed.Get(t.tx, partition(), record); ok && done.Key == *in.Key {
			if v, _, ok := t.version(done.Key, done.VersionID); ok && v.ETag == done.ETag {
				t.showCompleted(out, v)
				return nil
			}
		}
		u, err := t.upload(*in.Key, *in.UploadId)
		if err != nil {
			return err
		}
		if err := t.checkWrite(*in.Key, in.IfMatch, in.IfNoneMatch); err != nil {
			return err
		}
		v, err := t.assemble(u, in, call.Header)
		if err != nil {
			return err
		}
		t.dropUpload(uploadRecord(u), u.ID)
		t.keep(v.Segments)
		t.add(v)
		t.forgetCompleted()
		s.completed.Put(t.tx, partition(), record, &Completed{Key: v.Key, VersionID: v.ID, ETag: v.ETag, At: t.now})
		t.showCompleted(out, v)
		return nil
	})
}

// keep takes files back from those that the transaction leaves without a record.
func (t *txn) keep(segments []Segment) {
	kept := make(map[string]bool, len(segments))
	for _, s := range segments {
		kept[s.File] = true
	}
	dead := t.dead[:0]
	for _, s := range t.dead {
		if !kept[s.File] {
			dead = append(dead, s)
		}
	}
	t.dead = dead
}

// forgetCompleted drops what is remembered too long; upload ids sort by the time of their start.
func (t *txn) forgetCompleted() {
	for record, c := range t.s.completed.Prefix(t.tx, partition(), t.b.Name+"/") {
		if t.now.Sub(c.At) < remembered {
			return
		}
		t.s.completed.Delete(t.tx, partition(), record)
	}
}

func (t *txn) showCompleted(out *CompleteMultipartUploadOutput, v *Version) {
	out.ETag, out.VersionId, out.Expiration = quoted(v.ETag), t.shownVersion(v), t.expiration(v)
	t.showEncryption(v, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
	out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA1, out.ChecksumSHA256 = checksumFields(v.Checksum.sums())
	out.ChecksumType = &v.Checksum.Type
}

// assemble makes the object of the parts that the call names, after checking them.
func (t *txn) assemble(u *Upload, in *CompleteMultipartUploadInput, h http.Header) (*Version, error) {
	algorithm := u.Algorithm
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	if kind := text(in.ChecksumType); kind != "" && kind != u.ChecksumType {
		return nil, invalidRequest("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", u.ChecksumType)
	}
	v := &u.Object
	etags := md5.New() //nolint:gosec // see above
	sum := newCombiner(algorithm, u.ChecksumType)
	if err := u.checkOrder(in.MultipartUpload.Parts); err != nil {
		return nil, err
	}
	for i, asked := range in.MultipartUpload.Parts {
		number := *asked.PartNumber
		p, ok := t.s.parts.Get(t.tx, partition(), partRecord(u.ID, number))
		if !ok || strings.Trim(*asked.ETag, `"`) != p.ETag || !sameSums(asked, p.Sums) {
			return nil, fail("InvalidPart", detail{UploadID: &u.ID, PartNumber: &number, ETag: asked.ETag})
		}
		if p.Size < minPartSize && i < len(in.MultipartUpload.Parts)-1 {
			return nil, fail("EntityTooSmall", detail{ProposedSize: &p.Size, MinSizeAllowed: new(int64(minPartSize)), PartNumber: &number, ETag: asked.ETag})
		}
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return nil, err
		}
		etags.Write(raw)
		if err := sum.add(p.Sums[algorithm], p.Size); err != nil {
			return nil, err
		}
		v.Segments = append(v.Segments, p.Segments...)
		v.Size += p.Size
		v.Parts = append(v.Parts, PartSum{Number: number, Size: p.Size, Sum: p.Sums[algorithm]})
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.Size {
		return nil, invalidRequest("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", *in.MpuObjectSize, v.Size)
	}
	v.ETag = hex.EncodeToString(etags.Sum(nil)) + "-" + strconv.Itoa(len(v.Parts))
	v.Checksum = sum.value()
	if want := h.Get(checksumHeader(algorithm)); want != "" && want != v.Checksum.Value {
		return nil, wire.Errorf("BadDigest", "The %s you specified did not match the calculated checksum.", algorithm)
	}
	return v, nil
}

func (u *Upload) checkOrder(parts []CompletedPart) error {
	last := int64(0)
	for _, p := range parts {
		switch {
		case p.PartNumber == nil || p.ETag == nil:
			return fail("MalformedXML", detail{})
		case *p.PartNumber <= last:
			return fail("InvalidPartOrder", detail{UploadID: &u.ID})
		}
		last = *p.PartNumber
	}
	return nil
}

// sameSums reports whether the checksums that a completion names of a part are those that it has.
func sameSums(asked CompletedPart, have map[string]string) bool {
	for name, want := range map[string]*string{"CRC32": asked.ChecksumCRC32, "CRC32C": asked.ChecksumCRC32C,
		"CRC64NVME": asked.ChecksumCRC64NVME, "SHA1": asked.ChecksumSHA1, "SHA256": asked.ChecksumSHA256} {
		if want != nil && have[name] != *want {
			return false
		}
	}
	return true
}

// combiner makes an object's checksum of its parts'.
type combiner struct {
	algorithm, kind string
	n               int
	full            string
	raw             []byte
}

func newCombiner(algorithm, kind string) *combiner {
	return &combiner{algorithm: algorithm, kind: kind}
}

func (c *combiner) add(sum string, size int64) error {
	c.n++
	if c.kind == fullObject {
		if c.n == 1 {
			c.full = sum
			return nil
		}
		next, ok := combineCRC(c.algorithm, c.full, sum, size)
		if !ok {
			return fail("InvalidPart", detail{})
		}
		c.full = next
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(sum)
	c.raw = append(c.raw, raw...)
	return err
}

func (c *combiner) value() *ChecksumValue {
	if c.kind == fullObject {
		return &ChecksumValue{Algorithm: c.algorithm, Type: fullObject, Value: c.full}
	}
	h, _ := sigv4.NewChecksum(c.algorithm)
	h.Write(c.raw)
	return &ChecksumValue{Algorithm: c.algorithm, Type: composite, Value: base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(c.n)}
}
