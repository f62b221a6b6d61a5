package acm

import (
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var (
	domainNames = regexp.MustCompile(`^(\*\.)?(([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)
	arns        = regexp.MustCompile(`^arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*$`)
	tokens      = regexp.MustCompile(`^\w{1,32}$`)
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint words a violated constraint of the API's model.
func constraint(value any, member, what string) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, what)
}

// oneOf checks an optional member against its enumeration.
func oneOf(value *string, member string, values ...string) error {
	if value == nil || slices.Contains(values, *value) {
		return nil
	}
	return constraint(*value, member, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

// checkDomain checks a domain name, which may have a wildcard as its first label.
func checkDomain(name, member string) error {
	if len(name) < 1 || len(name) > 253 {
		return constraint(name, member, "Member must have length between 1 and 253")
	}
	if !domainNames.MatchString(name) {
		return constraint(name, member, `Member must satisfy regular expression pattern: (\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`)
	}
	return nil
}

func certificateARN(sc state.Scope, id string) string {
	return "arn:aws:acm:" + sc.Region + ":" + sc.Account + ":certificate/" + id
}

// certificateID gives the id in an ARN, and whether it is that of a certificate of the scope.
func certificateID(sc state.Scope, arn string) (string, bool) {
	return strings.CutPrefix(arn, certificateARN(sc, ""))
}

// certificate finds a certificate by its ARN.
func (t *txn) certificate(arn string) (*certificateRecord, error) {
	if len(arn) < 20 || len(arn) > 2048 || !arns.MatchString(arn) {
		return nil, constraint(arn, "certificateArn", `Member must satisfy regular expression pattern: arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*`)
	}
	if !strings.Contains(arn, ":certificate/") {
		return nil, wire.Errorf("InvalidArnException", "The ARN %s is not that of a certificate.", arn)
	}
	if id, ok := certificateID(t.sc, arn); ok {
		if r, ok := t.certificates.Get(t.tx, t.sc, id); ok {
			return r, nil
		}
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Could not find certificate %s.", arn)
}
