package budgets

import (
	"context"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

const (
	maxNotifications = 10 // of a budget
	maxThreshold     = 15_000_000_000
	percentage       = "PERCENTAGE"
	actual           = "ACTUAL"
)

var (
	comparisons       = []string{"GREATER_THAN", "LESS_THAN", "EQUAL_TO"}
	notificationTypes = []string{actual, "FORECASTED"}
	thresholdTypes    = []string{percentage, "ABSOLUTE_VALUE"}
)

// notificationRecord is a notification with those who get it. All of its members together are its identity.
type notificationRecord struct {
	Type, Comparison, ThresholdType string
	Threshold                       float64
	Subscribers                     []Subscriber
}

func (n *notificationRecord) same(o *notificationRecord) bool {
	return n.Type == o.Type && n.Comparison == o.Comparison && n.ThresholdType == o.ThresholdType && n.Threshold == o.Threshold
}

func readNotification(n *Notification) (notificationRecord, error) {
	r := notificationRecord{Type: *n.NotificationType, Comparison: *n.ComparisonOperator, ThresholdType: text(n.ThresholdType), Threshold: *n.Threshold}
	if r.ThresholdType == "" {
		r.ThresholdType = percentage
	}
	switch {
	case !slices.Contains(notificationTypes, r.Type):
		return r, enum(r.Type, "notification.notificationType", notificationTypes)
	case !slices.Contains(comparisons, r.Comparison):
		return r, enum(r.Comparison, "notification.comparisonOperator", comparisons)
	case !slices.Contains(thresholdTypes, r.ThresholdType):
		return r, enum(r.ThresholdType, "notification.thresholdType", thresholdTypes)
	case r.Threshold < 0 || r.Threshold > maxThreshold:
		return r, invalid("1 validation error detected: Value '%s' at 'notification.threshold' failed to satisfy constraint: Member must have value between 0 and %d",
			strconv.FormatFloat(r.Threshold, 'f', -1, 64), int64(maxThreshold))
	}
	return r, nil
}

// notification finds one of a budget's notifications.
func (r *budgetRecord) notification(n *Notification) (*notificationRecord, error) {
	want, err := readNotification(n)
	if err != nil {
		return nil, err
	}
	for i := range r.Notifications {
		if r.Notifications[i].same(&want) {
			return &r.Notifications[i], nil
		}
	}
	return nil, wire.Errorf("NotFoundException", "Unable to find the notification of the budget: %s - the notification doesn't exist.", *r.Budget.BudgetName)
}

func (t *txn) addNotification(r *budgetRecord, in *Notification, subscribers []Subscriber) error {
	n, err := readNotification(in)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.Notifications, func(o notificationRecord) bool { return o.same(&n) }) {
		return wire.Errorf("DuplicateRecordException", "Unable to create notification - duplicate notification for the budget: %s", *r.Budget.BudgetName)
	}
	if len(r.Notifications) >= maxNotifications {
		return tooMany("notifications", maxNotifications)
	}
	if len(subscribers) == 0 {
		return invalid("1 validation error detected: Value '[]' at 'subscribers' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	for i := range subscribers {
		if err := t.subscribe(&n, &subscribers[i]); err != nil {
			return err
		}
	}
	r.Notifications = append(r.Notifications, n)
	return nil
}

// CreateNotification adds a notification to a budget.
func (s *Service) CreateNotification(ctx context.Context, in *CreateNotificationInput) (*CreateNotificationOutput, error) {
	return &CreateNotificationOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(t *txn, r *budgetRecord) error {
		return t.addNotification(r, in.Notification, in.Subscribers)
	})
}

// UpdateNotification changes a notification and leaves its subscribers.
func (s *Service) UpdateNotification(ctx context.Context, in *UpdateNotificationInput) (*UpdateNotificationOutput, error) {
	return &UpdateNotificationOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(_ *txn, r *budgetRecord) error {
		old, err := r.notification(in.OldNotification)
		if err != nil {
			return err
		}
		next, err := readNotification(in.NewNotification)
		if err != nil {
			return err
		}
		for i := range r.Notifications {
			if o := &r.Notifications[i]; o != old && o.same(&next) {
				return wire.Errorf("DuplicateRecordException", "Unable to update notification - duplicate notification for the budget: %s", *in.BudgetName)
			}
		}
		next.Subscribers = old.Subscribers
		*old = next
		return nil
	})
}

// DeleteNotification deletes a notification with its subscribers.
func (s *Service) DeleteNotification(ctx context.Context, in *DeleteNotificationInput) (*DeleteNotificationOutput, error) {
	return &DeleteNotificationOutput{}, s.change(ctx, *in.AccountId, *in.BudgetName, func(_ *txn, r *budgetRecord) error {
		n, err := r.notification(in.Notification)
		if err != nil {
			return err
		}
		r.Notifications = slices.DeleteFunc(r.Notifications, func(o notificationRecord) bool { return o.same(n) })
		return nil
	})
}

// DescribeNotificationsForBudget lists a budget's notifications.
func (s *Service) DescribeNotificationsForBudget(ctx context.Context, in *DescribeNotificationsForBudgetInput) (*DescribeNotificationsForBudgetOutput, error) {
	out := &DescribeNotificationsForBudgetOutput{}
	return out, s.view(ctx, *in.AccountId, func(t *txn) error {
		r, err := t.budget(*in.BudgetName)
		if err != nil {
			return err
		}
		shown, next, err := slicePage(r.Notifications, in.MaxResults, in.NextToken)
		for _, n := range shown {
			out.Notifications = append(out.Notifications, n.render())
		}
		out.NextToken = next
		return err
	})
}

// render gives a notification. Its state compares the threshold with a spend of zero.
func (n *notificationRecord) render() Notification {
	alarm := "OK"
	if n.Type == actual && (n.Comparison == "LESS_THAN" && n.Threshold > 0 || n.Comparison == "EQUAL_TO" && n.Threshold == 0) {
		alarm = "ALARM"
	}
	return Notification{NotificationType: &n.Type, ComparisonOperator: &n.Comparison, Threshold: &n.Threshold, ThresholdType: &n.ThresholdType, NotificationState: &alarm}
}
