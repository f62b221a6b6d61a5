package logs

import (
	"context"
	"errors"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxPolicies    = 10 // of an account in a region
	maxPolicyBytes = 5120
)

// resourcePolicyRecord stands under its name or, for the policy of one log group, under the group's ARN.
type resourcePolicyRecord struct {
	Name, Document string
	Updated        int64
	Resource       string // ARN of the log group; empty: the policy is the account's
	Revision       string // of a log group's policy
}

// PutResourcePolicy sets a policy of the account, or that of a log group.
func (s *Service) PutResourcePolicy(ctx context.Context, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
	id, err := policyID(in.PolicyName, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	document := text(in.PolicyDocument)
	if err := checkPolicy(document); err != nil {
		return nil, err
	}
	out := &PutResourcePolicyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, exists := t.policies.Get(t.tx, t.sc, id)
		if in.ResourceArn != nil {
			if _, err := t.groupByARN(*in.ResourceArn); err != nil {
				return err
			}
			if err := checkRevision(r, in.ExpectedRevisionId); err != nil {
				return err
			}
		} else if !exists && t.accountPolicies() >= maxPolicies {
			return wire.Errorf("LimitExceededException", "Resource limit exceeded.")
		}
		r = &resourcePolicyRecord{Name: text(in.PolicyName), Document: document, Updated: t.now.UnixMilli(), Resource: text(in.ResourceArn)}
		if r.Resource != "" {
			r.Revision = t.d.IDs.UUID()
			out.RevisionId = new(r.Revision)
		}
		t.policies.Put(t.tx, t.sc, id, r)
		out.ResourcePolicy = new(renderPolicy(r))
		return nil
	})
}

func policyID(name, resource *string) (string, error) {
	switch {
	case resource != nil && name != nil:
		return "", invalid("policyName and resourceArn are mutually exclusive parameters.")
	case resource != nil:
		return *resource, nil
	case text(name) == "":
		return "", invalid("Either policyName or resourceArn must be specified.")
	case strings.ContainsRune(*name, 0) || strings.HasPrefix(*name, "arn:"):
		return "", constraint(*name, "policyName", "Member must be a policy name")
	}
	return *name, nil
}

func checkPolicy(document string) error {
	if len(document) < 1 || len(document) > maxPolicyBytes {
		return invalid("1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have length between 1 and %d", maxPolicyBytes)
	}
	policy, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = policy.Check(auth.ResourcePolicy)
	}
	var fault *auth.PolicyError
	if errors.As(err, &fault) {
		return invalid("Policy document is not valid: %s", fault.Message)
	}
	return err
}

func checkRevision(r *resourcePolicyRecord, expected *string) error {
	if expected != nil && (r == nil || r.Revision != *expected) {
		return wire.Errorf("OperationAbortedException", "The expected revision does not match the current revision of the policy.")
	}
	return nil
}

func (t *txn) accountPolicies() int {
	n := 0
	for _, r := range t.policies.All(t.tx, t.sc) {
		if r.Resource == "" {
			n++
		}
	}
	return n
}

// DeleteResourcePolicy deletes a policy.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *DeleteResourcePolicyInput) (*DeleteResourcePolicyOutput, error) {
	id, err := policyID(in.PolicyName, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &DeleteResourcePolicyOutput{}, s.update(ctx, func(t *txn) error {
		r, exists := t.policies.Get(t.tx, t.sc, id)
		if !exists {
			return wire.Errorf("ResourceNotFoundException", "Policy with name [%s] does not exist.", id)
		}
		if err := checkRevision(r, in.ExpectedRevisionId); err != nil {
			return err
		}
		t.policies.Delete(t.tx, t.sc, id)
		return nil
	})
}

// DescribeResourcePolicies lists the account's policies, or gives that of a log group.
func (s *Service) DescribeResourcePolicies(ctx context.Context, in *DescribeResourcePoliciesInput) (*DescribeResourcePoliciesOutput, error) {
	limit, err := limitOf(in.Limit, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	scope := text(in.PolicyScope)
	switch scope {
	case "", "ACCOUNT", "RESOURCE":
	default:
		return nil, constraint(scope, "policyScope", "Member must satisfy enum value set: [ACCOUNT, RESOURCE]")
	}
	ofGroup := scope == "RESOURCE" || in.ResourceArn != nil
	out := &DescribeResourcePoliciesOutput{ResourcePolicies: []ResourcePolicy{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.policies.From(t.tx, t.sc, after), limit, func(r *resourcePolicyRecord) bool {
			return ofGroup == (r.Resource != "") && (in.ResourceArn == nil || r.Resource == *in.ResourceArn)
		})
		for _, r := range found {
			out.ResourcePolicies = append(out.ResourcePolicies, renderPolicy(r))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

func renderPolicy(r *resourcePolicyRecord) ResourcePolicy {
	out := ResourcePolicy{PolicyDocument: new(r.Document), LastUpdatedTime: new(r.Updated), PolicyScope: new("ACCOUNT")}
	if r.Resource != "" {
		out.PolicyScope, out.ResourceArn, out.RevisionId = new("RESOURCE"), new(r.Resource), new(r.Revision)
	} else {
		out.PolicyName = new(r.Name)
	}
	return out
}
