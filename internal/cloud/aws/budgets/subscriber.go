package budgets

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxEmails = 10 // of a notification
	maxTopics = 1
	byEmail   = "EMAIL"
	byTopic   = "SNS"
)

func (n *notificationRecord) subscriber(s *Subscriber) int {
	return slices.IndexFunc(n.Subscribers, func(o Subscriber) bool {
		return *o.SubscriptionType == *s.SubscriptionType && *o.Address == *s.Address
	})
}

// subscribe checks a subscriber and adds it to a notification.
func (t *txn) subscribe(n *notificationRecord, s *Subscriber) error {
	address := *s.Address
	most := maxEmails
	switch *s.SubscriptionType {
	case byEmail:
		name, host, ok := strings.Cut(address, "@")
		if len(address) > 50 || !ok || name == "" || !strings.Contains(host, ".") || strings.ContainsAny(address, " \t\r\n") {
			return invalid("The email address of a subscriber is not valid.")
		}
	case byTopic:
		most = maxTopics
		parts := strings.Split(address, ":")
		if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || parts[3] == "" || parts[5] == "" {
			return invalid("The SNS topic of a subscriber is not valid.")
		}
		if _, _, _, ok := state.Lookup(t.tx, address); !ok {
			return invalid("The SNS topic of a subscriber does not exist.")
		}
	default:
		return enum(*s.SubscriptionType, "subscriber.subscriptionType", []string{byTopic, byEmail})
	}
	if n.subscriber(s) >= 0 {
		return wire.Errorf("DuplicateRecordException", "Unable to create subscriber - duplicate subscriber for the notification.")
	}
	same := 0
	for _, o := range n.Subscribers {
		if *o.SubscriptionType == *s.SubscriptionType {
			same++
		}
	}
	if same >= most {
		return tooMany(*s.SubscriptionType+" subscribers", most)
	}
	n.Subscribers = append(n.Subscribers, *s)
	return nil
}

func noSubscriber() error {
	return wire.Errorf("NotFoundException", "Unable to find the subscriber of the notification - the subscriber doesn't exist.")
}

// CreateSubscriber adds a subscriber to a notification.
func (s *Service) CreateSubscriber(ctx context.Context, in *CreateSubscriberInput) (*CreateSubscriberOutput, error) {
	return &CreateSubscriberOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(t *txn, r *budgetRecord) error {
		n, err := r.notification(in.Notification)
		if err != nil {
			return err
		}
		return t.subscribe(n, in.Subscriber)
	})
}

// UpdateSubscriber puts another subscriber in the place of one.
func (s *Service) UpdateSubscriber(ctx context.Context, in *UpdateSubscriberInput) (*UpdateSubscriberOutput, error) {
	return &UpdateSubscriberOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(t *txn, r *budgetRecord) error {
		n, err := r.notification(in.Notification)
		if err != nil {
			return err
		}
		i := n.subscriber(in.OldSubscriber)
		if i < 0 {
			return noSubscriber()
		}
		n.Subscribers = slices.Delete(n.Subscribers, i, i+1)
		return t.subscribe(n, in.NewSubscriber)
	})
}

// DeleteSubscriber takes a subscriber from a notification, which goes with its last one.
func (s *Service) DeleteSubscriber(ctx context.Context, in *DeleteSubscriberInput) (*DeleteSubscriberOutput, error) {
	return &DeleteSubscriberOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(_ *txn, r *budgetRecord) error {
		n, err := r.notification(in.Notification)
		if err != nil {
			return err
		}
		i := n.subscriber(in.Subscriber)
		if i < 0 {
			return noSubscriber()
		}
		n.Subscribers = slices.Delete(n.Subscribers, i, i+1)
		if len(n.Subscribers) == 0 {
			r.Notifications = slices.DeleteFunc(r.Notifications, func(o notificationRecord) bool { return o.same(n) })
		}
		return nil
	})
}

// DescribeSubscribersForNotification lists a notification's subscribers.
func (s *Service) DescribeSubscribersForNotification(ctx context.Context, in *DescribeSubscribersForNotificationInput) (*DescribeSubscribersForNotificationOutput, error) {
	out := &DescribeSubscribersForNotificationOutput{}
	return out, s.view(ctx, *in.AccountId, func(t *txn) error {
		r, err := t.budget(*in.BudgetName)
		if err != nil {
			return err
		}
		n, err := r.notification(in.Notification)
		if err != nil {
			return err
		}
		out.Subscribers, out.NextToken, err = slicePage(n.Subscribers, in.MaxResults, in.NextToken)
		return err
	})
}
