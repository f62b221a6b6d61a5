package iam

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// What other services may ask of IAM, each within a transaction of theirs.

// accountIn gives the account in an ARN of IAM's, and what comes after it.
func accountIn(arn string) (account, rest string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" {
		return "", ""
	}
	return parts[4], parts[5]
}

func lastName(arn string) string { return strings.ToLower(arn[strings.LastIndexByte(arn, '/')+1:]) }

// roleByARN gives the role with an ARN, in whichever account it is.
func (s *Service) roleByARN(tx *state.Tx, arn string) (*roleRecord, *txn, bool) {
	account, _ := accountIn(arn)
	t := &txn{s: s, tx: tx, sc: state.Scope{Account: account}}
	r, ok := s.roles.Get(tx, t.sc, lastName(arn))
	return r, t, ok && r.arn(account) == arn
}

// Role gives the role with an ARN, of any account.
func (s *Service) Role(tx *state.Tx, arn string) (auth.Role, bool) {
	r, t, ok := s.roleByARN(tx, arn)
	if !ok {
		return auth.Role{}, false
	}
	return auth.Role{
		Account: t.sc.Account, ARN: arn, Name: r.Name, ID: r.ID, Trust: t.trust(r),
		MaxSession: time.Duration(r.MaxSession) * time.Second, Tags: state.Tags(tx, arn), ServiceLinked: r.serviceLinked(),
	}, true
}

// RoleUsed notes that a role was used.
func (s *Service) RoleUsed(tx *state.Tx, arn, region string, at time.Time) {
	if r, t, ok := s.roleByARN(tx, arn); ok {
		r.LastUsed, r.LastRegion = at, region
		t.putRole(r)
	}
}

// OpenIDProvider gives an account's provider for an issuer, such as https://token.actions.githubusercontent.com.
func (s *Service) OpenIDProvider(tx *state.Tx, account, issuer string) (auth.OpenIDProvider, bool) {
	host := strings.TrimPrefix(issuer, "https://")
	r, ok := s.providers.Get(tx, state.Scope{Account: account}, host)
	if !ok || host == issuer {
		return auth.OpenIDProvider{}, false
	}
	return auth.OpenIDProvider{ARN: providerARN(account, host), Host: host, ClientIDs: r.ClientIDs}, true
}

// Permissions gives what the policies of a user with its groups, or of a session's role say; ok is false for other principals, for those that
// are gone, and where a policy cannot be read, since it might deny.
func (s *Service) Permissions(tx *state.Tx, p auth.Principal) (auth.Permissions, bool) {
	t := &txn{s: s, tx: tx, sc: state.Scope{Account: p.Account}}
	arn := p.ARN
	if p.Role != "" {
		arn = p.Role
	}
	var e *identity
	var groups []string
	if r, _, ok := s.roleByARN(tx, arn); ok {
		e = &r.identity
	} else if r, ok := s.users.Get(tx, t.sc, lastName(arn)); ok && r.arn(p.Account) == arn {
		e, groups = &r.identity, r.Groups
	} else {
		return auth.Permissions{}, false
	}
	if id, _, _ := strings.Cut(p.UserID, ":"); id != e.ID {
		return auth.Permissions{}, false // another one of the same name
	}
	out := auth.Permissions{Tags: state.Tags(tx, arn)}
	documents := t.documents(e)
	for _, name := range groups {
		if g, ok := s.groups.Get(tx, t.sc, name); ok {
			documents = append(documents, t.documents(&g.identity)...)
		}
	}
	var errs [2]error
	out.Policies, errs[0] = parseAll(documents)
	if e.Boundary != "" {
		out.Bounded = true
		out.Boundary, errs[1] = parseAll([]string{t.defaultDocument(e.Boundary)})
	}
	if err := errors.Join(errs[:]...); err != nil {
		s.d.Logger.Error("a stored policy cannot be read", "of", arn, "err", err)
		return auth.Permissions{}, false
	}
	return out, true
}

// ManagedPolicy gives the document that is in force of an account's or AWS's managed policy.
func (s *Service) ManagedPolicy(tx *state.Tx, account, arn string) (string, bool) {
	t := &txn{s: s, tx: tx, sc: state.Scope{Account: account}}
	document := t.defaultDocument(arn)
	return document, document != ""
}

// documents gives an identity's own policies, embedded and attached.
func (t *txn) documents(e *identity) []string {
	out := slices.Collect(maps.Values(e.Inline))
	for _, attached := range e.Attached {
		out = append(out, t.defaultDocument(attached))
	}
	return out
}

func (t *txn) defaultDocument(arn string) string {
	r, err := t.policy(arn)
	if err != nil {
		return ""
	}
	v, _ := r.version(r.Default)
	return v.Document
}

func parseAll(documents []string) ([]*auth.Policy, error) {
	out := make([]*auth.Policy, 0, len(documents))
	for _, d := range documents {
		p, err := auth.ParsePolicy([]byte(d))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
