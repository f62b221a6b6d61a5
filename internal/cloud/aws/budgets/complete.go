package budgets

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

var (
	budgetTypes = []string{typeUsage, typeCost, "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"}
	timeUnits   = []string{"DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM"}
	// filterNames are the keys of CostFilters. https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
	filterNames = []string{"AZ", "BillingEntity", "CostCategory", "DatabaseEngine", "InstanceType", "InstanceTypeFamily", "InvoicingEntity", "LegalEntityName",
		"LinkedAccount", "Operation", "Platform", "PurchaseType", "Region", "ReservationId", "Scope", "Service", "SubscriptionId", "TagKey", "TagKeyValue",
		"Tenancy", "UsageType", "UsageTypeGroup"}
	metrics = []string{"BlendedCost", "UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost", "UsageQuantity", "NormalizedUsageAmount", "Hours"}
	amounts = regexp.MustCompile(`^([0-9]*\.)?[0-9]+$`)
)

// endOfTime is the end of a budget that has none.
func endOfTime() time.Time { return time.Date(2087, 6, 15, 0, 0, 0, 0, time.UTC) }

// complete checks a budget and fills in what AWS does.
func (t *txn) complete(b *Budget) error {
	for _, check := range []func(*Budget) error{checkNames, t.checkView, t.completePeriod, t.completeLimits, completeFilters} {
		if err := check(b); err != nil {
			return err
		}
	}
	b.CalculatedSpend, b.LastUpdatedTime, b.HealthStatus = nil, nil, nil
	return nil
}

func checkNames(b *Budget) error {
	name := *b.BudgetName
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > 100:
		return invalid("1 validation error detected: Value '%s' at 'budget.budgetName' failed to satisfy constraint: Member must have length between 1 and 100", name)
	case strings.ContainsAny(name, ":\\\x00") || strings.Contains(strings.ToLower(name), "/action/"):
		return invalid(`1 validation error detected: Value '%s' at 'budget.budgetName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$`, name)
	case !slices.Contains(budgetTypes, *b.BudgetType):
		return enum(*b.BudgetType, "budget.budgetType", budgetTypes)
	case !slices.Contains(timeUnits, *b.TimeUnit):
		return enum(*b.TimeUnit, "budget.timeUnit", timeUnits)
	case b.AutoAdjustData != nil:
		return wire.NotImplemented("budgets:CreateBudget with AutoAdjustData")
	}
	return nil
}

func (t *txn) checkView(b *Budget) error {
	if arn := text(b.BillingViewArn); arn != "" && arn != "arn:aws:billing::"+t.sc.Account+":billingview/primary" {
		return wire.Errorf("NotFoundException", "The billing view %s doesn't exist.", arn)
	}
	return nil
}

// completePeriod lets a period begin with the present one of its time unit, and last for ever.
func (t *txn) completePeriod(b *Budget) error {
	var p TimePeriod
	if b.TimePeriod != nil {
		p = *b.TimePeriod
	}
	if p.Start == nil {
		p.Start = new(periodStart(t.now, *b.TimeUnit))
	}
	if p.End == nil {
		if *b.TimeUnit == "CUSTOM" {
			return invalid("A budget with a custom time unit needs an end date.")
		}
		p.End = new(endOfTime())
	}
	switch {
	case !p.Start.Before(*p.End):
		return invalid("Start time should not be after the end time for the given time period.")
	case p.End.After(endOfTime()):
		return invalid("The end time should not be after 2087-06-15 00:00 UTC.")
	}
	b.TimePeriod = &p
	return nil
}

