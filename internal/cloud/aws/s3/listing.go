package s3

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// maxPage is the largest page of a listing.
const maxPage = 1000

// page is one page of a listing of keys, rolled up at the delimiter.
type page struct {
	prefix, delimiter string
	limit             int
	encode            bool // encoding-type=url

	n         int // entries so far: items and common prefixes
	common    []CommonPrefix
	truncated bool
}

func newPage(prefix, delimiter, encoding *string, limit *int64) (*page, error) {
	p := &page{prefix: text(prefix), delimiter: text(delimiter), limit: maxPage}
	if limit != nil {
		if *limit < 0 {
			return nil, invalid("max-keys", "", "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		p.limit = int(min(*limit, maxPage))
	}
	switch e := text(encoding); e {
	case "":
	case "url":
		p.encode = true
	default:
		return nil, invalid("encoding-type", e, "Invalid Encoding Method specified in Request")
	}
	return p, nil
}

// rollUp gives the common prefix that a key belongs to, "" if it stands for itself.
func (p *page) rollUp(key string) string {
	if p.delimiter == "" {
		return ""
	}
	if i := strings.Index(key[len(p.prefix):], p.delimiter); i >= 0 {
		return key[:len(p.prefix)+i+len(p.delimiter)]
	}
	return ""
}

// full reports whether the page has no room, and remembers that more would follow.
func (p *page) full() bool {
	if p.n >= p.limit {
		p.truncated = p.limit > 0
		return true
	}
	return false
}

func (p *page) addCommon(prefix string) {
	p.n++
	p.common = append(p.common, CommonPrefix{Prefix: p.text(prefix)})
}

// text gives a key as the caller wants it encoded. S3 leaves slashes as they are.
func (p *page) text(key string) *string {
	if p.encode {
		key = strings.NewReplacer("%2F", "/", "%2A", "*").Replace(url.QueryEscape(key))
	}
	return &key
}

// optional is text, nil for an absent member.
func (p *page) optional(s *string) *string {
	if s == nil {
		return nil
	}
	return p.text(*s)
}

// token makes an opaque continuation token of the last key of a page, nil for none.
func token(last string) *string {
	if last == "" {
		return nil
	}
	return new(base64.RawURLEncoding.EncodeToString([]byte("1" + last)))
}

func tokenKey(t *string) (string, error) {
	if t == nil {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*t)
	if err != nil || len(raw) < 2 || raw[0] != '1' {
		return "", invalid("continuation-token", *t, "The continuation token provided is incorrect")
	}
	return string(raw[1:]), nil
}
