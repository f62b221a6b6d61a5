package sts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// chained is the longest session that a session of another role may begin.
const chained = time.Hour

// AssumeRole begins a session of a role whose trust policy lets the caller in.
func (s *Service) AssumeRole(ctx context.Context, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
	switch {
	case in.SerialNumber != nil || in.TokenCode != nil:
		return nil, wire.NotImplemented("sts:AssumeRole with an MFA device")
	case len(in.ProvidedContexts) > 0:
		return nil, wire.NotImplemented("sts:AssumeRole with ProvidedContexts")
	case in.MinimumSessionTokenSize != nil:
		return nil, wire.NotImplemented("sts:AssumeRole with MinimumSessionTokenSize")
	}
	if in.ExternalId != nil {
		if id := *in.ExternalId; len(id) < 2 || len(id) > 1224 || strings.Trim(id, sessionChars+":/") != "" {
			return nil, invalid(id, "externalId", `Member must satisfy regular expression pattern: [\w+=,.@:\/-]*`)
		}
	}
	r := &roleSession{name: *in.RoleSessionName, role: *in.RoleArn, lasts: in.DurationSeconds, policy: in.Policy, policyARNs: in.PolicyArns, source: text(in.SourceIdentity)}
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := r.setTags(in.Tags, in.TransitiveTagKeys); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	out := &AssumeRoleOutput{}
	return out, s.d.Store.Update(ctx, func(tx *state.Tx) error {
		caller, err := s.caller(tx, call, r.role)
		if err != nil {
			return err
		}
		passed := r.tags
		if err := r.inherit(caller.session); err != nil {
			return err
		}
		if call.Role != "" {
			r.most = chained
		}
		role, ok := s.d.Roles.Role(tx, r.role)
		if !ok {
			return notAuthorized(call, "sts:AssumeRole", r.role)
		}
		request := &auth.Request{Caller: call.Caller(), Resource: role.ARN, Context: caller.context(call, &role)}
		r.describe(request.Context, passed)
		if in.ExternalId != nil {
			request.Context.Set("sts:ExternalId", *in.ExternalId)
		}
		if err := s.authorize(caller, call, request, &role, r, len(passed) > 0); err != nil {
			return err
		}
		out.Credentials, out.AssumedRoleUser, out.PackedPolicySize, err = s.begin(tx, call, &role, r)
		if r.source != "" {
			out.SourceIdentity = new(r.source)
		}
		return err
	})
}

func notAuthorized(call *wire.Call, action, resource string) error {
	return denied("User: %s is not authorized to perform: %s on resource: %s", call.ARN, action, resource)
}

