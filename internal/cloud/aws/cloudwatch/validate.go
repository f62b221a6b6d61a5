package cloudwatch

import (
	"regexp"
	"slices"
	"strings"
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

// invalid is a violated constraint of the API's model, or of an alarm.
func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

func badValue(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValue", format, args...)
}

func badCombination(format string, args ...any) error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

func missing(format string, args ...any) error {
	return wire.Errorf("MissingParameter", format, args...)
}

// constraint words a violated constraint of the API's model.
func constraint(value, member, what string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, what)
}

// checkLength checks a string of least to most characters.
func checkLength(value, member string, least, most int) error {
	switch n := utf8.RuneCountInString(value); {
	case n < least:
		return constraint(value, member, "Member must have length greater than or equal to "+itoa(least))
	case n > most:
		return constraint(value, member, "Member must have length less than or equal to "+itoa(most))
	case strings.ContainsRune(value, 0):
		return constraint(value, member, "Member must not contain the character NUL")
	}
	return nil
}

func checkEnum(value *string, member string, allowed []string) error {
	if value == nil || slices.Contains(allowed, *value) {
		return nil
	}
	return constraint(*value, member, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
}

// units are all that a datum may have.
func units() []string {
	return []string{
		"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits",
		"Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second",
		"Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
	}
}

var (
	namespaces = regexp.MustCompile(`^[^:].*$`)
	printable  = regexp.MustCompile(`^[\x20-\x7e]+$`)
)

func checkMetricName(namespace, name, prefix string) error {
	if err := checkLength(namespace, "namespace", 1, 255); err != nil {
		return err
	}
	if !namespaces.MatchString(namespace) || !printable.MatchString(namespace) {
		return badValue("The value %s for parameter Namespace is invalid.", namespace)
	}
	if err := checkLength(name, prefix+"metricName", 1, 255); err != nil {
		return err
	}
	if !printable.MatchString(name) {
		return badValue("The parameter %sMetricName contains non-ASCII or control characters.", prefix)
	}
	return nil
}

const maxDimensions = 30

// checkDimensions checks a metric's dimensions; prefix says where they stand, such as "MetricData.member.1.".
func checkDimensions(dims []Dimension, prefix string) error {
	if len(dims) > maxDimensions {
		return badValue("The collection %sDimensions must not have a size greater than %d.", prefix, maxDimensions)
	}
	seen := map[string]bool{}
	for i, d := range dims {
		at := prefix + "Dimensions.member." + itoa(i+1)
		switch name, value := *d.Name, *d.Value; {
		case name == "" || value == "":
			return badValue("The parameter %s must have a name and a value.", at)
		case len(name) > 255 || len(value) > 1024:
			return badValue("The parameter %s is too long.", at)
		case !printable.MatchString(name) || !printable.MatchString(value) || strings.HasPrefix(name, ":"):
			return badValue("The parameter %s contains non-ASCII or control characters, or its name begins with a colon.", at)
		case seen[name]:
			return badValue("No metric may specify the same dimension name twice: %s.", name)
		default:
			seen[name] = true
		}
	}
	return nil
}

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, wire.Errorf("InvalidNextToken", "Failed to parse the token."))
}