// periodStart gives the beginning of the period that a moment is in.
func periodStart(now time.Time, unit string) time.Time {
	year, month, day := now.UTC().Date()
	switch unit {
	case "MONTHLY":
		day = 1
	case "QUARTERLY":
		month, day = month-(month-1)%3, 1
	case "ANNUALLY":
		month, day = time.January, 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (t *txn) completeLimits(b *Budget) error {
	if len(b.PlannedBudgetLimits) > 0 {
		return t.completePlan(b)
	}
	b.PlannedBudgetLimits = nil
	if b.BudgetLimit == nil {
		return invalid("Budget must have one of BudgetLimit, PlannedBudgetLimits or AutoAdjustData.")
	}
	return completeSpend(b.BudgetLimit, *b.BudgetType)
}

// completePlan checks limits that are planned ahead: those of the next 12 months or 4 quarters, the present one first.
func (t *txn) completePlan(b *Budget) error {
	if b.BudgetLimit != nil {
		// The present limit comes back with a plan, so a budget that was read and is written again has both.
		if now := plannedNow(b, t.now); now == nil || !sameSpend(now, b.BudgetLimit) {
			return invalid("Only one of BudgetLimit or PlannedBudgetLimits can be present.")
		}
		b.BudgetLimit = nil
	}
	if *b.BudgetType != typeCost && *b.BudgetType != typeUsage {
		return invalid("PlannedBudgetLimits are supported for COST and USAGE budgets only.")
	}
	want, months := 12, 1
	switch *b.TimeUnit {
	case "MONTHLY":
	case "QUARTERLY":
		want, months = 4, 3
	default:
		return invalid("PlannedBudgetLimits are supported for MONTHLY and QUARTERLY budgets only.")
	}
	if len(b.PlannedBudgetLimits) != want {
		return invalid("PlannedBudgetLimits of a %s budget must have %d entries.", *b.TimeUnit, want)
	}
	start := periodStart(t.now, *b.TimeUnit)
	unit := ""
	for i := range want {
		at := start.AddDate(0, i*months, 0)
		key := strconv.FormatInt(at.Unix(), 10)
		spend, ok := b.PlannedBudgetLimits[key]
		if !ok {
			return invalid("PlannedBudgetLimits must start with the current period and have an entry for each: the one of %s is missing.", at.Format(time.DateOnly))
		}
		if err := completeSpend(&spend, *b.BudgetType); err != nil {
			return err
		}
		if unit == "" {
			unit = *spend.Unit
		}
		if *spend.Unit != unit {
			return invalid("All PlannedBudgetLimits must have the same unit.")
		}
		b.PlannedBudgetLimits[key] = spend
	}
	return nil
}

// plannedNow gives the planned limit in force: the last one that has begun.
func plannedNow(b *Budget, now time.Time) *Spend {
	var best *Spend
	latest := int64(-1)
	for key, spend := range b.PlannedBudgetLimits {
		if at, err := strconv.ParseInt(key, 10, 64); err == nil && at <= now.Unix() && at > latest {
			latest, best = at, &spend
		}
	}
	return best
}

func completeSpend(s *Spend, budgetType string) error {
	if !amounts.MatchString(*s.Amount) {
		return invalid("1 validation error detected: Value '%s' at 'budget.budgetLimit.amount' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", *s.Amount, amounts)
	}
	*s.Amount = decimal(*s.Amount)
	if strings.TrimSpace(*s.Unit) == "" {
		return invalid("1 validation error detected: Value '%s' at 'budget.budgetLimit.unit' failed to satisfy constraint: Member must have length greater than or equal to 1", *s.Unit)
	}
	if budgetType == typeCost || budgetType == typeUsage {
		return nil
	}
	if *s.Unit != "PERCENTAGE" || *s.Amount != "100.0" {
		return invalid("The limit of a %s budget must be 100 PERCENTAGE.", budgetType)
	}
	return nil
}

// decimal writes an amount as AWS does: 100 as 100.0, 432.10 as 432.1.
func decimal(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
		fraction = "0"
	}
	return whole + "." + fraction
}

func sameSpend(a, b *Spend) bool {
	x, ok1 := new(big.Rat).SetString(*a.Amount)
	y, ok2 := new(big.Rat).SetString(*b.Amount)
	return ok1 && ok2 && x.Cmp(y) == 0 && *a.Unit == *b.Unit
}

// completeFilters checks what a budget counts. Cost types, or metrics, are for costs alone.
func completeFilters(b *Budget) error {
	modern := b.FilterExpression != nil || len(b.Metrics) > 0
	if modern && (len(b.CostFilters) > 0 || b.CostTypes != nil) {
		return invalid("Either FilterExpression and Metrics or CostFilters and CostTypes can be present, not both or a different combination.")
	}
	for name, values := range b.CostFilters {
		if !slices.Contains(filterNames, name) {
			return invalid("The cost filter %s is not supported.", name)
		}
		if len(values) == 0 {
			return invalid("The cost filter %s has no values.", name)
		}
	}
	if len(b.Metrics) > 1 {
		return invalid("A budget can have one metric only.")
	}
	for _, m := range b.Metrics {
		if !slices.Contains(metrics, m) {
			return enum(m, "budget.metrics", metrics)
		}
	}
	if b.FilterExpression != nil {
		if err := checkExpression(b.FilterExpression, 0); err != nil {
			return err
		}
	}
	if b.CostFilters == nil && !modern {
		b.CostFilters = map[string][]string{}
	}
	return completeCostTypes(b, modern)
}

func completeCostTypes(b *Budget, modern bool) error {
	switch {
	case *b.BudgetType == typeUsage || modern:
		// Clients send the default cost types with budgets of all kinds; AWS does not show them for usage budgets.
		b.CostTypes = nil
		return nil
	case *b.BudgetType != typeCost && b.CostTypes == nil:
		return nil // budgets of reservations and savings plans have those that they are given
	}
	c := CostTypes{}
	if b.CostTypes != nil {
		c = *b.CostTypes
	}
	for _, on := range []**bool{&c.IncludeTax, &c.IncludeSubscription, &c.IncludeRefund, &c.IncludeCredit, &c.IncludeUpfront, &c.IncludeRecurring,
		&c.IncludeOtherSubscription, &c.IncludeSupport, &c.IncludeDiscount} {
		if *on == nil {
			*on = new(true)
		}
	}
	for _, off := range []**bool{&c.UseBlended, &c.UseAmortized} {
		if *off == nil {
			*off = new(false)
		}
	}
	if *c.UseBlended && *c.UseAmortized {
		return invalid("UseBlended and UseAmortized cannot both be true.")
	}
	b.CostTypes = &c
	return nil
}

const maxDepth = 2 // of an expression below its root

func checkExpression(e *Expression, depth int) error {
	if depth > maxDepth {
		return invalid("Expression nested depth cannot be more than %d", maxDepth)
	}
	operands := 0
	for _, has := range []bool{e.Or != nil, e.And != nil, e.Not != nil, e.Dimensions != nil, e.Tags != nil, e.CostCategories != nil} {
		if has {
			operands++
		}
	}
	if operands != 1 {
		return invalid("Expression should have exactly one root: one of And, Or, Not, Dimensions, Tags and CostCategories.")
	}
	for _, list := range [][]Expression{e.Or, e.And} {
		if len(list) == 1 {
			return invalid("And and Or need at least two expressions.")
		}
		for i := range list {
			if err := checkExpression(&list[i], depth+1); err != nil {
				return err
			}
		}
	}
	if e.Not != nil {
		return checkExpression(e.Not, depth+1)
	}
	return nil
}
