package attribute

import "fmt"

// End closes an encoded key value. It sorts before every byte that a value can have, and After sorts behind End and before
// every longer value.
const (
	End   = "\x01"
	After = "\x02"
)

// Key appends the encoding of a scalar to a key. Encodings of one type sort as their values do, have no NUL byte, and no
// End. The caller adds End, so that the value can also be a prefix.
func Key(key []byte, v Value) []byte {
	switch v.Type {
	case Number:
		return canonical(v.Text).key(key)
	case Binary:
		return escape(key, v.Bin)
	default:
		return escape(key, []byte(v.Text))
	}
}

// escape writes the bytes 0 to 2 as 2 and a byte from 1 to 3.
func escape(key, b []byte) []byte {
	for _, c := range b {
		if c <= 2 {
			key = append(key, 2, c+1)
		} else {
			key = append(key, c)
		}
	}
	return key
}

// key writes the sign, the exponent and the digits; those of a negative number are complemented and closed by "~", which sorts
// after digits, so that of two with a common beginning the longer one is the smaller.
func (d decimal) key(key []byte) []byte {
	switch d.sign() {
	case 0:
		return append(key, '5')
	case 1:
		key = fmt.Appendf(key, "6%03d", d.exp+200)
		return append(key, d.digits...)
	}
	key = fmt.Appendf(key, "4%03d", 999-(d.exp+200))
	for i := range len(d.digits) {
		key = append(key, '0'+'9'-d.digits[i])
	}
	return append(key, '~')
}
