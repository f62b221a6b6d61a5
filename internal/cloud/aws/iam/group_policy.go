package iam

import "context"

// PutGroupPolicy embeds a policy in a group, or replaces it.
func (s *Service) PutGroupPolicy(ctx context.Context, in *PutGroupPolicyInput) (*PutGroupPolicyOutput, error) {
	return &PutGroupPolicyOutput{}, s.changeGroup(ctx, *in.GroupName, func(_ *txn, r *groupRecord) error {
		return r.putInline("group", *in.PolicyName, *in.PolicyDocument, maxGroupInlineSize)
	})
}

// GetGroupPolicy gives an embedded policy.
func (s *Service) GetGroupPolicy(ctx context.Context, in *GetGroupPolicyInput) (*GetGroupPolicyOutput, error) {
	out := &GetGroupPolicyOutput{PolicyName: in.PolicyName}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		document, err := r.inline("group", *in.PolicyName)
		out.GroupName, out.PolicyDocument = new(r.Name), new(encode(document))
		return err
	})
}

// DeleteGroupPolicy deletes an embedded policy.
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *DeleteGroupPolicyInput) (*DeleteGroupPolicyOutput, error) {
	return &DeleteGroupPolicyOutput{}, s.changeGroup(ctx, *in.GroupName, func(_ *txn, r *groupRecord) error {
		_, err := r.inline("group", *in.PolicyName)
		delete(r.Inline, *in.PolicyName)
		return err
	})
}

// ListGroupPolicies lists the names of a group's embedded policies.
func (s *Service) ListGroupPolicies(ctx context.Context, in *ListGroupPoliciesInput) (*ListGroupPoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListGroupPoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		names, last := cut(r.inlineNames(), p, self)
		out.PolicyNames = names
		out.IsTruncated, out.Marker = end(last)
		return nil
	})
}

// AttachGroupPolicy attaches a managed policy to a group.
func (s *Service) AttachGroupPolicy(ctx context.Context, in *AttachGroupPolicyInput) (*AttachGroupPolicyOutput, error) {
	return &AttachGroupPolicyOutput{}, s.changeGroup(ctx, *in.GroupName, func(t *txn, r *groupRecord) error {
		return t.attach(&r.identity, "Group", *in.PolicyArn)
	})
}

// DetachGroupPolicy detaches a managed policy from a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, in *DetachGroupPolicyInput) (*DetachGroupPolicyOutput, error) {
	return &DetachGroupPolicyOutput{}, s.changeGroup(ctx, *in.GroupName, func(_ *txn, r *groupRecord) error {
		return r.detach(*in.PolicyArn)
	})
}

// ListAttachedGroupPolicies lists a group's managed policies.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *ListAttachedGroupPoliciesInput) (*ListAttachedGroupPoliciesOutput, error) {
	p, err := newPaging(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListAttachedGroupPoliciesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.group(*in.GroupName)
		if err != nil {
			return err
		}
		out.AttachedPolicies, out.IsTruncated, out.Marker, err = t.attached(&r.identity, in.PathPrefix, p)
		return err
	})
}
