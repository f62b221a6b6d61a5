package secretsmanager

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

const maxPolicy = 20480 // characters

// malformed is why a policy is none for a secret.
func malformed(format string, args ...any) error {
	return wire.Errorf("MalformedPolicyDocumentException", format, args...)
}

// checkPolicy checks that a document is a policy for a secret.
func (t *txn) checkPolicy(document string) (*auth.Policy, error) {
	if document == "" || len(document) > maxPolicy {
		return nil, constraint("resourcePolicy", "Member must have length between 1 and 20480")
	}
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.ResourcePolicy)
	}
	var fault *auth.PolicyError
	switch {
	case errors.As(err, &fault):
		return nil, malformed("This resource policy contains a syntax error. %s", fault.Message)
	case err != nil:
		return nil, err
	}
	for i := range p.Statements {
		st := &p.Statements[i]
		for _, a := range slices.Concat(st.Actions, st.NotActions) {
			if vendor, _, _ := strings.Cut(a, ":"); a != "*" && !strings.EqualFold(vendor, "secretsmanager") {
				return nil, malformed("This resource policy contains an unsupported action: %s", a)
			}
		}
		for _, who := range []*auth.Principals{st.Principal, st.NotPrincipal} {
			if who != nil && !t.known(who) {
				return nil, malformed("This resource policy contains an unsupported principal.")
			}
		}
	}
	return p, nil
}

// known reports whether all principals can be principals; roles must exist.
func (t *txn) known(who *auth.Principals) bool {
	if len(who.CanonicalUser) > 0 {
		return false
	}
	for _, p := range who.AWS {
		switch parts := strings.SplitN(p, ":", 6); {
		case p == "*" || auth.AccountOf(p) != "":
		case len(parts) == 6 && parts[0] == "arn" && parts[2] == "iam" && strings.HasPrefix(parts[5], "role/"):
			if _, ok := t.d.Roles.Role(t.tx, p); !ok {
				return false
			}
		case len(parts) == 6 && parts[0] == "arn" && (parts[2] == "iam" && strings.HasPrefix(parts[5], "user/") || parts[2] == "sts"):
		case len(p) >= 20 && len(p) <= 21 && strings.HasPrefix(p, "A"): // the unique id of one that was deleted
		default:
			return false
		}
	}
	return true
}

// narrowing are condition keys that keep a statement for everyone from being public.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
var narrowing = []string{"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce",
	"aws:sourceorgid", "aws:sourceorgpaths", "aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:userid",
	"aws:username", "secretsmanager:resource/allowrotationlambdaarn"}

// public reports whether a policy gives anyone access.
func public(p *auth.Policy) bool {
	return slices.ContainsFunc(p.Statements, func(s auth.Statement) bool {
		if s.Deny || s.Principal != nil && !s.Principal.Everyone && !slices.Contains(s.Principal.AWS, "*") {
			return false
		}
		return !slices.ContainsFunc(s.Conditions, func(c auth.Condition) bool {
			open := slices.ContainsFunc(c.Values, func(v string) bool { return strings.Trim(v, "*") == "" || v == "0.0.0.0/0" || v == "::/0" })
			negated := strings.Contains(c.Operator.Name, "Not") || c.Operator.Name == "Null" || c.Operator.ForAll || c.Operator.IfExists
			return slices.Contains(narrowing, strings.ToLower(c.Key)) && !open && !negated
		})
	})
}

// PutResourcePolicy gives a secret a policy.
func (s *Service) PutResourcePolicy(ctx context.Context, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
	out := &PutResourcePolicyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		if err != nil {
			return err
		}
		p, err := t.checkPolicy(*in.ResourcePolicy)
		if err != nil {
			return err
		}
		if flag(in.BlockPublicPolicy) && public(p) {
			return wire.Errorf("PublicPolicyException", "The resource policy grants access to everyone: BlockPublicPolicy refuses it.")
		}
		r.Policy = *in.ResourcePolicy
		t.put(r)
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		return nil
	})
}

// GetResourcePolicy gives a secret's policy.
func (s *Service) GetResourcePolicy(ctx context.Context, in *GetResourcePolicyInput) (*GetResourcePolicyOutput, error) {
	out := &GetResourcePolicyOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.active(in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name, out.ResourcePolicy = new(r.arn(t.sc)), new(r.Name), optional(r.Policy)
		return nil
	})
}

// DeleteResourcePolicy takes a secret's policy away; having none is no error.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *DeleteResourcePolicyInput) (*DeleteResourcePolicyOutput, error) {
	out := &DeleteResourcePolicyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		if err != nil {
			return err
		}
		r.Policy = ""
		t.put(r)
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		return nil
	})
}

// ValidateResourcePolicy says what would keep a policy from being put, and whether it gives anyone access.
func (s *Service) ValidateResourcePolicy(ctx context.Context, in *ValidateResourcePolicyInput) (*ValidateResourcePolicyOutput, error) {
	out := &ValidateResourcePolicyOutput{PolicyValidationPassed: new(true), ValidationErrors: []ValidationErrorsEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		if in.SecretId != nil {
			if _, err := t.primary(in.SecretId); err != nil {
				return err
			}
		}
		fail := func(check, message string) {
			out.PolicyValidationPassed = new(false)
			out.ValidationErrors = append(out.ValidationErrors, ValidationErrorsEntry{CheckName: &check, ErrorMessage: &message})
		}
		p, err := t.checkPolicy(*in.ResourcePolicy)
		var fault *wire.Error
		switch {
		case errors.As(err, &fault) && fault.Code == "MalformedPolicyDocumentException":
			fail("PolicySyntax", fault.Message)
		case err != nil:
			return err
		case public(p):
			fail("PublicPolicy", "The resource policy grants access to everyone.")
		}
		return nil
	})
}
