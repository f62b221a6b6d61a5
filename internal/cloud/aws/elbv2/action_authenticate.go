package elbv2

import (
	"net/url"
	"slices"

	"atoll/internal/cloud/wire"
)

// session has the members that both kinds of authentication have.
type session struct {
	cookie, scope, onUnauthenticated *string
	timeout                          *int64
}

// complete checks the members and fills in those that are missing.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
func (s session) complete(params map[string]string) (session, error) {
	if len(params) > 10 {
		return s, invalid("Up to '10' extra parameters of the authentication request can be specified")
	}
	if s.cookie == nil {
		s.cookie = new("AWSELBAuthSessionCookie")
	}
	if s.scope == nil {
		s.scope = new("openid")
	}
	seconds, err := within(s.timeout, "sessionTimeout", 1, week, week)
	if err != nil {
		return s, err
	}
	deny, err := oneOf(s.onUnauthenticated, "onUnauthenticatedRequest", "authenticate", "deny", "allow")
	s.timeout, s.onUnauthenticated = new(seconds), new(deny)
	return s, err
}

func newOIDC(in *AuthenticateOidcActionConfig) (*AuthenticateOidcActionConfig, error) {
	if err := checkEndpoints(in.Issuer, in.AuthorizationEndpoint, in.TokenEndpoint, in.UserInfoEndpoint); err != nil {
		return nil, err
	}
	if in.ClientSecret == nil && (in.UseExistingClientSecret == nil || !*in.UseExistingClientSecret) {
		return nil, invalid("A client secret must be specified")
	}
	s, err := session{in.SessionCookieName, in.Scope, in.OnUnauthenticatedRequest, in.SessionTimeout}.complete(in.AuthenticationRequestExtraParams)
	out := *in
	out.UseExistingClientSecret = nil
	out.SessionCookieName, out.Scope, out.OnUnauthenticatedRequest, out.SessionTimeout = s.cookie, s.scope, s.onUnauthenticated, s.timeout
	return &out, err
}

func newCognito(in *AuthenticateCognitoActionConfig) (*AuthenticateCognitoActionConfig, error) {
	s, err := session{in.SessionCookieName, in.Scope, in.OnUnauthenticatedRequest, in.SessionTimeout}.complete(in.AuthenticationRequestExtraParams)
	out := *in
	out.SessionCookieName, out.Scope, out.OnUnauthenticatedRequest, out.SessionTimeout = s.cookie, s.scope, s.onUnauthenticated, s.timeout
	return &out, err
}

func newJWT(in *JwtValidationActionConfig) (*JwtValidationActionConfig, error) {
	if err := checkEndpoints(in.JwksEndpoint); err != nil {
		return nil, err
	}
	if len(in.AdditionalClaims) > 10 {
		return nil, invalid("Up to '10' additional claims can be specified")
	}
	for _, c := range in.AdditionalClaims {
		if _, err := exactly(c.Format, "format", "single-string", "string-array", "space-separated-values"); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func checkEndpoints(endpoints ...*string) error {
	for _, e := range endpoints {
		if u, err := url.Parse(text(e)); err != nil || u.Scheme != "https" || u.Host == "" {
			return invalid("The endpoint '%s' must be an absolute URL with the scheme HTTPS", text(e))
		}
	}
	return nil
}

// keepSecrets gives new OIDC actions that use the existing client secret the one of the old action with their client.
func keepSecrets(next, old []Action) error {
	for i := range next {
		c := next[i].AuthenticateOidcConfig
		if c == nil || c.ClientSecret != nil {
			continue
		}
		from := slices.IndexFunc(old, func(a Action) bool {
			return a.AuthenticateOidcConfig != nil && text(a.AuthenticateOidcConfig.ClientId) == text(c.ClientId)
		})
		if from < 0 {
			return wire.Errorf("InvalidLoadBalancerAction", "There is no existing client secret to use")
		}
		c.ClientSecret = old[from].AuthenticateOidcConfig.ClientSecret
	}
	return nil
}

// shown gives actions as AWS tells them: without secrets.
func shown(actions []Action) []Action {
	out := slices.Clone(actions)
	for i, a := range out {
		if a.AuthenticateOidcConfig != nil {
			c := *a.AuthenticateOidcConfig
			c.ClientSecret, c.UseExistingClientSecret = nil, nil
			out[i].AuthenticateOidcConfig = &c
		}
	}
	return out
}
