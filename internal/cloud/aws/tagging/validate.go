package tagging

import (
	"encoding/base64"
	"strings"

	"atoll/internal/cloud/wire"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

// Page tokens are opaque to clients: the last entry of the page before, in base64. An empty token means the first page, and that
// there is no other one.

func pageToken(last string) *string { return new(base64.RawURLEncoding.EncodeToString([]byte(last))) }

func pageAfter(token *string) (string, error) {
	if text(token) == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || len(raw) == 0 || strings.ContainsRune(string(raw), 0) {
		return "", invalid("The pagination token is invalid.")
	}
	return string(raw), nil
}
