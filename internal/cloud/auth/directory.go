package auth

import "time"

// Role is what others may know of an IAM role.
type Role struct {
	Account, ARN, Name string
	ID                 string // AROA…
	Trust              string // the trust policy's document
	MaxSession         time.Duration
	Tags               map[string]string // shared: read only
	ServiceLinked      bool
}

// Trusts says whether a service of AWS, such as "ecs-tasks.amazonaws.com", may assume the role. context has the condition keys that
// the service gives, such as aws:SourceAccount; nil for none.
func (r *Role) Trusts(service string, context Context) bool {
	trust, err := ParsePolicy([]byte(r.Trust))
	if err != nil {
		return false
	}
	return Evaluate(&Request{Caller: Caller{Service: service}, Action: "sts:AssumeRole", Resource: r.ARN, Context: context}, trust) == Allowed
}

// Source gives the condition keys by which a service of AWS says for whom, and for what, it takes a role or uses a resource.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func Source(account, arn string) Context {
	c := Context{}
	c.Set("aws:SourceAccount", account)
	c.Set("aws:SourceArn", arn)
	return c
}

// OpenIDProvider is an issuer of identity tokens that an account trusts.
type OpenIDProvider struct {
	ARN       string
	Host      string // the issuer without https://, the prefix of its condition keys
	ClientIDs []string
}

// Permissions are what a user or role may do by its own policies.
type Permissions struct {
	Policies []*Policy
	Bounded  bool      // there is a permissions boundary: what it does not allow too is not allowed
	Boundary []*Policy // its policy; none where that is gone
	Tags     map[string]string
}

// Evaluate gives the decision of the policies within their boundary.
func (p *Permissions) Evaluate(r *Request) Decision {
	d := Evaluate(r, p.Policies...)
	if d != Allowed || !p.Bounded {
		return d
	}
	return Evaluate(r, p.Boundary...)
}
