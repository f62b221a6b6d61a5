package kms

import (
	"net/http"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// errorf makes an error with the status 400, which KMS gives all of them whatever its model says.
func errorf(code, format string, args ...any) *wire.Error {
	return wire.Errorf(code, format, args...).WithStatus(http.StatusBadRequest)
}

func notFound(format string, args ...any) error { return errorf("NotFoundException", format, args...) }

func invalid(format string, args ...any) error { return errorf("ValidationException", format, args...) }

// constraint words a violated constraint of the API's model.
func constraint(value any, member, what string) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, what)
}

// between checks an optional number, which is otherwise by default.
func between(n *int64, member string, low, high, otherwise int64) (int64, error) {
	switch {
	case n == nil:
		return otherwise, nil
	case *n < low:
		return 0, invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %d", *n, member, low)
	case *n > high:
		return 0, invalid("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d", *n, member, high)
	}
	return *n, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func flag(b *bool) bool { return b != nil && *b }

// dryRun answers a call that would have succeeded.
func dryRun(asked *bool) error {
	if flag(asked) {
		return errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	return nil
}

// page reads a list's Limit and Marker. A marker is the last id of the page before, in base64.
func page(limit *int64, most, otherwise int64, marker *string) (int, string, error) {
	n, err := between(limit, "limit", 1, most, otherwise)
	if err != nil {
		return 0, "", err
	}
	after, err := state.After(marker, errorf("InvalidMarkerException", "Could not deserialize marker '%s'", text(marker)))
	return int(n), after, err
}

// following gives NextMarker and Truncated.
func following(next string) (*string, *bool) { return state.Token(next), new(next != "") }
