package budgets

import (
	"context"

	"atoll/internal/cloud/wire"
)

// The service's actions for policies: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html
const (
	viewBudget   = "budgets:ViewBudget"
	modifyBudget = "budgets:ModifyBudget"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	modify, see := wire.Action(modifyBudget), wire.Action(viewBudget)
	return []wire.Operation{
		wire.Write(s.CreateBudget, modify, onBudget(func(in *CreateBudgetInput) *string { return in.Budget.BudgetName })),
		wire.Write(s.CreateNotification, modify, onBudget(func(in *CreateNotificationInput) *string { return in.BudgetName })),
		wire.Write(s.CreateSubscriber, modify, onBudget(func(in *CreateSubscriberInput) *string { return in.BudgetName })),
		wire.Write(s.DeleteBudget, modify, onBudget(func(in *DeleteBudgetInput) *string { return in.BudgetName })),
		wire.Write(s.DeleteNotification, modify, onBudget(func(in *DeleteNotificationInput) *string { return in.BudgetName })),
		wire.Write(s.DeleteSubscriber, modify, onBudget(func(in *DeleteSubscriberInput) *string { return in.BudgetName })),
		wire.Read(s.DescribeBudget, see, onBudget(func(in *DescribeBudgetInput) *string { return in.BudgetName })),
		wire.Read(s.DescribeBudgets, see),
		wire.Read(s.DescribeNotificationsForBudget, see, onBudget(func(in *DescribeNotificationsForBudgetInput) *string { return in.BudgetName })),
		wire.Read(s.DescribeSubscribersForNotification, see, onBudget(func(in *DescribeSubscribersForNotificationInput) *string { return in.BudgetName })),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.UpdateBudget, modify, onBudget(func(in *UpdateBudgetInput) *string { return in.NewBudget.BudgetName })),
		wire.Write(s.UpdateNotification, modify, onBudget(func(in *UpdateNotificationInput) *string { return in.BudgetName })),
		wire.Write(s.UpdateSubscriber, modify, onBudget(func(in *UpdateSubscriberInput) *string { return in.BudgetName })),
	}
}

func onBudget[I any](name func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		return []string{budgetARN(wire.CallFrom(ctx).Account, text(name(in)))}
	})
}
