package ecr

import (
	"regexp"
	"slices"
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

// invalid words a value that ECR refuses.
func invalid(member, why string) error {
	return wire.Errorf("InvalidParameterException", "Invalid parameter at '%s' failed to satisfy constraint: '%s'", member, why)
}

const repositoryPattern = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`

var (
	repositoryNames = regexp.MustCompile(`^` + repositoryPattern + `$`)
	tagNames        = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	digests         = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	filters         = regexp.MustCompile(`^[0-9a-zA-Z._*-]{1,128}$`)
)

func checkRepositoryName(name string) error {
	switch {
	case len(name) < 2 || len(name) > 256:
		return invalid("repositoryName", "must have length between 2 and 256")
	case !repositoryNames.MatchString(name):
		return invalid("repositoryName", "must satisfy regular expression '"+repositoryPattern+"'")
	}
	return nil
}

// oneOf checks a value that must be one of a few; empty is fine.
func oneOf(member string, value *string, values ...string) error {
	if value == nil || slices.Contains(values, *value) {
		return nil
	}
	return invalid(member, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

func repositoryARN(sc state.Scope, name string) string {
	return "arn:aws:ecr:" + sc.Region + ":" + sc.Account + ":repository/" + name
}

func registryHost(sc state.Scope) string {
	return sc.Account + ".dkr.ecr." + sc.Region + ".amazonaws.com"
}

// page reads a page's size, and the id after which it begins.
func page(limit *int64, token *string) (size int, after string, err error) {
	size = 100
	if limit != nil {
		if size = int(*limit); size < 1 || size > 1000 {
			return 0, "", invalid("maxResults", "Member must have value between 1 and 1000")
		}
	}
	after, err = state.After(token, invalid("nextToken", "The token is not one that this operation gave"))
	return size, after, err
}