// describe adds the condition keys of the session; tags are those that the call passes.
func (r *roleSession) describe(ctx auth.Context, tags map[string]string) {
	ctx.Set("sts:RoleSessionName", r.name)
	for k, v := range tags {
		ctx.Set("aws:RequestTag/"+k, v)
	}
	if len(tags) > 0 {
		ctx.Set("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	}
	if len(r.transitive) > 0 {
		ctx.Set("sts:TransitiveTagKeys", r.transitive...)
	}
	if r.source != "" {
		ctx.Set("sts:SourceIdentity", r.source)
	}
}

// setTags takes the session tags of a call.
func (r *roleSession) setTags(tags []Tag, transitive []string) error {
	if len(tags) > 50 {
		return invalid(len(tags), "tags", "Member must have length less than or equal to 50")
	}
	folded := map[string]bool{}
	r.tags = make(map[string]string, len(tags))
	for i, t := range tags {
		key, value := text(t.Key), text(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return invalid(key, fmt.Sprintf("tags.%d.member.key", i+1), "Member must have length between 1 and 128")
		case utf8.RuneCountInString(value) > 256:
			return invalid(value, fmt.Sprintf("tags.%d.member.value", i+1), "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return wire.Errorf("ValidationError", "Tag keys that start with the prefix aws: are reserved")
		case folded[strings.ToLower(key)]:
			return wire.Errorf("ValidationError", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		r.tags[key], folded[strings.ToLower(key)] = value, true
	}
	for _, key := range transitive {
		if !folded[strings.ToLower(key)] {
			return wire.Errorf("ValidationError", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	r.transitive = transitive
	return nil
}

// inherit takes over the transitive tags and the source identity of the session that begins this one.
func (r *roleSession) inherit(from *auth.Session) error {
	if from == nil {
		return nil
	}
	tags := maps.Clone(r.tags)
	for _, key := range from.Transitive {
		for have := range r.tags {
			if strings.EqualFold(have, key) {
				return wire.Errorf("ValidationError", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
			}
		}
		for k, v := range from.Tags {
			if strings.EqualFold(k, key) {
				tags[k] = v
			}
		}
	}
	r.tags, r.transitive = tags, slices.Concat(r.transitive, from.Transitive)
	if from.SourceIdentity != "" {
		if r.source != "" && r.source != from.SourceIdentity {
			return denied("Source identity can't be changed from %s.", from.SourceIdentity)
		}
		r.source = from.SourceIdentity
	}
	return nil
}

// caller is who calls, with what its own policies say.
type caller struct {
	principal   auth.Principal
	permissions auth.Permissions
	session     *auth.Session  // nil for long-lived keys
	policies    []*auth.Policy // of the session
}

// caller finds out about the caller of a signed call, who wants to assume the role target.
func (s *Service) caller(tx *state.Tx, call *wire.Call, target string) (*caller, error) {
	c := &caller{principal: call.Principal}
	if key, ok := s.d.Keys.Get(tx, call.AccessKeyID); ok && key.Session != nil {
		c.session = key.Session
		for _, document := range key.Session.Policies {
			p, err := auth.ParsePolicy([]byte(document))
			if err != nil {
				return nil, fmt.Errorf("reading a session policy of %s: %w", call.ARN, err)
			}
			c.policies = append(c.policies, p)
		}
	}
	if call.IsRoot() {
		return c, nil
	}
	var ok bool
	if c.permissions, ok = s.d.Policies.Permissions(tx, call.Principal); !ok {
		// The role of a session that lives on is gone: a new one of its name is not the one that trust policies mean.
		return nil, notAuthorized(call, "sts:AssumeRole", target)
	}
	return c, nil
}

// own gives what the caller's side says of a request.
func (c *caller) own(r *auth.Request) auth.Decision {
	if c.principal.IsRoot() {
		return auth.Allowed
	}
	d := c.permissions.Evaluate(r)
	if d == auth.Allowed && len(c.policies) > 0 {
		return auth.Evaluate(r, c.policies...)
	}
	return d
}

// context gives the condition keys that do not depend on the operation.
func (c *caller) context(call *wire.Call, role *auth.Role) auth.Context {
	ctx := call.Principal.Context(call.Time)
	ctx.Set("aws:RequestedRegion", call.Region)
	ctx.Set("aws:SecureTransport", strconv.FormatBool(strings.HasPrefix(call.Endpoint, "https:")))
	ctx.Set("aws:ResourceAccount", role.Account)
	if call.SourceIP != "" {
		ctx.Set("aws:SourceIp", call.SourceIP)
	}
	if call.UserAgent != "" {
		ctx.Set("aws:UserAgent", call.UserAgent)
	}
	for k, v := range role.Tags {
		ctx.Set("aws:ResourceTag/"+k, v)
		ctx.Set("iam:ResourceTag/"+k, v)
	}
	if c == nil {
		return ctx
	}
	for k, v := range c.permissions.Tags {
		ctx.Set("aws:PrincipalTag/"+k, v)
	}
	if c.session != nil {
		for k, v := range c.session.Tags {
			ctx.Set("aws:PrincipalTag/"+k, v)
		}
		if c.session.SourceIdentity != "" {
			ctx.Set("aws:SourceIdentity", c.session.SourceIdentity)
		}
	}
	return ctx
}

// authorize asks both sides for each action that the call needs.
func (s *Service) authorize(c *caller, call *wire.Call, request *auth.Request, role *auth.Role, r *roleSession, tagged bool) error {
	trust, err := trustOf(role)
	if err != nil {
		return err
	}
	for _, action := range r.actions("sts:AssumeRole", tagged) {
		request.Action = action
		theirs, own := auth.Evaluate(request, trust), c.own(request)
		direct := theirs == auth.Allowed && call.Account == role.Account
		agreed := theirs == auth.Allowed || theirs == auth.AllowedToAccount
		if theirs == auth.Denied || own == auth.Denied || !direct && (!agreed || own != auth.Allowed) {
			return notAuthorized(call, action, role.ARN)
		}
	}
	return nil
}

// actions are what must be allowed for a session.
func (r *roleSession) actions(assume string, tagged bool) []string {
	list := []string{assume}
	if tagged {
		list = append(list, "sts:TagSession")
	}
	if r.source != "" {
		list = append(list, "sts:SetSourceIdentity")
	}
	return list
}

func trustOf(role *auth.Role) (*auth.Policy, error) {
	p, err := auth.ParsePolicy([]byte(role.Trust))
	if err != nil {
		return nil, fmt.Errorf("reading the trust policy of %s: %w", role.ARN, err)
	}
	return p, nil
}
