package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type userRecord struct {
	identity
	Groups []string      `json:",omitempty"` // ids of the groups' records, in the order of joining
	Login  *loginProfile `json:",omitempty"` // nil without a password
}

func (r *userRecord) arn(account string) string {
	return "arn:aws:iam::" + account + ":user" + r.Path + r.Name
}

// user gives a user by name.
func (t *txn) user(name string) (*userRecord, error) {
	if err := checkName(name, "userName", 128); err != nil {
		return nil, err
	}
	r, ok := t.s.users.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, notFound("The user with name %s cannot be found.", name)
	}
	return r, nil
}

func (t *txn) putUser(r *userRecord) { t.s.users.Put(t.tx, t.sc, strings.ToLower(r.Name), r) }

// changeUser runs a change of a user and stores it.
func (s *Service) changeUser(ctx context.Context, name string, change func(t *txn, r *userRecord) error) error {
	return changeOne(ctx, s, func(t *txn) (*userRecord, error) { return t.user(name) }, change, (*txn).putUser)
}

// renderUser gives what lists show of a user; describeUser all.
func (t *txn) renderUser(r *userRecord) User {
	return User{Path: new(r.Path), UserName: new(r.Name), UserId: new(r.ID), Arn: new(r.arn(t.sc.Account)), CreateDate: new(r.Created)}
}

func (t *txn) describeUser(r *userRecord) *User {
	u := t.renderUser(r)
	u.PermissionsBoundary, u.Tags = r.boundary(), t.tagsOf(*u.Arn)
	return &u
}

// CreateUser makes a user without keys.
func (s *Service) CreateUser(ctx context.Context, in *CreateUserInput) (*CreateUserOutput, error) {
	if err := checkName(*in.UserName, "userName", 64); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path, "path")
	if err != nil {
		return nil, err
	}
	out := &CreateUserOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := s.users.Get(t.tx, t.sc, strings.ToLower(*in.UserName)); taken {
			return exists("User with name %s already exists.", *in.UserName)
		}
		r := &userRecord{identity: identity{Name: *in.UserName, Path: path, ID: s.d.IDs.Unique("AIDA"), Created: wire.CallFrom(ctx).Time}}
		if in.PermissionsBoundary != nil {
			if err := t.bound(&r.identity, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		t.putUser(r)
		if err := t.tag(r.arn(t.sc.Account), in.Tags); err != nil {
			return err
		}
		out.User = t.describeUser(r)
		return nil
	})
}

// GetUser gives a user, by default the one that calls.
func (s *Service) GetUser(ctx context.Context, in *GetUserInput) (*GetUserOutput, error) {
	out := &GetUserOutput{}
	return out, s.view(ctx, func(t *txn) error {
		if in.UserName == nil && wire.CallFrom(ctx).IsRoot() {
			out.User = t.rootUser(wire.CallFrom(ctx).Principal)
			return nil
		}
		name, err := callingUser(ctx, in.UserName)
		if err != nil {
			return err
		}
		r, err := t.user(name)
		if err == nil {
			out.User = t.describeUser(r)
		}
		return err
	})
}

// rootUser describes the account's root user, which has neither name nor path. It is as old as its key.
func (t *txn) rootUser(p auth.Principal) *User {
	u := &User{UserId: new(p.Account), Arn: new(p.ARN)}
	if key, ok := t.s.d.Keys.Get(t.tx, p.AccessKeyID); ok {
		u.CreateDate, u.PasswordLastUsed = new(key.Created), new(key.Created)
	}
	return u
}

// callingUser gives the user name of a call that may leave it out to mean the caller.
func callingUser(ctx context.Context, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	p := wire.CallFrom(ctx).Principal
	if p.Role != "" || p.IsRoot() || !strings.Contains(p.ARN, ":user/") {
		return "", wire.Errorf("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return p.ARN[strings.LastIndexByte(p.ARN, '/')+1:], nil
}

// ListUsers lists users, without their tags and boundaries.
func (s *Service) ListUsers(ctx context.Context, in *ListUsersInput) (*ListUsersOutput, error) {
	out := &ListUsersOutput{Users: []User{}}
	var err error
	out.IsTruncated, out.Marker, err = listByPath(ctx, s, s.users, in.Marker, in.MaxItems, in.PathPrefix, func(r *userRecord) string { return r.Path },
		func(t *txn, r *userRecord) { out.Users = append(out.Users, t.renderUser(r)) })
	return out, err
}

// UpdateUser renames or moves a user. Its id, keys, policies and tags stay.
func (s *Service) UpdateUser(ctx context.Context, in *UpdateUserInput) (*UpdateUserOutput, error) {
	return &UpdateUserOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		was, wasARN := r.Name, r.arn(t.sc.Account)
		if in.NewPath != nil {
			if r.Path, err = checkPath(in.NewPath, "newPath"); err != nil {
				return err
			}
		}
		if in.NewUserName != nil {
			if err := checkName(*in.NewUserName, "newUserName", 64); err != nil {
				return err
			}
			_, taken := s.users.Get(t.tx, t.sc, strings.ToLower(*in.NewUserName))
			if taken && !strings.EqualFold(*in.NewUserName, was) {
				return exists("User with name %s already exists.", *in.NewUserName)
			}
			r.Name = *in.NewUserName
		}
		tags := maps.Clone(state.Tags(t.tx, wasARN))
		s.users.Delete(t.tx, t.sc, strings.ToLower(was))
		t.putUser(r)
		state.ReplaceTags(t.tx, r.arn(t.sc.Account), tags)
		for _, key := range s.d.Keys.OfUser(t.tx, t.sc.Account, was) {
			key.User, key.Principal.ARN = r.Name, r.arn(t.sc.Account)
			s.d.Keys.Put(t.tx, &key)
		}
		return nil
	})
}

// DeleteUser deletes a user without keys, password, groups and policies.
func (s *Service) DeleteUser(ctx context.Context, in *DeleteUserInput) (*DeleteUserOutput, error) {
	return &DeleteUserOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		keys := s.d.Keys.OfUser(t.tx, t.sc.Account, r.Name)
		if slices.ContainsFunc(keys, func(k auth.Key) bool { return k.SessionToken == "" }) {
			return conflict("Cannot delete entity, must delete access keys first.")
		}
		if len(r.Groups) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		if r.Login != nil {
			return conflict("Cannot delete entity, must delete login profile first.")
		}
		if err := r.deletable(); err != nil {
			return err
		}
		for _, k := range keys {
			s.d.Keys.Delete(t.tx, k.ID)
		}
		s.users.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// PutUserPermissionsBoundary sets the policy that bounds what a user may do.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *PutUserPermissionsBoundaryInput) (*PutUserPermissionsBoundaryOutput, error) {
	return &PutUserPermissionsBoundaryOutput{}, s.changeUser(ctx, *in.UserName, func(t *txn, r *userRecord) error {
		return t.bound(&r.identity, *in.PermissionsBoundary)
	})
}

// DeleteUserPermissionsBoundary removes a user's boundary.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *DeleteUserPermissionsBoundaryInput) (*DeleteUserPermissionsBoundaryOutput, error) {
	return &DeleteUserPermissionsBoundaryOutput{}, s.changeUser(ctx, *in.UserName, func(_ *txn, r *userRecord) error {
		if r.Boundary == "" {
			return notFound("User %s does not have a permission boundary.", r.Name)
		}
		r.Boundary = ""
		return nil
	})
}
