package s3

import (
	"context"
	"strconv"

	"atoll/internal/cloud/wire"
)

// GetObjectAttributes gives what it is asked for of an object's size, checksum, parts, ETag and storage class.
func (s *Service) GetObjectAttributes(ctx context.Context, in *GetObjectAttributesInput) (*GetObjectAttributesOutput, error) {
	if in.SSECustomerKey != nil {
		return nil, wire.NotImplemented("s3 with customer-provided encryption keys (SSE-C)")
	}
	out := &GetObjectAttributesOutput{}
	return out, s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.object(*in.Key, in.VersionId)
		if err != nil {
			return err
		}
		out.LastModified, out.VersionId = &v.Modified, t.shownID(v)
		for _, what := range in.ObjectAttributes {
			switch what {
			case "ETag":
				out.ETag = &v.ETag
			case "Checksum":
				c := &Checksum{ChecksumType: &v.Checksum.Type}
				c.ChecksumCRC32, c.ChecksumCRC32C, c.ChecksumCRC64NVME, c.ChecksumSHA1, c.ChecksumSHA256 = checksumFields(v.Checksum.sums())
				out.Checksum = c
			case "ObjectParts":
				if out.ObjectParts, err = v.partsPage(in.MaxParts, in.PartNumberMarker); err != nil {
					return err
				}
			case "StorageClass":
				out.StorageClass = &v.StorageClass
			case "ObjectSize":
				out.ObjectSize = &v.Size
			default:
				return invalid("x-amz-object-attributes", what, "Invalid attribute name specified.")
			}
		}
		return nil
	})
}

// partsPage gives a page of a multipart object's parts, nil for other objects. The parts themselves are known where the
// checksum is a composite one.
func (v *Version) partsPage(limit *int64, marker *string) (*GetObjectAttributesParts, error) {
	if len(v.Parts) == 0 {
		return nil, nil
	}
	out := &GetObjectAttributesParts{TotalPartsCount: new(int64(len(v.Parts)))}
	if v.Checksum.Type != composite {
		return out, nil
	}
	size := int64(maxPage)
	if limit != nil {
		size = min(max(*limit, 0), maxPage)
	}
	after := int64(0)
	if marker != nil {
		n, err := strconv.ParseInt(*marker, 10, 64)
		if err != nil {
			return nil, invalid("x-amz-part-number-marker", *marker, "Argument part-number-marker must be an integer")
		}
		after = n
	}
	out.MaxParts, out.PartNumberMarker, out.IsTruncated = &size, new(strconv.FormatInt(after, 10)), new(false)
	for _, p := range v.Parts {
		if p.Number <= after {
			continue
		}
		if int64(len(out.Parts)) == size {
			*out.IsTruncated = true
			break
		}
		part := ObjectPart{PartNumber: &p.Number, Size: &p.Size}
		part.ChecksumCRC32, part.ChecksumCRC32C, part.ChecksumCRC64NVME, part.ChecksumSHA1, part.ChecksumSHA256 =
			checksumFields(map[string]string{v.Checksum.Algorithm: p.Sum})
		out.Parts = append(out.Parts, part)
		out.NextPartNumberMarker = new(strconv.FormatInt(p.Number, 10))
	}
	return out, nil
}
