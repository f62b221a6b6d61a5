package tagging

import (
	"atoll/internal/cloud/state"
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

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	if text(token) == "" {
		return "", nil
	}
	return state.After(token, invalid("The pagination token is invalid."))
}
