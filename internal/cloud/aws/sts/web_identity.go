package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// leeway is how far an issuer's clock may be ahead.
const leeway = 5 * time.Minute

// algorithms are the signatures that AWS takes.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

// claims are what STS reads of a token.
type claims struct {
	jwt.RegisteredClaims
	AuthorizedParty string    `json:"azp"`
	Methods         oneOrMore `json:"amr"`
	SourceIdentity  string    `json:"https://aws.amazon.com/source_identity"`
	Tags            struct {
		Principal  map[string]oneOrMore `json:"principal_tags"`
		Transitive []string             `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
}

// oneOrMore is a claim that may be one string or a list.
type oneOrMore = jwt.ClaimStrings

func badToken(format string, args ...any) error {
	return wire.Errorf("InvalidIdentityToken", format, args...)
}

// AssumeRoleWithWebIdentity begins a session of a role for the bearer of an identity token.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *AssumeRoleWithWebIdentityInput) (*AssumeRoleWithWebIdentityOutput, error) {
	if in.ProviderId != nil {
		return nil, wire.NotImplemented("sts:AssumeRoleWithWebIdentity with ProviderId")
	}
	if in.MinimumSessionTokenSize != nil {
		return nil, wire.NotImplemented("sts:AssumeRoleWithWebIdentity with MinimumSessionTokenSize")
	}
	r := &roleSession{name: *in.RoleSessionName, role: *in.RoleArn, lasts: in.DurationSeconds, policy: in.Policy, policyARNs: in.PolicyArns}
	if err := r.check(); err != nil {
		return nil, err
	}
	if n := len(*in.WebIdentityToken); n < 4 || n > 20000 {
		return nil, invalid("***", "webIdentityToken", "Member must have length between 4 and 20000")
	}
	// The issuer is looked up before anything of the token is believed, and only that of a registered provider is asked for keys.
	unverified := &claims{}
	token, _, err := jwt.NewParser().ParseUnverified(*in.WebIdentityToken, unverified)
	if err != nil {
		return nil, badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if unverified.Issuer == "" {
		return nil, badToken("Missing a required claim: iss")
	}
	account := strings.SplitN(r.role, ":", 6)[4]
	var provider auth.OpenIDProvider
	registered := false
	err = s.d.Store.View(func(tx *state.Tx) error {
		provider, registered = s.d.Providers.OpenIDProvider(tx, account, unverified.Issuer)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !registered {
		return nil, badToken("No OpenIDConnect provider found in your account for %s", unverified.Issuer)
	}
	call := wire.CallFrom(ctx)
	c, err := s.verify(ctx, *in.WebIdentityToken, token, unverified.Issuer, call.Time)
	if err != nil {
		return nil, err
	}
	audience := c.Audience
	if c.AuthorizedParty != "" {
		audience = jwt.ClaimStrings{c.AuthorizedParty}
	}
	known := func(a string) bool { return slices.Contains(provider.ClientIDs, a) }
	if !slices.ContainsFunc(audience, known) {
		return nil, badToken("Incorrect token audience")
	}
	if err := r.takeClaims(c); err != nil {
		return nil, err
	}
	out := &AssumeRoleWithWebIdentityOutput{}
	return out, s.d.Store.Update(ctx, func(tx *state.Tx) error {
		role, ok := s.d.Roles.Role(tx, r.role)
		if !ok {
			return denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
		}
		if err := authorizeToken(call, &role, &provider, c, audience, r); err != nil {
			return err
		}
		out.Credentials, out.AssumedRoleUser, out.PackedPolicySize, err = s.begin(tx, call, &role, r)
		out.SubjectFromWebIdentityToken, out.Provider = new(c.Subject), new(c.Issuer)
		out.Audience = new(audience[slices.IndexFunc(audience, known)])
		if r.source != "" {
			out.SourceIdentity = new(r.source)
		}
		return err
	})
}

// takeClaims takes the session tags and the source identity that the issuer put in the token.
func (r *roleSession) takeClaims(c *claims) error {
	var tags []Tag
	for k, v := range c.Tags.Principal {
		if len(v) != 1 {
			return badToken("The token's principal tag %s must have one value", k)
		}
		tags = append(tags, Tag{Key: new(k), Value: new(v[0])})
	}
	if r.source = c.SourceIdentity; r.source != "" {
		if err := checkSessionName(r.source, "sourceIdentity"); err != nil {
			return err
		}
	}
	return r.setTags(tags, c.Tags.Transitive)
}

// authorizeToken asks the trust policy. Nobody else has a say: the bearer belongs to no account.
func authorizeToken(call *wire.Call, role *auth.Role, provider *auth.OpenIDProvider, c *claims, audience []string, r *roleSession) error {
	trust, err := trustOf(role)
	if err != nil {
		return err
	}
	anonymous := *call
	anonymous.Principal = auth.Anonymous() // a signature, if there is one, does not count
	request := &auth.Request{Caller: auth.Caller{Federated: provider.ARN}, Resource: role.ARN, Context: (*caller)(nil).context(&anonymous, role)}
	r.describe(request.Context, r.tags)
	request.Context.Set("aws:FederatedProvider", provider.ARN)
	request.Context.Set(provider.Host+":sub", c.Subject)
	request.Context.Set(provider.Host+":aud", audience...)
	if c.AuthorizedParty != "" {
		request.Context.Set(provider.Host+":oaud", c.Audience...)
	}
	if len(c.Methods) > 0 {
		request.Context.Set(provider.Host+":amr", c.Methods...)
	}
	for _, action := range r.actions("sts:AssumeRoleWithWebIdentity", len(r.tags) > 0) {
		request.Action = action
		if auth.Evaluate(request, trust) != auth.Allowed {
			return denied("Not authorized to perform %s", action)
		}
	}
	return nil
}

// verify checks a token's signature by its issuer's keys, and its times.
func (s *Service) verify(ctx context.Context, raw string, unverified *jwt.Token, issuer string, now time.Time) (*claims, error) {
	if !slices.Contains(algorithms, unverified.Method.Alg()) {
		return nil, badToken("The token's signature algorithm %s is not supported", unverified.Method.Alg())
	}
	keys, err := s.issuerKeys(ctx, issuer)
	if err != nil {
		return nil, err
	}
	c := &claims{}
	parser := jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithoutClaimsValidation())
	_, err = parser.ParseWithClaims(raw, c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return keys.find(id, t.Method)
	})
	switch {
	case errors.Is(err, errNoKey):
		return nil, badToken("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
	case err != nil:
		return nil, badToken("Provided Token is not valid: its signature does not verify")
	}
	missing := ""
	switch {
	case c.Subject == "":
		missing = "sub"
	case len(c.Audience) == 0:
		missing = "aud"
	case c.ExpiresAt == nil:
		missing = "exp"
	case c.IssuedAt == nil:
		missing = "iat"
	}
	switch {
	case missing != "":
		return nil, badToken("Missing a required claim: %s", missing)
	case !now.Before(c.ExpiresAt.Time):
		return nil, wire.Errorf("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), c.ExpiresAt.Unix())
	case c.NotBefore != nil && now.Add(leeway).Before(c.NotBefore.Time), now.Add(leeway).Before(c.IssuedAt.Time):
		return nil, badToken("Token is not valid before %d", max(c.IssuedAt.Unix(), notBefore(c)))
	}
	return c, nil
}

func notBefore(c *claims) int64 {
	if c.NotBefore == nil {
		return 0
	}
	return c.NotBefore.Unix()
}
