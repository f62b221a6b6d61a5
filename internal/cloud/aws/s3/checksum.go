package s3

import (
	"crypto/md5" //nolint:gosec // S3's ETags are MD5
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"

	"atoll/internal/cloud/wire"
	"atoll/internal/cloud/wire/sigv4"
)

// The two ways in which a multipart object's checksum is made of its parts.
const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"
)

// defaultAlgorithm is what S3 computes for objects that came without a checksum.
const defaultAlgorithm = "CRC64NVME"

// algorithms are the checksums that are computed, by their names in the API.
var algorithms = [...]string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}

// refused are the checksums that AWS has and the local cloud lacks.
var refused = [...]string{"SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"}

// ChecksumValue is an object's checksum beside its ETag.
type ChecksumValue struct {
	Algorithm string
	Type      string // FULL_OBJECT or COMPOSITE
	Value     string // base64; a composite one ends in -PARTS
}

func checksumHeader(algorithm string) string { return "x-amz-checksum-" + strings.ToLower(algorithm) }

// show writes the checksum to an answer's headers.
func (c *ChecksumValue) show(h http.Header) {
	if c == nil {
		return
	}
	h.Set(checksumHeader(c.Algorithm), c.Value)
	h.Set("x-amz-checksum-type", c.Type)
}

// fields gives the checksum as the members that XML answers have: CRC32, CRC32C, CRC64NVME, SHA1, SHA256.
func checksumFields(sums map[string]string) (crc32, crc32c, crc64, sha1, sha256 *string) {
	get := func(algorithm string) *string {
		if v, ok := sums[algorithm]; ok {
			return &v
		}
		return nil
	}
	return get("CRC32"), get("CRC32C"), get("CRC64NVME"), get("SHA1"), get("SHA256")
}

func (c *ChecksumValue) sums() map[string]string {
	if c == nil {
		return nil
	}
	return map[string]string{c.Algorithm: c.Value}
}

// expectation is what a request says of its body.
type expectation struct {
	algorithm string // "" without a checksum
	value     string // "" if it comes in the trailer
	md5       string // hexadecimal, "" without one
}

// expected reads what the headers say of the body.
func expected(h http.Header) (expectation, error) {
	var e expectation
	for _, a := range refused {
		if name := checksumHeader(a); h.Get(name) != "" || announced(h, name) {
			return e, wire.NotImplemented("s3 with " + name)
		}
	}
	for _, a := range algorithms {
		name := checksumHeader(a)
		value := h.Get(name)
		if value == "" && !announced(h, name) {
			continue
		}
		if e.algorithm != "" {
			return e, invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		if value != "" && !wellFormed(a, value) {
			return e, invalidRequest("Value for %s header is invalid.", name)
		}
		e.algorithm, e.value = a, value
	}
	if want := h.Get("X-Amz-Sdk-Checksum-Algorithm"); want != "" && e.algorithm == "" {
		return e, invalidRequest("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	}
	if sum, ok := h["Content-Md5"]; ok {
		raw, err := base64.StdEncoding.DecodeString(sum[0])
		if err != nil || len(raw) != md5.Size {
			return e, fail("InvalidDigest", detail{})
		}
		e.md5 = hex.EncodeToString(raw)
	}
	return e, nil
}

func announced(h http.Header, name string) bool {
	for _, v := range h["X-Amz-Trailer"] {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), name) {
				return true
			}
		}
	}
	return false
}

func wellFormed(algorithm, value string) bool {
	h, ok := sigv4.NewChecksum(algorithm)
	raw, err := base64.StdEncoding.DecodeString(value)
	return ok && err == nil && len(raw) == h.Size()
}

// digest hashes a body: always MD5, and the checksums asked for.
type digest struct {
	md5  hash.Hash
	sums map[string]hash.Hash
	all  io.Writer
}

func newDigest(names ...string) *digest {
	d := &digest{md5: md5.New(), sums: map[string]hash.Hash{}} //nolint:gosec // see above
	writers := []io.Writer{d.md5}
	for _, name := range names {
		if h, ok := sigv4.NewChecksum(name); ok && d.sums[name] == nil {
			d.sums[name] = h
			writers = append(writers, h)
		}
	}
	d.all = io.MultiWriter(writers...)
	return d
}

func (d *digest) Write(p []byte) (int, error) { return d.all.Write(p) }

func (d *digest) etag() string { return hex.EncodeToString(d.md5.Sum(nil)) }

func (d *digest) sum(name string) string {
	return base64.StdEncoding.EncodeToString(d.sums[name].Sum(nil))
}

func (d *digest) values() map[string]string {
	out := make(map[string]string, len(d.sums))
	for name := range d.sums {
		out[name] = d.sum(name)
	}
	return out
}

// check compares what was read with what the request said.
func (e expectation) check(d *digest, trailer http.Header) error {
	if e.md5 != "" && e.md5 != d.etag() {
		return fail("BadDigest", detail{})
	}
	if e.algorithm == "" {
		return nil
	}
	want := e.value
	if want == "" {
		name := checksumHeader(e.algorithm)
		if want = trailer.Get(name); want == "" {
			return wire.Errorf("MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
		}
		if !wellFormed(e.algorithm, want) {
			return invalidRequest("Value for %s trailing header is invalid.", name)
		}
	}
	if got := d.sum(e.algorithm); got != want {
		return wire.Errorf("BadDigest", "The %s you specified did not match the calculated checksum.", e.algorithm)
	}
	return nil
}

// received is a body that was stored and is what the request said.
type received struct {
	Segments []Segment // none for an empty body
	Size     int64
	ETag     string            // MD5, hexadecimal
	Sums     map[string]string // base64 by algorithm
}

// payload is a request's body as the wire layer decodes it.
type payload interface {
	io.Reader
	Trailer() http.Header
	Size() int64
}

// maxSinglePut is the largest body of a PUT: 5 GiB.
const maxSinglePut = 5 << 30

// receive stores a request's body, hashing it with the algorithms beside what the request itself names.
func (s *Service) receive(body io.Reader, e expectation, names ...string) (received, error) {
	size := int64(-1)
	p, ok := body.(payload)
	if ok {
		size = p.Size()
	}
	switch {
	case size < 0:
		return received{}, fail("MissingContentLength", detail{})
	case size > maxSinglePut:
		return received{}, fail("EntityTooLarge", detail{ProposedSize: &size, MaxSizeAllowed: new(int64(maxSinglePut))})
	}
	if e.algorithm != "" {
		names = append(names, e.algorithm)
	}
	d := newDigest(names...)
	seg, err := s.contents.write(p, d)
	if err != nil {
		return received{}, bodyError(err)
	}
	r := received{Segments: []Segment{seg}, Size: seg.Size, ETag: d.etag(), Sums: d.values()}
	if seg.Size != size {
		err = fail("IncompleteBody", detail{})
	} else {
		err = e.check(d, p.Trailer())
	}
	if err != nil {
		s.discard(r.Segments)
		return received{}, err
	}
	return r, nil
}

// bodyError turns a body that ended early into S3's error.
func bodyError(err error) error {
	if isCutShort(err) {
		return fail("IncompleteBody", detail{})
	}
	return err
}
