package ecr

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

const maxPolicy = 10240 // characters

func invalidPolicy(why string) error {
	return wire.Errorf("InvalidParameterException", "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided': %s", why)
}

// checkPolicy checks that a document is a policy for a repository, which has no Resource.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
func (t *txn) checkPolicy(document string) (*auth.Policy, error) {
	if len(document) > maxPolicy {
		return nil, invalid("PolicyText", "Member must have length less than or equal to 10240")
	}
	p, err := auth.ParsePolicy([]byte(document))
	if err != nil {
		return nil, invalidPolicy(err.Error())
	}
	for i := range p.Statements {
		s := &p.Statements[i]
		switch {
		case s.Principal == nil && s.NotPrincipal == nil:
			return nil, invalidPolicy("Missing required field Principal")
		case s.Resources != nil || s.NotResources != nil:
			return nil, invalidPolicy("Has prohibited field Resource")
		case len(s.Actions)+len(s.NotActions) == 0:
			return nil, invalidPolicy("Missing required field Action")
		}
		for _, a := range slices.Concat(s.Actions, s.NotActions) {
			if vendor, _, _ := strings.Cut(a, ":"); a != "*" && !strings.EqualFold(vendor, "ecr") {
				return nil, invalidPolicy("Invalid action " + a)
			}
		}
		for _, who := range []*auth.Principals{s.Principal, s.NotPrincipal} {
			if who != nil && !t.known(who) {
				return nil, invalidPolicy("Principal not found")
			}
		}
	}
	return p, nil
}

// known reports whether all principals can be principals; roles must exist.
func (t *txn) known(who *auth.Principals) bool {
	if len(who.CanonicalUser)+len(who.Federated) > 0 {
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

// SetRepositoryPolicy gives a repository a policy. Unless forced it must not keep the caller from setting another one.
func (s *Service) SetRepositoryPolicy(ctx context.Context, in *SetRepositoryPolicyInput) (*SetRepositoryPolicyOutput, error) {
	out := &SetRepositoryPolicyOutput{RepositoryName: in.RepositoryName, PolicyText: in.PolicyText}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		p, err := t.checkPolicy(*in.PolicyText)
		if err != nil {
			return err
		}
		request := &auth.Request{Caller: t.call.Caller(), Action: "ecr:SetRepositoryPolicy", Resource: repositoryARN(t.sc, r.Name), Context: t.call.Context(t.now)}
		if !flag(in.Force) && auth.Evaluate(request, p) == auth.Denied {
			return invalid("PolicyText", "The policy would keep you from setting another repository policy. Use force to set it nevertheless")
		}
		r.Policy = *in.PolicyText
		out.RegistryId = new(t.sc.Account)
		return nil
	})
}

// GetRepositoryPolicy gives a repository's policy.
func (s *Service) GetRepositoryPolicy(ctx context.Context, in *GetRepositoryPolicyInput) (*GetRepositoryPolicyOutput, error) {
	out := &GetRepositoryPolicyOutput{RepositoryName: in.RepositoryName}
	return out, s.read(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		out.RegistryId, out.PolicyText = new(t.sc.Account), new(r.Policy)
		return t.hasPolicy(r)
	})
}

// DeleteRepositoryPolicy takes a repository's policy away.
func (s *Service) DeleteRepositoryPolicy(ctx context.Context, in *DeleteRepositoryPolicyInput) (*DeleteRepositoryPolicyOutput, error) {
	out := &DeleteRepositoryPolicyOutput{RepositoryName: in.RepositoryName}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		if err := t.hasPolicy(r); err != nil {
			return err
		}
		out.RegistryId, out.PolicyText = new(t.sc.Account), new(r.Policy)
		r.Policy = ""
		return nil
	})
}

func (t *txn) hasPolicy(r *repositoryRecord) error {
	if r.Policy == "" {
		return wire.Errorf("RepositoryPolicyNotFoundException", "Repository policy does not exist for the repository with name '%s' in the registry with id '%s'", r.Name, t.sc.Account)
	}
	return nil
}
