package firewall

import (
	"strconv"
	"strings"
)

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// hexRun gives how many of the first most bytes of a text are hexadecimal digits.
func hexRun(s string, most int) int {
	n := 0
	for n < most && n < len(s) && isHex(s[n]) {
		n++
	}
	return n
}

// wide gives the byte that a 16-bit code stands for: full-width letters are their ASCII ones, of others the lower byte counts.
func wide(code uint64) byte {
	if code >= 0xff01 && code <= 0xff5e {
		return byte(code-0xff00) + 0x20
	}
	return byte(code)
}

// urlDecode decodes %HH and the plus sign, and with uni %uHHHH.
func urlDecode(s string, uni bool) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && hexRun(s[i+1:], 2) == 2:
			c = hexValue(s[i+1])<<4 | hexValue(s[i+2])
			i += 2
		case uni && c == '%' && i+1 < len(s) && (s[i+1] == 'u' || s[i+1] == 'U') && hexRun(s[i+2:], 4) == 4:
			code, _ := strconv.ParseUint(s[i+2:i+6], 16, 32) // four digits
			c = wide(code)
			i += 5
		}
		b = append(b, c)
	}
	return string(b)
}

// htmlDecode decodes the entities that AWS lists, and numeric ones.
func htmlDecode(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, ';')
		if text, ok := entity(s, end); ok {
			b.WriteString(text)
			s = s[end+1:]
			continue
		}
		b.WriteByte('&')
		s = s[1:]
	}
}

// entity gives what an entity that begins a text, and ends at a place, stands for.
func entity(s string, end int) (string, bool) {
	if end < 2 || end > 12 {
		return "", false
	}
	name := strings.ToLower(s[1:end])
	switch name {
	case "quot":
		return `"`, true
	case "nbsp":
		return "\u00a0", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "amp":
		return "&", true
	}
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return "", false
	}
	base := 10
	if rest, isHex := strings.CutPrefix(number, "x"); isHex {
		number, base = rest, 16
	}
	code, err := strconv.ParseUint(number, base, 21)
	if err != nil {
		return "", false
	}
	return string(rune(code)), true
}

// controls are the letters of escapes such as \n.
func controls(c byte) (byte, bool) {
	i := strings.IndexByte("abfnrtv", c)
	if i < 0 {
		return 0, false
	}
	return "\a\b\f\n\r\t\v"[i], true
}

// octalRun gives how many of the first three bytes of a text are digits of an octal number below 256.
func octalRun(s string) int {
	n := 0
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n == 3 && s[0] > '3' {
		n = 2
	}
	return n
}

// unescape decodes a text with backslashes. decode appends what one of them stands for, by the text behind it, and gives how much of that text it took.
func unescape(s string, decode func(b []byte, rest string) ([]byte, int)) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		var taken int
		b, taken = decode(b, s[i+1:])
		i += taken
	}
	return string(b)
}

// jsDecode decodes the escapes of JavaScript.
func jsDecode(s string) string {
	return unescape(s, func(b []byte, rest string) ([]byte, int) {
		if rest[0] == 'u' && hexRun(rest[1:], 4) == 4 {
			code, _ := strconv.ParseUint(rest[1:5], 16, 32) // four digits
			return append(b, wide(code)), 5
		}
		if code, n := numbered(rest); n > 0 {
			return append(b, code), n
		}
		if control, ok := controls(rest[0]); ok {
			return append(b, control), 1
		}
		return append(b, rest[0]), 1
	})
}

// escapeDecode decodes the escapes of ANSI C, and leaves what is none.
func escapeDecode(s string) string {
	return unescape(s, func(b []byte, rest string) ([]byte, int) {
		if control, ok := controls(rest[0]); ok {
			return append(b, control), 1
		}
		if strings.IndexByte(`\?'"`, rest[0]) >= 0 {
			return append(b, rest[0]), 1
		}
		if code, n := numbered(rest); n > 0 {
			return append(b, code), n
		}
		return append(b, '\\'), 0
	})
}

// numbered reads the byte that an escape names by two hexadecimal digits behind an x, or by up to three octal ones; n is how much it took, 0 for none.
func numbered(rest string) (code byte, n int) {
	if rest[0] == 'x' && hexRun(rest[1:], 2) == 2 {
		return hexValue(rest[1])<<4 | hexValue(rest[2]), 3
	}
	n = octalRun(rest)
	if n == 0 {
		return 0, 0
	}
	value, _ := strconv.ParseUint(rest[:n], 8, 8) // octalRun has seen to it
	return byte(value), n
}

// cssDecode decodes the escapes of CSS 2, of which up to two bytes count, and takes backslashes from other characters.
func cssDecode(s string) string {
	return unescape(s, func(b []byte, rest string) ([]byte, int) {
		n := hexRun(rest, 6)
		if n > 0 {
			code, _ := strconv.ParseUint(rest[max(0, n-4):n], 16, 32) // up to four digits
			b = append(b, wide(code))
			if n < len(rest) && strings.IndexByte(" \t\n\r\f", rest[n]) >= 0 { // it ends the escape
				n++
			}
			return b, n
		}
		if rest[0] == '\n' {
			return b, 1
		}
		return append(b, rest[0]), 1
	})
}
