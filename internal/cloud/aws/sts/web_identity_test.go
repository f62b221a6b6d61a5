package sts_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/golang-jwt/jwt/v5"

	"atoll/internal/cloud/cloudtest"
)

// issuer is an OpenID Connect issuer with an RSA and an EC key.
type issuer struct {
	*httptest.Server
	t         *testing.T
	rsa       *rsa.PrivateKey
	ec        *ecdsa.PrivateKey
	discovery map[string]string
	keys      []map[string]string
	broken    bool   // answers 503
	away      string // where /away redirects to
}

func startIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t}
	var err error
	if i.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		if i.broken {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.discovery) })
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"keys": i.keys}) })
	mux.HandleFunc("GET /away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, i.away, http.StatusFound) })
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	i.discovery = map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
	b64 := base64.RawURLEncoding.EncodeToString
	point, err := i.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	i.keys = []map[string]string{
		{"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": b64(i.rsa.N.Bytes()), "e": b64(big.NewInt(int64(i.rsa.E)).Bytes())},
		{"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "oct", "kid": "o", "k": "c2VjcmV0"},
	}
	return i
}

func (i *issuer) host() string { return strings.TrimPrefix(i.URL, "https://") }

// token signs claims, which change the usual ones; a nil value leaves a claim out.
func (i *issuer) token(change jwt.MapClaims) string {
	return i.signed(jwt.SigningMethodRS256, "r", i.rsa, change)
}

func (i *issuer) signed(method jwt.SigningMethod, kid string, key crypto.PrivateKey, change jwt.MapClaims) string {
	i.t.Helper()
	now := time.Now()
	c := jwt.MapClaims{"iss": i.URL, "sub": "repo:acme/app:ref:refs/heads/main", "aud": "sts.amazonaws.com",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	tok := jwt.NewWithClaims(method, c)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	s, err := tok.SignedString(key)
	if err != nil {
		i.t.Fatal(err)
	}
	return s
}

// federated is a cloud that trusts an issuer, and a role for its tokens. Its client signs nothing.
type federated struct {
	*client
	issuer *issuer
	role   string
	bearer *sts.Client
}

func startFederated(t *testing.T) *federated {
	t.Helper()
	i := startIssuer(t)
	c := start(t, cloudtest.HTTP(i.Client()))
	provider := must(c.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &i.URL, ClientIDList: []string{"sts.amazonaws.com"}}))(t).OpenIDConnectProviderArn
	role := c.role("deploy", webTrust(*provider, `"StringEquals":{"`+i.host()+`:aud":"sts.amazonaws.com"},"StringLike":{"`+i.host()+`:sub":"repo:acme/app:*"}`))
	config := c.cloud.Config()
	config.Credentials = aws.AnonymousCredentials{}
	return &federated{client: c, issuer: i, role: role, bearer: sts.NewFromConfig(config)}
}

func webTrust(provider, condition string) string {
	return `"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{` + condition + `}`
}

func (f *federated) enter(token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return f.bearer.AssumeRoleWithWebIdentity(f.t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &f.role, RoleSessionName: aws.String("ci"), WebIdentityToken: &token})
}

func TestWebIdentity(t *testing.T) {
	f := startFederated(t)
	out := must(f.enter(f.issuer.token(nil)))(t)
	if *out.SubjectFromWebIdentityToken != "repo:acme/app:ref:refs/heads/main" || *out.Provider != f.issuer.URL || *out.Audience != "sts.amazonaws.com" {
		t.Errorf("got %+v", out)
	}
	if got := f.as(out.Credentials).arn(); got != "arn:aws:sts::"+account+":assumed-role/deploy/ci" {
		t.Errorf("the session is %s", got)
	}
	must(f.enter(f.issuer.signed(jwt.SigningMethodES256, "e", f.issuer.ec, nil)))(t)
	must(f.enter(f.issuer.token(jwt.MapClaims{"aud": []string{"other", "sts.amazonaws.com"}})))(t)
	must(f.enter(f.issuer.signed(jwt.SigningMethodRS256, "", f.issuer.rsa, nil)))(t) // the only RSA key
	must(f.enter(f.issuer.token(jwt.MapClaims{"aud": "other", "azp": "sts.amazonaws.com"})))(t)
}

