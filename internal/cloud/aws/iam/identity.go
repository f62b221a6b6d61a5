package iam

import (
	"errors"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

// identity is what roles, users and groups have in common: a name and what it may do.
type identity struct {
	Name, Path, ID string
	Created        time.Time
	Boundary       string            `json:",omitempty"` // ARN of the policy that bounds its permissions
	Inline         map[string]string `json:",omitempty"` // documents by name
	Attached       []string          `json:",omitempty"` // ARNs of managed policies, in the order of attachment
}

// quotas of AWS on an identity.
const (
	maxAttached        = 10
	maxRoleInlineSize  = 10240
	maxUserInlineSize  = 2048
	maxGroupInlineSize = 5120
	maxTrustPolicySize = 2048
	maxPolicySize      = 6144
	maxPolicyVersions  = 5
	maxAccessKeys      = 2
)

// checkIdentityPolicy reads the document of an inline or managed policy.
func checkIdentityPolicy(document string) (*auth.Policy, error) {
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.IdentityPolicy)
	}
	return p, malformedDocument(err, false)
}

// malformedDocument turns a fault in a policy into IAM's error. Of the grammar IAM says no more than that it is broken, except
// in trust policies.
func malformedDocument(err error, trust bool) error {
	var fault *auth.PolicyError
	if !errors.As(err, &fault) {
		return err
	}
	if fault.Grammar && !trust {
		return wire.Errorf("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	return wire.Errorf("MalformedPolicyDocument", "%s", fault.Message)
}

// putInline embeds a policy; most is the quota for all of the identity's documents together.
func (e *identity) putInline(kind, name, document string, most int) error {
	if err := checkName(name, "policyName", 128); err != nil {
		return err
	}
	if _, err := checkIdentityPolicy(document); err != nil {
		return err
	}
	if e.Inline == nil {
		e.Inline = map[string]string{}
	}
	e.Inline[name] = document
	total := 0
	for _, d := range e.Inline {
		total += size(d)
	}
	if total > most {
		return wire.Errorf("LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s", most, kind, e.Name)
	}
	return nil
}

func (e *identity) inline(kind, name string) (string, error) {
	document, ok := e.Inline[name]
	if !ok {
		return "", notFound("The %s policy with name %s cannot be found.", kind, name)
	}
	return document, nil
}

func (e *identity) inlineNames() []string {
	names := make([]string, 0, len(e.Inline))
	for name := range e.Inline {
		names = append(names, name)
	}
	return names
}

// attach attaches a managed policy; one that is attached already stays so.
func (t *txn) attach(e *identity, kind, policyARN string) error {
	p, err := t.policy(policyARN)
	if err != nil {
		if isNotFound(err) {
			return notFound("Policy %s does not exist or is not attachable.", policyARN)
		}
		return err
	}
	if strings.HasPrefix(p.Path, "/aws-service-role/") {
		return wire.Errorf("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	}
	if slices.Contains(e.Attached, policyARN) {
		return nil
	}
	if len(e.Attached) >= maxAttached {
		return overQuota("PoliciesPer"+kind, maxAttached)
	}
	e.Attached = append(e.Attached, policyARN)
	return nil
}

func (e *identity) detach(policyARN string) error {
	if err := checkPolicyARN(policyARN); err != nil {
		return err
	}
	i := slices.Index(e.Attached, policyARN)
	if i < 0 {
		return notFound("Policy %s was not found.", policyARN)
	}
	e.Attached = slices.Delete(e.Attached, i, i+1)
	return nil
}

// attached gives a page of an identity's managed policies.
func (t *txn) attached(e *identity, prefix *string, p paging) ([]AttachedPolicy, *bool, *string, error) {
	path, err := checkPathPrefix(prefix)
	if err != nil {
		return nil, nil, nil, err
	}
	all := make([]AttachedPolicy, 0, len(e.Attached))
	for _, arn := range e.Attached {
		_, at, _ := strings.Cut(arn, ":policy")
		if name := arn[strings.LastIndexByte(arn, '/')+1:]; strings.HasPrefix(at, path) {
			all = append(all, AttachedPolicy{PolicyArn: new(arn), PolicyName: new(name)})
		}
	}
	page, last := cut(all, p, func(a AttachedPolicy) string { return *a.PolicyArn })
	truncated, marker := end(last)
	return page, truncated, marker, nil
}

// bound sets the permissions boundary.
func (t *txn) bound(e *identity, policyARN string) error {
	if _, err := t.policy(policyARN); err != nil {
		if isNotFound(err) {
			return notFound("Scope ARN: %s does not exist or is not attachable.", policyARN)
		}
		return err
	}
	e.Boundary = policyARN
	return nil
}

func (e *identity) boundary() *AttachedPermissionsBoundary {
	if e.Boundary == "" {
		return nil
	}
	return &AttachedPermissionsBoundary{PermissionsBoundaryType: new("Policy"), PermissionsBoundaryArn: new(e.Boundary)}
}

// deletable reports what must go before the identity can.
func (e *identity) deletable() error {
	if len(e.Attached) > 0 {
		return conflict("Cannot delete entity, must detach all policies first.")
	}
	if len(e.Inline) > 0 {
		return conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

func isNotFound(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == "NoSuchEntity"
}
