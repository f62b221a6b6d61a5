package iam

import "context"

// PutRolePolicy embeds a policy in a role, or replaces it.
func (s *Service) PutRolePolicy(ctx context.Context, in *PutRolePolicyInput) (*PutRolePolicyOutput, error) {
	return &PutRolePolicyOutput{}, s.changeRole(ctx, *in.RoleName, func(_ *txn, r *roleRecord) error {
		return r.putInline("role", *in.PolicyName, *in.PolicyDocument, maxRoleInlineSize)
	})
}

// GetRolePolicy gives an embedded policy.
func (s *Service) GetRolePolicy(ctx context.Context, in *GetRolePolicyInput) (*GetRolePolicyOutput, error) {
	out := &GetRolePolicyOutput{PolicyName: in.PolicyName}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		document, err := r.inline("role", *in.PolicyName)
		out.RoleName, out.PolicyDocument = new(r.Name), new(encode(document))
		return err
	})
}

// DeleteRolePolicy deletes an embedded policy.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *DeleteRolePolicyInput) (*DeleteRolePolicyOutput, error) {
	return &DeleteRolePolicyOutput{}, s.changeRole(ctx, *in.RoleName, func(_ *txn, r *roleRecord) error {
		_, err := r.inline("role", *in.PolicyName)
		delete(r.Inline, *in.PolicyName)
		return err
	})
}

// ListRolePolicies lists the names of a role's embedded policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *ListRolePoliciesInput) (*ListRolePoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListRolePoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		names, last := cut(r.inlineNames(), p, self)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(ctx context.Context, in *AttachRolePolicyInput) (*AttachRolePolicyOutput, error) {
	return &AttachRolePolicyOutput{}, s.changeRole(ctx, *in.RoleName, func(t *txn, r *roleRecord) error {
		return t.attach(&r.identity, "Role", *in.PolicyArn)
	})
}

// DetachRolePolicy detaches a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *DetachRolePolicyInput) (*DetachRolePolicyOutput, error) {
	return &DetachRolePolicyOutput{}, s.changeRole(ctx, *in.RoleName, func(_ *txn, r *roleRecord) error {
		return r.detach(*in.PolicyArn)
	})
}

// ListAttachedRolePolicies lists a role's managed policies.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *ListAttachedRolePoliciesInput) (*ListAttachedRolePoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListAttachedRolePoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		out.AttachedPolicies, out.IsTruncated, out.Marker, err = t.attached(&r.identity, in.PathPrefix, p)
		return err
	})
}
