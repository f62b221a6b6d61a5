package wire

import (
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"strings"

	"atoll/internal/cloud/wire/sigv4"
)

// checkDigest compares the document of an S3 call, read whole, with the digests that came with it in headers or trailers. Bodies
// that are streamed are S3's own to check, and so are checksums that are members of the input: CompleteMultipartUpload's are of
// the object, not of the document.
func checkDigest(in *shape, h, trailer http.Header, document []byte) error {
	if want, ok := h["Content-Md5"]; ok {
		raw, err := base64.StdEncoding.DecodeString(want[0])
		if err != nil || len(raw) != md5.Size {
			return &Error{Code: "InvalidDigest", Message: "The Content-MD5 you specified was invalid.", Status: http.StatusBadRequest}
		}
		if sum := md5.Sum(document); string(sum[:]) != string(raw) {
			return &Error{Code: "BadDigest", Message: "The Content-MD5 you specified did not match what we received.", Status: http.StatusBadRequest}
		}
	}
	for _, name := range []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		header := "X-Amz-Checksum-" + strings.ToLower(name)
		want := h.Get(header)
		if want == "" {
			want = trailer.Get(header)
		}
		if want == "" || in.hasHeader(header) {
			continue
		}
		sum, _ := sigv4.NewChecksum(name)
		sum.Write(document)
		if base64.StdEncoding.EncodeToString(sum.Sum(nil)) != want {
			return &Error{Code: "BadDigest", Message: "The " + name + " you specified did not match the calculated checksum.", Status: http.StatusBadRequest}
		}
	}
	return nil
}

func (s *shape) hasHeader(name string) bool {
	for i := range s.fields {
		if strings.EqualFold(s.fields[i].header, name) {
			return true
		}
	}
	return false
}
