package iam

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// groupRecord is a group. Its members are the users whose records name it.
type groupRecord struct{ identity }

func (r *groupRecord) arn(account string) string {
	return "arn:aws:iam::" + account + ":group" + r.Path + r.Name
}

// maxGroupsOfUser is AWS's quota of groups that a user is in.
const maxGroupsOfUser = 10

// group gives a group by name.
func (t *txn) group(name string) (*groupRecord, error) {
	if err := checkName(name, "groupName", 128); err != nil {
		return nil, err
	}
	r, ok := t.s.groups.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, notFound("The group with name %s cannot be found.", name)
	}
	return r, nil
}

func (t *txn) putGroup(r *groupRecord) { t.s.groups.Put(t.tx, t.sc, strings.ToLower(r.Name), r) }

// changeGroup runs a change of a group and stores it.
func (s *Service) changeGroup(ctx context.Context, name string, change func(t *txn, r *groupRecord) error) error {
	return changeOne(ctx, s, func(t *txn) (*groupRecord, error) { return t.group(name) }, change, (*txn).putGroup)
}

// members gives a group's users, in the order of their names.
func (t *txn) members(group *groupRecord) []*userRecord {
	var out []*userRecord
	for _, r := range t.s.users.By(t.tx, t.sc, "group", strings.ToLower(group.Name)) {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *userRecord) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

func (t *txn) renderGroup(r *groupRecord) Group {
	return Group{Path: new(r.Path), GroupName: new(r.Name), GroupId: new(r.ID), Arn: new(r.arn(t.sc.Account)), CreateDate: new(r.Created)}
}

// CreateGroup makes a group without members.
func (s *Service) CreateGroup(ctx context.Context, in *CreateGroupInput) (*CreateGroupOutput, error) {
	if err := checkName(*in.GroupName, "groupName", 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path, "path")
	if err != nil {
		return nil, err
	}
	out := &CreateGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := s.groups.Get(t.tx, t.sc, strings.ToLower(*in.GroupName)); taken {
			return exists("Group with name %s already exists.", *in.GroupName)
		}
		r := &groupRecord{identity{Name: *in.GroupName, Path: path, ID: s.d.IDs.Unique("AGPA"), Created: wire.CallFrom(ctx).Time}}
		t.putGroup(r)
		out.Group = new(t.renderGroup(r))
		return nil
	})
}

// GetGroup gives a group and a page of its users.
func (s *Service) GetGroup(ctx context.Context, in *GetGroupInput) (*GetGroupOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &GetGroupOutput{Users: []User{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		out.Group = new(t.renderGroup(r))
		page, last := cut(t.members(r), p, func(u *userRecord) string { return strings.ToLower(u.Name) })
		for _, u := range page {
			out.Users = append(out.Users, t.renderUser(u))
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// ListGroups lists groups.
func (s *Service) ListGroups(ctx context.Context, in *ListGroupsInput) (*ListGroupsOutput, error) {
	out := &ListGroupsOutput{Groups: []Group{}}
	var err error
	out.IsTruncated, out.Marker, err = listByPath(ctx, s, s.groups, in.Marker, in.MaxItems, in.PathPrefix, func(r *groupRecord) string { return r.Path },
		func(t *txn, r *groupRecord) { out.Groups = append(out.Groups, t.renderGroup(r)) })
	return out, err
}

// UpdateGroup renames or moves a group. Its id, members and policies stay.
func (s *Service) UpdateGroup(ctx context.Context, in *UpdateGroupInput) (*UpdateGroupOutput, error) {
	return &UpdateGroupOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		if in.NewPath != nil {
			if r.Path, err = checkPath(in.NewPath, "newPath"); err != nil {
				return err
			}
		}
		was, members := strings.ToLower(r.Name), t.members(r)
		if in.NewGroupName != nil {
			if err := checkName(*in.NewGroupName, "newGroupName", 128); err != nil {
				return err
			}
			if _, taken := s.groups.Get(t.tx, t.sc, strings.ToLower(*in.NewGroupName)); taken && strings.ToLower(*in.NewGroupName) != was {
				return exists("Group with name %s already exists.", *in.NewGroupName)
			}
			r.Name = *in.NewGroupName
		}
		s.groups.Delete(t.tx, t.sc, was)
		t.putGroup(r)
		for _, u := range members {
			u.Groups[slices.Index(u.Groups, was)] = strings.ToLower(r.Name)
			t.putUser(u)
		}
		return nil
	})
}

// DeleteGroup deletes a group without members and policies.
func (s *Service) DeleteGroup(ctx context.Context, in *DeleteGroupInput) (*DeleteGroupOutput, error) {
	return &DeleteGroupOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		if len(t.members(r)) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := r.deletable(); err != nil {
			return err
		}
		s.groups.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// membership changes the groups of a user; group is the id of the group's record.
func (s *Service) membership(ctx context.Context, group, user string, change func(r *userRecord, group string) error) error {
	return s.update(ctx, func(t *txn) error {
		g, err := t.group(group)
		if err != nil {
			return err
		}
		u, err := t.user(user)
		if err != nil {
			return err
		}
		if err := change(u, strings.ToLower(g.Name)); err != nil {
			return err
		}
		t.putUser(u)
		return nil
	})
}

// AddUserToGroup makes a user a member; one that is a member stays so.
func (s *Service) AddUserToGroup(ctx context.Context, in *AddUserToGroupInput) (*AddUserToGroupOutput, error) {
	return &AddUserToGroupOutput{}, s.membership(ctx, *in.GroupName, *in.UserName, func(r *userRecord, group string) error {
		switch {
		case slices.Contains(r.Groups, group):
			return nil
		case len(r.Groups) >= maxGroupsOfUser:
			return overQuota("GroupsPerUser", maxGroupsOfUser)
		}
		r.Groups = append(r.Groups, group)
		return nil
	})
}

// RemoveUserFromGroup ends a membership, if there is one.
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *RemoveUserFromGroupInput) (*RemoveUserFromGroupOutput, error) {
	return &RemoveUserFromGroupOutput{}, s.membership(ctx, *in.GroupName, *in.UserName, func(r *userRecord, group string) error {
		r.Groups = slices.DeleteFunc(r.Groups, func(g string) bool { return g == group })
		return nil
	})
}

// ListGroupsForUser lists the groups that a user is in.
func (s *Service) ListGroupsForUser(ctx context.Context, in *ListGroupsForUserInput) (*ListGroupsForUserOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListGroupsForUserOutput{Groups: []Group{}}
	return out, s.view(ctx, func(t *txn) error {
		u, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		page, last := cut(u.Groups, p, self)
		for _, name := range page {
			g, err := t.group(name)
			if err != nil {
				return err
			}
			out.Groups = append(out.Groups, t.renderGroup(g))
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}
