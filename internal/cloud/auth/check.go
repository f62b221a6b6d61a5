package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a policy is attached to, which decides what it may and must contain.
type Kind int

// The kinds of policies.
const (
	IdentityPolicy Kind = iota // of a user, a role or a group; also permissions boundaries and session policies
	TrustPolicy                // says who may assume a role
	ResourcePolicy             // of a resource, such as a bucket
)

func malformed(format string, args ...any) error {
	return &PolicyError{Message: fmt.Sprintf(format, args...)}
}

// Check says whether a policy is a valid one of its kind. Its errors are *PolicyError.
func (p *Policy) Check(kind Kind) error {
	seen := map[string]bool{}
	for _, s := range p.Statements {
		if s.SID != "" && seen[s.SID] {
			return malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		seen[s.SID] = true
	}
	for i := range p.Statements {
		s := &p.Statements[i]
		var err error
		switch kind {
		case IdentityPolicy:
			err = s.checkIdentity()
		case TrustPolicy:
			err = s.checkTrust()
		case ResourcePolicy:
			err = s.checkResource()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Statement) checkIdentity() error {
	if s.Principal != nil || s.NotPrincipal != nil {
		return malformed("Policy document should not specify a principal.")
	}
	if len(s.Actions)+len(s.NotActions) == 0 {
		return malformed("Policy statement must contain actions.")
	}
	if len(s.Resources)+len(s.NotResources) == 0 {
		return malformed("Policy statement must contain resources.")
	}
	for _, r := range slices.Concat(s.Resources, s.NotResources) {
		if err := checkResourceName(r); err != nil {
			return err
		}
	}
	return s.checkActions()
}

func (s *Statement) checkActions() error {
	for _, a := range slices.Concat(s.Actions, s.NotActions) {
		if a == "*" {
			continue
		}
		vendor, name, ok := strings.Cut(a, ":")
		switch {
		case !ok:
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case strings.Contains(name, ":"):
			return malformed("Actions/Condition can contain only one colon.")
		case vendor == "" || strings.Trim(vendor, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*?") != "":
			return malformed("Vendor %s is not valid", vendor)
		}
	}
	return nil
}

// globalServices have no region in their ARNs; the text is what AWS says of one with a region.
var globalServices = map[string]string{
	"iam": "IAM resource %s cannot contain region information.",
	"s3":  "Resource %s can not contain region information.",
}

// iamPaths begin the resource part of IAM's ARNs.
var iamPaths = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}

func checkResourceName(r string) error {
	if r == "*" {
		return nil
	}
	parts := strings.SplitN(r, ":", 6)
	if parts[0] != "arn" && !strings.ContainsAny(parts[0], "*?$") || len(parts) == 1 && !strings.ContainsAny(r, "*?$") {
		return malformed(`Resource %s must be in ARN format or "*".`, r)
	}
	if len(parts) < 3 {
		return malformed("Resource vendor must be fully qualified and cannot contain regexes.")
	}
	if partition := parts[1]; !slices.Contains([]string{"aws", "aws-cn", "aws-us-gov", "*"}, partition) && !strings.Contains(partition, "$") {
		full := append(slices.Clone(parts[2:]), slices.Repeat([]string{"*"}, 6-len(parts))...)
		return malformed(`Partition "%s" is not valid for resource "arn:%s:%s".`, partition, partition, strings.Join(full, ":"))
	}
	if message, ok := globalServices[parts[2]]; ok && len(parts) > 3 && strings.Trim(parts[3], "*") != "" {
		return malformed(message, r)
	}
	if parts[2] == "iam" && len(parts) == 6 {
		begins := func(p string) bool { return strings.HasPrefix(parts[5], p) }
		if !slices.ContainsFunc(iamPaths, begins) && parts[5] != "root" && !strings.ContainsAny(parts[5], "*$") {
			return malformed(`IAM resource path must either be "*" or start with %s.`, strings.Join(iamPaths, ", "))
		}
	}
	return nil
}

// trustActions are what a trust policy may allow, in lower case; besides these, a pattern that begins with sts:AssumeRole.
var trustActions = []string{"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

func (s *Statement) checkTrust() error {
	switch {
	case s.Resources != nil:
		return malformed("Has prohibited field Resource")
	case s.NotResources != nil:
		return malformed("Has prohibited field NotResource")
	case s.NotActions != nil:
		return malformed("Has prohibited field NotAction")
	case s.NotPrincipal != nil && !s.Deny:
		return malformed("Has prohibited field NotPrincipal")
	case s.Principal == nil && s.NotPrincipal == nil:
		return malformed("Missing required field Principal")
	case len(s.Actions) == 0:
		return malformed("Missing required field Action")
	}
	for _, a := range s.Actions {
		a = strings.ToLower(a)
		if !strings.HasPrefix(a, "sts:assumerole") && !slices.Contains(trustActions, a) {
			return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	return nil
}

func (s *Statement) checkResource() error {
	switch {
	case s.Principal == nil && s.NotPrincipal == nil:
		return malformed("Missing required field Principal")
	case len(s.Actions)+len(s.NotActions) == 0:
		return malformed("Missing required field Action")
	case len(s.Resources)+len(s.NotResources) == 0:
		return malformed("Missing required field Resource")
	}
	return s.checkActions()
}
