package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type policyRecord struct {
	Name, Path, ID   string
	Description      *string `json:",omitempty"`
	Created, Updated time.Time
	Versions         []policyVersion // oldest first, never empty
	Default          string          // id of one of the versions
	Made             int             // versions ever made
}

type policyVersion struct {
	ID, Document string
	Created      time.Time
}

func (r *policyRecord) arn(account string) string {
	return "arn:aws:iam::" + account + ":policy" + r.Path + r.Name
}

// version gives one of a policy's versions.
func (r *policyRecord) version(id string) (*policyVersion, bool) {
	for i := range r.Versions {
		if r.Versions[i].ID == id {
			return &r.Versions[i], true
		}
	}
	return nil, false
}

func (r *policyRecord) add(document string, now time.Time) *policyVersion {
	r.Made++
	r.Versions = append(r.Versions, policyVersion{ID: "v" + strconv.Itoa(r.Made), Document: document, Created: now})
	return &r.Versions[len(r.Versions)-1]
}

func checkPolicyARN(arn string) error {
	if len(arn) < 20 {
		return invalid(arn, "policyArn", "Member must have length greater than or equal to 20")
	}
	if parts := strings.SplitN(arn, ":", 6); len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !strings.HasPrefix(parts[5], "policy/") {
		return wire.Errorf("InvalidInput", "ARN %s is not valid.", arn)
	}
	return nil
}

// managedByAWS tells the ARN of a policy that AWS manages.
func managedByAWS(arn string) bool { return strings.HasPrefix(arn, "arn:aws:iam::aws:") }

// policy gives a policy of the account or of AWS.
func (t *txn) policy(arn string) (*policyRecord, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	if managedByAWS(arn) {
		if r, ok := awsPolicy(arn); ok {
			return r, nil
		}
	} else if r, ok := t.s.policies.Get(t.tx, t.sc, strings.ToLower(arn[strings.LastIndexByte(arn, '/')+1:])); ok && r.arn(t.sc.Account) == arn {
		return r, nil
	}
	return nil, notFound("Policy %s was not found.", arn)
}

// ownPolicy gives a policy that the account may change.
func (t *txn) ownPolicy(arn string) (*policyRecord, error) {
	if managedByAWS(arn) {
		return nil, wire.Errorf("AccessDenied", "Policy is outside your own account.").WithStatus(403)
	}
	return t.policy(arn)
}

func (t *txn) putPolicy(r *policyRecord) { t.s.policies.Put(t.tx, t.sc, strings.ToLower(r.Name), r) }

// usage counts the users, groups and roles that an index has under a policy: "policy" for attachments, "boundary" for boundaries.
func (t *txn) usage(index, arn string) int64 {
	n := int64(0)
	for range t.s.roles.By(t.tx, t.sc, index, arn) {
		n++
	}
	for range t.s.users.By(t.tx, t.sc, index, arn) {
		n++
	}
	if index == "policy" {
		for range t.s.groups.By(t.tx, t.sc, index, arn) {
			n++
		}
	}
	return n
}

// renderPolicy gives what lists show of a policy; describePolicy all.
func (t *txn) renderPolicy(r *policyRecord, arn string) Policy {
	return Policy{
		PolicyName: new(r.Name), PolicyId: new(r.ID), Arn: new(arn), Path: new(r.Path), DefaultVersionId: new(r.Default),
		AttachmentCount: new(t.usage("policy", arn)), PermissionsBoundaryUsageCount: new(t.usage("boundary", arn)), IsAttachable: new(true),
		CreateDate: new(r.Created), UpdateDate: new(r.Updated),
	}
}

func (t *txn) describePolicy(r *policyRecord, arn string) *Policy {
	p := t.renderPolicy(r, arn)
	p.Description, p.Tags = r.Description, t.tagsOf(arn)
	return &p
}

func checkManagedDocument(document string) error {
	p, err := checkIdentityPolicy(document)
	if err != nil {
		return err
	}
	if p.Version != "2012-10-17" {
		return wire.Errorf("MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.")
	}
	if size(document) > maxPolicySize {
		return overQuota("PolicySize", maxPolicySize)
	}
	return nil
}

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *CreatePolicyInput) (*CreatePolicyOutput, error) {
	if err := checkName(*in.PolicyName, "policyName", 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path, "path")
	if err != nil {
		return nil, err
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	if err := checkManagedDocument(*in.PolicyDocument); err != nil {
		return nil, err
	}
	out := &CreatePolicyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, taken := s.policies.Get(t.tx, t.sc, strings.ToLower(*in.PolicyName)); taken {
			return exists("A policy called %s already exists. Duplicate names are not allowed.", *in.PolicyName)
		}
		now := wire.CallFrom(ctx).Time
		r := &policyRecord{Name: *in.PolicyName, Path: path, ID: s.d.IDs.Unique("ANPA"), Created: now, Updated: now}
		if text(in.Description) != "" {
			r.Description = in.Description
		}
		r.Default = r.add(*in.PolicyDocument, now).ID
		t.putPolicy(r)
		arn := r.arn(t.sc.Account)
		if err := t.tag(arn, in.Tags); err != nil {
			return err
		}
		out.Policy = t.describePolicy(r, arn)
		out.Policy.Description = nil // CreatePolicy leaves it out
		return nil
	})
}

// GetPolicy gives a policy without its document.
func (s *Service) GetPolicy(ctx context.Context, in *GetPolicyInput) (*GetPolicyOutput, error) {
	out := &GetPolicyOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.policy(*in.PolicyArn)
		if err == nil {
			out.Policy = t.describePolicy(r, *in.PolicyArn)
		}
		return err
	})
}

