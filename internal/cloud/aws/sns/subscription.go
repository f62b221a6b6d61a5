package sns

import (
	"context"
	"encoding/hex"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// subscriptionRecord stands under TOPIC/ID; no topic's name has a slash.
type subscriptionRecord struct {
	ID, Topic          string
	Owner, Principal   string // account and ARN of who subscribed
	Protocol, Endpoint string
	Created            time.Time
	Pending            bool
	Token              string            // confirms the subscription
	Authenticated      bool              // confirmed by a signed call
	SignedUnsubscribe  bool              // only a signed call ends it
	Base               string            // scheme and host by which the subscriber addressed the cloud
	Attributes         map[string]string // as set
}

func subscriptionID(topic, id string) string { return topic + "/" + id }

func subscriptionARN(sc state.Scope, r *subscriptionRecord) string {
	return topicARN(sc, r.Topic) + ":" + r.ID
}

func (t *txn) putSubscription(r *subscriptionRecord) {
	t.subscriptions.Put(t.tx, t.sc, subscriptionID(r.Topic, r.ID), r)
}

const pendingARN = "pending confirmation"

// confirmationTime is how long a token can confirm a subscription.
const confirmationTime = 48 * time.Hour

var phoneNumbers = regexp.MustCompile(`^\+?[0-9-]{5,20}$`)

// checkEndpoint checks a subscription's protocol and endpoint.
func checkEndpoint(protocol, endpoint string) error {
	switch protocol {
	case "http", "https":
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" {
			return invalid("Endpoint Reason: Please use a valid HTTP(S) URL")
		}
		if u.Scheme != protocol {
			return invalid("Endpoint must match the specified protocol")
		}
	case "email", "email-json":
		if a, err := mail.ParseAddress(endpoint); err != nil || a.Address != endpoint {
			return invalid("Email address")
		}
	case "sms":
		if !phoneNumbers.MatchString(endpoint) {
			return invalid("Invalid SMS endpoint: %s", endpoint)
		}
	case "sqs", "lambda", "firehose", "application":
		return wire.NotImplemented("sns:Subscribe with the protocol " + protocol)
	default:
		return invalid("Amazon SNS does not support this protocol string: %s", protocol)
	}
	return nil
}

// Subscribe subscribes an endpoint to a topic. HTTP and email endpoints must confirm.
func (s *Service) Subscribe(ctx context.Context, in *SubscribeInput) (*SubscribeOutput, error) {
	protocol, endpoint := *in.Protocol, text(in.Endpoint)
	if err := checkEndpoint(protocol, endpoint); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	out := &SubscribeOutput{}
	return out, s.update(ctx, func(t *txn) error {
		topic, err := t.topic(*in.TopicArn, "TopicArn")
		if err != nil {
			return err
		}
		if topic.fifo() {
			return invalid("Endpoint Reason: FIFO topics can not deliver to endpoints of the protocol %s", protocol)
		}
		r := &subscriptionRecord{
			ID: t.d.IDs.UUID(), Topic: topic.Name, Owner: call.Account, Principal: call.ARN, Protocol: protocol, Endpoint: endpoint, Created: t.now,
			Pending: protocol != "sms", Authenticated: protocol == "sms", Base: call.Endpoint, Token: hex.EncodeToString([]byte(t.d.IDs.Alnum(64))),
			Attributes: map[string]string{},
		}
		if err := setAll(r, in.Attributes); err != nil {
			return err
		}
		if old := t.endpoint(topic.Name, protocol, endpoint); old != nil {
			for name := range in.Attributes {
				if old.Attributes[name] != r.Attributes[name] {
					return invalid("Attributes Reason: Subscription already exists with different attributes")
				}
			}
			r = old
		} else {
			t.putSubscription(r)
		}
		if r.Pending {
			t.askToConfirm(r)
		}
		out.SubscriptionArn = new(subscriptionARN(t.sc, r))
		if r.Pending && (in.ReturnSubscriptionArn == nil || !*in.ReturnSubscriptionArn) {
			out.SubscriptionArn = new(pendingARN)
		}
		return nil
	})
}

// endpoint finds a topic's subscription of an endpoint.
func (t *txn) endpoint(topic, protocol, endpoint string) *subscriptionRecord {
	for _, r := range t.subscriptions.Prefix(t.tx, t.sc, subscriptionID(topic, "")) {
		if r.Protocol == protocol && r.Endpoint == endpoint {
			return r
		}
	}
	return nil
}

// askToConfirm sends the token to the endpoint, and drops the subscription if it is not used in time.
func (t *txn) askToConfirm(r *subscriptionRecord) {
	t.enqueue(&jobRecord{Kind: jobConfirm, Subscription: r.ID, Topic: r.Topic, MessageID: t.d.IDs.UUID()})
	t.enqueue(&jobRecord{Kind: jobExpire, Subscription: r.ID, Topic: r.Topic, Due: r.Created.Add(confirmationTime)})
}

