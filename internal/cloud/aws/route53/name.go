package route53

import (
	"fmt"
	"slices"
	"strings"
)

// problem is what is wrong with a name or a value, in the words of Route 53's parser.
type problem struct{ code, explanation string }

func (p *problem) in(text string) string {
	return fmt.Sprintf("FATAL problem: %s (%s) encountered with '%s'", p.code, p.explanation, text)
}

// parseName gives the form in which Route 53 keeps a domain name: lower case, escape codes, a final dot.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func parseName(name string) (string, *problem) {
	if name == "" || name == "." {
		return "", &problem{"DomainNameEmpty", "Domain name is empty"}
	}
	var out strings.Builder
	label, total := 0, 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.':
			if label == 0 {
				return "", &problem{"DomainLabelEmpty", "Domain label is empty"}
			}
			if label = 0; i < len(name)-1 {
				out.WriteByte('.')
				total++
			}
			continue
		case c == '\\':
			code, ok := octal(name[i+1:])
			if !ok {
				return "", &problem{"InvalidEscapeSequence", "Value contains an invalid escape sequence"}
			}
			c, i = code, i+3
		case c <= ' ' || c > '~':
			return "", &problem{"UnsupportedCharacter", "Value contains unsupported characters"}
		}
		if label, total = label+1, total+1; label > 63 {
			return "", &problem{"DomainLabelTooLong", "Domain label is too long"}
		}
		out.WriteString(escaped(c))
	}
	if total > 254 {
		return "", &problem{"DomainNameTooLong", "Domain name is too long"}
	}
	return out.String() + ".", nil
}

// octal reads the three digits of an escape code.
func octal(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	n := 0
	for _, d := range []byte(s[:3]) {
		if d < '0' || d > '7' {
			return 0, false
		}
		n = n*8 + int(d-'0')
	}
	return byte(n & 0xff), n < 256
}

func escaped(c byte) string {
	switch {
	case c >= 'A' && c <= 'Z':
		return string(c - 'A' + 'a')
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		return string(c)
	}
	return fmt.Sprintf(`\%03o`, c)
}

// reversed gives a name with its labels in reverse, such as com.example.www., by which Route 53 sorts.
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// within reports whether a name is a zone's own or lies below it.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }
