package s3

import (
	"context"
	"strconv"
)

// ListParts lists the parts of an upload under way by number.
func (s *Service) ListParts(ctx context.Context, in *ListPartsInput) (*ListPartsOutput, error) {
	limit := maxPage
	if in.MaxParts != nil {
		if *in.MaxParts < 0 {
			return nil, invalid("max-parts", strconv.FormatInt(*in.MaxParts, 10), "Argument max-parts must be an integer between 0 and 2147483647")
		}
		limit = int(min(*in.MaxParts, maxPage))
	}
	after := int64(0)
	if m := text(in.PartNumberMarker); m != "" {
		n, err := strconv.ParseInt(m, 10, 64)
		if err != nil || n < 0 {
			return nil, invalid("part-number-marker", m, "Argument part-number-marker must be an integer between 0 and 2147483647")
		}
		after = n
	}
	out := &ListPartsOutput{Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, MaxParts: new(int64(limit)), IsTruncated: new(false),
		PartNumberMarker: new(strconv.FormatInt(after, 10)), NextPartNumberMarker: new("0")}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.upload(*in.Key, *in.UploadId)
		if err != nil {
			return err
		}
		out.Owner, out.Initiator = owner(t.b.Account), t.initiator(u)
		out.StorageClass = &u.Object.StorageClass
		if u.Algorithm != "" {
			out.ChecksumAlgorithm, out.ChecksumType = &u.Algorithm, &u.ChecksumType
		}
		from := ""
		if after > 0 {
			from = partRecord(u.ID, min(after, maxParts))
		}
		for _, p := range s.parts.PrefixFrom(t.tx, partition(), partRecord(u.ID, 0), from) {
			if len(out.Parts) == limit {
				*out.IsTruncated = limit > 0
				break
			}
			out.Parts = append(out.Parts, p.shown(u.Algorithm))
			out.NextPartNumberMarker = new(strconv.FormatInt(p.Number, 10))
		}
		return nil
	})
}

func (p *PartRecord) shown(algorithm string) Part {
	sums := map[string]string{}
	if algorithm != "" {
		sums[algorithm] = p.Sums[algorithm]
	}
	out := Part{PartNumber: &p.Number, LastModified: &p.Modified, ETag: quoted(p.ETag), Size: &p.Size}
	out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA1, out.ChecksumSHA256 = checksumFields(sums)
	return out
}

func (t *txn) initiator(u *Upload) *Initiator {
	return &Initiator{ID: &u.Initiator}
}

// ListMultipartUploads lists a bucket's uploads under way by key, and by their start under each key.
func (s *Service) ListMultipartUploads(ctx context.Context, in *ListMultipartUploadsInput) (*ListMultipartUploadsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxUploads)
	if err != nil {
		return nil, err
	}
	out := &ListMultipartUploadsOutput{Bucket: in.Bucket, KeyMarker: p.text(text(in.KeyMarker)), UploadIdMarker: new(text(in.UploadIdMarker)),
		Prefix: p.text(p.prefix), Delimiter: p.optional(in.Delimiter), MaxUploads: new(int64(p.limit)), EncodingType: in.EncodingType}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		lastKey, lastID := t.listUploads(p, text(in.KeyMarker), text(in.UploadIdMarker), func(u *Upload) {
			m := MultipartUpload{UploadId: &u.ID, Key: p.text(u.Object.Key), Initiated: &u.Initiated, StorageClass: &u.Object.StorageClass,
				Owner: owner(t.b.Account), Initiator: t.initiator(u)}
			if u.Algorithm != "" {
				m.ChecksumAlgorithm, m.ChecksumType = &u.Algorithm, &u.ChecksumType
			}
			out.Uploads = append(out.Uploads, m)
		})
		if p.truncated {
			out.NextKeyMarker, out.NextUploadIdMarker = p.text(lastKey), &lastID
		}
		return nil
	})
	out.CommonPrefixes, out.IsTruncated = p.common, &p.truncated
	return out, err
}

func (t *txn) listUploads(p *page, after, afterID string, item func(u *Upload)) (lastKey, lastID string) {
	base, from := objectID(t.b.Name, p.prefix), ""
	switch {
	case after == "":
	case p.rollUpOf(after) == after:
		from = objectID(t.b.Name, after) + beyond
	case afterID == "":
		from = objectID(t.b.Name, after) + separator + beyond
	default:
		from = objectID(t.b.Name, after) + separator + afterID
	}
	for {
		again := false
		for _, u := range t.s.uploads.PrefixFrom(t.tx, partition(), base, from) {
			if p.full() {
				return lastKey, lastID
			}
			if common := p.rollUp(u.Object.Key); common != "" {
				p.addCommon(common)
				lastKey, lastID = common, ""
				from, again = objectID(t.b.Name, common)+beyond, true
				break
			}
			p.n++
			lastKey, lastID = u.Object.Key, u.ID
			item(u)
		}
		if !again {
			return lastKey, lastID
		}
	}
}
