package sns

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"atoll/internal/cloud/eventpattern"
	"atoll/internal/cloud/wire"
)

// Limits of filter policies: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const (
	maxFilterKeys         = 5
	maxFilterCombinations = 150
	maxFilterBytes        = 256 << 10
)

const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// setAll sets the attributes of a new subscription.
func setAll(r *subscriptionRecord, attributes map[string]string) error {
	if scope, ok := attributes["FilterPolicyScope"]; ok { // the policy is checked against it
		if err := r.set("FilterPolicyScope", scope); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := r.set(name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

// set checks a value and gives it to the subscription. An empty value takes the attribute away.
func (r *subscriptionRecord) set(name, value string) error {
	if name == "FilterPolicy" && value != "" {
		var empty map[string]json.RawMessage
		if json.Unmarshal([]byte(value), &empty) == nil && len(empty) == 0 {
			value = ""
		}
	}
	if err := r.check(name, value); err != nil {
		return err
	}
	if value != "" {
		r.Attributes[name] = value
		return nil
	}
	delete(r.Attributes, name)
	if name == "FilterPolicy" {
		delete(r.Attributes, "FilterPolicyScope")
	}
	return nil
}

func (r *subscriptionRecord) check(name, value string) error {
	switch name {
	case "RawMessageDelivery":
		if b, err := strconv.ParseBool(value); value != "" && (err != nil || b && !r.web()) {
			return invalid("Attributes Reason: RawMessageDelivery: Invalid value [%s] for the delivery protocol [%s].", value, r.Protocol)
		}
		return nil
	case "DeliveryPolicy":
		if value == "" {
			return nil
		}
		if !r.web() {
			return invalid("Attributes Reason: DeliveryPolicy: the delivery protocol [%s] does not support a delivery policy.", r.Protocol)
		}
		_, err := parseDelivery(value)
		return err
	case "FilterPolicy":
		return checkFilter(value, r.Attributes["FilterPolicyScope"])
	case "FilterPolicyScope":
		if value != "" && value != scopeAttributes && value != scopeBody {
			return invalid("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", value)
		}
		return checkFilter(r.Attributes["FilterPolicy"], value)
	case "RedrivePolicy", "ReplayPolicy":
		if value == "" {
			return nil
		}
		return wire.NotImplemented("sns: subscriptions with a " + name)
	case "SubscriptionRoleArn":
		if value == "" {
			return nil
		}
		return invalid("Attributes Reason: SubscriptionRoleArn: the delivery protocol [%s] does not support it.", r.Protocol)
	}
	return invalid("AttributeName")
}

func checkFilter(policy, scope string) error {
	if policy == "" {
		return nil
	}
	if len(policy) > maxFilterBytes {
		return invalid("FilterPolicy: Filter policy is larger than %d bytes", maxFilterBytes)
	}
	p, err := eventpattern.Parse([]byte(policy), eventpattern.SNS)
	switch {
	case err != nil:
		return invalid("FilterPolicy: %s", err)
	case p.Nested() && scope != scopeBody:
		return invalid("FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy")
	case p.Keys() > maxFilterKeys:
		return invalid("FilterPolicy: Filter policy can not have more than %d keys", maxFilterKeys)
	case p.Combinations() > maxFilterCombinations:
		return invalid("FilterPolicy: Filter policy is too complex")
	}
	return nil
}

// GetSubscriptionAttributes gives all attributes of a subscription.
func (s *Service) GetSubscriptionAttributes(ctx context.Context, in *GetSubscriptionAttributesInput) (*GetSubscriptionAttributesOutput, error) {
	out := &GetSubscriptionAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.subscription(*in.SubscriptionArn)
		if err != nil {
			return err
		}
		out.Attributes = map[string]string{
			"SubscriptionArn": subscriptionARN(t.sc, r), "TopicArn": topicARN(t.sc, r.Topic), "Owner": r.Owner, "SubscriptionPrincipal": r.Principal,
			"Protocol": r.Protocol, "Endpoint": r.Endpoint, "PendingConfirmation": strconv.FormatBool(r.Pending),
			"ConfirmationWasAuthenticated": strconv.FormatBool(r.Authenticated), "RawMessageDelivery": "false",
		}
		maps.Copy(out.Attributes, r.Attributes)
		switch {
		case r.Attributes["FilterPolicy"] == "":
			delete(out.Attributes, "FilterPolicyScope")
		case r.Attributes["FilterPolicyScope"] == "":
			out.Attributes["FilterPolicyScope"] = scopeAttributes
		}
		if topic, ok := t.topics.Get(t.tx, t.sc, r.Topic); ok && r.web() {
			out.Attributes["EffectiveDeliveryPolicy"] = delivery(topic, r).String()
		}
		return nil
	})
}

// SetSubscriptionAttributes sets one attribute.
func (s *Service) SetSubscriptionAttributes(ctx context.Context, in *SetSubscriptionAttributesInput) (*SetSubscriptionAttributesOutput, error) {
	return &SetSubscriptionAttributesOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.subscription(*in.SubscriptionArn)
		if err != nil {
			return err
		}
		if r.Attributes == nil {
			r.Attributes = map[string]string{}
		}
		if err := r.set(*in.AttributeName, text(in.AttributeValue)); err != nil {
			return err
		}
		t.putSubscription(r)
		return nil
	})
}
