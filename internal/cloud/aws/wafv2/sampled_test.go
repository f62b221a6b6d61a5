package wafv2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

func TestSampledRequests(t *testing.T) {
	c := start(t)
	rate := rule("rate", 0, types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: ref(int64(100)), AggregateKeyType: "IP"}})
	constant := rule("constant", 1, types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: ref(int64(100)), AggregateKeyType: "CONSTANT", ScopeDownStatement: ref(geo("CH"))}})
	made := must(c.CreateWebACL(c.ctx, acl("a", rate, constant, rule("geo", 2, geo("DE")))))(t).Summary
	now := c.cloud.Clock.Now()
	in := func(metric string, items int64, from, to time.Duration) *wafv2.GetSampledRequestsInput {
		return &wafv2.GetSampledRequestsInput{WebAclArn: made.ARN, RuleMetricName: &metric, Scope: "REGIONAL", MaxItems: &items,
			TimeWindow: &types.TimeWindow{StartTime: ref(now.Add(from)), EndTime: ref(now.Add(to))}}
	}
	out := must(c.GetSampledRequests(c.ctx, in("m", 500, -5*time.Hour, 0)))(t)
	if len(out.SampledRequests) != 0 || out.PopulationSize != 0 || !out.TimeWindow.StartTime.Equal(now.Add(-3*time.Hour).Truncate(time.Millisecond)) {
		t.Errorf("got %+v, from %s", out, out.TimeWindow.StartTime)
	}
	for _, metric := range []string{"ALL", "Default_Action"} {
		must(c.GetSampledRequests(c.ctx, in(metric, 1, -time.Hour, 0)))(t)
	}
	_, err := c.GetSampledRequests(c.ctx, in("other", 1, -time.Hour, 0))
	refused(t, err, "WAFNonexistentItemException")
	_, err = c.GetSampledRequests(c.ctx, in("m", 501, -time.Hour, 0))
	refused(t, err, "ValidationException", "501")
	_, err = c.GetSampledRequests(c.ctx, in("m", 1, -time.Hour, -2*time.Hour))
	refused(t, err, "WAFInvalidParameterException", "time window")

	keys := func(name string) (*wafv2.GetRateBasedStatementManagedKeysOutput, error) {
		return c.GetRateBasedStatementManagedKeys(c.ctx, &wafv2.GetRateBasedStatementManagedKeysInput{Scope: "REGIONAL", WebACLName: made.Name, WebACLId: made.Id, RuleName: &name})
	}
	if got := must(keys("rate"))(t); len(got.ManagedKeysIPV4.Addresses) != 0 || got.ManagedKeysIPV6.IPAddressVersion != "IPV6" {
		t.Errorf("got %+v", got)
	}
	_, err = keys("constant")
	refused(t, err, "WAFUnsupportedAggregateKeyTypeException")
	_, err = keys("geo")
	refused(t, err, "WAFNonexistentItemException")
}
