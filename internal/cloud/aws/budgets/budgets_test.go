package budgets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const account = cloud.DefaultAccount

type budgets struct {
	*sdk.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *budgets {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	return &budgets{t: t, ctx: t.Context(), cloud: c, Client: sdk.NewFromConfig(c.Config(), func(o *sdk.Options) { o.HTTPSignerV4 = c.Signer() })}
}

func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func cost(name string) *types.Budget {
	return &types.Budget{BudgetName: &name, BudgetType: types.BudgetTypeCost, TimeUnit: types.TimeUnitMonthly,
		BudgetLimit: &types.Spend{Amount: aws.String("0432.100"), Unit: aws.String("USD")}}
}

func (b *budgets) create(in *types.Budget, notifications ...types.NotificationWithSubscribers) error {
	_, err := b.CreateBudget(b.ctx, &sdk.CreateBudgetInput{AccountId: aws.String(account), Budget: in, NotificationsWithSubscribers: notifications})
	return err
}

func (b *budgets) get(name string) *types.Budget {
	b.t.Helper()
	return must(b.DescribeBudget(b.ctx, &sdk.DescribeBudgetInput{AccountId: aws.String(account), BudgetName: &name}))(b.t).Budget
}

func TestCostTypesOfOtherBudgets(t *testing.T) {
	b := start(t)
	in := cost("ri")
	in.BudgetType, in.BudgetLimit = types.BudgetTypeRIUtilization, &types.Spend{Amount: aws.String("100.0"), Unit: aws.String("PERCENTAGE")}
	in.CostFilters = map[string][]string{"Service": {"Amazon Relational Database Service"}}
	in.CostTypes = &types.CostTypes{IncludeSubscription: aws.Bool(true), IncludeCredit: aws.Bool(false), IncludeTax: aws.Bool(false)}
	if err := b.create(in); err != nil {
		t.Fatal(err)
	}
	if c := b.get("ri").CostTypes; c == nil || !*c.IncludeSubscription || *c.IncludeCredit || *c.IncludeTax {
		t.Errorf("the cost types are %+v", c)
	}
	in.BudgetName, in.CostTypes = aws.String("bare"), nil
	if err := b.create(in); err != nil {
		t.Fatal(err)
	}
	if c := b.get("bare").CostTypes; c != nil {
		t.Errorf("the cost types are %+v", c)
	}
}

func TestLifeCycle(t *testing.T) {
	b := start(t, cloudtest.Durable())
	if err := b.create(cost("b")); err != nil {
		t.Fatal(err)
	}
	refused(t, b.create(cost("b")), "DuplicateRecordException", "already exists")
	got := b.get("b")
	year, month, _ := b.cloud.Clock.Now().Date()
	if !got.TimePeriod.Start.Equal(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)) || !got.TimePeriod.End.Equal(time.Date(2087, 6, 15, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the period is %s to %s", got.TimePeriod.Start, got.TimePeriod.End)
	}
	if c := got.CostTypes; c == nil || !*c.IncludeTax || !*c.IncludeDiscount || *c.UseBlended || *c.UseAmortized {
		t.Errorf("the cost types are %+v", c)
	}
	if *got.BudgetLimit.Amount != "432.1" || *got.CalculatedSpend.ActualSpend.Amount != "0.0" {
		t.Errorf("limit %s, spent %s", *got.BudgetLimit.Amount, *got.CalculatedSpend.ActualSpend.Amount)
	}
	next := cost("b")
	next.BudgetLimit.Amount = aws.String("5")
	next.CostFilters = map[string][]string{"Service": {"Amazon Redshift"}}
	must(b.UpdateBudget(b.ctx, &sdk.UpdateBudgetInput{AccountId: aws.String(account), NewBudget: next}))(t)
	b.cloud.Restart()
	if got := b.get("b"); *got.BudgetLimit.Amount != "5.0" || got.CostFilters["Service"][0] != "Amazon Redshift" {
		t.Errorf("after the update: %+v", got)
	}
	del := &sdk.DeleteBudgetInput{AccountId: aws.String(account), BudgetName: aws.String("b")}
	must(b.DeleteBudget(b.ctx, del))(t)
	_, err := b.DeleteBudget(b.ctx, del)
	refused(t, err, "NotFoundException")
	_, err = b.UpdateBudget(b.ctx, &sdk.UpdateBudgetInput{AccountId: aws.String(account), NewBudget: next})
	refused(t, err, "NotFoundException")
}

func TestChecks(t *testing.T) {
	b := start(t)
	for name, c := range map[string]struct {
		edit    func(in *types.Budget)
		code    string
		message string
	}{
		"name":        {func(in *types.Budget) { in.BudgetName = aws.String("a:b") }, "InvalidParameterException", "budgetName"},
		"type":        {func(in *types.Budget) { in.BudgetType = "X" }, "InvalidParameterException", "enum value set"},
		"no limit":    {func(in *types.Budget) { in.BudgetLimit = nil }, "InvalidParameterException", "BudgetLimit"},
		"amount":      {func(in *types.Budget) { in.BudgetLimit.Amount = aws.String("-1") }, "InvalidParameterException", "amount"},
		"percent":     {func(in *types.Budget) { in.BudgetType = types.BudgetTypeRICoverage }, "InvalidParameterException", "100 PERCENTAGE"},
		"filter":      {func(in *types.Budget) { in.CostFilters = map[string][]string{"Shoe": {"1"}} }, "InvalidParameterException", "Shoe"},
		"auto adjust": {func(in *types.Budget) { in.AutoAdjustData = &types.AutoAdjustData{AutoAdjustType: "FORECAST"} }, "NotImplementedByLocalCloud", "AutoAdjustData"},
		"period":      {func(in *types.Budget) { in.TimePeriod = &types.TimePeriod{End: aws.Time(time.Unix(0, 0))} }, "InvalidParameterException", "Start time"},
		"custom":      {func(in *types.Budget) { in.TimeUnit = "CUSTOM" }, "InvalidParameterException", "end date"},
		"blended twice": {func(in *types.Budget) {
			in.CostTypes = &types.CostTypes{UseBlended: aws.Bool(true), UseAmortized: aws.Bool(true)}
		}, "InvalidParameterException", "UseBlended"},
		"empty expression": {func(in *types.Budget) { in.FilterExpression = &types.Expression{} }, "InvalidParameterException", "exactly one root"},
		"view":             {func(in *types.Budget) { in.BillingViewArn = aws.String("arn:aws:billing::1:billingview/x") }, "NotFoundException", "billing view"},
	} {
		t.Run(name, func(t *testing.T) {
			in := cost("b")
			c.edit(in)
			refused(t, b.create(in), c.code, c.message)
		})
	}
	_, err := b.DescribeBudgets(b.ctx, &sdk.DescribeBudgetsInput{AccountId: aws.String("222222222222")})
	refused(t, err, "AccessDeniedException")
}

func TestPlannedLimits(t *testing.T) {
	b := start(t)
	in := cost("p")
	in.BudgetLimit = nil
	year, month, _ := b.cloud.Clock.Now().Date()
	in.PlannedBudgetLimits = map[string]types.Spend{}
	for i := range 12 {
		at := time.Date(year, month+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		in.PlannedBudgetLimits[fmt.Sprint(at.Unix())] = types.Spend{Amount: aws.String(fmt.Sprint(100 + i)), Unit: aws.String("USD")}
	}
	if err := b.create(in); err != nil {
		t.Fatal(err)
	}
	if got := b.get("p"); *got.BudgetLimit.Amount != "100.0" || len(got.PlannedBudgetLimits) != 12 {
		t.Errorf("got the limit %s of %d", *got.BudgetLimit.Amount, len(got.PlannedBudgetLimits))
	}
	b.cloud.Clock.Advance(32 * 24 * time.Hour)
	if got := b.get("p"); *got.BudgetLimit.Amount != "101.0" {
		t.Errorf("a month later the limit is %s", *got.BudgetLimit.Amount)
	}
	in.TimeUnit, in.BudgetName = types.TimeUnitQuarterly, aws.String("q")
	refused(t, b.create(in), "InvalidParameterException", "4 entries")
}

func notification(threshold float64, addresses ...string) types.NotificationWithSubscribers {
	n := types.NotificationWithSubscribers{Notification: &types.Notification{NotificationType: types.NotificationTypeActual,
		ComparisonOperator: types.ComparisonOperatorGreaterThan, Threshold: threshold}}
	for _, a := range addresses {
		n.Subscribers = append(n.Subscribers, types.Subscriber{SubscriptionType: types.SubscriptionTypeEmail, Address: &a})
	}
	return n
}

func TestNotifications(t *testing.T) {
	b := start(t)
	if err := b.create(cost("n"), notification(80, "a@example.com", "b@example.com")); err != nil {
		t.Fatal(err)
	}
	first := notification(80).Notification
	add := func(n types.NotificationWithSubscribers) error {
		_, err := b.CreateNotification(b.ctx, &sdk.CreateNotificationInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: n.Notification, Subscribers: n.Subscribers})
		return err
	}
	refused(t, add(notification(80, "c@example.com")), "DuplicateRecordException")
	refused(t, add(notification(-1, "c@example.com")), "InvalidParameterException", "threshold")
	refused(t, add(notification(90, "nobody")), "InvalidParameterException", "email")
	for i := range 9 {
		if err := add(notification(float64(i), "c@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, add(notification(99, "c@example.com")), "CreationLimitExceededException")
	page := must(b.DescribeNotificationsForBudget(b.ctx, &sdk.DescribeNotificationsForBudgetInput{AccountId: aws.String(account), BudgetName: aws.String("n"), MaxResults: aws.Int32(7)}))(t)
	rest := must(b.DescribeNotificationsForBudget(b.ctx, &sdk.DescribeNotificationsForBudgetInput{AccountId: aws.String(account), BudgetName: aws.String("n"), NextToken: page.NextToken}))(t)
	if len(page.Notifications) != 7 || len(rest.Notifications) != 3 || rest.NextToken != nil || page.Notifications[0].ThresholdType != types.ThresholdTypePercentage {
		t.Errorf("got pages of %d and %d", len(page.Notifications), len(rest.Notifications))
	}
	must(b.UpdateNotification(b.ctx, &sdk.UpdateNotificationInput{AccountId: aws.String(account), BudgetName: aws.String("n"), OldNotification: first, NewNotification: notification(85).Notification}))(t)
	subscribers := func(of *types.Notification) (string, error) {
		out, err := b.DescribeSubscribersForNotification(b.ctx, &sdk.DescribeSubscribersForNotificationInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: of})
		if err != nil {
			return "", err
		}
		var all []string
		for _, s := range out.Subscribers {
			all = append(all, *s.Address)
		}
		return strings.Join(all, " "), nil
	}
	_, err := subscribers(first)
	refused(t, err, "NotFoundException")
	first = notification(85).Notification
	topic := &types.Subscriber{SubscriptionType: types.SubscriptionTypeSns, Address: aws.String("topic")}
	old := &types.Subscriber{SubscriptionType: types.SubscriptionTypeEmail, Address: aws.String("a@example.com")}
	_, err = b.CreateSubscriber(b.ctx, &sdk.CreateSubscriberInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: first, Subscriber: topic})
	refused(t, err, "InvalidParameterException", "SNS")
	must(b.UpdateSubscriber(b.ctx, &sdk.UpdateSubscriberInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: first,
		OldSubscriber: old, NewSubscriber: &types.Subscriber{SubscriptionType: types.SubscriptionTypeEmail, Address: aws.String("z@example.com")}}))(t)
	if got := must(subscribers(first))(t); got != "b@example.com z@example.com" {
		t.Errorf("the subscribers are %s", got)
	}
	_, err = b.DeleteSubscriber(b.ctx, &sdk.DeleteSubscriberInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: first, Subscriber: old})
	refused(t, err, "NotFoundException")
	must(b.DeleteNotification(b.ctx, &sdk.DeleteNotificationInput{AccountId: aws.String(account), BudgetName: aws.String("n"), Notification: first}))(t)
	_, err = subscribers(first)
	refused(t, err, "NotFoundException")
}

