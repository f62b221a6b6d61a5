package elbv2

import (
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var names = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

func badConfiguration(format string, args ...any) error {
	return wire.Errorf("InvalidConfigurationRequest", format, args...)
}

// checkName checks the name of a load balancer or target group.
func checkName(k kind, name string) error {
	what, _ := k.words()
	switch {
	case name == "":
		return invalid("1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(name) > 32:
		return invalid("The %s name '%s' cannot be longer than '32' characters", what, name)
	case !names.MatchString(name):
		return invalid("The %s name '%s' can only contain characters that are alphanumeric characters and hyphens(-)", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("The %s name '%s' cannot begin or end with a hyphen(-)", what, name)
	case k == kindBalancer && strings.HasPrefix(name, "internal-"):
		return invalid("The %s name '%s' cannot begin with 'internal-'", what, name)
	}
	return nil
}

// oneOf checks an enumerated member. One that is absent or empty, as Terraform sends what is not set, takes the first allowed value.
func oneOf(value *string, member string, allowed ...string) (string, error) {
	if text(value) == "" {
		return allowed[0], nil
	}
	return exactly(value, member, allowed...)
}

// exactly is oneOf for a member that must be given.
func exactly(value *string, member string, allowed ...string) (string, error) {
	if !slices.Contains(allowed, text(value)) {
		return "", invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			text(value), member, strings.Join(allowed, ", "))
	}
	return *value, nil
}

// within checks a number; nil takes the default.
func within(value *int64, member string, least, most, standard int64) (int64, error) {
	switch {
	case value == nil:
		return standard, nil
	case *value < least:
		return 0, invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %d",
			*value, member, least)
	case *value > most:
		return 0, invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d",
			*value, member, most)
	}
	return *value, nil
}

// maxPage is the largest page, and the one that AWS gives without a size.
const maxPage = 400

// pageOf checks a page's size and marker.
func pageOf(size *int64, marker *string) (limit int, after string, err error) {
	n, err := within(size, "pageSize", 1, maxPage, maxPage)
	if err == nil {
		after, err = state.After(marker, invalid("The specified marker is invalid"))
	}
	return int(n), after, err
}

// pageBy cuts a page out of a list that is sorted by key.
func pageBy[T any](items []T, key func(T) string, limit int, after string) (page []T, marker *string) {
	first := slices.IndexFunc(items, func(v T) bool { return key(v) > after })
	if first < 0 {
		return nil, nil
	}
	items = items[first:]
	if len(items) <= limit {
		return items, nil
	}
	return items[:limit], state.Token(key(items[limit-1]))
}
