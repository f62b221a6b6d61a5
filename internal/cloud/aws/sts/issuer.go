package sts

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"atoll/internal/cloud/wire"
)

// Bounds on what is asked of an issuer.
const (
	issuerTimeout = 5 * time.Second // for each of its two documents
	issuerMaxBody = 1 << 20         // bytes
)

var errNoKey = errors.New("the issuer publishes no such key")

// keySet are an issuer's public keys (JWKS, RFC 7517).
type keySet struct {
	Keys []webKey `json:"keys"`
}

type webKey struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Curve string `json:"crv"`
	N     string `json:"n"`
	E     string `json:"e"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// issuerKeys fetches the keys that an issuer publishes.
// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
func (s *Service) issuerKeys(ctx context.Context, issuer string) (*keySet, error) {
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := s.fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &discovery); err != nil {
		return nil, err
	}
	if discovery.Issuer != issuer || !strings.HasPrefix(discovery.Keys, "https://") {
		return nil, badToken("The OpenID configuration of %s names another issuer, or no jwks_uri over https", issuer)
	}
	keys := &keySet{}
	return keys, s.fetch(ctx, discovery.Keys, keys)
}

// fetch reads a JSON document of an issuer.
func (s *Service) fetch(ctx context.Context, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, issuerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return badToken("The identity provider's address %s is not a URL", url)
	}
	req.Header.Set("Accept", "application/json")
	res, err := s.d.HTTP.Do(req)
	if err != nil {
		s.d.Logger.Info("an identity provider cannot be reached", "url", url, "err", err)
		return wire.Errorf("IDPCommunicationError", "Failed to reach the identity provider at %s", url)
	}
	defer res.Body.Close()
	if res.Request.URL.Scheme != "https" {
		return badToken("The identity provider redirects %s away from https", url)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, issuerMaxBody))
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		return wire.Errorf("IDPCommunicationError", "The identity provider at %s did not answer (%s)", url, res.Status)
	}
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, into) != nil {
		return badToken("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	return nil
}

// find gives the key with an id that fits a signature method. A token without a key id is taken only from an issuer with a
// single fitting key.
func (s *keySet) find(id string, method jwt.SigningMethod) (crypto.PublicKey, error) {
	var found []crypto.PublicKey
	for i := range s.Keys {
		k := &s.Keys[i]
		if k.Use != "" && k.Use != "sig" || id != "" && k.ID != id {
			continue
		}
		if key := k.public(method); key != nil {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return nil, errNoKey
	}
	return found[0], nil
}

// minRSABits is the weakest RSA key that is taken.
const minRSABits = 2048

// public gives the key if it fits a signature method, else nil.
func (k *webKey) public(method jwt.SigningMethod) crypto.PublicKey {
	switch m := method.(type) {
	case *jwt.SigningMethodRSA:
		n, e := number(k.N), number(k.E)
		if k.Type != "RSA" || n == nil || e == nil || n.BitLen() < minRSABits || e.BitLen() > 31 || e.Int64() < 3 {
			return nil
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	case *jwt.SigningMethodECDSA:
		var curve elliptic.Curve
		switch k.Curve {
		case "P-256":
			curve = elliptic.P256()
		case "P-384":
			curve = elliptic.P384()
		case "P-521":
			curve = elliptic.P521()
		}
		if k.Type != "EC" || curve == nil || curve.Params().BitSize != m.CurveBits {
			return nil
		}
		x, y := bytesOf(k.X), bytesOf(k.Y)
		size := (curve.Params().BitSize + 7) / 8
		if len(x) != size || len(y) != size {
			return nil
		}
		key, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil
		}
		return key
	}
	return nil
}

func bytesOf(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return b
}

func number(s string) *big.Int {
	b := bytesOf(s)
	if len(b) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}
