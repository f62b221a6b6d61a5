package wafv2

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	sampledTime = 3 * time.Hour // that AWS has samples of
	maxSampled  = 500
)

// GetSampledRequests gives requests that a rule has matched. The metric may also be that of the web ACL, or ALL, for all requests, and
// Default_Action for those that no rule has ended.
func (s *Service) GetSampledRequests(ctx context.Context, in *GetSampledRequestsInput) (*GetSampledRequestsOutput, error) {
	if *in.MaxItems < 1 || *in.MaxItems > maxSampled {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and %d", *in.MaxItems, maxSampled)
	}
	metric := *in.RuleMetricName
	now := s.d.Clock.Now()
	err := s.view(ctx, func(t *txn) error {
		if err := t.checkScope(*in.Scope); err != nil {
			return err
		}
		r, err := t.aclKind().byARN(t, *in.WebAclArn)
		if err != nil {
			return err
		}
		if r.Scope != *in.Scope {
			return nonexistent()
		}
		if metric == *r.Settings.VisibilityConfig.MetricName {
			metric = "ALL"
		}
		named := func(rule Rule) bool { return *rule.VisibilityConfig.MetricName == metric }
		if metric != "ALL" && metric != "Default_Action" && !slices.ContainsFunc(r.Settings.Rules, named) {
			return nonexistent()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	from, to := *in.TimeWindow.StartTime, *in.TimeWindow.EndTime
	if earliest := now.Add(-sampledTime); from.Before(earliest) {
		from = earliest
	}
	if to.Before(from) {
		return nil, invalid("TIME_WINDOW", to.Format(time.RFC3339), "The time window must end after its start, within the last three hours.")
	}
	out := &GetSampledRequestsOutput{SampledRequests: []SampledHTTPRequest{}, PopulationSize: new(int64(0)), TimeWindow: &TimeWindow{StartTime: &from, EndTime: &to}}
	if s.d.Plane == nil {
		return out, nil
	}
	samples, population := s.d.Plane.Sampled(*in.WebAclArn, metric, from, to)
	if most := int(*in.MaxItems); len(samples) > most {
		samples = samples[len(samples)-most:]
	}
	out.SampledRequests, out.PopulationSize = append(out.SampledRequests, samples...), &population
	for i := range out.SampledRequests {
		out.SampledRequests[i].Weight = new(max(1, population/int64(len(samples))))
	}
	return out, nil
}

// GetRateBasedStatementManagedKeys gives the addresses that a rate-based rule limits now.
func (s *Service) GetRateBasedStatementManagedKeys(ctx context.Context, in *GetRateBasedStatementManagedKeysInput) (*GetRateBasedStatementManagedKeysOutput, error) {
	var arn, group, rule string
	err := s.view(ctx, func(t *txn) error {
		r, err := t.aclKind().find(t, in.Scope, in.WebACLName, in.WebACLId)
		if err != nil {
			return err
		}
		arn = r.arn(t.sc, kindACL)
		rules, name := r.Settings.Rules, *in.RuleName
		if in.RuleGroupRuleName != nil {
			i := slices.IndexFunc(rules, func(x Rule) bool { return *x.Name == *in.RuleGroupRuleName })
			if i < 0 || rules[i].Statement.RuleGroupReferenceStatement == nil {
				return nonexistent()
			}
			group = *rules[i].Statement.RuleGroupReferenceStatement.ARN
			g, err := t.groupKind().byARN(t, group)
			if err != nil {
				return err
			}
			rules = g.Rules
		}
		i := slices.IndexFunc(rules, func(x Rule) bool { return *x.Name == name })
		if i < 0 || rules[i].Statement.RateBasedStatement == nil {
			return nonexistent()
		}
		if kind := *rules[i].Statement.RateBasedStatement.AggregateKeyType; kind != "IP" && kind != "FORWARDED_IP" {
			return wire.Errorf("WAFUnsupportedAggregateKeyTypeException", "The rule that you've named doesn't aggregate solely on the IP address or solely on the forwarded IP address.")
		}
		rule = name
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &GetRateBasedStatementManagedKeysOutput{
		ManagedKeysIPV4: &RateBasedStatementManagedKeysIPSet{IPAddressVersion: new("IPV4"), Addresses: []string{}},
		ManagedKeysIPV6: &RateBasedStatementManagedKeysIPSet{IPAddressVersion: new("IPV6"), Addresses: []string{}},
	}
	if s.d.Plane == nil {
		return out, nil
	}
	for _, key := range s.d.Plane.Limited(arn, group, rule) {
		a, err := netip.ParseAddr(key)
		if err != nil {
			continue
		}
		if a.Is4() {
			out.ManagedKeysIPV4.Addresses = append(out.ManagedKeysIPV4.Addresses, a.String()+"/32")
		} else {
			out.ManagedKeysIPV6.Addresses = append(out.ManagedKeysIPV6.Addresses, strings.ToLower(a.StringExpanded())+"/128")
		}
	}
	return out, nil
}
