package elbv2

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

const (
	fieldHost   = "host-header"
	fieldPath   = "path-pattern"
	fieldHeader = "http-header"
	fieldMethod = "http-request-method"
	fieldQuery  = "query-string"
	fieldSource = "source-ip"

	maxConditionValues = 5 // in a rule
	maxWildcards       = 5 // in a rule
)

var (
	hostPatterns = regexp.MustCompile(`^[A-Za-z0-9.*?-]+$`)
	pathPatterns = regexp.MustCompile(`^[A-Za-z0-9_.$/~"'@:+&*?-]+$`)
	headerNames  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$")
	methods      = regexp.MustCompile(`^[A-Z_-]{1,40}$`)
)

// newConditions checks the conditions of a rule, and completes them as AWS shows them.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
func newConditions(in []RuleCondition) ([]RuleCondition, error) {
	if len(in) == 0 {
		return nil, invalid("A rule must have at least one condition")
	}
	var out []RuleCondition
	seen := map[string]bool{}
	count, wildcards := 0, 0
	for _, c := range in {
		done, strings, err := newCondition(c)
		if err != nil {
			return nil, err
		}
		field := *done.Field
		if seen[field] && field != fieldHeader && field != fieldQuery {
			return nil, badConfiguration("A rule can only have '1' condition with the field '%s'", field)
		}
		seen[field] = true
		count += len(strings)
		wildcards += countWildcards(strings)
		out = append(out, done)
	}
	if count > maxConditionValues {
		return nil, invalid("A rule can only have '%d' condition values", maxConditionValues)
	}
	if wildcards > maxWildcards {
		return nil, invalid("A rule can only have '%d' condition wildcards", maxWildcards)
	}
	return out, nil
}

func countWildcards(values []string) int {
	n := 0
	for _, v := range values {
		n += strings.Count(v, "*") + strings.Count(v, "?")
	}
	return n
}

// newCondition gives a condition as it is shown, and the values that count.
func newCondition(c RuleCondition) (RuleCondition, []string, error) {
	field, err := conditionField(c)
	if err != nil {
		return c, nil, err
	}
	out := RuleCondition{Field: new(field)}
	var values []string
	switch field {
	case fieldHost:
		config := c.HostHeaderConfig
		if config == nil {
			config = &HostHeaderConditionConfig{Values: c.Values, RegexValues: c.RegexValues}
		}
		values, err = patterns(field, config.Values, config.RegexValues, hostPatterns)
		out.HostHeaderConfig, out.Values = config, config.Values
	case fieldPath:
		config := c.PathPatternConfig
		if config == nil {
			config = &PathPatternConditionConfig{Values: c.Values, RegexValues: c.RegexValues}
		}
		values, err = patterns(field, config.Values, config.RegexValues, pathPatterns)
		out.PathPatternConfig, out.Values = config, config.Values
	case fieldHeader:
		if name := text(c.HttpHeaderConfig.HttpHeaderName); !headerNames.MatchString(name) || strings.EqualFold(name, "host") {
			return c, nil, invalid("The HTTP header name '%s' of a condition is not valid", name)
		}
		values, err = patterns(field, c.HttpHeaderConfig.Values, c.HttpHeaderConfig.RegexValues, nil)
		out.HttpHeaderConfig = c.HttpHeaderConfig
	case fieldMethod:
		values, err = patterns(field, c.HttpRequestMethodConfig.Values, nil, methods)
		out.HttpRequestMethodConfig = c.HttpRequestMethodConfig
		if countWildcards(values) > 0 {
			err = invalid("Wildcards are not supported in conditions with the field '%s'", field)
		}
	case fieldQuery:
		values, err = queries(c.QueryStringConfig.Values)
		out.QueryStringConfig = c.QueryStringConfig
	case fieldSource:
		values, err = c.SourceIpConfig.Values, checkSources(c.SourceIpConfig)
		out.SourceIpConfig = c.SourceIpConfig
	}
	return out, values, err
}

