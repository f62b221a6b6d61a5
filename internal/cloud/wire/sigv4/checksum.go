package sigv4

import (
	"crypto/sha1" //nolint:gosec // S3 offers it as a checksum
	"crypto/sha256"
	"hash"
	"hash/crc32"
	"hash/crc64"
)

// crc64NVME is the polynomial of CRC-64/NVME in the reversed form that hash/crc64 takes.
const crc64NVME = 0x9a6c9329ac4bc9b5

// NewChecksum gives the hash of one of S3's checksum algorithms: CRC32, CRC32C, CRC64NVME, SHA1, SHA256. The values on the wire
// are the base64 of Sum(nil).
func NewChecksum(name string) (hash.Hash, bool) {
	switch name {
	case "CRC32":
		return crc32.NewIEEE(), true
	case "CRC32C":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli)), true
	case "CRC64NVME":
		return crc64.New(crc64.MakeTable(crc64NVME)), true
	case "SHA1":
		return sha1.New(), true //nolint:gosec // see above
	case "SHA256":
		return sha256.New(), true
	}
	return nil, false
}
