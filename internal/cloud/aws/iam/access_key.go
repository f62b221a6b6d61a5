package iam

import (
	"context"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

// keyOwner gives the principal whose long-lived keys a call is about, and the name of its user: the caller's own unless one is
// named. The root user has no name.
func (t *txn) keyOwner(ctx context.Context, userName *string) (auth.Principal, string, error) {
	call := wire.CallFrom(ctx)
	if userName == nil && call.IsRoot() {
		return call.Principal, "", nil
	}
	name, err := callingUser(ctx, userName)
	if err != nil {
		return auth.Principal{}, "", err
	}
	r, err := t.user(name)
	if err != nil {
		return auth.Principal{}, "", err
	}
	return auth.Principal{Account: t.sc.Account, ARN: r.arn(t.sc.Account), UserID: r.ID}, r.Name, nil
}

// accessKeys gives an owner's long-lived keys.
func (t *txn) accessKeys(owner auth.Principal, name string) []auth.Key {
	var keys []auth.Key
	for _, k := range t.s.d.Keys.OfUser(t.tx, t.sc.Account, name) {
		if k.SessionToken == "" && k.Principal.ARN == owner.ARN {
			keys = append(keys, k)
		}
	}
	return keys
}

// accessKey gives one of an owner's keys.
func (t *txn) accessKey(owner auth.Principal, id string) (*auth.Key, error) {
	k, ok := t.s.d.Keys.Get(t.tx, id)
	if !ok || k.Principal.ARN != owner.ARN || k.SessionToken != "" {
		return nil, notFound("The Access Key with id %s cannot be found.", id)
	}
	return k, nil
}

func keyStatus(active bool) *string {
	if active {
		return new("Active")
	}
	return new("Inactive")
}

// CreateAccessKey makes a key for a user; this is the only time that its secret is told.
func (s *Service) CreateAccessKey(ctx context.Context, in *CreateAccessKeyInput) (*CreateAccessKeyOutput, error) {
	out := &CreateAccessKeyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		owner, name, err := t.keyOwner(ctx, in.UserName)
		if err != nil {
			return err
		}
		if len(t.accessKeys(owner, name)) >= maxAccessKeys {
			return overQuota("AccessKeysPerUser", maxAccessKeys)
		}
		k := &auth.Key{ID: s.d.IDs.Unique("AKIA"), Secret: s.d.IDs.Secret(), Active: true, Created: wire.CallFrom(ctx).Time, Principal: owner, User: name}
		k.Principal.AccessKeyID = k.ID
		s.d.Keys.Put(t.tx, k)
		out.AccessKey = &AccessKey{UserName: new(name), AccessKeyId: new(k.ID), SecretAccessKey: new(k.Secret), Status: keyStatus(true), CreateDate: new(k.Created)}
		return nil
	})
}

// ListAccessKeys lists a user's keys without their secrets.
func (s *Service) ListAccessKeys(ctx context.Context, in *ListAccessKeysInput) (*ListAccessKeysOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListAccessKeysOutput{AccessKeyMetadata: []AccessKeyMetadata{}}
	return out, s.view(ctx, func(t *txn) error {
		owner, name, err := t.keyOwner(ctx, in.UserName)
		if err != nil {
			return err
		}
		keys, last := cut(t.accessKeys(owner, name), p, func(k auth.Key) string { return k.ID })
		for _, k := range keys {
			out.AccessKeyMetadata = append(out.AccessKeyMetadata, AccessKeyMetadata{UserName: new(name), AccessKeyId: new(k.ID), Status: keyStatus(k.Active), CreateDate: new(k.Created)})
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// GetAccessKeyLastUsed answers when and for what a key of the account last signed a call, since the cloud started.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *GetAccessKeyLastUsedInput) (*GetAccessKeyLastUsedOutput, error) {
	out := &GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &AccessKeyLastUsed{ServiceName: new("N/A"), Region: new("N/A")}}
	return out, s.view(ctx, func(t *txn) error {
		k, ok := s.d.Keys.Get(t.tx, *in.AccessKeyId)
		if !ok || k.Principal.Account != t.sc.Account || k.SessionToken != "" {
			return wire.Errorf("AccessDenied", "User: %s is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key %s", wire.CallFrom(ctx).ARN, *in.AccessKeyId).WithStatus(403)
		}
		if k.User != "" {
			out.UserName = new(k.User)
		}
		if use, ok := s.d.Keys.LastUse(k.ID); ok {
			out.AccessKeyLastUsed = &AccessKeyLastUsed{LastUsedDate: new(use.At), ServiceName: new(use.Service), Region: new(use.Region)}
		}
		return nil
	})
}

// UpdateAccessKey switches a key on or off.
func (s *Service) UpdateAccessKey(ctx context.Context, in *UpdateAccessKeyInput) (*UpdateAccessKeyOutput, error) {
	if err := oneOf(*in.Status, "status", "Active", "Inactive"); err != nil {
		return nil, err
	}
	return &UpdateAccessKeyOutput{}, s.update(ctx, func(t *txn) error {
		owner, _, err := t.keyOwner(ctx, in.UserName)
		if err != nil {
			return err
		}
		k, err := t.accessKey(owner, *in.AccessKeyId)
		if err != nil {
			return err
		}
		k.Active = *in.Status == "Active"
		s.d.Keys.Put(t.tx, k)
		return nil
	})
}

// DeleteAccessKey deletes a key for good. The root user keeps its last one: without it nobody could enter the local cloud.
func (s *Service) DeleteAccessKey(ctx context.Context, in *DeleteAccessKeyInput) (*DeleteAccessKeyOutput, error) {
	return &DeleteAccessKeyOutput{}, s.update(ctx, func(t *txn) error {
		owner, name, err := t.keyOwner(ctx, in.UserName)
		if err != nil {
			return err
		}
		k, err := t.accessKey(owner, *in.AccessKeyId)
		if err != nil {
			return err
		}
		if owner.IsRoot() && len(t.accessKeys(owner, name)) == 1 {
			return wire.NotImplemented("iam:DeleteAccessKey for the root user's last key")
		}
		s.d.Keys.Delete(t.tx, k.ID)
		return nil
	})
}
