package secretsmanager

import (
	"context"
	"regexp"
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

func flag(b *bool) bool { return b != nil && *b }

// optional gives nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

func refuse(format string, args ...any) error {
	return wire.Errorf("InvalidRequestException", format, args...)
}

func notFound(format string, args ...any) error {
	return wire.Errorf("ResourceNotFoundException", format, args...)
}

// constraint words a violated constraint of the API's model.
func constraint(member, what string) error {
	return wire.Errorf("ValidationException", "1 validation error detected: Value at '%s' failed to satisfy constraint: %s", member, what)
}

var secretNames = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

func checkName(name string) error {
	switch {
	case name == "" || len(name) > 512:
		return constraint("name", "Member must have length between 1 and 512")
	case !secretNames.MatchString(name):
		return wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	return nil
}

func checkDescription(d *string) error {
	if utf8.RuneCountInString(text(d)) > 2048 {
		return constraint("description", "Member must have length less than or equal to 2048")
	}
	return nil
}

// checkKey checks that a key, if one is given, can be used in the caller's account and region.
func (s *Service) checkKey(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	if _, err := s.d.Keys.KeyARN(ctx, key); err != nil {
		return wire.Errorf("EncryptionFailure", "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state. (%v)", err)
	}
	return nil
}

// limitOf checks a page size; most is also the default.
func limitOf(limit *int64, most int) (int, error) {
	if limit == nil {
		return most, nil
	}
	if *limit < 1 || *limit > int64(most) {
		return 0, invalid("The MaxResults value must be between 1 and %d.", most)
	}
	return int(*limit), nil
}

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, wire.Errorf("InvalidNextTokenException", "The NextToken value is invalid."))
}
