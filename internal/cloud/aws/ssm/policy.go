package ssm

import (
	"encoding/json"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// policy is what Parameter Store does to a parameter by itself.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html
type policy struct {
	Type string
	Text string
}

const maxPolicies = 10

// parsePolicies reads the policies of a request, and the time at which they have the parameter expire. An empty list, or an empty
// policy, takes all policies away.
func parsePolicies(document string, now time.Time) (policies []policy, expires time.Time, err error) {
	if trimmed := strings.TrimSpace(document); trimmed == "" || trimmed == "{}" || trimmed == "[{}]" {
		return nil, expires, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(document), &raw); err != nil {
		return nil, expires, errorf("InvalidPolicyAttributeException", "The policies are no JSON list of policies.")
	}
	if len(raw) > maxPolicies {
		return nil, expires, errorf("PoliciesLimitExceededException", "You specified more than the maximum number of allowed policies for the parameter. The maximum is %d.", maxPolicies)
	}
	for _, r := range raw {
		var p struct {
			Type, Version string
			Attributes    struct{ Timestamp string }
		}
		if err := json.Unmarshal(r, &p); err != nil || p.Version != "1.0" {
			return nil, expires, errorf("InvalidPolicyAttributeException", "A policy needs a Type, the Version 1.0 and Attributes.")
		}
		switch p.Type {
		case "Expiration":
		case "ExpirationNotification", "NoChangeNotification":
			return nil, expires, wire.NotImplemented("ssm:PutParameter with the policy " + p.Type)
		default:
			return nil, expires, errorf("InvalidPolicyTypeException", "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.")
		}
		if !expires.IsZero() {
			return nil, expires, errorf("IncompatiblePolicyException", "There is a conflict in the policies specified for this parameter. You can't, for example, specify two Expiration policies for a parameter. Review your policies, and try again.")
		}
		at, err := time.Parse(time.RFC3339, p.Attributes.Timestamp)
		if err != nil || !at.After(now) {
			return nil, expires, errorf("InvalidPolicyAttributeException", "The attribute Timestamp of the policy Expiration must be a time in the future, such as 2030-12-02T21:34:33.000Z.")
		}
		expires = at.UTC()
		policies = append(policies, policy{Type: p.Type, Text: string(r)})
	}
	return policies, expires, nil
}

func renderPolicies(policies []policy) []ParameterInlinePolicy {
	out := []ParameterInlinePolicy{}
	for _, p := range policies {
		out = append(out, ParameterInlinePolicy{PolicyText: new(p.Text), PolicyType: new(p.Type), PolicyStatus: new("Pending")})
	}
	return out
}
