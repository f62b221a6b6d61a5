package route53

import (
	"encoding/hex"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// maxValue is the length of a value. https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html
const maxValue = 4000

// checkValues checks the values of a record set by its type.
func (b *batch) checkValues(r *ResourceRecordSet) {
	seen := map[string]bool{}
	for _, record := range r.ResourceRecords {
		value := *record.Value
		if seen[value] {
			b.complain("Duplicate Resource Record: '" + value + "'")
		}
		seen[value] = true
		if wrong := checkValue(*r.Type, value); wrong != nil {
			b.complain("Invalid Resource Record: '" + wrong.in(value) + "'")
		}
	}
	if (*r.Type == "CNAME" || *r.Type == "SOA") && len(r.ResourceRecords) > 1 {
		b.complain("RRSet of type " + *r.Type + " with DNS name " + *r.Name + " must have exactly one value.")
	}
}

// checkValue checks a value by its type. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
func checkValue(kind, value string) *problem {
	if len(value) > maxValue {
		return &problem{"ValueTooLong", "Value is too long"}
	}
	switch kind {
	case "A":
		if ip, err := netip.ParseAddr(value); err != nil || !ip.Is4() {
			return &problem{"ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address"}
		}
		return nil
	case "AAAA":
		if ip, err := netip.ParseAddr(value); err != nil || !ip.Is6() || ip.Zone() != "" {
			return &problem{"AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address"}
		}
		return nil
	case "TXT", "SPF":
		return checkStrings(value)
	}
	layout := layouts[kind]
	words := strings.Fields(value)
	if kind == "CAA" || kind == "NAPTR" {
		words = quotedFields(value)
	}
	open := kind == "HTTPS" || kind == "SVCB" // may have parameters at the end
	if len(words) < len(layout) || len(words) > len(layout) && !open {
		return &problem{kind + "RRDATANot" + counts[min(len(layout), len(counts)-1)], "Value must have " + strconv.Itoa(len(layout)) + " fields"}
	}
	for i, check := range layout {
		if wrong := check(words[i]); wrong != nil {
			return wrong
		}
	}
	return nil
}

var counts = [...]string{"", "SingleField", "TwoFields", "ThreeFields", "FourFields", "FiveFields", "SixFields", "SevenFields"}

// layouts gives the fields of the values of each type.
var layouts = map[string][]func(string) *problem{
	"CNAME": {domainField}, "NS": {domainField}, "PTR": {domainField},
	"MX":    {number(65535), domainOrRoot},
	"SRV":   {number(65535), number(65535), number(65535), domainOrRoot},
	"CAA":   {number(255), caaTag, quotedField},
	"SOA":   {domainField, domainField, number(4294967295), number(2147483647), number(2147483647), number(2147483647), number(2147483647)},
	"DS":    {number(65535), number(255), number(255), hexField},
	"TLSA":  {number(255), number(255), number(255), hexField},
	"SSHFP": {number(255), number(255), hexField},
	"NAPTR": {number(65535), number(65535), quotedField, quotedField, quotedField, domainOrRoot},
	"HTTPS": {number(65535), domainOrRoot},
	"SVCB":  {number(65535), domainOrRoot},
}

func number(most uint64) func(string) *problem {
	return func(word string) *problem {
		if n, err := strconv.ParseUint(word, 10, 64); err != nil || n > most {
			return &problem{"InvalidNumber", "Value has a field that is not a number between 0 and " + strconv.FormatUint(most, 10)}
		}
		return nil
	}
}

func domainField(word string) *problem {
	_, wrong := parseName(word)
	return wrong
}

func domainOrRoot(word string) *problem {
	if word == "." {
		return nil
	}
	return domainField(word)
}

func hexField(word string) *problem {
	if _, err := hex.DecodeString(word); err != nil || word == "" {
		return &problem{"InvalidHexString", "Value has a field that is not hexadecimal"}
	}
	return nil
}

var caaTags = regexp.MustCompile(`^[a-zA-Z0-9]{1,15}$`)

func caaTag(word string) *problem {
	if !caaTags.MatchString(word) {
		return &problem{"CAARRDATAInvalidTag", "Value has a tag of other than letters and digits"}
	}
	return nil
}

func quotedField(word string) *problem {
	if len(word) < 2 || word[0] != '"' || word[len(word)-1] != '"' {
		return &problem{"InvalidCharacterString", "Value should be enclosed in quotation marks"}
	}
	return nil
}

// quotedFields parts a value at spaces outside of quotation marks; the marks stay.
func quotedFields(value string) []string {
	var out []string
	inside := false
	word := strings.Builder{}
	end := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value):
			word.WriteByte(c)
			i++
			word.WriteByte(value[i])
		case (c == ' ' || c == '\t') && !inside:
			end()
		default:
			if c == '"' {
				inside = !inside
			}
			word.WriteByte(c)
		}
	}
	end()
	return out
}

// checkStrings checks one or more strings in quotation marks, of up to 255 characters each. Nothing needs to stand between two of them.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
func checkStrings(value string) *problem {
	rest := strings.TrimLeft(value, " \t")
	for first := true; rest != "" || first; first = false {
		if !strings.HasPrefix(rest, `"`) {
			return &problem{"InvalidCharacterString", "Value should be enclosed in quotation marks"}
		}
		n, i := 0, 1
		for ; i < len(rest) && rest[i] != '"'; i++ {
			switch {
			case rest[i] == '\\':
				if _, ok := octal(rest[i+1:]); ok {
					i += 3
				} else {
					i++
				}
			case rest[i] < ' ' || rest[i] > '~':
				return &problem{"UnsupportedCharacter", "Value contains unsupported characters"}
			}
			n++
		}
		if i >= len(rest) {
			return &problem{"InvalidCharacterString", "Value should be enclosed in quotation marks"}
		}
		if n > 255 {
			return &problem{"CharacterStringTooLong", "Value exceeds 255 characters"}
		}
		rest = strings.TrimLeft(rest[i+1:], " \t")
	}
	return nil
}
