package budgets

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Types of budgets. All but the first two are about reservations and savings plans, in percent.
const (
	typeCost  = "COST"
	typeUsage = "USAGE"
)

const maxBudgets = 20_000 // of an account

// budgetRecord stands under its name. Budget is as AWS shows it, without what follows from the time.
type budgetRecord struct {
	Budget        Budget
	Updated       time.Time
	Notifications []notificationRecord
}

func (t *txn) budget(name string) (*budgetRecord, error) {
	r, ok := t.budgets.Get(t.tx, t.sc, name)
	if !ok {
		return nil, wire.Errorf("NotFoundException", "Unable to get budget: %s - the budget doesn't exist.", name)
	}
	return r, nil
}

// CreateBudget makes a budget with its first notifications.
func (s *Service) CreateBudget(ctx context.Context, in *CreateBudgetInput) (*CreateBudgetOutput, error) {
	b := in.Budget
	if len(in.NotificationsWithSubscribers) > maxNotifications {
		return nil, tooMany("notifications", maxNotifications)
	}
	if err := checkTags(in.ResourceTags); err != nil {
		return nil, err
	}
	return &CreateBudgetOutput{}, s.update(ctx, *in.AccountId, func(t *txn) error {
		if err := t.complete(b); err != nil {
			return err
		}
		if _, exists := t.budgets.Get(t.tx, t.sc, *b.BudgetName); exists {
			return wire.Errorf("DuplicateRecordException", "Error creating budget: %s - the budget already exists.", *b.BudgetName)
		}
		if t.budgets.Len(t.tx, t.sc) >= maxBudgets {
			return wire.Errorf("CreationLimitExceededException", "You've exceeded the budget limit of %d budgets.", maxBudgets)
		}
		r := &budgetRecord{Budget: *b, Updated: t.now}
		for _, n := range in.NotificationsWithSubscribers {
			if err := t.addNotification(r, n.Notification, n.Subscribers); err != nil {
				return err
			}
		}
		t.budgets.Put(t.tx, t.sc, *b.BudgetName, r)
		return t.tag(*b.BudgetName, in.ResourceTags)
	})
}

// UpdateBudget replaces all of a budget but its name and its notifications.
func (s *Service) UpdateBudget(ctx context.Context, in *UpdateBudgetInput) (*UpdateBudgetOutput, error) {
	return &UpdateBudgetOutput{}, s.change(ctx, *in.AccountId, *in.NewBudget.BudgetName, func(t *txn, r *budgetRecord) error {
		b := in.NewBudget
		if b.TimePeriod == nil || b.TimePeriod.Start == nil { // what is left out stays
			period := *r.Budget.TimePeriod
			if b.TimePeriod != nil && b.TimePeriod.End != nil {
				period.End = b.TimePeriod.End
			}
			b.TimePeriod = &period
		}
		if err := t.complete(b); err != nil {
			return err
		}
		r.Budget, r.Updated = *b, t.now
		return nil
	})
}

// DeleteBudget deletes a budget with its notifications.
func (s *Service) DeleteBudget(ctx context.Context, in *DeleteBudgetInput) (*DeleteBudgetOutput, error) {
	return &DeleteBudgetOutput{}, s.update(ctx, *in.AccountId, func(t *txn) error {
		if !t.budgets.Delete(t.tx, t.sc, *in.BudgetName) {
			return wire.Errorf("NotFoundException", "Unable to delete budget: %s - the budget doesn't exist. Try creating it first.", *in.BudgetName)
		}
		return nil
	})
}

// DescribeBudget gives one budget.
func (s *Service) DescribeBudget(ctx context.Context, in *DescribeBudgetInput) (*DescribeBudgetOutput, error) {
	out := &DescribeBudgetOutput{}
	return out, s.view(ctx, *in.AccountId, func(t *txn) error {
		r, err := t.budget(*in.BudgetName)
		if err != nil {
			return err
		}
		out.Budget, err = t.render(r, in.ShowFilterExpression)
		return err
	})
}

// DescribeBudgets lists an account's budgets by name.
func (s *Service) DescribeBudgets(ctx context.Context, in *DescribeBudgetsInput) (*DescribeBudgetsOutput, error) {
	limit, after, err := page(in.MaxResults, in.NextToken, 1000)
	if err != nil {
		return nil, err
	}
	out := &DescribeBudgetsOutput{}
	return out, s.view(ctx, *in.AccountId, func(t *txn) error {
		found, next := state.Page(t.budgets.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			b, err := t.render(r, in.ShowFilterExpression)
			if err != nil {
				return err
			}
			out.Budgets = append(out.Budgets, *b)
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// render gives a budget as it stands now.
func (t *txn) render(r *budgetRecord, showExpression *bool) (*Budget, error) {
	b := r.Budget
	if showExpression != nil && *showExpression && len(b.CostFilters) > 0 {
		return nil, wire.NotImplemented("budgets:DescribeBudget with ShowFilterExpression of a budget that has CostFilters")
	}
	if len(b.PlannedBudgetLimits) > 0 {
		b.BudgetLimit = plannedNow(&b, t.now)
	}
	unit := "USD"
	if b.BudgetLimit != nil {
		unit = *b.BudgetLimit.Unit
	}
	b.CalculatedSpend = &CalculatedSpend{ActualSpend: &Spend{Amount: new("0.0"), Unit: &unit}}
	b.LastUpdatedTime = &r.Updated
	b.HealthStatus = &HealthStatus{Status: new("HEALTHY"), LastUpdatedTime: &r.Updated}
	return &b, nil
}
