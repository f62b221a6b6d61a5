package wafv2

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

// checker checks the rules of a web ACL or rule group, and counts their capacity.
type checker struct {
	t       *txn
	scope   string
	group   bool // the rules are a rule group's
	bodies  map[string]CustomResponseBody
	anyBody bool // custom responses may name bodies that are not given

	references []string        // ARNs
	labels     map[string]bool // that the rules match
	base       int64
	transforms map[string]bool // of request components
}

var (
	metricNames  = regexp.MustCompile(`^[\w#:.\-/]{1,255}$`)
	ruleNames    = regexp.MustCompile(`^[\w\-]{1,128}$`)
	labelNames   = regexp.MustCompile(`^[0-9A-Za-z_\-:]+$`)
	headerNames  = regexp.MustCompile(`^[a-zA-Z0-9-._$]{1,64}$`)
	reservedName = []string{"All", "Default_Action"}
)

const (
	maxLabels     = 100 // of a rule
	maxLabelBytes = 1024
)

func validLabel(name string) bool { return len(name) <= maxLabelBytes && labelNames.MatchString(name) }

// rules checks a list of rules.
func (c *checker) rules(rules []Rule) error {
	c.labels, c.transforms = map[string]bool{}, map[string]bool{}
	names, priorities := map[string]bool{}, map[int64]bool{}
	for i := range rules {
		r := &rules[i]
		switch {
		case !ruleNames.MatchString(*r.Name):
			return invalid("RULE", *r.Name, "The rule's name must have 1 to 128 letters, digits, hyphens and underscores.")
		case names[*r.Name]:
			return duplicate()
		case *r.Priority < 0 || priorities[*r.Priority]:
			return invalid("RULE", *r.Name, "The priority of each rule must be a number of its own, from 0 on.")
		}
		names[*r.Name], priorities[*r.Priority] = true, true
		if err := c.rule(r); err != nil {
			return err
		}
	}
	slices.Sort(c.references)
	c.references = slices.Compact(c.references)
	return nil
}

func (c *checker) rule(r *Rule) error {
	if err := checkVisibility(r.VisibilityConfig); err != nil {
		return err
	}
	if err := checkImmunity(r.CaptchaConfig, r.ChallengeConfig); err != nil {
		return err
	}
	grouped := r.Statement.ManagedRuleGroupStatement != nil || r.Statement.RuleGroupReferenceStatement != nil
	switch {
	case (r.Action == nil) == (r.OverrideAction == nil):
		return oneValue("RULE", "Rule")
	case grouped && r.OverrideAction == nil:
		return invalid("RULE_ACTION", "RuleAction", "A rule that references a rule group must have an override action.")
	case !grouped && r.OverrideAction != nil:
		return invalid("OVERRIDE_ACTION", "OverrideAction", "A rule that does not reference a rule group must have an action.")
	}
	if r.OverrideAction != nil {
		if (r.OverrideAction.Count == nil) == (r.OverrideAction.None == nil) {
			return oneValue("OVERRIDE_ACTION", "OverrideAction")
		}
	} else if err := c.action(r.Action); err != nil {
		return err
	}
	if len(r.RuleLabels) > maxLabels {
		return limitExceeded()
	}
	for _, l := range r.RuleLabels {
		if !validLabel(*l.Name) {
			return invalid("LABEL_MATCH_STATEMENT", *l.Name, "The label is not valid.")
		}
	}
	return c.statement(r.Statement, top)
}

// capacity is what the checked rules need, in WCU.
func (c *checker) capacity() int64 { return c.base + 10*int64(len(c.transforms)) }

func checkVisibility(v *VisibilityConfig) error {
	if name := *v.MetricName; !metricNames.MatchString(name) || slices.Contains(reservedName, name) {
		return invalid("METRIC_NAME", name, "The metric name is not valid.")
	}
	return nil
}

func checkImmunity(captcha *CaptchaConfig, challenge *ChallengeConfig) error {
	check := func(p *ImmunityTimeProperty, least int64) error {
		if p != nil && (*p.ImmunityTime < least || *p.ImmunityTime > 259200) {
			return invalid("CHALLENGE_CONFIG", strconv.FormatInt(*p.ImmunityTime, 10), "The immunity time must be from %d to 259200 seconds.", least)
		}
		return nil
	}
	if captcha != nil {
		if err := check(captcha.ImmunityTimeProperty, 60); err != nil {
			return err
		}
	}
	if challenge != nil {
		return check(challenge.ImmunityTimeProperty, 300)
	}
	return nil
}