// DeletePolicy deletes a policy that nothing uses, with its only version.
func (s *Service) DeletePolicy(ctx context.Context, in *DeletePolicyInput) (*DeletePolicyOutput, error) {
	return &DeletePolicyOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.ownPolicy(*in.PolicyArn)
		if err != nil {
			return err
		}
		if t.usage("policy", *in.PolicyArn)+t.usage("boundary", *in.PolicyArn) > 0 {
			return conflict("Cannot delete a policy attached to entities.")
		}
		if len(r.Versions) > 1 {
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		s.policies.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// ListPolicies lists the account's policies and AWS's, without descriptions and tags.
func (s *Service) ListPolicies(ctx context.Context, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	prefix, err := checkPathPrefix(in.PathPrefix)
	if err != nil {
		return nil, err
	}
	scope, index := "All", "policy"
	if in.Scope != nil {
		scope = *in.Scope
	}
	if err := oneOf(scope, "scope", "All", "AWS", "Local"); err != nil {
		return nil, err
	}
	usedOnly := in.OnlyAttached != nil && *in.OnlyAttached
	if in.PolicyUsageFilter != nil {
		if err := oneOf(*in.PolicyUsageFilter, "policyUsageFilter", "PermissionsPolicy", "PermissionsBoundary"); err != nil {
			return nil, err
		}
		usedOnly = true
		if *in.PolicyUsageFilter == "PermissionsBoundary" {
			index = "boundary"
		}
	}
	out := &ListPoliciesOutput{Policies: []Policy{}}
	return out, s.view(ctx, func(t *txn) error {
		var arns []string
		if scope != "AWS" {
			for _, r := range s.policies.All(t.tx, t.sc) {
				if strings.HasPrefix(r.Path, prefix) {
					arns = append(arns, r.arn(t.sc.Account))
				}
			}
		}
		if scope != "Local" {
			for i := range awsPolicies {
				if strings.HasPrefix(awsPolicies[i].path, prefix) {
					arns = append(arns, awsPolicies[i].arn())
				}
			}
		}
		if usedOnly {
			arns = slices.DeleteFunc(arns, func(arn string) bool { return t.usage(index, arn) == 0 })
		}
		page, last := cut(arns, p, self)
		for _, arn := range page {
			r, err := t.policy(arn)
			if err != nil {
				return err
			}
			out.Policies = append(out.Policies, t.renderPolicy(r, arn))
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// ListEntitiesForPolicy lists the roles, users and groups that a policy is attached to, or bounds.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *ListEntitiesForPolicyInput) (*ListEntitiesForPolicyOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	prefix, err := checkPathPrefix(in.PathPrefix)
	if err != nil {
		return nil, err
	}
	if in.EntityFilter != nil {
		if err := oneOf(*in.EntityFilter, "entityFilter", "User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"); err != nil {
			return nil, err
		}
	}
	if in.PolicyUsageFilter != nil {
		if err := oneOf(*in.PolicyUsageFilter, "policyUsageFilter", "PermissionsPolicy", "PermissionsBoundary"); err != nil {
			return nil, err
		}
	}
	out := &ListEntitiesForPolicyOutput{PolicyGroups: []PolicyGroup{}, PolicyUsers: []PolicyUser{}, PolicyRoles: []PolicyRole{}}
	return out, s.view(ctx, func(t *txn) error {
		if _, err := t.policy(*in.PolicyArn); err != nil {
			return err
		}
		found := map[string]*identity{} // by kind and id
		for _, index := range []string{"policy", "boundary"} {
			if f := text(in.PolicyUsageFilter); f == "PermissionsPolicy" && index != "policy" || f == "PermissionsBoundary" && index != "boundary" {
				continue
			}
			for id, r := range entities(t, s.roles, "Role", index, in) {
				found["role/"+id] = &r.identity
			}
			for id, r := range entities(t, s.users, "User", index, in) {
				found["user/"+id] = &r.identity
			}
			if index == "boundary" {
				continue // groups have none
			}
			for id, r := range entities(t, s.groups, "Group", index, in) {
				found["group/"+id] = &r.identity
			}
		}
		var keys []string
		for key, e := range found {
			if strings.HasPrefix(e.Path, prefix) {
				keys = append(keys, key)
			}
		}
		page, last := cut(keys, p, self)
		for _, key := range page {
			e := found[key]
			switch kind, _, _ := strings.Cut(key, "/"); kind {
			case "role":
				out.PolicyRoles = append(out.PolicyRoles, PolicyRole{RoleName: new(e.Name), RoleId: new(e.ID)})
			case "user":
				out.PolicyUsers = append(out.PolicyUsers, PolicyUser{UserName: new(e.Name), UserId: new(e.ID)})
			default:
				out.PolicyGroups = append(out.PolicyGroups, PolicyGroup{GroupName: new(e.Name), GroupId: new(e.ID)})
			}
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// entities gives the records of one kind that use a policy, none if the call asks for another kind.
func entities[T any](t *txn, table state.Table[T], kind, index string, in *ListEntitiesForPolicyInput) map[string]*T {
	out := map[string]*T{}
	if in.EntityFilter != nil && *in.EntityFilter != kind {
		return out
	}
	for id, r := range table.By(t.tx, t.sc, index, *in.PolicyArn) {
		out[id] = r
	}
	return out
}