func TestWebIdentityRefusals(t *testing.T) {
	f := startFederated(t)
	i := f.issuer
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	good := i.token(nil)
	head, rest, _ := strings.Cut(good, ".")
	_, signature, _ := strings.Cut(rest, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"` + i.URL + `","sub":"repo:acme/app:x","aud":"sts.amazonaws.com","exp":9999999999,"iat":1}`))
	none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": i.URL, "sub": "repo:acme/app:x", "aud": "sts.amazonaws.com", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix()})
	unsigned, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct{ token, code, message string }{
		"no token":             {"token", "InvalidIdentityToken", "not a valid JWT"},
		"another issuer":       {i.token(jwt.MapClaims{"iss": "https://other.example.com"}), "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://other.example.com"},
		"no issuer":            {i.token(jwt.MapClaims{"iss": nil}), "InvalidIdentityToken", "iss"},
		"issuer without https": {i.token(jwt.MapClaims{"iss": i.host()}), "InvalidIdentityToken", "No OpenIDConnect provider"},
		"another's signature":  {i.signed(jwt.SigningMethodRS256, "r", stranger, nil), "InvalidIdentityToken", "signature"},
		"changed claims":       {head + "." + forged + "." + signature, "InvalidIdentityToken", "signature"},
		"no signature":         {unsigned, "InvalidIdentityToken", "none"},
		"shared secret":        {i.signed(jwt.SigningMethodHS256, "o", []byte("secret"), nil), "InvalidIdentityToken", "HS256"},
		"unknown key":          {i.signed(jwt.SigningMethodRS256, "x", i.rsa, nil), "InvalidIdentityToken", "Couldn't retrieve verification key"},
		"key of another kind":  {i.signed(jwt.SigningMethodRS256, "e", i.rsa, nil), "InvalidIdentityToken", "Couldn't retrieve verification key"},
		"expired":              {i.token(jwt.MapClaims{"exp": now.Add(-time.Second).Unix()}), "ExpiredTokenException", "Token expired"},
		"not yet":              {i.token(jwt.MapClaims{"nbf": now.Add(time.Hour).Unix()}), "InvalidIdentityToken", "not valid before"},
		"issued later":         {i.token(jwt.MapClaims{"iat": now.Add(time.Hour).Unix()}), "InvalidIdentityToken", "not valid before"},
		"no end":               {i.token(jwt.MapClaims{"exp": nil}), "InvalidIdentityToken", "Missing a required claim: exp"},
		"no audience":          {i.token(jwt.MapClaims{"aud": nil}), "InvalidIdentityToken", "Missing a required claim: aud"},
		"no subject":           {i.token(jwt.MapClaims{"sub": nil}), "InvalidIdentityToken", "Missing a required claim: sub"},
		"no time of issue":     {i.token(jwt.MapClaims{"iat": nil}), "InvalidIdentityToken", "Missing a required claim: iat"},
		"another audience":     {i.token(jwt.MapClaims{"aud": "https://github.com/acme"}), "InvalidIdentityToken", "Incorrect token audience"},
		"another repository":   {i.token(jwt.MapClaims{"sub": "repo:evil/app:ref:refs/heads/main"}), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		t.Run(name, func(t *testing.T) { fails(f.enter(x.token))(t, x.code, x.message) })
	}
	ordinary := *f
	ordinary.role = f.client.role("ordinary", trusts("*", ""))
	fails(ordinary.enter(good))(t, "AccessDenied", "Not authorized")
	ordinary.role = "arn:aws:iam::" + account + ":role/none"
	fails(ordinary.enter(good))(t, "AccessDenied", "Not authorized")
	ordinary.role = "arn:aws:iam::999999999999:role/deploy"
	fails(ordinary.enter(good))(t, "InvalidIdentityToken", "No OpenIDConnect provider")
	fails(f.assume(f.role))(t, "AccessDenied", "sts:AssumeRole") // AssumeRole itself is not for this role
}

func TestWebIdentityIssuerFaults(t *testing.T) {
	f := startFederated(t)
	token := f.issuer.token(nil)
	f.issuer.broken = true
	fails(f.enter(token))(t, "IDPCommunicationError", "did not answer")
	f.issuer.broken = false
	f.issuer.discovery["issuer"] = "https://other.example.com"
	fails(f.enter(token))(t, "InvalidIdentityToken", "another issuer")
	f.issuer.discovery["issuer"] = f.issuer.URL
	f.issuer.discovery["jwks_uri"] = f.issuer.URL + "/none"
	fails(f.enter(token))(t, "InvalidIdentityToken", "Couldn't retrieve verification key")
	f.issuer.discovery["jwks_uri"] = "http://" + f.issuer.host() + "/keys"
	fails(f.enter(token))(t, "InvalidIdentityToken", "jwks_uri")
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	f.issuer.away = plain.URL
	f.issuer.discovery["jwks_uri"] = f.issuer.URL + "/away"
	fails(f.enter(token))(t, "InvalidIdentityToken", "away from https")
	f.issuer.discovery["jwks_uri"] = f.issuer.URL + "/keys"
	must(f.enter(token))(t)
	f.issuer.keys[0]["n"] = f.issuer.keys[0]["n"][:100] // a weak key
	fails(f.enter(token))(t, "InvalidIdentityToken", "Couldn't retrieve verification key")
	f.issuer.Close()
	fails(f.enter(token))(t, "IDPCommunicationError", "Failed to reach")
}

func TestWebIdentityTags(t *testing.T) {
	f := startFederated(t)
	tagged := jwt.MapClaims{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}, "transitive_tag_keys": []string{"team"}}}
	fails(f.enter(f.issuer.token(tagged)))(t, "AccessDenied", "Not authorized to perform sts:TagSession")
	provider := "arn:aws:iam::" + account + ":oidc-provider/" + f.issuer.host()
	f.role = f.client.role("tagged", strings.Replace(webTrust(provider, `"StringEquals":{"aws:RequestTag/team":"blue"}`), `"sts:AssumeRoleWithWebIdentity"`, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, 1))
	inside := f.as(must(f.enter(f.issuer.token(tagged)))(t).Credentials)
	must(inside.assume(f.client.role("by-tag", trusts("*", `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`))))(t)
}
