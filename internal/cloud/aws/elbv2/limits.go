package elbv2

import (
	"context"
	"maps"
	"slices"
	"strconv"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// limits are the quotas that the local cloud holds an account to, by AWS's names for them.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Limit.html
func limits() map[string]int {
	return map[string]int{
		"application-load-balancers": maxBalancers, "network-load-balancers": maxBalancers, "gateway-load-balancers": maxBalancers,
		"listeners-per-application-load-balancer": maxListeners, "listeners-per-network-load-balancer": maxListeners,
		"rules-per-application-load-balancer": maxRules, "condition-values-per-alb-rule": maxConditionValues, "condition-wildcards-per-alb-rule": maxWildcards,
		"target-groups": maxGroups, "target-groups-per-application-load-balancer": maxBalancerGroups,
		"target-groups-per-action-on-application-load-balancer": maxForwardGroups, "target-groups-per-action-on-network-load-balancer": maxForwardGroups,
		"targets-per-target-group":                   maxTargets,
		"certificates-per-application-load-balancer": maxCertificates, "certificates-per-network-load-balancer": maxCertificates,
	}
}

// DescribeAccountLimits gives the account's quotas.
func (s *Service) DescribeAccountLimits(_ context.Context, in *DescribeAccountLimitsInput) (*DescribeAccountLimitsOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	all := limits()
	page, next := pageBy(sortedKeys(all), func(name string) string { return name }, limit, after)
	out := &DescribeAccountLimitsOutput{NextMarker: next}
	for _, name := range page {
		out.Limits = append(out.Limits, Limit{Name: new(name), Max: new(strconv.Itoa(all[name]))})
	}
	return out, nil
}
