package budgets

import (
	"strconv"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

func enum(value, member string, set []string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, member, strings.Join(set, ", "))
}

func tooMany(what string, limit int) error {
	return wire.Errorf("CreationLimitExceededException", "You've exceeded the limit of %d %s.", limit, what)
}

// page gives the size of a page and what it comes after.
func page(limit *int64, token *string, most int64) (size int, after string, err error) {
	size = 100
	if limit != nil {
		if *limit < 1 || *limit > most {
			return 0, "", invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and %d", *limit, most)
		}
		size = int(*limit)
	}
	after, err = state.After(token, wire.Errorf("InvalidNextTokenException", "The pagination token is invalid."))
	return size, after, err
}

// slicePage gives one page of a list.
func slicePage[T any](all []T, limit *int64, token *string) ([]T, *string, error) {
	size, after, err := page(limit, token, 100)
	if err != nil {
		return nil, nil, err
	}
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 0 || from > len(all) {
			return nil, nil, wire.Errorf("InvalidNextTokenException", "The pagination token is invalid.")
		}
	}
	rest := all[from:]
	if len(rest) <= size {
		return rest, nil, nil
	}
	return rest[:size], state.Token(strconv.Itoa(from + size)), nil
}