// ConfirmSubscription confirms the subscription of a token. The link in a confirmation message is an unsigned call of it.
func (s *Service) ConfirmSubscription(ctx context.Context, in *ConfirmSubscriptionInput) (*ConfirmSubscriptionOutput, error) {
	parts, err := splitARN(*in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	signed := wire.CallFrom(ctx).Account != ""
	out := &ConfirmSubscriptionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		t.sc = state.Scope{Account: parts[4], Region: parts[3]}
		topic, err := t.topic(*in.TopicArn, "TopicArn")
		if err != nil {
			return err
		}
		for _, found := range t.subscriptions.Prefix(t.tx, t.sc, subscriptionID(topic.Name, "")) {
			if found.Token != *in.Token {
				continue
			}
			r, _ := t.subscriptions.Get(t.tx, t.sc, subscriptionID(found.Topic, found.ID))
			if r.Pending {
				r.Pending, r.Authenticated = false, signed
				r.SignedUnsubscribe = signed && text(in.AuthenticateOnUnsubscribe) == "true"
				t.putSubscription(r)
			}
			out.SubscriptionArn = new(subscriptionARN(t.sc, r))
			return nil
		}
		return invalid("Token")
	})
}

// Unsubscribe ends a subscription. One that is not there is fine; one that is pending ends by itself.
func (s *Service) Unsubscribe(ctx context.Context, in *UnsubscribeInput) (*UnsubscribeOutput, error) {
	parts, err := splitARN(*in.SubscriptionArn, "SubscriptionArn")
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	return &UnsubscribeOutput{}, s.update(ctx, func(t *txn) error {
		if call.Account == "" {
			t.sc = state.Scope{Account: parts[4], Region: parts[3]}
		}
		r, err := t.subscription(*in.SubscriptionArn)
		if isCode(err, "NotFound") {
			return nil
		}
		switch {
		case err != nil:
			return err
		case r.Pending:
			return invalid("This operation can not be performed on a pending subscription. Cannot unsubscribe a subscription that is pending confirmation")
		case r.SignedUnsubscribe && call.Account == "":
			return wire.Errorf("AuthorizationError", "The subscription can be ended by a signed call only")
		}
		t.subscriptions.Delete(t.tx, t.sc, subscriptionID(r.Topic, r.ID))
		if topic, ok := t.topics.Get(t.tx, t.sc, r.Topic); ok {
			topic.Deleted++
			t.putTopic(topic)
		}
		return nil
	})
}

// ListSubscriptions lists the account's subscriptions.
func (s *Service) ListSubscriptions(ctx context.Context, in *ListSubscriptionsInput) (*ListSubscriptionsOutput, error) {
	out := &ListSubscriptionsOutput{}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.Subscriptions, out.NextToken, err = t.listSubscriptions("", in.NextToken)
		return err
	})
}

// ListSubscriptionsByTopic lists a topic's subscriptions.
func (s *Service) ListSubscriptionsByTopic(ctx context.Context, in *ListSubscriptionsByTopicInput) (*ListSubscriptionsByTopicOutput, error) {
	out := &ListSubscriptionsByTopicOutput{}
	return out, s.view(ctx, func(t *txn) error {
		topic, err := t.topic(*in.TopicArn, "TopicArn")
		if err != nil {
			return err
		}
		out.Subscriptions, out.NextToken, err = t.listSubscriptions(subscriptionID(topic.Name, ""), in.NextToken)
		return err
	})
}

func (t *txn) listSubscriptions(prefix string, token *string) ([]Subscription, *string, error) {
	after, err := pageAfter(token)
	if err != nil {
		return nil, nil, err
	}
	found, next := state.Page(t.subscriptions.PrefixFrom(t.tx, t.sc, prefix, after), pageSize, nil)
	out := make([]Subscription, 0, len(found))
	for _, r := range found {
		arn := subscriptionARN(t.sc, r)
		if r.Pending {
			arn = "PendingConfirmation"
		}
		out = append(out, Subscription{
			SubscriptionArn: new(arn), Owner: new(r.Owner), Protocol: new(r.Protocol), Endpoint: new(r.Endpoint), TopicArn: new(topicARN(t.sc, r.Topic)),
		})
	}
	return out, state.Token(next), nil
}

// web reports whether a subscription's endpoint is called over HTTP.
func (r *subscriptionRecord) web() bool {
	return slices.Contains([]string{"http", "https"}, r.Protocol)
}

func (r *subscriptionRecord) mail() bool { return strings.HasPrefix(r.Protocol, "email") }
