package iam

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

type oidcProviderRecord struct {
	ClientIDs   []string
	Thumbprints []string
	Created     time.Time
}

// providerARN gives the ARN of a provider by its URL without the scheme.
func providerARN(account, host string) string {
	return "arn:aws:iam::" + account + ":oidc-provider/" + host
}

// quotas of AWS on a provider.
const (
	maxClientIDs   = 100
	maxThumbprints = 5
)

// provider gives a provider by its ARN, and its URL without the scheme.
func (t *txn) provider(arn string) (*oidcProviderRecord, string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(arn) < 20 {
		return nil, "", invalid(arn, "openIDConnectProviderArn", "Member must have length greater than or equal to 20")
	}
	if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "oidc-provider/") {
		return nil, "", wire.Errorf("InvalidInput", "Invalid ARN: %s", arn)
	}
	host := strings.TrimPrefix(parts[5], "oidc-provider/")
	if r, ok := t.s.providers.Get(t.tx, t.sc, host); ok && providerARN(t.sc.Account, host) == arn {
		return r, host, nil
	}
	return nil, "", notFound("OpenIDConnect Provider not found for arn %s", arn)
}

// changeProvider runs a change of a provider and stores it.
func (s *Service) changeProvider(ctx context.Context, arn string, change func(r *oidcProviderRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		r, host, err := t.provider(arn)
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}
		s.providers.Put(t.tx, t.sc, host, r)
		return nil
	})
}

func checkClientIDs(ids []string) error {
	if len(ids) > maxClientIDs {
		return overQuota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	for _, id := range ids {
		if id == "" || len(id) > 255 {
			return invalid(id, "clientIDList", "Member must have length between 1 and 255")
		}
	}
	return nil
}

func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return wire.Errorf("InvalidInput", "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, p := range list {
		if len(p) != 40 {
			return invalid(p, "thumbprintList", "Member must have length equal to 40")
		}
	}
	return nil
}

// CreateOpenIDConnectProvider makes known an issuer of identity tokens.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *CreateOpenIDConnectProviderInput) (*CreateOpenIDConnectProviderOutput, error) {
	u, err := url.Parse(*in.Url)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" || len(*in.Url) > 255 {
		return nil, wire.Errorf("ValidationError", "Invalid Open ID Connect Provider URL")
	}
	if err := checkClientIDs(in.ClientIDList); err != nil {
		return nil, err
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	r := &oidcProviderRecord{ClientIDs: unique(in.ClientIDList), Thumbprints: in.ThumbprintList, Created: wire.CallFrom(ctx).Time}
	host := strings.TrimPrefix(*in.Url, "https://")
	if len(r.Thumbprints) == 0 {
		r.Thumbprints = s.thumbprints(ctx, u.Host)
	}
	out := &CreateOpenIDConnectProviderOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := s.providers.Get(t.tx, t.sc, host); taken {
			return exists("Provider with url %s already exists.", *in.Url)
		}
		arn := providerARN(t.sc.Account, host)
		s.providers.Put(t.tx, t.sc, host, r)
		if err := t.tag(arn, in.Tags); err != nil {
			return err
		}
		out.OpenIDConnectProviderArn, out.Tags = new(arn), t.tagsOf(arn)
		return nil
	})
}

// thumbprintTimeout bounds how long making a provider waits for its host.
const thumbprintTimeout = 3 * time.Second

// thumbprints gives the SHA-1 fingerprint of the last certificate in the chain that a host presents, none if it is out of reach.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
func (s *Service) thumbprints(ctx context.Context, host string) []string {
	ctx, cancel := context.WithTimeout(ctx, thumbprintTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://"+host+"/", nil)
	if err != nil {
		return nil
	}
	res, err := s.d.HTTP.Do(req)
	if err != nil {
		s.d.Logger.Info("an OpenID Connect provider cannot be reached for its thumbprint", "host", host, "err", err)
		return nil
	}
	defer res.Body.Close()
	if res.TLS == nil || len(res.TLS.PeerCertificates) == 0 {
		return nil
	}
	chain := res.TLS.PeerCertificates
	sum := sha1.Sum(chain[len(chain)-1].Raw)
	return []string{hex.EncodeToString(sum[:])}
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// GetOpenIDConnectProvider gives a provider. Its URL comes without the scheme, as on AWS.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *GetOpenIDConnectProviderInput) (*GetOpenIDConnectProviderOutput, error) {
	out := &GetOpenIDConnectProviderOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, host, err := t.provider(*in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		out.Url, out.CreateDate, out.Tags = new(host), new(r.Created), t.tagsOf(*in.OpenIDConnectProviderArn)
		out.ClientIDList, out.ThumbprintList = append([]string{}, r.ClientIDs...), append([]string{}, r.Thumbprints...)
		return nil
	})
}

// ListOpenIDConnectProviders lists the account's providers.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *ListOpenIDConnectProvidersInput) (*ListOpenIDConnectProvidersOutput, error) {
	out := &ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []OpenIDConnectProviderListEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		for host := range s.providers.All(t.tx, t.sc) {
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, OpenIDConnectProviderListEntry{Arn: new(providerARN(t.sc.Account, host))})
		}
		return nil
	})
}

// DeleteOpenIDConnectProvider forgets a provider. Trust policies that name it stay as they are, as on AWS.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *DeleteOpenIDConnectProviderInput) (*DeleteOpenIDConnectProviderOutput, error) {
	return &DeleteOpenIDConnectProviderOutput{}, s.update(ctx, func(t *txn) error {
		_, host, err := t.provider(*in.OpenIDConnectProviderArn)
		if err == nil {
			s.providers.Delete(t.tx, t.sc, host)
		}
		return err
	})
}

// AddClientIDToOpenIDConnectProvider adds an audience; one that is there already stays.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *AddClientIDToOpenIDConnectProviderInput) (*AddClientIDToOpenIDConnectProviderOutput, error) {
	return &AddClientIDToOpenIDConnectProviderOutput{}, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(r *oidcProviderRecord) error {
		r.ClientIDs = unique(append(r.ClientIDs, *in.ClientID))
		return checkClientIDs(r.ClientIDs)
	})
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience; one that is not there is no error.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *RemoveClientIDFromOpenIDConnectProviderInput) (*RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return &RemoveClientIDFromOpenIDConnectProviderOutput{}, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(r *oidcProviderRecord) error {
		r.ClientIDs = slices.DeleteFunc(r.ClientIDs, func(id string) bool { return id == *in.ClientID })
		return nil
	})
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *UpdateOpenIDConnectProviderThumbprintInput) (*UpdateOpenIDConnectProviderThumbprintOutput, error) {
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	return &UpdateOpenIDConnectProviderThumbprintOutput{}, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(r *oidcProviderRecord) error {
		r.Thumbprints = in.ThumbprintList
		return nil
	})
}
