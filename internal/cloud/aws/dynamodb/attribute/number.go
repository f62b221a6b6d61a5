package attribute

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// The faults of a number, in DynamoDB's words.
var (
	ErrOverflow  = errors.New("Number overflow. Attempting to store a number with magnitude larger than supported range")   //nolint:staticcheck // AWS's words
	ErrUnderflow = errors.New("Number underflow. Attempting to store a number with magnitude smaller than supported range") //nolint:staticcheck // AWS's words
	ErrPrecision = errors.New("Attempting to store more than 38 significant digits in a Number")                            //nolint:staticcheck // AWS's words
	errNotNumber = errors.New("The parameter cannot be converted to a numeric value")                                       //nolint:staticcheck // AWS's words
)

const (
	maxDigits   = 38
	maxExponent = 126  // 9.9…E+125 is 0.99…E+126
	minExponent = -129 // 1E-130 is 0.1E-129
)

// decimal is 0.DIGITS × 10^exp, negative or not; digits neither begin nor end with a zero, and are empty for zero.
type decimal struct {
	negative bool
	digits   string
	exp      int
}

// ParseNumber reads a number and gives its canonical form: plain digits without an exponent or needless zeros.
func ParseNumber(s string) (string, error) {
	d, err := parse(s)
	if err != nil {
		return "", err
	}
	return d.String(), d.check()
}

func (d decimal) check() error {
	switch {
	case d.digits == "":
		return nil
	case d.exp > maxExponent:
		return ErrOverflow
	case d.exp < minExponent:
		return ErrUnderflow
	case len(d.digits) > maxDigits:
		return ErrPrecision
	}
	return nil
}

type notNumberError struct{ text string }

func (e *notNumberError) Error() string { return errNotNumber.Error() + ": " + e.text }

func (e *notNumberError) Unwrap() error { return errNotNumber }

func parse(s string) (decimal, error) {
	if s == "" {
		return decimal{}, errNotNumber
	}
	var d decimal
	rest := s
	switch rest[0] {
	case '-':
		d.negative, rest = true, rest[1:]
	case '+':
		rest = rest[1:]
	}
	mantissa, exponent, scientific := rest, "", false
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exponent, scientific = rest[:i], rest[i+1:], true
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !digits(whole) || !digits(fraction) {
		return decimal{}, &notNumberError{s}
	}
	shift := 0
	if scientific {
		n, err := strconv.Atoi(exponent)
		if err != nil || len(exponent) > 8 {
			return decimal{}, &notNumberError{s}
		}
		shift = n
	}
	all := strings.TrimRight(whole+fraction, "0")
	significant := strings.TrimLeft(all, "0")
	if significant == "" {
		return decimal{}, nil
	}
	d.digits, d.exp = significant, len(whole)-(len(all)-len(significant))+shift
	return d, nil
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// canonical reads a number that ParseNumber has checked before.
func canonical(s string) decimal {
	d, err := parse(s)
	if err != nil {
		panic("attribute: " + strconv.Quote(s) + " is stored as a number")
	}
	return d
}

// String gives the canonical form.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	// Out of range numbers are refused by check; their text is cut so that it costs nothing.
	exp := min(max(d.exp, minExponent-1), maxExponent+1)
	var b strings.Builder
	if d.negative {
		b.WriteByte('-')
	}
	switch n := len(d.digits); {
	case exp <= 0:
		b.WriteString("0." + strings.Repeat("0", -exp) + d.digits)
	case exp >= n:
		b.WriteString(d.digits + strings.Repeat("0", exp-n))
	default:
		b.WriteString(d.digits[:exp] + "." + d.digits[exp:])
	}
	return b.String()
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func (d decimal) compare(e decimal) int {
	if a, b := d.sign(), e.sign(); a != b || a == 0 {
		return a - b
	}
	c := d.exp - e.exp
	if c == 0 {
		c = strings.Compare(d.digits, e.digits)
	}
	if d.negative {
		return -c
	}
	return c
}

// Add gives a+b of two canonical numbers, exactly; a result that is too long or too large is an error.
func Add(a, b string) (string, error) { return add(canonical(a), canonical(b)) }

// Subtract gives a-b.
func Subtract(a, b string) (string, error) {
	d := canonical(b)
	d.negative = !d.negative
	return add(canonical(a), d)
}

func add(d, e decimal) (string, error) {
	if d.digits == "" || e.digits == "" {
		if d.digits == "" {
			d = e
		}
		return d.String(), d.check()
	}
	low := min(d.exp-len(d.digits), e.exp-len(e.digits))
	sum := new(big.Int).Add(d.scaled(low), e.scaled(low))
	text := sum.Text(10) + "E" + strconv.Itoa(low)
	return ParseNumber(text)
}

// scaled gives d in units of 10^low.
func (d decimal) scaled(low int) *big.Int {
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", d.exp-len(d.digits)-low), 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}

// numberSize: about one byte for two digits, and one more; negative numbers take another.
func numberSize(s string) int {
	d := canonical(s)
	n := (len(d.digits)+1)/2 + 1
	if d.negative {
		n++
	}
	return n
}
