package iam

import (
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// setTrust checks a trust policy and gives it to a role.
func (t *txn) setTrust(r *roleRecord, document string) error {
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.TrustPolicy)
	}
	if err != nil {
		return malformedDocument(err, true)
	}
	if size(document) > maxTrustPolicySize {
		return overQuota("ACLSizePerRole", maxTrustPolicySize)
	}
	names := map[string]string{}
	for i := range p.Statements {
		s := &p.Statements[i]
		for _, set := range []*auth.Principals{s.Principal, s.NotPrincipal} {
			if set == nil {
				continue
			}
			if err := t.checkPrincipals(set, names); err != nil {
				return err
			}
		}
	}
	r.Trust, r.Principals = document, names
	return nil
}

// trust gives a role's trust policy as it now stands: users and roles that are gone appear by their unique ids, also when there
// is a new one of the same name.
func (t *txn) trust(r *roleRecord) string {
	var gone map[string]string
	for arn, id := range r.Principals {
		if now, _ := t.uniqueID(arn); now != id {
			if gone == nil {
				gone = map[string]string{}
			}
			gone[arn] = id
		}
	}
	if gone == nil {
		return r.Trust
	}
	return auth.ReplacePrincipals(r.Trust, gone)
}

func invalidPrincipal(kind, value string) error {
	return wire.Errorf("MalformedPolicyDocument", `Invalid principal in policy: "%s":"%s"`, kind, value)
}

// webIdentityHosts are the providers that trust policies name by host, without a provider of the account's own.
var webIdentityHosts = []string{"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}

// checkPrincipals checks that the principals can exist, and notes the unique ids of the users and roles among them.
func (t *txn) checkPrincipals(p *auth.Principals, names map[string]string) error {
	for _, v := range p.CanonicalUser {
		return invalidPrincipal("CanonicalUser", v)
	}
	for _, v := range p.Service {
		host, ok := strings.CutSuffix(strings.TrimSuffix(v, ".cn"), ".amazonaws.com")
		if !ok {
			host, ok = strings.CutSuffix(v, ".amazon.com")
		}
		if v != "logger.cloudfront.com" && (!ok || host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "") {
			return invalidPrincipal("SERVICE", v)
		}
	}
	for _, v := range p.Federated {
		isProvider := strings.HasPrefix(v, "arn:aws:iam::") && (strings.Contains(v, ":oidc-provider/") || strings.Contains(v, ":saml-provider/"))
		if !isProvider && !slices.Contains(webIdentityHosts, v) {
			return wire.Errorf("MalformedPolicyDocument", "Federated principals must be valid domain names or SAML metadata ARNs")
		}
	}
	for _, v := range p.AWS {
		if v == "*" || auth.AccountOf(v) != "" {
			continue
		}
		id, ok := t.uniqueID(v)
		if !ok {
			return invalidPrincipal("AWS", v)
		}
		if id != "" {
			names[v] = id
		}
	}
	return nil
}

// uniqueID resolves a user or role that a policy names. It reports whether there can be such a principal; the id is empty where
// that is not the local cloud's to know, and for sessions.
func (t *txn) uniqueID(principal string) (id string, ok bool) {
	if !strings.HasPrefix(principal, "arn:") {
		return "", t.isUniqueID(principal)
	}
	parts := strings.SplitN(principal, ":", 6)
	if len(parts) != 6 || parts[1] != "aws" || parts[3] != "" || len(parts[4]) != 12 || strings.ContainsAny(principal, "*?") {
		return "", false
	}
	sc := state.Scope{Account: parts[4]}
	kind, path, _ := strings.Cut(parts[5], "/")
	name := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
	if path == "" || name == "" {
		return "", false
	}
	known := t.known(sc.Account)
	switch parts[2] + ":" + kind {
	case "iam:role":
		r, found := t.s.roles.Get(t.tx, sc, name)
		if found && r.arn(sc.Account) == principal {
			return r.ID, true
		}
		return "", !known
	case "iam:user":
		r, found := t.s.users.Get(t.tx, sc, name)
		if found && r.arn(sc.Account) == principal {
			return r.ID, true
		}
		return "", !known
	case "sts:assumed-role":
		role, session, _ := strings.Cut(path, "/")
		_, found := t.s.roles.Get(t.tx, sc, strings.ToLower(role))
		return "", session != "" && (found || !known)
	case "sts:federated-user":
		return "", true
	}
	return "", false
}

func (t *txn) isUniqueID(principal string) bool {
	switch {
	case strings.HasPrefix(principal, "AROA"):
		for _, r := range t.s.roles.AllScopes(t.tx) {
			if r.ID == principal {
				return true
			}
		}
	case strings.HasPrefix(principal, "AIDA"):
		for _, r := range t.s.users.AllScopes(t.tx) {
			if r.ID == principal {
				return true
			}
		}
	}
	return false
}

// known reports whether an account is one of the local cloud's, so that all that is in it can be seen.
func (t *txn) known(account string) bool {
	return account == t.sc.Account || len(t.s.d.Keys.OfUser(t.tx, account, "")) > 0
}
