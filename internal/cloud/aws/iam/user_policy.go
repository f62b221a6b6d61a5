package iam

import "context"

// PutUserPolicy embeds a policy in a user, or replaces it.
func (s *Service) PutUserPolicy(ctx context.Context, in *PutUserPolicyInput) (*PutUserPolicyOutput, error) {
	return &PutUserPolicyOutput{}, s.changeUser(ctx, *in.UserName, func(_ *txn, r *userRecord) error {
		return r.putInline("user", *in.PolicyName, *in.PolicyDocument, maxUserInlineSize)
	})
}

// GetUserPolicy gives an embedded policy.
func (s *Service) GetUserPolicy(ctx context.Context, in *GetUserPolicyInput) (*GetUserPolicyOutput, error) {
	out := &GetUserPolicyOutput{PolicyName: in.PolicyName}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		document, err := r.inline("user", *in.PolicyName)
		out.UserName, out.PolicyDocument = new(r.Name), new(encode(document))
		return err
	})
}

// DeleteUserPolicy deletes an embedded policy.
func (s *Service) DeleteUserPolicy(ctx context.Context, in *DeleteUserPolicyInput) (*DeleteUserPolicyOutput, error) {
	return &DeleteUserPolicyOutput{}, s.changeUser(ctx, *in.UserName, func(_ *txn, r *userRecord) error {
		_, err := r.inline("user", *in.PolicyName)
		delete(r.Inline, *in.PolicyName)
		return err
	})
}

// ListUserPolicies lists the names of a user's embedded policies.
func (s *Service) ListUserPolicies(ctx context.Context, in *ListUserPoliciesInput) (*ListUserPoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListUserPoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		names, last := cut(r.inlineNames(), p, self)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// AttachUserPolicy attaches a managed policy to a user.
func (s *Service) AttachUserPolicy(ctx context.Context, in *AttachUserPolicyInput) (*AttachUserPolicyOutput, error) {
	return &AttachUserPolicyOutput{}, s.changeUser(ctx, *in.UserName, func(t *txn, r *userRecord) error {
		return t.attach(&r.identity, "User", *in.PolicyArn)
	})
}

// DetachUserPolicy detaches a managed policy from a user.
func (s *Service) DetachUserPolicy(ctx context.Context, in *DetachUserPolicyInput) (*DetachUserPolicyOutput, error) {
	return &DetachUserPolicyOutput{}, s.changeUser(ctx, *in.UserName, func(_ *txn, r *userRecord) error {
		return r.detach(*in.PolicyArn)
	})
}

// ListAttachedUserPolicies lists a user's managed policies.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *ListAttachedUserPoliciesInput) (*ListAttachedUserPoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListAttachedUserPoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.user(*in.UserName)
		if err != nil {
			return err
		}
		out.AttachedPolicies, out.IsTruncated, out.Marker, err = t.attached(&r.identity, in.PathPrefix, p)
		return err
	})
}
