package sts

import (
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// A day after their end, session keys are forgotten; until then their use is answered with ExpiredToken.
const keepExpired = 24 * time.Hour

// issue makes and stores a temporary key.
func (s *Service) issue(tx *state.Tx, now time.Time, key auth.Key, lasts time.Duration) *Credentials {
	key.ID, key.Secret, key.SessionToken = s.d.IDs.Unique("ASIA"), s.d.IDs.Secret(), s.d.IDs.Token()
	key.Principal.AccessKeyID = key.ID
	key.Active, key.Created, key.Expires = true, now, now.Add(lasts).Truncate(time.Second)
	s.d.Keys.Put(tx, &key)
	if now.Unix()-s.swept.Load() > int64(time.Hour/time.Second) {
		s.swept.Store(now.Unix())
		s.d.Keys.Expired(tx, now.Add(-keepExpired))
	}
	return &Credentials{AccessKeyId: new(key.ID), SecretAccessKey: new(key.Secret), SessionToken: new(key.SessionToken), Expiration: new(key.Expires)}
}

func checkDuration(seconds *int64, fallback, most int64) (time.Duration, error) {
	n := fallback
	if seconds != nil {
		n = *seconds
	}
	if n < 900 {
		return 0, invalid(n, "durationSeconds", "Member must have value greater than or equal to 900")
	}
	if n > most {
		return 0, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to %d", n, most)
	}
	return time.Duration(n) * time.Second, nil
}

func invalid(value any, member, constraint string) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func denied(format string, args ...any) error {
	return wire.Errorf("AccessDenied", format, args...).WithStatus(403)
}

// GetSessionToken gives a user or the root user temporary keys with the same rights.
func (s *Service) GetSessionToken(ctx context.Context, in *GetSessionTokenInput) (*GetSessionTokenOutput, error) {
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, wire.NotImplemented("sts:GetSessionToken with an MFA device")
	}
	if in.MinimumSessionTokenSize != nil {
		return nil, wire.NotImplemented("sts:GetSessionToken with MinimumSessionTokenSize")
	}
	call := wire.CallFrom(ctx)
	fallback, most := int64(43200), int64(129600)
	if call.IsRoot() {
		fallback, most = 3600, 3600
		if in.DurationSeconds != nil && *in.DurationSeconds > most && *in.DurationSeconds <= 129600 {
			in.DurationSeconds = &most // AWS shortens the root user's sessions to an hour
		}
	}
	lasts, err := checkDuration(in.DurationSeconds, fallback, most)
	if err != nil {
		return nil, err
	}
	out := &GetSessionTokenOutput{}
	return out, s.d.Store.Update(ctx, func(tx *state.Tx) error {
		own, ok := s.d.Keys.Get(tx, call.AccessKeyID)
		if !ok || own.SessionToken != "" {
			return denied("Cannot call GetSessionToken with session credentials")
		}
		out.Credentials = s.issue(tx, call.Time, auth.Key{Principal: call.Principal, User: own.User}, lasts)
		return nil
	})
}

// roleSession is a session of a role about to begin.
type roleSession struct {
	name, role string
	lasts      *int64
	policy     *string
	policyARNs []PolicyDescriptorType
	tags       map[string]string
	transitive []string
	source     string // source identity, empty for none
	most       time.Duration
}

const sessionChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"

// checkSessionName checks a session's name or a source identity.
func checkSessionName(name, member string) error {
	switch {
	case len(name) < 2:
		return invalid(name, member, "Member must have length greater than or equal to 2")
	case len(name) > 64:
		return invalid(name, member, "Member must have length less than or equal to 64")
	case strings.Trim(name, sessionChars) != "":
		return invalid(name, member, `Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	return nil
}

// check checks all that does not need the role.
func (r *roleSession) check() error {
	if parts := strings.SplitN(r.role, ":", 6); len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return wire.Errorf("ValidationError", "%s is invalid", r.role)
	}
	if err := checkSessionName(r.name, "roleSessionName"); err != nil {
		return err
	}
	if r.source != "" {
		if err := checkSessionName(r.source, "sourceIdentity"); err != nil {
			return err
		}
	}
	if _, err := checkDuration(r.lasts, 3600, 43200); err != nil {
		return err
	}
	if len(r.policyARNs) > 10 {
		return invalid(len(r.policyARNs), "policyArns", "Member must have length less than or equal to 10")
	}
	if r.policy != nil && len(*r.policy) > 2048 {
		return invalid(*r.policy, "policy", "Member must have length less than or equal to 2048")
	}
	return nil
}

// begin makes the keys of a session that was allowed.
func (s *Service) begin(tx *state.Tx, call *wire.Call, role *auth.Role, r *roleSession) (*Credentials, *AssumedRoleUser, *int64, error) {
	lasts, err := checkDuration(r.lasts, min(3600, int64(role.MaxSession/time.Second)), 43200)
	if err != nil {
		return nil, nil, nil, err
	}
	if lasts > role.MaxSession {
		return nil, nil, nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if r.most > 0 && lasts > r.most {
		return nil, nil, nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	session := &auth.Session{Tags: r.tags, Transitive: r.transitive, SourceIdentity: r.source}
	if r.policy != nil {
		session.Policies = append(session.Policies, *r.policy)
	}
	for _, p := range r.policyARNs {
		arn := text(p.Arn)
		document, ok := s.d.Policies.ManagedPolicy(tx, role.Account, arn)
		if !ok {
			return nil, nil, nil, wire.Errorf("ValidationError", "PolicyArns: the policy %s does not exist in the account %s", arn, role.Account)
		}
		session.Policies = append(session.Policies, document)
	}
	if err := checkPolicies(session.Policies); err != nil {
		return nil, nil, nil, err
	}
	p := auth.Principal{
		Account: role.Account, ARN: "arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + r.name,
		UserID: role.ID + ":" + r.name, Role: role.ARN,
	}
	credentials := s.issue(tx, call.Time, auth.Key{Principal: p, Session: session}, lasts)
	s.d.Roles.RoleUsed(tx, role.ARN, call.Region, call.Time)
	return credentials, &AssumedRoleUser{AssumedRoleId: new(p.UserID), Arn: new(p.ARN)}, r.packed(), nil
}

// packed gives how much of AWS's room for session policies and tags is used, in percent, nil for none. AWS's packing is its own;
// this is the size of what was passed.
func (r *roleSession) packed() *int64 {
	n := len(text(r.policy))
	for _, p := range r.policyARNs {
		n += len(text(p.Arn))
	}
	for k, v := range r.tags {
		n += len(k) + len(v)
	}
	if n == 0 {
		return nil
	}
	return new(int64(min(100, 1+n*100/4096)))
}

func checkPolicies(documents []string) error {
	for _, d := range documents {
		p, err := auth.ParsePolicy([]byte(d))
		if err == nil {
			err = p.Check(auth.IdentityPolicy)
		}
		if err != nil {
			return wire.Errorf("MalformedPolicyDocument", "%s", err.Error())
		}
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
