package auth

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is what policies are asked about: may this caller do this to that, now?
type Request struct {
	Caller   Caller
	Action   string // such as "s3:GetObject"
	Resource string // an ARN, or "*" for an action that has no resource
	Context  Context
}

// Caller has the names by which a Principal element can mean whoever makes a request.
type Caller struct {
	Account   string   // the account of an AWS principal
	AWS       []string // ARNs and unique ids: of a session its own and its role's
	Service   string   // such as "ecs-tasks.amazonaws.com"
	Federated string   // ARN of the identity provider
}

// Caller gives the names of the principal.
func (p Principal) Caller() Caller {
	c := Caller{Account: p.Account, AWS: []string{p.ARN}}
	if id, _, _ := strings.Cut(p.UserID, ":"); id != "" && id != p.Account {
		c.AWS = append(c.AWS, id)
	}
	if p.Role != "" {
		c.AWS = append(c.AWS, p.Role)
	}
	return c
}

// Context has the condition keys of a request, in lower case since their case does not count, with their values.
type Context map[string][]string

// Set gives a key its values.
func (c Context) Set(key string, values ...string) { c[strings.ToLower(key)] = values }

// Get gives a key's values.
func (c Context) Get(key string) []string {
	if v, ok := c[key]; ok {
		return v
	}
	return c[strings.ToLower(key)]
}

// Context gives the global condition keys that follow from the principal and the time alone.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (p Principal) Context(now time.Time) Context {
	c := Context{}
	c.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	if p.Account == "" {
		return c
	}
	c.Set("aws:PrincipalAccount", p.Account)
	c.Set("aws:userid", p.UserID)
	switch {
	case p.IsRoot():
		c.Set("aws:PrincipalArn", p.ARN)
		c.Set("aws:PrincipalType", "Account")
	case p.Role != "":
		c.Set("aws:PrincipalArn", p.Role)
		c.Set("aws:PrincipalType", "AssumedRole")
	default:
		c.Set("aws:PrincipalArn", p.ARN)
		c.Set("aws:PrincipalType", "User")
		c.Set("aws:username", p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	return c
}

// Decision is what policies say to a request.
type Decision int

const (
	// NotAllowed: no statement speaks of the request, which is a denial unless another policy allows it.
	NotAllowed Decision = iota
	// AllowedToAccount: a resource's or role's policy leaves the decision to the caller's account, by naming the account as
	// principal. The caller's own identity policies must allow the request too.
	AllowedToAccount
	// Allowed: a statement allows it and none denies it.
	Allowed
	// Denied: a statement denies it, whatever others say.
	Denied
)

func (d Decision) String() string {
	return [...]string{"not allowed", "allowed to the account", "allowed", "denied"}[d]
}

// Evaluate gives the decision of all the policies together. Statements without a Principal element, those of identity policies,
// speak of the caller.
func Evaluate(r *Request, policies ...*Policy) Decision {
	decision := NotAllowed
	for _, p := range policies {
		e := evaluation{request: r, version: p.Version}
		for i := range p.Statements {
			s := &p.Statements[i]
			d := e.says(s)
			if d != NotAllowed && s.Deny {
				return Denied
			}
			decision = max(decision, d)
		}
	}
	return decision
}

type evaluation struct {
	request *Request
	version string
}

// says reports whether and how a statement speaks of the request, whatever its effect.
func (e *evaluation) says(s *Statement) Decision {
	d := e.concerns(s)
	if d == NotAllowed || !e.acts(s) || !e.reaches(s) {
		return NotAllowed
	}
	for i := range s.Conditions {
		if !e.holds(&s.Conditions[i]) {
			return NotAllowed
		}
	}
	return d
}

func (e *evaluation) concerns(s *Statement) Decision {
	switch {
	case s.Principal != nil:
		return e.request.Caller.in(s.Principal)
	case s.NotPrincipal != nil:
		if e.request.Caller.in(s.NotPrincipal) != NotAllowed {
			return NotAllowed
		}
	}
	return Allowed
}

// in tells how a caller is among principals: by a name of its own, by its account, or not.
func (c *Caller) in(p *Principals) Decision {
	if p.Everyone || slices.Contains(p.AWS, "*") {
		return Allowed
	}
	if c.Service != "" && slices.Contains(p.Service, c.Service) || c.Federated != "" && slices.Contains(p.Federated, c.Federated) {
		return Allowed
	}
	d := NotAllowed
	for _, name := range p.AWS {
		if slices.Contains(c.AWS, name) {
			return Allowed
		}
		if c.Account == "" || AccountOf(name) != c.Account {
			continue
		}
		if slices.Contains(c.AWS, rootARN(c.Account)) {
			return Allowed
		}
		d = AllowedToAccount
	}
	return d
}

func rootARN(account string) string { return "arn:aws:iam::" + account + ":root" }

// AccountOf gives the account that a Principal value means as a whole, by its number or by its root user's ARN; "" for others.
func AccountOf(principal string) string {
	account := principal
	if rest, ok := strings.CutPrefix(principal, "arn:aws:iam::"); ok {
		if account, ok = strings.CutSuffix(rest, ":root"); !ok {
			return ""
		}
	}
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return ""
	}
	return account
}

func (e *evaluation) acts(s *Statement) bool {
	action := strings.ToLower(e.request.Action)
	fits := func(p string) bool { return matches(pattern(strings.ToLower(p)), action) }
	if s.NotActions != nil {
		return !slices.ContainsFunc(s.NotActions, fits)
	}
	return slices.ContainsFunc(s.Actions, fits)
}

// reaches reports whether the statement is about the resource; one that names none, as in trust policies, is about the
// resource that it belongs to.
func (e *evaluation) reaches(s *Statement) bool {
	fits := func(r string) bool {
		p, ok := e.expand(r)
		return ok && matchesARN(p, e.request.Resource)
	}
	switch {
	case s.Resources != nil:
		return slices.ContainsFunc(s.Resources, fits)
	case s.NotResources != nil:
		unknown := func(r string) bool { _, ok := e.expand(r); return !ok }
		if !s.Deny && slices.ContainsFunc(s.NotResources, unknown) {
			return false // allowing all but an unknown resource would allow too much
		}
		return !slices.ContainsFunc(s.NotResources, fits)
	}
	return true
}
