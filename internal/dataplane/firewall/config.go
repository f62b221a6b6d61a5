package firewall

import (
	"net/netip"
	"time"
)

// WebACL is a web ACL, with all that it refers to. Rules stand in the order of their priorities.
type WebACL struct {
	ID         string // unique, such as an ARN
	Name       string
	Namespace  string // of its own rules' labels, with a colon at its end
	Default    Action
	Rules      []Rule
	Visibility Visibility
}

// Visibility is how a rule shows in metrics and samples.
type Visibility struct {
	Metric           string
	Metered, Sampled bool
}

// Rule is a rule: a statement with an action, or a rule group.
type Rule struct {
	Name       string
	Statement  Statement
	Action     Action
	Labels     []string // that it adds to requests that it matches, without the namespace
	Visibility Visibility

	Group      *Group // instead of a statement
	CountGroup bool   // count what the group would end
}

// Group is a rule group. Its rules stand in the order of their priorities.
type Group struct {
	ID, Name   string
	Namespace  string // of its rules' labels
	Rules      []Rule
	Overrides  map[string]Action // by the rules' names
	Visibility Visibility
}

// Kind is what an action does.
type Kind string

// The kinds of actions. Captcha and Challenge are not performed.
const (
	Allow     Kind = "ALLOW"
	Block     Kind = "BLOCK"
	Count     Kind = "COUNT"
	Captcha   Kind = "CAPTCHA"
	Challenge Kind = "CHALLENGE"
)

// Action is what is done with a request.
type Action struct {
	Kind     Kind
	Insert   []Header  // into the request; AWS's prefix of their names is added here
	Response *Response // to a blocked request, nil for the usual one
}

// Header is a header's name and value.
type Header struct{ Name, Value string }

// Response is a custom response.
type Response struct {
	Status            int
	Headers           []Header
	ContentType, Body string
}

// Statement is exactly one of its members.
type Statement struct {
	And, Or   []Statement
	Not       *Statement
	Bytes     *ByteMatch
	Regex     *RegexMatch
	Size      *SizeMatch
	Addresses *AddressMatch
	Label     *LabelMatch
	Rate      *RateLimit
	Unknown   string // names what cannot be judged
}

// Component is a part of a request, after its transformations.
type Component struct {
	Part       Part
	Name       string      // of the header or argument
	Include    []string    // names of headers or cookies, or JSON pointers; none: all
	Exclude    []string    // names of headers or cookies
	Scope      string      // ALL, KEY or VALUE
	Oversize   string      // CONTINUE, MATCH or NO_MATCH
	Invalid    string      // of a JSON body: MATCH, NO_MATCH, EVALUATE_AS_STRING, or empty for what comes before the fault
	Transforms []Transform // in their order
}

// Part is a part of a request.
type Part string

// The parts of requests.
const (
	Path         Part = "path"
	Query        Part = "query"
	Method       Part = "method"
	Body         Part = "body"
	JSONBody     Part = "json"
	SingleHeader Part = "header"
	Headers      Part = "headers"
	Cookies      Part = "cookies"
	Argument     Part = "argument"
	Arguments    Part = "arguments"
)

// ByteMatch looks for bytes.
type ByteMatch struct {
	Component
	Search   string
	Position string // EXACTLY, STARTS_WITH, ENDS_WITH, CONTAINS or CONTAINS_WORD
}

// RegexMatch looks for any of some regular expressions.
type RegexMatch struct {
	Component
	Patterns []string
}

// SizeMatch compares a size in bytes.
type SizeMatch struct {
	Component
	Operator string // EQ, NE, LE, LT, GE or GT
	Size     int64
}

// AddressMatch looks for a client's address in a set.
type AddressMatch struct {
	Set       []netip.Prefix
	Forwarded *Forwarded // nil: the address that the connection comes from
}

// Forwarded takes the client's address out of a header.
type Forwarded struct {
	Header   string
	Position string // FIRST, LAST or ANY
	Fallback bool   // whether what is no address matches
}

// LabelMatch looks for a label that a rule before has added.
type LabelMatch struct {
	Key       string
	Namespace bool // any label in the namespace Key
}

// RateLimit matches the requests above a rate.
type RateLimit struct {
	Limit     int64
	Window    time.Duration
	Forwarded *Forwarded // for keys of the kind KeyForwarded
	Keys      []Key      // none: all requests count together
	Scope     *Statement // the requests that count; nil: all
}

// Key is a part of what requests are counted by.
type Key struct {
	Kind      KeyKind
	Component Component // of KeyComponent
	Namespace string    // of KeyLabels
}

// KeyKind says what a key is.
type KeyKind string

// The kinds of keys.
const (
	KeyAddress   KeyKind = "IP"
	KeyForwarded KeyKind = "FORWARDED_IP"
	KeyLabels    KeyKind = "LABEL_NAMESPACE"
	KeyComponent KeyKind = "COMPONENT"
	KeyUnknown   KeyKind = "UNKNOWN" // a fingerprint or autonomous system
)