func TestTagsAndPages(t *testing.T) {
	b := start(t)
	for i := range 3 {
		if err := b.create(cost(fmt.Sprint("b", i))); err != nil {
			t.Fatal(err)
		}
	}
	page := must(b.DescribeBudgets(b.ctx, &sdk.DescribeBudgetsInput{AccountId: aws.String(account), MaxResults: aws.Int32(2)}))(t)
	rest := must(b.DescribeBudgets(b.ctx, &sdk.DescribeBudgetsInput{AccountId: aws.String(account), NextToken: page.NextToken}))(t)
	if len(page.Budgets) != 2 || len(rest.Budgets) != 1 || *rest.Budgets[0].BudgetName != "b2" {
		t.Errorf("got pages of %d and %d", len(page.Budgets), len(rest.Budgets))
	}
	arn := aws.String("arn:aws:budgets::" + account + ":budget/b1")
	must(b.TagResource(b.ctx, &sdk.TagResourceInput{ResourceARN: arn, ResourceTags: []types.ResourceTag{{Key: aws.String("k"), Value: aws.String("v")}, {Key: aws.String("l"), Value: aws.String("")}}}))(t)
	must(b.UntagResource(b.ctx, &sdk.UntagResourceInput{ResourceARN: arn, ResourceTagKeys: []string{"l"}}))(t)
	tags := must(b.ListTagsForResource(b.ctx, &sdk.ListTagsForResourceInput{ResourceARN: arn}))(t).ResourceTags
	if len(tags) != 1 || *tags[0].Key != "k" || *tags[0].Value != "v" {
		t.Errorf("the tags are %+v", tags)
	}
	_, err := b.TagResource(b.ctx, &sdk.TagResourceInput{ResourceARN: arn, ResourceTags: []types.ResourceTag{{Key: aws.String("aws:x"), Value: aws.String("v")}}})
	refused(t, err, "InvalidParameterException", "aws:")
	_, err = b.ListTagsForResource(b.ctx, &sdk.ListTagsForResourceInput{ResourceARN: aws.String(*arn + "x")})
	refused(t, err, "NotFoundException")
}
