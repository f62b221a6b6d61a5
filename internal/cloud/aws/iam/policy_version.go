package iam

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// policyAndVersion gives a version of a policy of the account or of AWS.
func (t *txn) policyAndVersion(arn, id string) (*policyRecord, *policyVersion, error) {
	if rest, ok := strings.CutPrefix(id, "v"); !ok || rest == "" || strings.Trim(rest, ".-"+alphanumeric) != "" {
		return nil, nil, invalid(id, "versionId", `Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
	r, err := t.policy(arn)
	if err != nil {
		return nil, nil, err
	}
	v, ok := r.version(id)
	if !ok {
		return nil, nil, notFound("Policy %s version %s does not exist or is not attachable.", arn, id)
	}
	return r, v, nil
}

// changeVersion runs a change that is about one version of the account's own policies.
func (s *Service) changeVersion(ctx context.Context, arn, id string, change func(r *policyRecord, v *policyVersion) error) error {
	return s.update(ctx, func(t *txn) error {
		if _, err := t.ownPolicy(arn); err != nil {
			return err
		}
		r, v, err := t.policyAndVersion(arn, id)
		if err != nil {
			return err
		}
		if err := change(r, v); err != nil {
			return err
		}
		r.Updated = wire.CallFrom(ctx).Time
		t.putPolicy(r)
		return nil
	})
}

// CreatePolicyVersion adds a version to a policy; a policy has five at most.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *CreatePolicyVersionInput) (*CreatePolicyVersionOutput, error) {
	if err := checkManagedDocument(*in.PolicyDocument); err != nil {
		return nil, err
	}
	out := &CreatePolicyVersionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.ownPolicy(*in.PolicyArn)
		if err != nil {
			return err
		}
		if len(r.Versions) >= maxPolicyVersions {
			return wire.Errorf("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxPolicyVersions)
		}
		now := wire.CallFrom(ctx).Time
		v := r.add(*in.PolicyDocument, now)
		if in.SetAsDefault != nil && *in.SetAsDefault {
			r.Default = v.ID
		}
		r.Updated = now
		t.putPolicy(r)
		out.PolicyVersion = &PolicyVersion{VersionId: new(v.ID), IsDefaultVersion: new(r.Default == v.ID), CreateDate: new(v.Created)}
		return nil
	})
}

// GetPolicyVersion gives a version with its document.
func (s *Service) GetPolicyVersion(ctx context.Context, in *GetPolicyVersionInput) (*GetPolicyVersionOutput, error) {
	out := &GetPolicyVersionOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, v, err := t.policyAndVersion(*in.PolicyArn, *in.VersionId)
		if err != nil {
			return err
		}
		out.PolicyVersion = &PolicyVersion{VersionId: new(v.ID), Document: new(encode(v.Document)), IsDefaultVersion: new(r.Default == v.ID), CreateDate: new(v.Created)}
		return nil
	})
}

// ListPolicyVersions lists a policy's versions without their documents, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *ListPolicyVersionsInput) (*ListPolicyVersionsOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListPolicyVersionsOutput{Versions: []PolicyVersion{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.policy(*in.PolicyArn)
		if err != nil {
			return err
		}
		newest := slices.Clone(r.Versions)
		slices.Reverse(newest)
		from := 0
		if p.after != "" {
			from = slices.IndexFunc(newest, func(v policyVersion) bool { return v.ID == p.after }) + 1
		}
		page := newest[from:min(from+p.limit, len(newest))]
		for _, v := range page {
			out.Versions = append(out.Versions, PolicyVersion{VersionId: new(v.ID), IsDefaultVersion: new(r.Default == v.ID), CreateDate: new(v.Created)})
		}
		last := ""
		if from+len(page) < len(newest) {
			last = page[len(page)-1].ID
		}
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// SetDefaultPolicyVersion puts a version in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *SetDefaultPolicyVersionInput) (*SetDefaultPolicyVersionOutput, error) {
	return &SetDefaultPolicyVersionOutput{}, s.changeVersion(ctx, *in.PolicyArn, *in.VersionId, func(r *policyRecord, v *policyVersion) error {
		r.Default = v.ID
		return nil
	})
}

// DeletePolicyVersion deletes a version that is not in force.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *DeletePolicyVersionInput) (*DeletePolicyVersionOutput, error) {
	return &DeletePolicyVersionOutput{}, s.changeVersion(ctx, *in.PolicyArn, *in.VersionId, func(r *policyRecord, v *policyVersion) error {
		if v.ID == r.Default {
			return conflict("Cannot delete the default version of a policy.")
		}
		id := v.ID
		r.Versions = slices.DeleteFunc(r.Versions, func(v policyVersion) bool { return v.ID == id })
		return nil
	})
}
