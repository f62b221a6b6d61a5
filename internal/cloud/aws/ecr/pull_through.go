package ecr

import (
	"context"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// pullThroughRecord is a rule by which repositories with a prefix cache those of another registry. Its id is the prefix.
type pullThroughRecord struct {
	Prefix, URL, Registry, UpstreamPrefix string
	Credential, Role                      string // ARNs, or empty
	Created, Updated                      time.Time
}

const maxPullThroughRules = 50 // of a registry

var (
	pullThroughPrefixes = regexp.MustCompile(`^(` + repositoryPattern + `/?|ROOT)$`)
	pullThroughSecrets  = regexp.MustCompile(`^arn:aws:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr-pullthroughcache/[a-zA-Z0-9/_+=.@-]+$`)
	privateRegistries   = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$`)
)

// upstream gives the kind of a registry by its URL, and whether it needs credentials.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
func upstream(url string) (kind string, credentials, ok bool) {
	switch url {
	case "public.ecr.aws":
		return "ecr-public", false, true
	case "registry.k8s.io":
		return "k8s", false, true
	case "quay.io":
		return "quay", false, true
	case "registry-1.docker.io":
		return "docker-hub", true, true
	case "ghcr.io":
		return "github-container-registry", true, true
	case "registry.gitlab.com":
		return "gitlab-container-registry", true, true
	}
	switch {
	case strings.HasSuffix(url, ".azurecr.io"):
		return "azure-container-registry", true, true
	case privateRegistries.MatchString(url):
		return "ecr", false, true
	}
	return "", false, false
}

func (r *pullThroughRecord) render(sc state.Scope) PullThroughCacheRule {
	return PullThroughCacheRule{EcrRepositoryPrefix: &r.Prefix, UpstreamRegistryUrl: &r.URL, CreatedAt: &r.Created, UpdatedAt: &r.Updated, RegistryId: new(sc.Account),
		CredentialArn: optional(r.Credential), CustomRoleArn: optional(r.Role), UpstreamRepositoryPrefix: optional(r.UpstreamPrefix), UpstreamRegistry: &r.Registry}
}

// pullThrough gives a rule of the caller's registry.
func (t *txn) pullThrough(registry *string, prefix string) (*pullThroughRecord, error) {
	r, ok := t.rules.Get(t.tx, t.sc, prefix)
	if !ok || registry != nil && *registry != t.sc.Account {
		return nil, wire.Errorf("PullThroughCacheRuleNotFoundException", "The pull through cache rule with prefix '%s' does not exist in the registry with id '%s'", prefix, t.sc.Account)
	}
	return r, nil
}

func checkCredential(arn *string) error {
	if arn != nil && !pullThroughSecrets.MatchString(*arn) {
		return invalid("credentialArn", "The secret must be one of AWS Secrets Manager whose name begins with ecr-pullthroughcache/")
	}
	return nil
}

// CreatePullThroughCacheRule makes a rule.
func (s *Service) CreatePullThroughCacheRule(ctx context.Context, in *CreatePullThroughCacheRuleInput) (*CreatePullThroughCacheRuleOutput, error) {
	if p := *in.EcrRepositoryPrefix; len(p) < 2 || len(p) > 30 || !pullThroughPrefixes.MatchString(p) {
		return nil, invalid("ecrRepositoryPrefix", "must satisfy regular expression '^((?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*/?|ROOT)$'")
	}
	kind, credentials, ok := upstream(strings.TrimPrefix(*in.UpstreamRegistryUrl, "https://"))
	switch {
	case !ok:
		return nil, wire.Errorf("UnsupportedUpstreamRegistryException", "The specified upstream registry isn't supported.")
	case in.UpstreamRegistry != nil && *in.UpstreamRegistry != kind:
		return nil, invalid("upstreamRegistry", "The upstream registry does not match the upstream registry URL")
	case credentials && in.CredentialArn == nil:
		return nil, invalid("credentialArn", "The upstream registry "+kind+" requires a credential ARN")
	}
	if err := checkCredential(in.CredentialArn); err != nil {
		return nil, err
	}
	out := &CreatePullThroughCacheRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := t.rules.Get(t.tx, t.sc, *in.EcrRepositoryPrefix); taken {
			return wire.Errorf("PullThroughCacheRuleAlreadyExistsException", "A pull through cache rule with the prefix '%s' already exists in the registry with id '%s'", *in.EcrRepositoryPrefix, t.sc.Account)
		}
		n := 0
		for range t.rules.All(t.tx, t.sc) {
			n++
		}
		if n >= maxPullThroughRules {
			return wire.Errorf("LimitExceededException", "The registry with id '%s' has reached the limit of %d pull through cache rules", t.sc.Account, maxPullThroughRules)
		}
		r := &pullThroughRecord{Prefix: *in.EcrRepositoryPrefix, URL: strings.TrimPrefix(*in.UpstreamRegistryUrl, "https://"), Registry: kind,
			UpstreamPrefix: text(in.UpstreamRepositoryPrefix), Credential: text(in.CredentialArn), Role: text(in.CustomRoleArn), Created: t.now, Updated: t.now}
		t.rules.Put(t.tx, t.sc, r.Prefix, r)
		v := r.render(t.sc)
		*out = CreatePullThroughCacheRuleOutput{EcrRepositoryPrefix: v.EcrRepositoryPrefix, UpstreamRegistryUrl: v.UpstreamRegistryUrl, CreatedAt: v.CreatedAt, RegistryId: v.RegistryId,
			UpstreamRegistry: v.UpstreamRegistry, CredentialArn: v.CredentialArn, CustomRoleArn: v.CustomRoleArn, UpstreamRepositoryPrefix: v.UpstreamRepositoryPrefix}
		return nil
	})
}

// DescribePullThroughCacheRules gives rules in the order of their prefixes.
func (s *Service) DescribePullThroughCacheRules(ctx context.Context, in *DescribePullThroughCacheRulesInput) (*DescribePullThroughCacheRulesOutput, error) {
	limit, after, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribePullThroughCacheRulesOutput{PullThroughCacheRules: []PullThroughCacheRule{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, prefix := range in.EcrRepositoryPrefixes {
			r, err := t.pullThrough(in.RegistryId, prefix)
			if err != nil {
				return err
			}
			out.PullThroughCacheRules = append(out.PullThroughCacheRules, r.render(t.sc))
		}
		if len(in.EcrRepositoryPrefixes) > 0 {
			return nil
		}
		found, last := state.Page(t.rules.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			out.PullThroughCacheRules = append(out.PullThroughCacheRules, r.render(t.sc))
		}
		out.NextToken = state.Token(last)
		return nil
	})
}

// UpdatePullThroughCacheRule changes a rule's credentials.
func (s *Service) UpdatePullThroughCacheRule(ctx context.Context, in *UpdatePullThroughCacheRuleInput) (*UpdatePullThroughCacheRuleOutput, error) {
	if err := checkCredential(in.CredentialArn); err != nil {
		return nil, err
	}
	out := &UpdatePullThroughCacheRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.pullThrough(in.RegistryId, *in.EcrRepositoryPrefix)
		if err != nil {
			return err
		}
		if in.CredentialArn != nil {
			r.Credential = *in.CredentialArn
		}
		if in.CustomRoleArn != nil {
			r.Role = *in.CustomRoleArn
		}
		r.Updated = t.now
		t.rules.Put(t.tx, t.sc, r.Prefix, r)
		v := r.render(t.sc)
		*out = UpdatePullThroughCacheRuleOutput{EcrRepositoryPrefix: v.EcrRepositoryPrefix, RegistryId: v.RegistryId, UpdatedAt: v.UpdatedAt, CredentialArn: v.CredentialArn,
			CustomRoleArn: v.CustomRoleArn, UpstreamRepositoryPrefix: v.UpstreamRepositoryPrefix}
		return nil
	})
}

// DeletePullThroughCacheRule deletes a rule.
func (s *Service) DeletePullThroughCacheRule(ctx context.Context, in *DeletePullThroughCacheRuleInput) (*DeletePullThroughCacheRuleOutput, error) {
	out := &DeletePullThroughCacheRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.pullThrough(in.RegistryId, *in.EcrRepositoryPrefix)
		if err != nil {
			return err
		}
		t.rules.Delete(t.tx, t.sc, r.Prefix)
		v := r.render(t.sc)
		*out = DeletePullThroughCacheRuleOutput{EcrRepositoryPrefix: v.EcrRepositoryPrefix, UpstreamRegistryUrl: v.UpstreamRegistryUrl, CreatedAt: v.CreatedAt, RegistryId: v.RegistryId,
			CredentialArn: v.CredentialArn, CustomRoleArn: v.CustomRoleArn, UpstreamRepositoryPrefix: v.UpstreamRepositoryPrefix}
		return nil
	})
}
