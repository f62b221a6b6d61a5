package events

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const defaultBus = "default"

var (
	ruleNames = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)
	busNames  = regexp.MustCompile(`^[/.\-_A-Za-z0-9]{1,256}$`)
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func flag(b *bool) bool { return b != nil && *b }

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint words a violated constraint of the API's model.
func constraint(value, member, what string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, what)
}

func missing(format string, args ...any) error {
	return wire.Errorf("ResourceNotFoundException", format, args...)
}

func busARN(sc state.Scope, name string) string {
	return "arn:aws:events:" + sc.Region + ":" + sc.Account + ":event-bus/" + name
}

func ruleARN(sc state.Scope, bus, name string) string {
	if bus != defaultBus {
		name = bus + "/" + name
	}
	return "arn:aws:events:" + sc.Region + ":" + sc.Account + ":rule/" + name
}

// busOf gives the name of the bus that a name or an ARN means; none means the default bus.
func busOf(identifier *string) string {
	if identifier == nil {
		return defaultBus
	}
	if i := strings.Index(*identifier, ":event-bus/"); i >= 0 && strings.HasPrefix(*identifier, "arn:") {
		return (*identifier)[i+len(":event-bus/"):]
	}
	return *identifier
}

// bus gives the bus that a name or an ARN means. The default one is always there.
func (t *txn) bus(identifier *string) (*busRecord, error) {
	name := busOf(identifier)
	if !busNames.MatchString(name) {
		return nil, constraint(name, "eventBusName", "Member must satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+")
	}
	if strings.HasPrefix(text(identifier), "arn:") && *identifier != busARN(t.sc, name) {
		return nil, wire.NotImplemented("events: buses of other accounts and regions")
	}
	r, ok := t.buses.Get(t.tx, t.sc, name)
	switch {
	case ok:
		return r, nil
	case name == defaultBus:
		return &busRecord{Name: defaultBus}, nil
	}
	return nil, missing("Event bus %s does not exist.", name)
}

func ruleID(bus, name string) string { return bus + "/" + name }

// rule finds a rule on a bus.
func (t *txn) rule(bus *string, name string) (*ruleRecord, error) {
	b, err := t.bus(bus)
	if err != nil {
		return nil, err
	}
	r, ok := t.rules.Get(t.tx, t.sc, ruleID(b.Name, name))
	if !ok {
		return nil, missing("Rule %s does not exist on EventBus %s.", name, b.Name)
	}
	return r, nil
}

func checkRuleName(name string) error {
	if !ruleNames.MatchString(name) {
		if utf8.RuneCountInString(name) > 64 {
			return constraint(name, "name", "Member must have length less than or equal to 64")
		}
		return constraint(name, "name", `Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`)
	}
	return nil
}

const maxPage = 100

// page reads a page's size, and the id after which it begins.
func page(limit *int64, token *string) (size int, after string, err error) {
	size = maxPage
	switch {
	case limit == nil:
	case *limit < 1:
		return 0, "", invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *limit)
	case *limit > maxPage:
		return 0, "", invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", *limit, maxPage)
	default:
		size = int(*limit)
	}
	after, err = state.After(token, invalid("Parameter NextToken is not valid."))
	return size, after, err
}