func (c *checker) defaultAction(a *DefaultAction) error {
	if (a.Allow == nil) == (a.Block == nil) {
		return oneValue("DEFAULT_ACTION", "DefaultAction")
	}
	if a.Block != nil {
		return c.response(a.Block.CustomResponse)
	}
	return checkHandling(a.Allow.CustomRequestHandling)
}

func (c *checker) action(a *RuleAction) error {
	given := 0
	var handling *CustomRequestHandling
	if a.Block != nil {
		given++
		if err := c.response(a.Block.CustomResponse); err != nil {
			return err
		}
	}
	if a.Allow != nil {
		given, handling = given+1, a.Allow.CustomRequestHandling
	}
	if a.Count != nil {
		given, handling = given+1, a.Count.CustomRequestHandling
	}
	if a.Captcha != nil {
		given, handling = given+1, a.Captcha.CustomRequestHandling
	}
	if a.Challenge != nil {
		given, handling = given+1, a.Challenge.CustomRequestHandling
	}
	if a.Monetize != nil {
		return wire.NotImplemented("wafv2: rules with the action Monetize")
	}
	if given != 1 {
		return oneValue("RULE_ACTION", "RuleAction")
	}
	return checkHandling(handling)
}

// Limits of custom requests and responses: https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
const (
	maxHeaders     = 10
	maxBodies      = 50
	maxBodyBytes   = 4096
	maxBodiesBytes = 50 << 10
)

func checkHandling(h *CustomRequestHandling) error {
	if h == nil {
		return nil
	}
	if len(h.InsertHeaders) < 1 {
		return invalid("CUSTOM_REQUEST_HANDLING", "InsertHeaders", "At least one header must be given.")
	}
	return checkHeaders("CUSTOM_REQUEST_HANDLING", h.InsertHeaders)
}

func checkHeaders(field string, headers []CustomHTTPHeader) error {
	if len(headers) > maxHeaders {
		return limitExceeded()
	}
	seen := map[string]bool{}
	for _, h := range headers {
		name := strings.ToLower(*h.Name)
		if !headerNames.MatchString(*h.Name) || seen[name] || *h.Value == "" || len(*h.Value) > 255 {
			return invalid(field, *h.Name, "The header is not valid, or is given twice.")
		}
		seen[name] = true
	}
	return nil
}

func (c *checker) response(r *CustomResponse) error {
	if r == nil {
		return nil
	}
	if *r.ResponseCode < 200 || *r.ResponseCode > 599 {
		return invalid("CUSTOM_RESPONSE", strconv.FormatInt(*r.ResponseCode, 10), "The response code must be from 200 to 599.")
	}
	if key := r.CustomResponseBodyKey; key != nil && !c.anyBody {
		if _, ok := c.bodies[*key]; !ok {
			return invalid("CUSTOM_RESPONSE_BODY", *key, "The custom response body is not defined.")
		}
	}
	return checkHeaders("CUSTOM_RESPONSE", r.ResponseHeaders)
}

// bodiesFit checks the bodies of custom responses.
func (c *checker) bodiesFit() error {
	if len(c.bodies) > maxBodies {
		return limitExceeded()
	}
	total := 0
	for key, b := range c.bodies {
		total += len(*b.Content)
		switch {
		case !ruleNames.MatchString(key):
			return invalid("CUSTOM_RESPONSE_BODY", key, "The key is not valid.")
		case !slices.Contains([]string{"TEXT_PLAIN", "TEXT_HTML", "APPLICATION_JSON"}, *b.ContentType):
			return invalid("CUSTOM_RESPONSE_BODY", *b.ContentType, "The content type is not valid.")
		case *b.Content == "" || len(*b.Content) > maxBodyBytes || !utf8.ValidString(*b.Content):
			return invalid("CUSTOM_RESPONSE_BODY", key, "The content must have 1 to %d bytes.", maxBodyBytes)
		}
	}
	if total > maxBodiesBytes {
		return limitExceeded()
	}
	return nil
}

func checkAssociationConfig(a *AssociationConfig) error {
	if a == nil {
		return nil
	}
	for kind, config := range a.RequestBody {
		if !slices.Contains([]string{"CLOUDFRONT", "API_GATEWAY", "COGNITO_USER_POOL", "APP_RUNNER_SERVICE", "VERIFIED_ACCESS_INSTANCE"}, kind) {
			return invalid("ASSOCIATED_RESOURCE_TYPE", kind, "The resource type is not valid.")
		}
		if limit := *config.DefaultSizeInspectionLimit; !slices.Contains([]string{"KB_8", "KB_16", "KB_32", "KB_48", "KB_64"}, limit) {
			return invalid("DEFAULT_ACTION", limit, "The size inspection limit is not valid.")
		}
	}
	return nil
}
