package s3

import (
	"net/http"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// conditions are those of a read, or of a copy's source.
type conditions struct {
	match, noneMatch          *string
	modifiedSince, unmodified *time.Time
	copying                   bool
}

// check applies https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: an ETag condition that holds outweighs the
// time condition of its kind. Times have whole seconds on the wire.
func (c conditions) check(v *Version) error {
	modified := v.Modified.Truncate(time.Second)
	switch {
	case c.match != nil:
		if !matches(*c.match, v.ETag) {
			return preconditionFailed(c.name("If-Match"))
		}
	case c.unmodified != nil && modified.After(*c.unmodified):
		return preconditionFailed(c.name("If-Unmodified-Since"))
	}
	switch {
	case c.noneMatch != nil:
		if matches(*c.noneMatch, v.ETag) {
			return c.unchanged("If-None-Match")
		}
	case c.modifiedSince != nil && !modified.After(*c.modifiedSince):
		return c.unchanged("If-Modified-Since")
	}
	return nil
}

func (c conditions) unchanged(header string) error {
	if c.copying {
		return preconditionFailed(c.name(header))
	}
	return &wire.Error{Code: "NotModified", Message: "Not Modified", Status: http.StatusNotModified}
}

func (c conditions) name(header string) string {
	if c.copying {
		return "x-amz-copy-source-" + header
	}
	return header
}

// matches reports whether an ETag condition names an ETag.
func matches(condition, etag string) bool {
	for part := range strings.SplitSeq(condition, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || strings.Trim(part, `"`) == etag {
			return true
		}
	}
	return false
}

// checkWrite applies the conditions of a write to the key's current version.
func (t *txn) checkWrite(key string, match, noneMatch *string) error {
	if match == nil && noneMatch == nil {
		return nil
	}
	if noneMatch != nil && *noneMatch != "*" {
		return wire.NotImplemented("s3 writes with an If-None-Match that is not *")
	}
	v, ok := t.current(key)
	ok = ok && !v.DeleteMarker
	switch {
	case noneMatch != nil && ok:
		return preconditionFailed("If-None-Match")
	case match != nil && !ok:
		return noSuchKey(key)
	case match != nil && !matches(*match, v.ETag):
		return preconditionFailed("If-Match")
	}
	return nil
}
