package s3

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// Polynomials of the CRCs, bit-reversed as they are computed, with their widths.
var crcs = map[string]struct {
	poly  uint64
	width int
}{
	"CRC32":     {crc32.IEEE, 32},
	"CRC32C":    {crc32.Castagnoli, 32},
	"CRC64NVME": {0x9a6c9329ac4bc9b5, 64},
}

// combineCRC gives the base64 CRC of two pieces of data one after the other, of their own CRCs and the second one's length.
// Adding n zero bytes to data changes its CRC by a linear map over GF(2); the map's power is taken by squaring.
func combineCRC(algorithm, first, second string, secondLen int64) (string, bool) {
	c, ok := crcs[algorithm]
	a, okA := decodeCRC(first, c.width)
	b, okB := decodeCRC(second, c.width)
	if !ok || !okA || !okB {
		return "", false
	}
	op := make([]uint64, c.width) // the map of one zero bit: column i is what bit i becomes
	op[0] = c.poly
	for i := 1; i < c.width; i++ {
		op[i] = 1 << (i - 1)
	}
	op = square(square(square(op))) // one zero byte
	for n := secondLen; n > 0; n >>= 1 {
		if n&1 == 1 {
			a = apply(op, a)
		}
		op = square(op)
	}
	return encodeCRC(a^b, c.width), true
}

func apply(m []uint64, v uint64) uint64 {
	var out uint64
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 == 1 {
			out ^= m[i]
		}
	}
	return out
}

func square(m []uint64) []uint64 {
	out := make([]uint64, len(m))
	for i := range m {
		out[i] = apply(m, m[i])
	}
	return out
}

func decodeCRC(text string, width int) (uint64, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw)*8 != width {
		return 0, false
	}
	if width == 32 {
		return uint64(binary.BigEndian.Uint32(raw)), true
	}
	return binary.BigEndian.Uint64(raw), true
}

func encodeCRC(v uint64, width int) string {
	raw := binary.BigEndian.AppendUint64(nil, v)
	return base64.StdEncoding.EncodeToString(raw[8-width/8:])
}
