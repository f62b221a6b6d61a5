package iam

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

// invalid is the error of a member that breaks a constraint of the model.
func invalid(value any, member, constraint string) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func tooLong(value, member string, most int) error {
	return invalid(value, member, fmt.Sprintf("Member must have length less than or equal to %d", most))
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// checkName checks a name of an entity; member is the parameter's name in AWS's spelling.
func checkName(name, member string, most int) error {
	switch {
	case name == "":
		return invalid(name, member, "Member must have length greater than or equal to 1")
	case utf8.RuneCountInString(name) > most:
		return tooLong(name, member, most)
	case strings.Trim(name, alphanumeric+"+=,.@_-") != "":
		return wire.Errorf("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	}
	return nil
}

// checkPath gives the path of an entity, "/" when absent.
func checkPath(path *string, member string) (string, error) {
	if path == nil || *path == "/" {
		return "/", nil
	}
	p := *path
	printable := func(r rune) bool { return r > 0x20 && r < 0x7f }
	switch {
	case len(p) > 512:
		return "", tooLong(p, member, 512)
	case len(p) < 3 || p[0] != '/' || p[len(p)-1] != '/' || strings.TrimFunc(p, printable) != "" || strings.Contains(p, "//"):
		return "", wire.Errorf("ValidationError", "The specified value for %s is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", member)
	}
	return p, nil
}

// checkPathPrefix gives the filter of a list, "/" when absent.
func checkPathPrefix(prefix *string) (string, error) {
	if prefix == nil {
		return "/", nil
	}
	if !strings.HasPrefix(*prefix, "/") {
		return "", wire.Errorf("ValidationError", "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters.")
	}
	return *prefix, nil
}

func checkDescription(description *string) error {
	if description == nil {
		return nil
	}
	if utf8.RuneCountInString(*description) > 1000 {
		return tooLong(*description, "description", 1000)
	}
	for _, r := range *description {
		if r != '\t' && r != '\n' && r != '\r' && (r < 0x20 || r > 0x7e) && (r < 0xa1 || r > 0xff) {
			return invalid(*description, "description", `Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`)
		}
	}
	return nil
}

// within checks a number's bounds.
func within(n int64, member string, least, most int64) error {
	if n < least {
		return invalid(n, member, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
	if n > most {
		return invalid(n, member, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
	return nil
}

// oneOf checks an enumeration's value.
func oneOf(value, member string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return invalid(value, member, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

// encode writes a policy document as IAM's answers carry it: URL-encoded by RFC 3986.
func encode(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// size counts a document's characters as IAM's quotas do, without white space.
func size(document string) int {
	n := 0
	for _, r := range document {
		switch r {
		case ' ', '\t', '\r', '\n':
		default:
			n++
		}
	}
	return n
}

func notFound(format string, args ...any) error { return wire.Errorf("NoSuchEntity", format, args...) }

func exists(format string, args ...any) error {
	return wire.Errorf("EntityAlreadyExists", format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf("DeleteConflict", format, args...)
}

func overQuota(name string, most int) error {
	return wire.Errorf("LimitExceeded", "Cannot exceed quota for %s: %d", name, most)
}
