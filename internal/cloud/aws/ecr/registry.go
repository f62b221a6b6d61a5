package ecr

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// tokenLife is how long a token of GetAuthorizationToken is good for.
const tokenLife = 12 * time.Hour

// sortable writes times so that they sort as text.
const sortable = "2006-01-02T15:04:05.000000000Z"

// tokenRecord is who may show a token; its id is the SHA-256 of the token's password.
type tokenRecord struct {
	Principal auth.Principal
	Expires   time.Time
}

// expiry gives when the token ends, for the index of that name.
func (r *tokenRecord) expiry() []string { return []string{r.Expires.UTC().Format(sortable)} }

func tokenID(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

var registryIDs = regexp.MustCompile(`^[0-9]{12}$`)

// GetAuthorizationToken gives a token by which its holder acts as the caller for twelve hours: "AWS:" and a password, in base64.
func (s *Service) GetAuthorizationToken(ctx context.Context, in *GetAuthorizationTokenInput) (*GetAuthorizationTokenOutput, error) {
	call := wire.CallFrom(ctx)
	registries := in.RegistryIds
	if len(registries) == 0 {
		registries = []string{call.Account}
	}
	if len(registries) > 10 {
		return nil, invalid("registryIds", "Member must have length less than or equal to 10")
	}
	password := s.d.IDs.Token()
	expires := s.d.Clock.Now().Add(tokenLife)
	out := &GetAuthorizationTokenOutput{}
	for _, id := range registries {
		if !registryIDs.MatchString(id) {
			return nil, invalid("registryIds", "must satisfy regular expression '[0-9]{12}'")
		}
		out.AuthorizationData = append(out.AuthorizationData, AuthorizationData{
			AuthorizationToken: new(base64.StdEncoding.EncodeToString([]byte("AWS:" + password))), ExpiresAt: new(expires),
			ProxyEndpoint: new("https://" + registryHost(state.Scope{Account: id, Region: call.Region})),
		})
	}
	return out, s.update(ctx, func(t *txn) error {
		for _, id := range t.expiredTokens() {
			t.tokens.Delete(t.tx, state.Scope{}, id)
		}
		t.tokens.Put(t.tx, state.Scope{}, tokenID(password), &tokenRecord{Principal: call.Principal, Expires: expires})
		return nil
	})
}

// expiredTokens gives the ids of tokens that are no longer good. Index positions are a time, a NUL byte and the id.
func (t *txn) expiredTokens() []string {
	var ids []string
	for at := range t.tokens.ByRange(t.tx, state.Scope{}, "expiry", "", t.now.UTC().Format(sortable), false) {
		ids = append(ids, at[len(at)-2*sha256.Size:])
	}
	return ids
}

// Errors of Holder.
var (
	ErrToken        = errors.New("the token is not one that was given")
	ErrTokenExpired = errors.New("the token has expired")
)

// Holder gives who a token's password was given to, for the registry's endpoint. A token that has expired is known as such until the next
// one is given.
func (s *Service) Holder(password string) (who auth.Principal, err error) {
	return who, s.d.Store.View(func(tx *state.Tx) error {
		r, ok := s.tokens.Get(tx, state.Scope{}, tokenID(password))
		switch {
		case !ok:
			return ErrToken
		case !r.Expires.After(s.d.Clock.Now()):
			return ErrTokenExpired
		}
		who = r.Principal
		return nil
	})
}
