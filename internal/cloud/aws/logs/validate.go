package logs

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var (
	groupNames  = regexp.MustCompile(`^[\.\-_/#A-Za-z0-9]+$`)
	streamNames = regexp.MustCompile(`^[^:*]*$`)
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

// constraint words a violated constraint of the API's model.
func constraint(value, member, what string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, what)
}

// checkName checks a name of 1 to 512 characters against the pattern of its kind.
func checkName(name, member string, pattern *regexp.Regexp) error {
	switch n := utf8.RuneCountInString(name); {
	case n < 1:
		return constraint(name, member, "Member must have length greater than or equal to 1")
	case n > 512:
		return constraint(name, member, "Member must have length less than or equal to 512")
	}
	if !pattern.MatchString(name) || strings.ContainsRune(name, 0) {
		return constraint(name, member, "Member must satisfy regular expression pattern: "+strings.Trim(pattern.String(), "^$"))
	}
	return nil
}

// limitOf checks a page size; most is also the default.
func limitOf(limit *int64, most int) (int, error) {
	if limit == nil {
		return most, nil
	}
	if *limit < 1 {
		return 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *limit)
	}
	if *limit > int64(most) {
		return 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", *limit, most)
	}
	return int(*limit), nil
}

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, invalid("The specified nextToken is invalid."))
}

// groupARN gives a group's ARN without the ":*" that stands for its streams.
func groupARN(sc state.Scope, name string) string {
	return "arn:aws:logs:" + sc.Region + ":" + sc.Account + ":log-group:" + name
}

// groupOfIdentifier gives the name in a group's identifier, which is the name itself or an ARN.
func groupOfIdentifier(identifier string) string {
	parts := strings.SplitN(identifier, ":", 7)
	if len(parts) == 7 && parts[0] == "arn" && parts[5] == "log-group" {
		return parts[6]
	}
	return identifier
}

func (t *txn) group(name string) (*groupRecord, error) {
	if err := checkName(name, "logGroupName", groupNames); err != nil {
		return nil, err
	}
	g, ok := t.groups.Get(t.tx, t.sc, name)
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return g, nil
}

// groupBy finds a group by its name or its identifier; AWS takes one of them.
func (t *txn) groupBy(name, identifier *string) (*groupRecord, error) {
	switch {
	case name != nil && identifier != nil:
		return nil, invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name != nil:
		return t.group(*name)
	case identifier == nil:
		return nil, invalid("Either logGroupName or logGroupIdentifier must be specified.")
	}
	if strings.HasPrefix(*identifier, "arn:") {
		return t.groupByARN(*identifier)
	}
	return t.group(*identifier)
}

// groupByARN finds a group by its ARN, which has no ":*" at its end.
func (t *txn) groupByARN(arn string) (*groupRecord, error) {
	name := groupOfIdentifier(arn)
	if name == arn || !groupNames.MatchString(name) {
		return nil, invalid("The specified resource ARN '%s' is invalid.", arn)
	}
	if arn != groupARN(t.sc, name) {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return t.group(name)
}
