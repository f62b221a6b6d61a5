package ssm

import (
	"regexp"
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

func flag(b *bool) bool { return b != nil && *b }

// optional gives nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func errorf(code, format string, args ...any) *wire.Error {
	return wire.Errorf(code, format, args...)
}

func invalid(format string, args ...any) error { return errorf("ValidationException", format, args...) }

// constraint words a violated constraint of the API's model.
func constraint(member, what string) error {
	return invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: %s", member, what)
}

var (
	parameterNames = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$|^(/[a-zA-Z0-9_.-]+)+$`)
	labelNames     = regexp.MustCompile(`^[a-zA-Z_.-][a-zA-Z0-9_.-]*$`)
)

const (
	maxNameLength = 1011 // of the name and the rest of the ARN
	maxLevels     = 15
)

// checkName checks the name of a new parameter, which has some ARN.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
func checkName(name, arn string) error {
	lower := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "":
		return constraint("name", "Member must have length greater than or equal to 1")
	case strings.HasPrefix(name, "/aws/"):
		return errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case !parameterNames.MatchString(name), strings.HasPrefix(lower, "aws"), strings.HasPrefix(lower, "ssm"):
		return invalid(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_`)
	case len(arn) > maxNameLength:
		return invalid("The parameter name, with the full content of its ARN, is longer than %d characters.", maxNameLength)
	case strings.Count(name, "/") > maxLevels:
		return errorf("HierarchyLevelLimitExceededException", "A parameter can't have more than %d levels in its hierarchy.", maxLevels)
	}
	return nil
}

// limitOf checks a page size.
func limitOf(limit *int64, otherwise, most int) (int, error) {
	switch {
	case limit == nil:
		return otherwise, nil
	case *limit < 1:
		return 0, constraint("maxResults", "Member must have value greater than or equal to 1")
	case *limit > int64(most):
		return 0, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to %d", *limit, most)
	}
	return int(*limit), nil
}

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, errorf("InvalidNextToken", "The specified token is not valid."))
}
