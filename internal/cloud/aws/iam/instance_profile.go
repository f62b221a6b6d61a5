package iam

import (
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

type instanceProfileRecord struct {
	Name, Path, ID string
	Created        time.Time
	Role           string // id of the role's record, empty for none
}

func (r *instanceProfileRecord) arn(account string) string {
	return "arn:aws:iam::" + account + ":instance-profile" + r.Path + r.Name
}

// profile gives an instance profile by name.
func (t *txn) profile(name string) (*instanceProfileRecord, error) {
	if err := checkName(name, "instanceProfileName", 128); err != nil {
		return nil, err
	}
	r, ok := t.s.profiles.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, notFound("Instance Profile %s cannot be found.", name)
	}
	return r, nil
}

func (t *txn) putProfile(r *instanceProfileRecord) {
	t.s.profiles.Put(t.tx, t.sc, strings.ToLower(r.Name), r)
}

// renderProfile gives what lists show of a profile; describeProfile adds its tags.
func (t *txn) renderProfile(r *instanceProfileRecord) InstanceProfile {
	p := InstanceProfile{Path: new(r.Path), InstanceProfileName: new(r.Name), InstanceProfileId: new(r.ID), Arn: new(r.arn(t.sc.Account)), CreateDate: new(r.Created), Roles: []Role{}}
	if r.Role != "" {
		if role, ok := t.s.roles.Get(t.tx, t.sc, r.Role); ok {
			p.Roles = append(p.Roles, t.renderRole(role))
		}
	}
	return p
}

func (t *txn) describeProfile(r *instanceProfileRecord) *InstanceProfile {
	p := t.renderProfile(r)
	p.Tags = t.tagsOf(*p.Arn)
	return &p
}

// CreateInstanceProfile makes a profile without a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, in *CreateInstanceProfileInput) (*CreateInstanceProfileOutput, error) {
	if err := checkName(*in.InstanceProfileName, "instanceProfileName", 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path, "path")
	if err != nil {
		return nil, err
	}
	out := &CreateInstanceProfileOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := s.profiles.Get(t.tx, t.sc, strings.ToLower(*in.InstanceProfileName)); taken {
			return exists("Instance Profile %s already exists.", *in.InstanceProfileName)
		}
		r := &instanceProfileRecord{Name: *in.InstanceProfileName, Path: path, ID: s.d.IDs.Unique("AIPA"), Created: wire.CallFrom(ctx).Time}
		t.putProfile(r)
		if err := t.tag(r.arn(t.sc.Account), in.Tags); err != nil {
			return err
		}
		out.InstanceProfile = t.describeProfile(r)
		return nil
	})
}

// GetInstanceProfile gives a profile with its role.
func (s *Service) GetInstanceProfile(ctx context.Context, in *GetInstanceProfileInput) (*GetInstanceProfileOutput, error) {
	out := &GetInstanceProfileOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.profile(*in.InstanceProfileName)
		if err == nil {
			out.InstanceProfile = t.describeProfile(r)
		}
		return err
	})
}

// DeleteInstanceProfile deletes a profile without a role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *DeleteInstanceProfileInput) (*DeleteInstanceProfileOutput, error) {
	return &DeleteInstanceProfileOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.profile(*in.InstanceProfileName)
		if err != nil {
			return err
		}
		if r.Role != "" {
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		s.profiles.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// AddRoleToInstanceProfile gives a profile its role; it holds one.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *AddRoleToInstanceProfileInput) (*AddRoleToInstanceProfileOutput, error) {
	return &AddRoleToInstanceProfileOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.profile(*in.InstanceProfileName)
		if err != nil {
			return err
		}
		role, err := t.ownRole(*in.RoleName)
		if err != nil {
			return err
		}
		if r.Role != "" {
			return overQuota("InstanceSessionsPerInstanceProfile", 1)
		}
		r.Role = strings.ToLower(role.Name)
		t.putProfile(r)
		return nil
	})
}

// RemoveRoleFromInstanceProfile takes the role out of a profile.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *RemoveRoleFromInstanceProfileInput) (*RemoveRoleFromInstanceProfileOutput, error) {
	return &RemoveRoleFromInstanceProfileOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.profile(*in.InstanceProfileName)
		if err != nil {
			return err
		}
		role, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		if r.Role != strings.ToLower(role.Name) {
			return notFound("The role with name %s cannot be found.", *in.RoleName)
		}
		r.Role = ""
		t.putProfile(r)
		return nil
	})
}

// ListInstanceProfiles lists profiles, without their tags.
func (s *Service) ListInstanceProfiles(ctx context.Context, in *ListInstanceProfilesInput) (*ListInstanceProfilesOutput, error) {
	out := &ListInstanceProfilesOutput{InstanceProfiles: []InstanceProfile{}}
	var err error
	out.IsTruncated, out.Marker, err = listByPath(ctx, s, s.profiles, in.Marker, in.MaxItems, in.PathPrefix, func(r *instanceProfileRecord) string { return r.Path },
		func(t *txn, r *instanceProfileRecord) {
			out.InstanceProfiles = append(out.InstanceProfiles, t.renderProfile(r))
		})
	return out, err
}

// ListInstanceProfilesForRole lists the profiles that hold a role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *ListInstanceProfilesForRoleInput) (*ListInstanceProfilesForRoleOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListInstanceProfilesForRoleOutput{InstanceProfiles: []InstanceProfile{}}
	return out, s.view(ctx, func(t *txn) error {
		role, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		var all []*instanceProfileRecord
		for _, r := range s.profiles.By(t.tx, t.sc, "role", strings.ToLower(role.Name)) {
			all = append(all, r)
		}
		page, last := cut(all, p, func(r *instanceProfileRecord) string { return strings.ToLower(r.Name) })
		for _, r := range page {
			out.InstanceProfiles = append(out.InstanceProfiles, t.renderProfile(r))
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}
