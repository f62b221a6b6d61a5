package kms

import (
	"context"
	"errors"
	"fmt"

	"atoll/internal/cloud/auth"
)

// policyName is the one name that key policies have.
const policyName = "default"

const maxPolicy = 32 << 10 // bytes

// defaultPolicy is what AWS gives to keys that are made by API without one: it leaves access to the account's IAM policies.
func defaultPolicy(account string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, account)
}

// checkPolicy refuses a document that is no key policy and, unless bypass is set, one that would keep the caller from changing
// the policy again.
func (t *txn) checkPolicy(k *keyRecord, document string, bypass bool) error {
	if len(document) > maxPolicy {
		return errorf("LimitExceededException", "Policy size exceeds the limit of %d bytes.", maxPolicy)
	}
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.ResourcePolicy)
	}
	var fault *auth.PolicyError
	if errors.As(err, &fault) {
		return errorf("MalformedPolicyDocumentException", "%s", fault.Message)
	}
	if err != nil {
		return err
	}
	if bypass {
		return nil
	}
	request := &auth.Request{Caller: t.call.Caller(), Action: "kms:PutKeyPolicy", Resource: keyARN(t.sc, k.ID), Context: t.call.Context(t.now)}
	if d := auth.Evaluate(request, p); d != auth.Allowed && d != auth.AllowedToAccount {
		return errorf("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

func checkPolicyName(name *string) error {
	if name != nil && *name != policyName {
		return notFound("No such policy exists")
	}
	return nil
}

// PutKeyPolicy replaces a key's policy.
func (s *Service) PutKeyPolicy(ctx context.Context, in *PutKeyPolicyInput) (*PutKeyPolicyOutput, error) {
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	return &PutKeyPolicyOutput{}, s.changeKey(ctx, *in.KeyId, "PutKeyPolicy", func(t *txn, k *keyRecord) error {
		k.Policy = *in.Policy
		return t.checkPolicy(k, *in.Policy, flag(in.BypassPolicyLockoutSafetyCheck))
	})
}

// GetKeyPolicy gives a key's policy.
func (s *Service) GetKeyPolicy(ctx context.Context, in *GetKeyPolicyInput) (*GetKeyPolicyOutput, error) {
	out := &GetKeyPolicyOutput{PolicyName: new(policyName)}
	return out, s.view(ctx, func(t *txn) error {
		k, err := t.key(*in.KeyId)
		if err != nil {
			return err
		}
		out.Policy = new(k.Policy)
		return checkPolicyName(in.PolicyName)
	})
}

// ListKeyPolicies lists the names of a key's policies: the one.
func (s *Service) ListKeyPolicies(ctx context.Context, in *ListKeyPoliciesInput) (*ListKeyPoliciesOutput, error) {
	return &ListKeyPoliciesOutput{PolicyNames: []string{policyName}, Truncated: new(false)}, s.view(ctx, func(t *txn) error {
		_, err := t.key(*in.KeyId)
		return err
	})
}
