package iam

import (
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

type roleRecord struct {
	identity
	Trust       string            // the document as it was given
	Principals  map[string]string `json:",omitempty"` // ARNs of users and roles in Trust, with the unique ids that they had
	Description *string           `json:",omitempty"`
	MaxSession  int64             // seconds
	LastUsed    time.Time         // zero: never
	LastRegion  string            `json:",omitempty"`
}

func (r *roleRecord) arn(account string) string {
	return "arn:aws:iam::" + account + ":role" + r.Path + r.Name
}

// serviceLinked tells a role that belongs to an AWS service.
func (r *roleRecord) serviceLinked() bool { return strings.HasPrefix(r.Path, "/aws-service-role/") }

// role gives a role by its name.
func (t *txn) role(name string) (*roleRecord, error) {
	if err := checkName(name, "roleName", 64); err != nil {
		return nil, err
	}
	r, ok := t.s.roles.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, notFound("The role with name %s cannot be found.", name)
	}
	return r, nil
}

// ownRole gives a role that is to be changed by the account rather than by a service.
func (t *txn) ownRole(name string) (*roleRecord, error) {
	r, err := t.role(name)
	if err == nil && r.serviceLinked() {
		return nil, wire.Errorf("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.Name)
	}
	return r, err
}

func (t *txn) putRole(r *roleRecord) { t.s.roles.Put(t.tx, t.sc, strings.ToLower(r.Name), r) }

// changeRole runs a change of a role that is the account's own, and stores it.
func (s *Service) changeRole(ctx context.Context, name string, change func(t *txn, r *roleRecord) error) error {
	return changeOne(ctx, s, func(t *txn) (*roleRecord, error) { return t.ownRole(name) }, change, (*txn).putRole)
}

// renderRole gives what lists show of a role; describeRole all.
func (t *txn) renderRole(r *roleRecord) Role {
	return Role{
		Path: new(r.Path), RoleName: new(r.Name), RoleId: new(r.ID), Arn: new(r.arn(t.sc.Account)), CreateDate: new(r.Created),
		AssumeRolePolicyDocument: new(encode(t.trust(r))), Description: r.Description, MaxSessionDuration: new(r.MaxSession),
	}
}

func (t *txn) describeRole(r *roleRecord) *Role {
	out := t.renderRole(r)
	out.PermissionsBoundary = r.boundary()
	out.Tags = t.tagsOf(*out.Arn)
	out.RoleLastUsed = &RoleLastUsed{}
	if !r.LastUsed.IsZero() {
		out.RoleLastUsed.LastUsedDate, out.RoleLastUsed.Region = new(r.LastUsed), new(r.LastRegion)
	}
	return &out
}

// CreateRole makes a role that its trust policy lets others assume.
func (s *Service) CreateRole(ctx context.Context, in *CreateRoleInput) (*CreateRoleOutput, error) {
	if err := checkName(*in.RoleName, "roleName", 64); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path, "path")
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "/aws-service-role/") {
		return nil, wire.Errorf("ValidationError", "The specified value for path is invalid. /aws-service-role/ is reserved for service-linked roles.")
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	r := &roleRecord{identity: identity{Name: *in.RoleName, Path: path}, Description: in.Description, MaxSession: 3600}
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}
	if err := within(r.MaxSession, "maxSessionDuration", 3600, 43200); err != nil {
		return nil, err
	}
	out := &CreateRoleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if err := t.newRole(ctx, r, *in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		if in.PermissionsBoundary != nil {
			if err := t.bound(&r.identity, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		t.putRole(r)
		if err := t.tag(r.arn(t.sc.Account), in.Tags); err != nil {
			return err
		}
		out.Role = t.describeRole(r)
		out.Role.RoleLastUsed = nil
		return nil
	})
}

// newRole gives a new role its id and its trust policy.
func (t *txn) newRole(ctx context.Context, r *roleRecord, trust string) error {
	if _, taken := t.s.roles.Get(t.tx, t.sc, strings.ToLower(r.Name)); taken {
		return exists("Role with name %s already exists.", r.Name)
	}
	r.ID, r.Created = t.s.d.IDs.Unique("AROA"), wire.CallFrom(ctx).Time
	return t.setTrust(r, trust)
}

// GetRole gives a role.
func (s *Service) GetRole(ctx context.Context, in *GetRoleInput) (*GetRoleOutput, error) {
	out := &GetRoleOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err == nil {
			out.Role = t.describeRole(r)
		}
		return err
	})
}

// ListRoles lists roles, without their tags, boundaries and last use.
func (s *Service) ListRoles(ctx context.Context, in *ListRolesInput) (*ListRolesOutput, error) {
	out := &ListRolesOutput{Roles: []Role{}}
	var err error
	out.IsTruncated, out.Marker, err = listByPath(ctx, s, s.roles, in.Marker, in.MaxItems, in.PathPrefix, func(r *roleRecord) string { return r.Path },
		func(t *txn, r *roleRecord) { out.Roles = append(out.Roles, t.renderRole(r)) })
	return out, err
}

// DeleteRole deletes a role without policies that is in no instance profile.
func (s *Service) DeleteRole(ctx context.Context, in *DeleteRoleInput) (*DeleteRoleOutput, error) {
	return &DeleteRoleOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.ownRole(*in.RoleName)
		if err != nil {
			return err
		}
		for range s.profiles.By(t.tx, t.sc, "role", strings.ToLower(r.Name)) {
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		if err := r.deletable(); err != nil {
			return err
		}
		s.roles.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// UpdateRole changes the description, if one is given, and the longest session: an hour unless given, as AWS documents it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
func (s *Service) UpdateRole(ctx context.Context, in *UpdateRoleInput) (*UpdateRoleOutput, error) {
	longest := int64(3600)
	if in.MaxSessionDuration != nil {
		longest = *in.MaxSessionDuration
	}
	if err := within(longest, "maxSessionDuration", 3600, 43200); err != nil {
		return nil, err
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	return &UpdateRoleOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		if in.Description != nil {
			r.Description = in.Description
		}
		r.MaxSession = longest
		t.putRole(r)
		return nil
	})
}

// UpdateRoleDescription changes the description alone.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *UpdateRoleDescriptionInput) (*UpdateRoleDescriptionOutput, error) {
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	out := &UpdateRoleDescriptionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		r.Description = in.Description
		t.putRole(r)
		out.Role = t.describeRole(r)
		return nil
	})
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *UpdateAssumeRolePolicyInput) (*UpdateAssumeRolePolicyOutput, error) {
	return &UpdateAssumeRolePolicyOutput{}, s.changeRole(ctx, *in.RoleName, func(t *txn, r *roleRecord) error {
		return t.setTrust(r, *in.PolicyDocument)
	})
}

// PutRolePermissionsBoundary sets the policy that bounds what a role may do.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *PutRolePermissionsBoundaryInput) (*PutRolePermissionsBoundaryOutput, error) {
	return &PutRolePermissionsBoundaryOutput{}, s.changeRole(ctx, *in.RoleName, func(t *txn, r *roleRecord) error {
		return t.bound(&r.identity, *in.PermissionsBoundary)
	})
}

// DeleteRolePermissionsBoundary removes a role's boundary.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *DeleteRolePermissionsBoundaryInput) (*DeleteRolePermissionsBoundaryOutput, error) {
	return &DeleteRolePermissionsBoundaryOutput{}, s.changeRole(ctx, *in.RoleName, func(_ *txn, r *roleRecord) error {
		if r.Boundary == "" {
			return notFound("Role %s does not have a permission boundary.", r.Name)
		}
		r.Boundary = ""
		return nil
	})
}
