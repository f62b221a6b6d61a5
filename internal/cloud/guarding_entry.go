package cloud

import (
	"maps"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/dataplane/firewall"
)

// guardEntry is an entry of a web ACL's log. https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
type guardEntry struct {
	Timestamp       int64        `json:"timestamp"` // in milliseconds
	FormatVersion   int          `json:"formatVersion"`
	ACL             string       `json:"webaclId"`
	Rule            string       `json:"terminatingRuleId"`
	RuleType        string       `json:"terminatingRuleType"`
	Action          string       `json:"action"`
	MatchDetails    []string     `json:"terminatingRuleMatchDetails"` // of SQL injection and cross-site scripting: none
	SourceName      string       `json:"httpSourceName"`
	Source          string       `json:"httpSourceId"`
	Groups          []guardGroup `json:"ruleGroupList"`
	Rates           []string     `json:"rateBasedRuleList"` // not told
	Counted         []guardMatch `json:"nonTerminatingMatchingRules"`
	HeadersInserted []guardPair  `json:"requestHeadersInserted"`
	ResponseCode    *int         `json:"responseCodeSent"`
	Request         guardRequest `json:"httpRequest"`
	Labels          []guardLabel `json:"labels,omitempty"`
}

type guardGroup struct {
	ID      string       `json:"ruleGroupId"`
	Ended   *guardMatch  `json:"terminatingRule"`
	Counted []guardMatch `json:"nonTerminatingMatchingRules"`
}

type guardMatch struct {
	Rule   string `json:"ruleId"`
	Action string `json:"action"`
}

type guardPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type guardLabel struct {
	Name string `json:"name"`
}

type guardRequest struct {
	Client  string      `json:"clientIp"`
	Country string      `json:"country"`
	Headers []guardPair `json:"headers"`
	URI     string      `json:"uri"`
	Args    string      `json:"args"`
	Version string      `json:"httpVersion"`
	Method  string      `json:"httpMethod"`
	ID      string      `json:"requestId"`
	Host    string      `json:"host"`
}

const (
	maxLoggedLabels = 100
	redacted        = "REDACTED"
)

func (t *guardTarget) entry(now time.Time, r *firewall.Request, v *firewall.Verdict) *guardEntry {
	e := &guardEntry{Timestamp: now.UnixMilli(), FormatVersion: 1, ACL: t.acl, Rule: v.Rule, RuleType: "REGULAR", Action: string(v.Kind), MatchDetails: []string{},
		SourceName: "ALB", Source: t.source, Groups: []guardGroup{}, Rates: []string{}, Counted: []guardMatch{}, Request: t.request(r)}
	switch {
	case v.Inner.Group != "":
		e.RuleType = "GROUP"
	case v.Rated:
		e.RuleType = "RATE_BASED"
	}
	group := func(name string) *guardGroup {
		arn := t.groupARNs[name]
		for i := range e.Groups {
			if e.Groups[i].ID == arn {
				return &e.Groups[i]
			}
		}
		e.Groups = append(e.Groups, guardGroup{ID: arn, Counted: []guardMatch{}})
		return &e.Groups[len(e.Groups)-1]
	}
	for _, m := range v.Counted {
		match := guardMatch{m.Rule, string(m.Kind)}
		if m.Group == "" {
			e.Counted = append(e.Counted, match)
			continue
		}
		g := group(m.Group)
		g.Counted = append(g.Counted, match)
	}
	if v.Inner.Group != "" {
		group(v.Inner.Group).Ended = &guardMatch{v.Inner.Rule, string(v.Inner.Kind)}
	}
	for _, h := range v.Insert {
		e.HeadersInserted = append(e.HeadersInserted, guardPair(h))
	}
	if v.Response != nil {
		e.ResponseCode = &v.Response.Status
	}
	for _, l := range v.Labels[:min(len(v.Labels), maxLoggedLabels)] {
		e.Labels = append(e.Labels, guardLabel{l})
	}
	return e
}

// request tells of a request, without what is to be redacted.
func (t *guardTarget) request(r *firewall.Request) guardRequest {
	out := guardRequest{Client: r.Source.Unmap().String(), Country: "-", URI: r.Path, Args: r.Query, Version: r.Proto, Method: r.Method, ID: r.ID, Host: r.Host,
		Headers: []guardPair{{"host", r.Host}}}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			out.Headers = append(out.Headers, guardPair{name, value})
		}
	}
	for i := range t.config.RedactedFields {
		redact(&out, &t.config.RedactedFields[i])
	}
	return out
}

func redact(r *guardRequest, f *wafv2.FieldToMatch) {
	switch {
	case f.UriPath != nil:
		r.URI = redacted
	case f.QueryString != nil:
		r.Args = redacted
	case f.Method != nil:
		r.Method = redacted
	case f.SingleHeader != nil:
		for i := range r.Headers {
			if strings.EqualFold(r.Headers[i].Name, *f.SingleHeader.Name) {
				r.Headers[i].Value = redacted
			}
		}
	}
}