// conditionField says what a condition is about, and holds that against the configuration that comes with it.
func conditionField(c RuleCondition) (string, error) {
	var given []string
	for field, ok := range map[string]bool{
		fieldHost: c.HostHeaderConfig != nil, fieldPath: c.PathPatternConfig != nil, fieldHeader: c.HttpHeaderConfig != nil,
		fieldMethod: c.HttpRequestMethodConfig != nil, fieldQuery: c.QueryStringConfig != nil, fieldSource: c.SourceIpConfig != nil,
	} {
		if ok {
			given = append(given, field)
		}
	}
	field, err := oneOf(c.Field, "field", "", fieldHost, fieldPath, fieldHeader, fieldMethod, fieldQuery, fieldSource)
	if err != nil {
		return "", err
	}
	simple := field == fieldHost || field == fieldPath
	plain := len(c.Values) > 0 || len(c.RegexValues) > 0
	switch {
	case field == "":
		return "", invalid("A condition field must be specified")
	case len(given) == 0 && simple && plain:
		return field, nil
	case len(given) != 1 || given[0] != field:
		return "", invalid("A condition with the field '%s' must be specified with the configuration of that field, and no other", field)
	case plain:
		return "", invalid("A condition can have values or a configuration, but not both")
	}
	return field, nil
}

// patterns checks the texts and the regular expressions that a condition compares with.
func patterns(field string, plain, regexes []string, allowed *regexp.Regexp) ([]string, error) {
	if len(plain) > 0 && len(regexes) > 0 {
		return nil, invalid("A condition can have values or regular expressions, but not both")
	}
	if len(plain)+len(regexes) == 0 {
		return nil, invalid("A condition value must be specified for the field '%s'", field)
	}
	for _, v := range plain {
		if v == "" || len(v) > 128 || allowed != nil && !allowed.MatchString(v) {
			return nil, invalid("Condition value '%s' contains a character that is not valid, or has not between 1 and 128 characters", v)
		}
	}
	for _, v := range regexes {
		if err := checkRegex(v); err != nil {
			return nil, err
		}
	}
	if len(regexes) > 0 { // their characters are no wildcards
		return make([]string, len(regexes)), nil
	}
	return plain, nil
}

func checkRegex(v string) error {
	if _, err := regexp.Compile(v); err != nil || v == "" || len(v) > 128 {
		return invalid("The regular expression '%s' is not valid, or has not between 1 and 128 characters", v)
	}
	return nil
}

func queries(pairs []QueryStringKeyValuePair) ([]string, error) {
	if len(pairs) == 0 {
		return nil, invalid("A condition value must be specified for the field '%s'", fieldQuery)
	}
	var out []string
	for _, p := range pairs {
		if text(p.Value) == "" || len(*p.Value) > 128 || p.Key != nil && (*p.Key == "" || len(*p.Key) > 128) {
			return nil, invalid("The key and the value of a query string condition must have between 1 and 128 characters")
		}
		out = append(out, text(p.Key)+"="+*p.Value)
	}
	return out, nil
}

func checkSources(c *SourceIpConditionConfig) error {
	if c.IpAddressType != nil {
		return wire.NotImplemented("elasticloadbalancing: a source-ip condition with IpAddressType")
	}
	if len(c.Values) == 0 {
		return invalid("A condition value must be specified for the field '%s'", fieldSource)
	}
	for _, v := range c.Values {
		if _, err := netip.ParsePrefix(v); err != nil {
			return invalid("Condition value '%s' must be an IP address range in CIDR format", v)
		}
	}
	return nil
}

// newTransforms checks the transforms of a rule: one of each type, with one rewrite.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
func newTransforms(in []RuleTransform) ([]RuleTransform, error) {
	var seen []string
	for _, r := range in {
		kind, err := exactly(r.Type, "type", "host-header-rewrite", "url-rewrite")
		if err != nil {
			return nil, err
		}
		if slices.Contains(seen, kind) {
			return nil, badConfiguration("A rule can only have '1' transform of type '%s'", kind)
		}
		seen = append(seen, kind)
		var rewrites []RewriteConfig
		switch host := kind == "host-header-rewrite"; {
		case host && r.HostHeaderRewriteConfig != nil && r.UrlRewriteConfig == nil:
			rewrites = r.HostHeaderRewriteConfig.Rewrites
		case !host && r.UrlRewriteConfig != nil && r.HostHeaderRewriteConfig == nil:
			rewrites = r.UrlRewriteConfig.Rewrites
		default:
			return nil, invalid("A transform of type '%s' must be specified with the configuration of that type, and no other", kind)
		}
		if len(rewrites) != 1 {
			return nil, invalid("A transform must have exactly '1' rewrite")
		}
		if regex := text(rewrites[0].Regex); regex == "" || len(regex) > 1024 {
			return nil, invalid("The regular expression of a rewrite must have between 1 and 1024 characters")
		} else if _, err := regexp.Compile(regex); err != nil {
			return nil, invalid("The regular expression '%s' is not valid", regex)
		}
	}
	return in, nil
}
