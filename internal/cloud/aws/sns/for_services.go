package sns

import (
	"context"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services may ask of SNS.

// Deliver publishes for a service, such as "cloudwatch.amazonaws.com", that acts for the account and region of sc. The topic's policy
// decides whether it may. Delivery happens in the background. It must not be called within a transaction.
func (s *Service) Deliver(ctx context.Context, sc state.Scope, topicARN, service, subject, message string) error {
	return s.DeliverFor(ctx, sc, topicARN, service, "", subject, message)
}

// DeliverFor is Deliver about a resource of the service's, whose ARN the topic's policy sees as aws:SourceArn.
func (s *Service) DeliverFor(ctx context.Context, sc state.Scope, topicARN, service, source, subject, body string) error {
	parts, err := splitARN(topicARN, "TopicArn")
	if err != nil {
		return err
	}
	if parts[3] != sc.Region || len(parts) != 6 {
		return invalid("TopicArn")
	}
	var title *string
	if subject != "" {
		title = &subject
	}
	m, _, err := readMessage(title, &body, nil, nil)
	if err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: state.Scope{Account: parts[4], Region: parts[3]}, now: s.d.Clock.Now()}
		topic, ok := t.topics.Get(tx, t.sc, parts[5])
		if !ok {
			return wire.Errorf("NotFound", "Topic does not exist")
		}
		if err := t.serviceMay(topic, service, sc.Account, source); err != nil {
			return err
		}
		_, _, err := t.publish(topic, m, fifoIDs{})
		return err
	})
}

// ServiceMay says whether a topic exists and its policy lets a service publish that acts for an account, about a resource of its own.
func (s *Service) ServiceMay(tx *state.Tx, topicARN, service, account, source string) bool {
	parts, err := splitARN(topicARN, "TopicArn")
	if err != nil || len(parts) != 6 {
		return false
	}
	t := &txn{Service: s, tx: tx, sc: state.Scope{Account: parts[4], Region: parts[3]}, now: s.d.Clock.Now()}
	topic, ok := t.topics.Get(tx, t.sc, parts[5])
	return ok && t.serviceMay(topic, service, account, source) == nil
}
