package sns

import (
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}

// invalidValue is what SNS answers to faults in message attributes.
func invalidValue(format string, args ...any) error {
	return wire.Errorf("ParameterValueInvalid", format, args...)
}

func topicARN(sc state.Scope, name string) string {
	return "arn:aws:sns:" + sc.Region + ":" + sc.Account + ":" + name
}

// splitARN gives the parts of an ARN: six for a topic's, seven for a subscription's.
func splitARN(arn, member string) ([]string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return nil, invalid("%s Reason: An ARN must have at least 6 elements, not %d", member, len(parts))
	}
	if parts[0] != "arn" || parts[2] != "sns" || strings.ContainsRune(arn, 0) {
		return nil, invalid("%s", member)
	}
	return parts, nil
}

// topic finds a topic by its ARN.
func (t *txn) topic(arn, member string) (*topicRecord, error) {
	parts, err := splitARN(arn, member)
	if err != nil {
		return nil, err
	}
	if parts[3] != t.sc.Region || len(parts) != 6 {
		return nil, invalid("%s", member)
	}
	if parts[4] != t.sc.Account {
		return nil, wire.NotImplemented("sns: calls on topics of other accounts")
	}
	r, ok := t.topics.Get(t.tx, t.sc, parts[5])
	if !ok {
		return nil, wire.Errorf("NotFound", "Topic does not exist")
	}
	return r, nil
}

// subscription finds a subscription by its ARN.
func (t *txn) subscription(arn string) (*subscriptionRecord, error) {
	parts, err := splitARN(arn, "SubscriptionArn")
	if err != nil {
		return nil, err
	}
	if len(parts) != 7 {
		return nil, invalid("SubscriptionArn Reason: An ARN must have at least 7 elements, not %d", len(parts))
	}
	if parts[3] != t.sc.Region || parts[4] != t.sc.Account {
		return nil, invalid("SubscriptionArn")
	}
	r, ok := t.subscriptions.Get(t.tx, t.sc, subscriptionID(parts[5], parts[6]))
	if !ok {
		return nil, wire.Errorf("NotFound", "Subscription does not exist")
	}
	return r, nil
}

// pageSize is how many topics or subscriptions AWS gives at once.
const pageSize = 100

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	if text(token) == "" {
		return "", nil
	}
	return state.After(token, invalid("NextToken Reason: the token is not one that was given"))
}
