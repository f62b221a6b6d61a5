// Package id makes the identifiers that AWS makes: resource ids, unique ids, keys and UUIDs.
package id

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"math/big"
)

// Source makes identifiers from the system's randomness. Its zero value is ready; services take it as an interface of their
// own where a test wants known ids.
type Source struct{}

// Hex gives n random hexadecimal digits; EC2's ids end in 17 of them.
func (Source) Hex(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails, by its contract
	return hex.EncodeToString(b)[:n]
}

// Resource gives an EC2 resource id, such as vpc-0123456789abcdef0.
func (s Source) Resource(prefix string) string { return prefix + "-0" + s.Hex(16) }

const (
	upperBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	alnum       = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func letters(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic("id: " + err.Error()) // rand.Reader never fails, by its contract
		}
		b[i] = alphabet[k.Int64()]
	}
	return string(b)
}

// Unique gives an IAM unique id with a prefix such as AROA, AIDA, AKIA or ASIA: 20 or 21 upper-case characters.
func (Source) Unique(prefix string) string {
	n := 21
	if prefix == "AKIA" || prefix == "ASIA" {
		n = 20
	}
	return prefix + letters(upperBase32, n-len(prefix))
}

// Alnum gives n random letters and digits.
func (Source) Alnum(n int) string { return letters(alnum, n) }

// Secret gives a secret access key: 40 characters of base64.
func (Source) Secret() string {
	b := make([]byte, 30)
	_, _ = rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// Token gives a session token of the length that AWS's have.
func (Source) Token() string {
	b := make([]byte, 192)
	_, _ = rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// UUID gives a random UUID, version 4.
func (Source) UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// Account gives a 12-digit account id that starts with no zero.
func (Source) Account() string { return letters("123456789", 1) + letters("0123456789", 11) }
