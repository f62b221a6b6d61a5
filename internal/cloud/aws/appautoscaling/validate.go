package appautoscaling

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func yes(b *bool) bool { return b != nil && *b }

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint words a violated constraint of the API's model.
func constraint(value, member, what string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, what)
}

func checkEnum(value, member string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return constraint(value, member, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
}

// checkName checks the name of a policy or a scheduled action.
func checkName(name, member, forbidden string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > 256 {
		return constraint(name, member, "Member must have length between 1 and 256")
	}
	if strings.ContainsAny(name, forbidden) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return constraint(name, member, "Member must not contain any of "+strings.Join(strings.Split(forbidden, ""), " ")+" and no control characters")
	}
	return nil
}

func limitOf(given *int64, most int) (int, error) {
	if given == nil {
		return most, nil
	}
	if *given < 1 || *given > int64(most) {
		return 0, invalid("MaxResults must be between 1 and %d.", most)
	}
	return int(*given), nil
}

// Page tokens are opaque to clients: the last id of the page before, in base64.

func pageToken(last string) *string {
	if last == "" {
		return nil
	}
	return new(base64.RawURLEncoding.EncodeToString([]byte(last)))
}

func pageAfter(token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || len(raw) == 0 {
		return "", wire.Errorf("InvalidNextTokenException", "The next token supplied was invalid.")
	}
	return string(raw), nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
