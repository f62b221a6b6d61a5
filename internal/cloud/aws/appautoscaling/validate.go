package appautoscaling

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
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

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, wire.Errorf("InvalidNextTokenException", "The next token supplied was invalid."))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
