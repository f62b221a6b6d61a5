package firewall

import (
	"crypto/md5" //nolint:gosec // a text transformation of AWS WAF
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// Transform is a text transformation, by its name in the API.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html
type Transform string

func (t Transform) apply(s string) string {
	if t == "NONE" || s == "" && t != "MD5" {
		return s
	}
	switch t {
	case "LOWERCASE":
		return lower(s)
	case "URL_DECODE":
		return urlDecode(s, false)
	case "URL_DECODE_UNI":
		return urlDecode(s, true)
	case "COMPRESS_WHITE_SPACE":
		return compressSpace(s)
	case "HTML_ENTITY_DECODE":
		return htmlDecode(s)
	case "CMD_LINE":
		return commandLine(s)
	case "BASE64_DECODE":
		return base64Decode(s, false)
	case "BASE64_DECODE_EXT":
		return base64Decode(s, true)
	case "HEX_DECODE":
		if b, err := hex.DecodeString(s); err == nil {
			return string(b)
		}
	case "MD5":
		sum := md5.Sum([]byte(s)) //nolint:gosec // as above
		return string(sum[:])
	case "NORMALIZE_PATH":
		return normalizePath(s)
	case "NORMALIZE_PATH_WIN":
		return normalizePath(strings.ReplaceAll(s, `\`, "/"))
	case "REMOVE_NULLS":
		return strings.ReplaceAll(s, "\x00", "")
	case "REPLACE_NULLS":
		return strings.ReplaceAll(s, "\x00", " ")
	case "REPLACE_COMMENTS":
		return replaceComments(s)
	case "JS_DECODE":
		return jsDecode(s)
	case "CSS_DECODE":
		return cssDecode(s)
	case "ESCAPE_SEQ_DECODE":
		return escapeDecode(s)
	case "SQL_HEX_DECODE":
		return sqlHexDecode(s)
	case "UTF8_TO_UNICODE":
		return utf8ToUnicode(s)
	}
	return s
}

// lower changes ASCII letters only.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func compressSpace(s string) string {
	var b strings.Builder
	last := false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		space := strings.ContainsRune(" \f\t\n\r\v\u00a0", r) || r == utf8.RuneError && n == 1 && s[i] == 160
		switch {
		case !space:
			b.WriteString(s[i : i+n])
		case !last:
			b.WriteByte(' ')
		}
		last = space
		i += n
	}
	return b.String()
}

// commandLine undoes what hides commands of an operating system.
func commandLine(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case strings.IndexByte(`\"'^`, c) >= 0:
			continue
		case c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			c = ' '
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '/' || c == '(':
			for len(b) > 0 && b[len(b)-1] == ' ' {
				b = b[:len(b)-1]
			}
		}
		if c == ' ' && len(b) > 0 && b[len(b)-1] == ' ' {
			continue
		}
		b = append(b, c)
	}
	return string(b)
}

// base64Decode decodes up to the first character that is not valid, or leaves such characters out.
func base64Decode(s string, forgiving bool) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			b = append(b, c)
		} else if !forgiving {
			break
		}
	}
	if len(b)%4 == 1 {
		b = b[:len(b)-1]
	}
	out, err := base64.RawStdEncoding.DecodeString(string(b))
	if err != nil || len(out) == 0 {
		return s
	}
	return string(out)
}

// normalizePath takes out double slashes and references to the folder itself, and those to folders above that are not at the beginning.
func normalizePath(s string) string {
	out := path.Clean(s)
	if out == "." {
		return ""
	}
	if len(out) > 1 && (strings.HasSuffix(s, "/") || strings.HasSuffix(s, "/.") || strings.HasSuffix(s, "/..")) && !strings.HasSuffix(out, "..") {
		out += "/"
	}
	return out
}

// replaceComments puts a space in place of each comment of the form /* ... */, also of one without its end.
func replaceComments(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "/*")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteByte(' ')
		end := strings.Index(s[i+2:], "*/")
		if end < 0 {
			return b.String()
		}
		s = s[i+2+end+2:]
	}
}

// sqlHexDecode decodes such as 0x414243.
func sqlHexDecode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] == '0' && i+3 < len(s) && (s[i+1] == 'x' || s[i+1] == 'X') && isHex(s[i+2]) && isHex(s[i+3]) {
			for i += 2; i+1 < len(s) && isHex(s[i]) && isHex(s[i+1]); i += 2 {
				b = append(b, hexValue(s[i])<<4|hexValue(s[i+1]))
			}
			continue
		}
		b = append(b, s[i])
		i++
	}
	return string(b)
}

// utf8ToUnicode writes what is not ASCII as %uHHHH.
func utf8ToUnicode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < utf8.RuneSelf || r == utf8.RuneError && n == 1 {
			b.WriteString(s[i : i+n])
		} else {
			fmt.Fprintf(&b, "%%u%04x", r)
		}
		i += n
	}
	return b.String()
}
