package wafv2

import (
	"regexp"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

// place is where a statement stands, which decides what it may be.
type place int

const (
	top      place = iota // of a rule
	inLogic               // within AND, OR or NOT
	inScoped              // a scope-down statement, or within one
)

// The costs of statements: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html
const (
	costSimple        = 1 // sizes, countries, networks, labels, IP sets
	costAnyForwarded  = 4 // of an IP set that is looked for anywhere in a header
	costExactMatch    = 2
	costContains      = 10
	costRegex         = 3
	costRegexSet      = 25
	costSQLi          = 20
	costSQLiHigh      = 30
	costXSS           = 40
	costAllArguments  = 10
	costRate          = 2
	costRateCustomKey = 30
)

// statement checks a statement and adds its cost.
func (c *checker) statement(s *Statement, at place) error {
	checks := []func() error{}
	add := func(given bool, check func() error) {
		if given {
			checks = append(checks, check)
		}
	}
	add(s.ByteMatchStatement != nil, func() error { return c.byteMatch(s.ByteMatchStatement) })
	add(s.SqliMatchStatement != nil, func() error { return c.sqli(s.SqliMatchStatement) })
	add(s.XssMatchStatement != nil, func() error {
		x := s.XssMatchStatement
		return c.inspect(costXSS, x.FieldToMatch, x.TextTransformations, x.PreParseTextTransformations)
	})
	add(s.SizeConstraintStatement != nil, func() error { return c.size(s.SizeConstraintStatement) })
	add(s.GeoMatchStatement != nil, func() error { return c.geo(s.GeoMatchStatement) })
	add(s.RuleGroupReferenceStatement != nil, func() error { return c.ruleGroup(s.RuleGroupReferenceStatement, at) })
	add(s.IPSetReferenceStatement != nil, func() error { return c.ipSet(s.IPSetReferenceStatement) })
	add(s.RegexPatternSetReferenceStatement != nil, func() error { return c.regexSet(s.RegexPatternSetReferenceStatement) })
	add(s.RateBasedStatement != nil, func() error { return c.rate(s.RateBasedStatement, at) })
	add(s.AndStatement != nil, func() error { return c.logic("AND_STATEMENT", s.AndStatement.Statements, at) })
	add(s.OrStatement != nil, func() error { return c.logic("OR_STATEMENT", s.OrStatement.Statements, at) })
	add(s.NotStatement != nil, func() error { return c.statement(s.NotStatement.Statement, within(at)) })
	add(s.ManagedRuleGroupStatement != nil, func() error { return c.managed(s.ManagedRuleGroupStatement, at) })
	add(s.LabelMatchStatement != nil, func() error { return c.label(s.LabelMatchStatement) })
	add(s.RegexMatchStatement != nil, func() error { return c.regex(s.RegexMatchStatement) })
	add(s.AsnMatchStatement != nil, func() error { return c.asn(s.AsnMatchStatement) })
	if len(checks) != 1 {
		return oneValue("STATEMENT", "Statement")
	}
	return checks[0]()
}

// within gives the place of the statements inside a logical one.
func within(at place) place { return max(at, inLogic) }

func (c *checker) logic(field string, statements []Statement, at place) error {
	if len(statements) < 2 {
		return invalid(field, "Statements", "You must give at least two statements.")
	}
	for i := range statements {
		if err := c.statement(&statements[i], within(at)); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) byteMatch(s *ByteMatchStatement) error {
	if n := len(s.SearchString); n < 1 || n > 200 {
		return invalid("BYTE_MATCH_STATEMENT", "SearchString", "The search string must have 1 to 200 bytes.")
	}
	cost := int64(costExactMatch)
	switch *s.PositionalConstraint {
	case "EXACTLY", "STARTS_WITH", "ENDS_WITH":
	case "CONTAINS", "CONTAINS_WORD":
		cost = costContains
	default:
		return invalid("BYTE_MATCH_STATEMENT", *s.PositionalConstraint, "The positional constraint is not valid.")
	}
	return c.inspect(cost, s.FieldToMatch, s.TextTransformations, s.PreParseTextTransformations)
}

func (c *checker) sqli(s *SqliMatchStatement) error {
	cost := int64(costSQLi)
	switch text(s.SensitivityLevel) {
	case "", "LOW":
	case "HIGH":
		cost = costSQLiHigh
	default:
		return invalid("SQLI_MATCH_STATEMENT", *s.SensitivityLevel, "The sensitivity level is not valid.")
	}
	return c.inspect(cost, s.FieldToMatch, s.TextTransformations, s.PreParseTextTransformations)
}

func (c *checker) size(s *SizeConstraintStatement) error {
	if !slices.Contains([]string{"EQ", "NE", "LE", "LT", "GE", "GT"}, *s.ComparisonOperator) {
		return invalid("SIZE_CONSTRAINT_STATEMENT", *s.ComparisonOperator, "The comparison operator is not valid.")
	}
	if *s.Size < 0 || *s.Size > 21474836480 {
		return invalid("SIZE_CONSTRAINT_STATEMENT", strconv.FormatInt(*s.Size, 10), "The size is not valid.")
	}
	return c.inspect(costSimple, s.FieldToMatch, s.TextTransformations, s.PreParseTextTransformations)
}

const maxRegexBytes = 512

func (c *checker) regex(s *RegexMatchStatement) error {
	if n := len(*s.RegexString); n < 1 || n > maxRegexBytes {
		return invalid("REGEX_PATTERN", *s.RegexString, "The regular expression must have 1 to %d characters.", maxRegexBytes)
	}
	return c.inspect(costRegex, s.FieldToMatch, s.TextTransformations, s.PreParseTextTransformations)
}

func (c *checker) regexSet(s *RegexPatternSetReferenceStatement) error {
	r, err := c.t.regexSetKind().byARN(c.t, *s.ARN)
	if err != nil {
		return err
	}
	if err := c.refer(&r.head, *s.ARN); err != nil {
		return err
	}
	return c.inspect(costRegexSet, s.FieldToMatch, s.TextTransformations, s.PreParseTextTransformations)
}

// refer notes a reference to a resource of the same scope.
func (c *checker) refer(h *head, arn string) error {
	if h.Scope != c.scope {
		return invalid("RESOURCE_ARN", arn, "The scope of the referenced resource is not the same.")
	}
	c.references = append(c.references, arn)
	return nil
}

func (c *checker) ipSet(s *IPSetReferenceStatement) error {
	r, err := c.t.ipSetKind().byARN(c.t, *s.ARN)
	if err != nil {
		return err
	}
	c.base += costSimple
	if f := s.IPSetForwardedIPConfig; f != nil {
		if !slices.Contains([]string{"FIRST", "LAST", "ANY"}, *f.Position) {
			return invalid("IP_SET_FORWARDED_IP_CONFIG", *f.Position, "The position is not valid.")
		}
		if *f.Position == "ANY" {
			c.base += costAnyForwarded
		}
		if err := checkForwarded(&ForwardedIPConfig{HeaderName: f.HeaderName, FallbackBehavior: f.FallbackBehavior}); err != nil {
			return err
		}
	}
	return c.refer(&r.head, *s.ARN)
}

func checkForwarded(f *ForwardedIPConfig) error {
	if f == nil {
		return nil
	}
	if !forwardedHeaders.MatchString(*f.HeaderName) {
		return invalid("HEADER_NAME", *f.HeaderName, "The header name is not valid.")
	}
	return checkFallback("FORWARDED_IP_CONFIG", f.FallbackBehavior)
}

func checkFallback(field string, behavior *string) error {
	if v := text(behavior); v != "MATCH" && v != "NO_MATCH" {
		return invalid(field, v, "The fallback behavior must be MATCH or NO_MATCH.")
	}
	return nil
}

var (
	countries        = regexp.MustCompile(`^[A-Z]{2}$`)
	forwardedHeaders = regexp.MustCompile(`^[a-zA-Z0-9-]{1,255}$`)
)

func (c *checker) geo(s *GeoMatchStatement) error {
	c.base += costSimple
	if n := len(s.CountryCodes); n < 1 || n > 50 {
		return invalid("GEO_MATCH_STATEMENT", "CountryCodes", "1 to 50 country codes must be given.")
	}
	for _, code := range s.CountryCodes {
		if !countries.MatchString(code) {
			return invalid("GEO_MATCH_STATEMENT", code, "The country code is not valid.")
		}
	}
	return checkForwarded(s.ForwardedIPConfig)
}

func (c *checker) asn(s *AsnMatchStatement) error {
	c.base += costSimple
	if n := len(s.AsnList); n < 1 || n > 100 {
		return invalid("ASN_MATCH_STATEMENT", "AsnList", "1 to 100 numbers must be given.")
	}
	for _, n := range s.AsnList {
		if n < 0 || n > 1<<32-1 {
			return invalid("ASN_MATCH_STATEMENT", strconv.FormatInt(n, 10), "The number is not an autonomous system's.")
		}
	}
	return checkForwarded(s.ForwardedIPConfig)
}

func (c *checker) label(s *LabelMatchStatement) error {
	c.base += costSimple
	if *s.Scope != "LABEL" && *s.Scope != "NAMESPACE" {
		return invalid("LABEL_MATCH_STATEMENT", *s.Scope, "The scope must be LABEL or NAMESPACE.")
	}
	if !validLabel(*s.Key) {
		return invalid("LABEL_MATCH_STATEMENT", *s.Key, "The key is not valid.")
	}
	c.labels[*s.Key] = true
	return nil
}

func (c *checker) ruleGroup(s *RuleGroupReferenceStatement, at place) error {
	if at != top || c.group {
		return invalid("RULE_GROUP_REFERENCE_STATEMENT", *s.ARN, "A rule group can be referenced only at the top level of a web ACL's rule.")
	}
	r, err := c.t.groupKind().byARN(c.t, *s.ARN)
	if err != nil {
		return err
	}
	c.base += r.Capacity
	if err := c.overrides(s.ExcludedRules, s.RuleActionOverrides); err != nil {
		return err
	}
	return c.refer(&r.head, *s.ARN)
}

func (c *checker) overrides(excluded []ExcludedRule, overrides []RuleActionOverride) error {
	if len(excluded) > 100 || len(overrides) > 100 {
		return limitExceeded()
	}
	seen := map[string]bool{}
	for _, o := range overrides {
		if seen[*o.Name] {
			return duplicate()
		}
		seen[*o.Name] = true
		if err := c.action(o.ActionToUse); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) managed(s *ManagedRuleGroupStatement, at place) error {
	if at != top || c.group {
		return invalid("MANAGED_RULE_SET_STATEMENT", *s.Name, "A managed rule group can be referenced only at the top level of a web ACL's rule.")
	}
	g, ok := managedGroup(*s.VendorName, *s.Name)
	if !ok {
		return nonexistent()
	}
	if s.Version != nil && !g.hasVersion(*s.Version) {
		return invalid("MANAGED_RULE_SET", *s.Version, "The managed rule group has no such version.")
	}
	if g.needsConfig && len(s.ManagedRuleGroupConfigs) == 0 {
		return invalid("MANAGED_RULE_GROUP_CONFIG", *s.Name, "The managed rule group needs a configuration.")
	}
	c.base += g.capacity
	if err := c.overrides(s.ExcludedRules, s.RuleActionOverrides); err != nil {
		return err
	}
	if s.ScopeDownStatement != nil {
		return c.statement(s.ScopeDownStatement, inScoped)
	}
	return nil
}

// Limits of rate-based rules: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
const (
	minRate       = 10
	maxRate       = 2_000_000_000
	defaultWindow = 300 // seconds
	maxCustomKeys = 5
)

func (c *checker) rate(s *RateBasedStatement, at place) error {
	if at != top {
		return invalid("RATE_BASED_STATEMENT", "RateBasedStatement", "A rate-based statement cannot stand within another statement.")
	}
	if *s.Limit < minRate || *s.Limit > maxRate {
		return invalid("RATE_BASED_STATEMENT", strconv.FormatInt(*s.Limit, 10), "The limit must be from %d to %d.", minRate, maxRate)
	}
	if s.EvaluationWindowSec == nil {
		s.EvaluationWindowSec = new(int64(defaultWindow))
	}
	if !slices.Contains([]int64{60, 120, 300, 600}, *s.EvaluationWindowSec) {
		return invalid("EVALUATION_WINDOW_SEC", strconv.FormatInt(*s.EvaluationWindowSec, 10), "The evaluation window must be 60, 120, 300 or 600 seconds.")
	}
	c.base += costRate
	kind := *s.AggregateKeyType
	switch {
	case !slices.Contains([]string{"IP", "FORWARDED_IP", "CUSTOM_KEYS", "CONSTANT"}, kind):
		return invalid("RATE_BASED_STATEMENT", kind, "The aggregate key type is not valid.")
	case kind == "FORWARDED_IP" && s.ForwardedIPConfig == nil:
		return invalid("FORWARDED_IP_CONFIG", "ForwardedIPConfig", "The aggregate key type FORWARDED_IP needs a forwarded IP configuration.")
	case kind == "CONSTANT" && s.ScopeDownStatement == nil:
		return invalid("SCOPE_DOWN", "ScopeDownStatement", "The aggregate key type CONSTANT needs a scope-down statement.")
	case (kind == "CUSTOM_KEYS") != (len(s.CustomKeys) > 0):
		return invalid("CUSTOM_KEYS", kind, "Custom keys must be given for the aggregate key type CUSTOM_KEYS, and for no other.")
	case len(s.CustomKeys) > maxCustomKeys:
		return limitExceeded()
	}
	for i := range s.CustomKeys {
		if err := c.customKey(&s.CustomKeys[i]); err != nil {
			return err
		}
	}
	if err := checkForwarded(s.ForwardedIPConfig); err != nil {
		return err
	}
	if s.ScopeDownStatement != nil {
		return c.statement(s.ScopeDownStatement, inScoped)
	}
	return nil
}

func (c *checker) customKey(k *RateBasedStatementCustomKey) error {
	c.base += costRateCustomKey
	given := 0
	for _, set := range []bool{k.Header != nil, k.Cookie != nil, k.QueryArgument != nil, k.QueryString != nil, k.HTTPMethod != nil, k.ForwardedIP != nil,
		k.IP != nil, k.LabelNamespace != nil, k.UriPath != nil, k.JA3Fingerprint != nil, k.JA4Fingerprint != nil, k.ASN != nil} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return oneValue("CUSTOM_KEYS", "RateBasedStatementCustomKey")
	case k.Header != nil:
		return c.transform("header:"+*k.Header.Name, k.Header.TextTransformations)
	case k.Cookie != nil:
		return c.transform("cookie:"+*k.Cookie.Name, k.Cookie.TextTransformations)
	case k.QueryArgument != nil:
		return c.transform("argument:"+*k.QueryArgument.Name, k.QueryArgument.TextTransformations)
	case k.QueryString != nil:
		return c.transform("query", k.QueryString.TextTransformations)
	case k.UriPath != nil:
		return c.transform("path", k.UriPath.TextTransformations)
	case k.JA3Fingerprint != nil:
		return checkFallback("FALLBACK_BEHAVIOR", k.JA3Fingerprint.FallbackBehavior)
	case k.JA4Fingerprint != nil:
		return checkFallback("FALLBACK_BEHAVIOR", k.JA4Fingerprint.FallbackBehavior)
	case k.LabelNamespace != nil && !validLabel(*k.LabelNamespace.Namespace):
		return invalid("CUSTOM_KEYS", *k.LabelNamespace.Namespace, "The label namespace is not valid.")
	}
	return nil
}

func preParse(list []PreParseTextTransformation) error {
	if len(list) > 0 {
		return wire.NotImplemented("wafv2: statements with PreParseTextTransformations")
	}
	return nil
}
