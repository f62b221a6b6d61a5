package kms

import (
	"context"
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// grantOperations are what grants may allow on keys of a usage, beside grantAlways.
var grantOperations = map[string][]string{
	usageEncrypt: {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"},
	usageSign: {"Sign", "Verify", "GetPublicKey"},
	usageMac:  {"GenerateMac", "VerifyMac"},
}

var grantAlways = []string{"CreateGrant", "DescribeKey", "RetireGrant"}

var grantNames = regexp.MustCompile(`^[a-zA-Z0-9:/_-]{1,256}$`)

// grantRecord stands under KEY/GRANT.
type grantRecord struct {
	KeyID, ID, Name                 string
	Created                         time.Time
	Issuer                          string // account
	Grantee, Retiring               string // principals' ARNs
	GranteeService, RetiringService string
	Operations                      []string
	ContextEquals, ContextSubset    map[string]string
	SourceARN                       string
}

// same reports whether a request with the same name asks for what is there.
func (g *grantRecord) same(h *grantRecord) bool {
	return g.Name == h.Name && g.Grantee == h.Grantee && g.Retiring == h.Retiring && g.GranteeService == h.GranteeService &&
		g.RetiringService == h.RetiringService && slices.Equal(g.Operations, h.Operations) && maps.Equal(g.ContextEquals, h.ContextEquals) &&
		maps.Equal(g.ContextSubset, h.ContextSubset) && g.SourceARN == h.SourceARN
}

// CreateGrant lets a principal use a key. A second request of the same name and content gives the grant that is there.
func (s *Service) CreateGrant(ctx context.Context, in *CreateGrantInput) (*CreateGrantOutput, error) {
	if in.GranteePrincipal == nil && in.GranteeServicePrincipal == nil {
		return nil, constraint("null", "granteePrincipal", "Member must not be null")
	}
	if in.Name != nil && !grantNames.MatchString(*in.Name) {
		return nil, constraint(*in.Name, "name", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$")
	}
	for _, p := range []*string{in.GranteePrincipal, in.RetiringPrincipal} {
		if p != nil && !strings.HasPrefix(*p, "arn:") {
			return nil, errorf("InvalidArnException", "ARN does not refer to a valid principal: %s", *p)
		}
	}
	g := &grantRecord{
		Name: text(in.Name), Grantee: text(in.GranteePrincipal), Retiring: text(in.RetiringPrincipal),
		GranteeService: text(in.GranteeServicePrincipal), RetiringService: text(in.RetiringServicePrincipal),
		Operations: slices.Compact(slices.Sorted(slices.Values(in.Operations))),
	}
	if c := in.Constraints; c != nil {
		g.ContextEquals, g.ContextSubset, g.SourceARN = c.EncryptionContextEquals, c.EncryptionContextSubset, text(c.SourceArn)
	}
	out := &CreateGrantOutput{}
	return out, s.update(ctx, func(t *txn) error {
		k, err := t.key(*in.KeyId)
		if err != nil {
			return err
		}
		if err := t.enabled(k); err != nil {
			return err
		}
		if err := t.checkGrant(k, g); err != nil {
			return err
		}
		if err := dryRun(in.DryRun); err != nil {
			return err
		}
		if g.Name != "" {
			for _, there := range t.grants.Prefix(t.tx, t.sc, k.ID+"/") {
				if there.same(g) {
					out.GrantId, out.GrantToken = new(there.ID), new(grantToken(there))
					return nil
				}
			}
		}
		g.KeyID, g.ID, g.Created, g.Issuer = k.ID, t.d.IDs.Hex(64), t.now, t.sc.Account
		t.grants.Put(t.tx, t.sc, k.ID+"/"+g.ID, g)
		out.GrantId, out.GrantToken = new(g.ID), new(grantToken(g))
		return nil
	})
}

func (t *txn) checkGrant(k *keyRecord, g *grantRecord) error {
	if len(g.Operations) == 0 {
		return invalid("At least one operation must be specified.")
	}
	for _, op := range g.Operations {
		if !slices.Contains(grantAlways, op) && !slices.Contains(grantOperations[k.Usage], op) {
			return invalid("The operation %s is not valid in a grant for the key usage %s.", op, k.Usage)
		}
	}
	if (len(g.ContextEquals) > 0 || len(g.ContextSubset) > 0) && k.Spec != symmetric {
		return invalid("Encryption context constraints are supported for symmetric encryption keys only.")
	}
	return nil
}

// grantToken names a grant to RetireGrant.
func grantToken(g *grantRecord) string {
	return base64.StdEncoding.EncodeToString([]byte("atoll-grant:" + g.KeyID + "/" + g.ID))
}

// ListGrants lists a key's grants.
func (s *Service) ListGrants(ctx context.Context, in *ListGrantsInput) (*ListGrantsOutput, error) {
	limit, after, err := page(in.Limit, 100, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListGrantsOutput{Grants: []GrantListEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.key(*in.KeyId)
		if err != nil {
			return err
		}
		found, next := state.Page(t.grants.PrefixFrom(t.tx, t.sc, k.ID+"/", after), limit, func(g *grantRecord) bool {
			return (in.GrantId == nil || *in.GrantId == g.ID) && (in.GranteePrincipal == nil || *in.GranteePrincipal == g.Grantee) &&
				(in.GranteeServicePrincipal == nil || *in.GranteeServicePrincipal == g.GranteeService)
		})
		if in.GrantId != nil && len(found) == 0 {
			return errorf("InvalidGrantIdException", "The grant %s does not exist.", *in.GrantId)
		}
		for _, g := range found {
			out.Grants = append(out.Grants, t.renderGrant(g))
		}
		out.NextMarker, out.Truncated = following(next)
		return nil
	})
}

func (t *txn) renderGrant(g *grantRecord) GrantListEntry {
	some := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	e := GrantListEntry{
		KeyId: new(keyARN(t.sc, g.KeyID)), GrantId: new(g.ID), Name: new(g.Name), CreationDate: new(g.Created), IssuingAccount: new("arn:aws:iam::" + g.Issuer + ":root"),
		GranteePrincipal: some(g.Grantee), RetiringPrincipal: some(g.Retiring), Operations: g.Operations,
		GranteeServicePrincipal: some(g.GranteeService), RetiringServicePrincipal: some(g.RetiringService),
	}
	if len(g.ContextEquals) > 0 || len(g.ContextSubset) > 0 || g.SourceARN != "" {
		e.Constraints = &GrantConstraints{EncryptionContextEquals: g.ContextEquals, EncryptionContextSubset: g.ContextSubset, SourceArn: some(g.SourceARN)}
	}
	return e
}

// RevokeGrant ends a grant by its key and id.
func (s *Service) RevokeGrant(ctx context.Context, in *RevokeGrantInput) (*RevokeGrantOutput, error) {
	return &RevokeGrantOutput{}, s.update(ctx, func(t *txn) error {
		return t.endGrant(*in.KeyId, *in.GrantId, in.DryRun)
	})
}

// RetireGrant ends a grant by its token, or by its key and id.
func (s *Service) RetireGrant(ctx context.Context, in *RetireGrantInput) (*RetireGrantOutput, error) {
	key, grant := text(in.KeyId), text(in.GrantId)
	switch {
	case in.GrantToken != nil && (in.KeyId != nil || in.GrantId != nil), in.GrantToken == nil && (in.KeyId == nil || in.GrantId == nil):
		return nil, invalid("Specify either a grant token, or a key ARN and a grant ID.")
	case in.GrantToken != nil:
		raw, err := base64.StdEncoding.DecodeString(*in.GrantToken)
		name, ours := strings.CutPrefix(string(raw), "atoll-grant:")
		if err != nil || !ours {
			return nil, errorf("InvalidGrantTokenException", "The grant token is not valid.")
		}
		key, grant, _ = strings.Cut(name, "/")
	}
	return &RetireGrantOutput{}, s.update(ctx, func(t *txn) error { return t.endGrant(key, grant, in.DryRun) })
}

func (t *txn) endGrant(key, grant string, dry *bool) error {
	k, err := t.key(key)
	if err != nil {
		return err
	}
	if strings.ContainsRune(grant, 0) || !t.grants.Delete(t.tx, t.sc, k.ID+"/"+grant) {
		return notFound("Grant ID %s is not found for the key %s.", grant, keyARN(t.sc, k.ID))
	}
	return dryRun(dry)
}
