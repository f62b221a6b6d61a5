package elbv2

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table. Its lists are authorised on every resource, as AWS does.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddListenerCertificates, onARN(func(in *AddListenerCertificatesInput) *string { return in.ListenerArn })),
		wire.Write(s.AddTags, wire.On(func(_ context.Context, in *AddTagsInput) []string { return in.ResourceArns })),
		wire.Write(s.AddTrustStoreRevocations, onARN(func(in *AddTrustStoreRevocationsInput) *string { return in.TrustStoreArn })),
		wire.Write(s.CreateListener, onARN(func(in *CreateListenerInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.CreateLoadBalancer, wire.On(func(ctx context.Context, in *CreateLoadBalancerInput) []string {
			return []string{arn(wire.CallFrom(ctx).Scope(), kindBalancer, prefix(text(in.Type))+"/"+*in.Name+"/*")}
		})),
		wire.Write(s.CreateRule, onARN(func(in *CreateRuleInput) *string { return in.ListenerArn })),
		wire.Write(s.CreateTargetGroup, wire.On(func(ctx context.Context, in *CreateTargetGroupInput) []string {
			return []string{arn(wire.CallFrom(ctx).Scope(), kindGroup, *in.Name+"/*")}
		})),
		wire.Write(s.CreateTrustStore, wire.On(func(ctx context.Context, in *CreateTrustStoreInput) []string {
			return []string{arn(wire.CallFrom(ctx).Scope(), kindTrustStore, *in.Name+"/*")}
		})),
		wire.Write(s.DeleteListener, onARN(func(in *DeleteListenerInput) *string { return in.ListenerArn })),
		wire.Write(s.DeleteLoadBalancer, onARN(func(in *DeleteLoadBalancerInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.DeleteRule, onARN(func(in *DeleteRuleInput) *string { return in.RuleArn })),
		wire.Write(s.DeleteTargetGroup, onARN(func(in *DeleteTargetGroupInput) *string { return in.TargetGroupArn })),
		wire.Write(s.DeleteTrustStore, onARN(func(in *DeleteTrustStoreInput) *string { return in.TrustStoreArn })),
		wire.Write(s.DeregisterTargets, onARN(func(in *DeregisterTargetsInput) *string { return in.TargetGroupArn })),
		wire.Read(s.DescribeAccountLimits),
		wire.Read(s.DescribeCapacityReservation),
		wire.Read(s.DescribeListenerAttributes),
		wire.Read(s.DescribeListenerCertificates),
		wire.Read(s.DescribeListeners),
		wire.Read(s.DescribeLoadBalancerAttributes),
		wire.Read(s.DescribeLoadBalancers),
		wire.Read(s.DescribeRules),
		wire.Read(s.DescribeSSLPolicies),
		wire.Read(s.DescribeTags),
		wire.Read(s.DescribeTargetGroupAttributes),
		wire.Read(s.DescribeTargetGroups),
		wire.Read(s.DescribeTargetHealth),
		wire.Read(s.DescribeTrustStoreAssociations),
		wire.Read(s.DescribeTrustStoreRevocations),
		wire.Read(s.DescribeTrustStores),
		wire.Write(s.ModifyCapacityReservation, onARN(func(in *ModifyCapacityReservationInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.ModifyIpPools, onARN(func(in *ModifyIpPoolsInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.ModifyListener, onARN(func(in *ModifyListenerInput) *string { return in.ListenerArn })),
		wire.Write(s.ModifyListenerAttributes, onARN(func(in *ModifyListenerAttributesInput) *string { return in.ListenerArn })),
		wire.Write(s.ModifyLoadBalancerAttributes, onARN(func(in *ModifyLoadBalancerAttributesInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.ModifyRule, onARN(func(in *ModifyRuleInput) *string { return in.RuleArn })),
		wire.Write(s.ModifyTargetGroup, onARN(func(in *ModifyTargetGroupInput) *string { return in.TargetGroupArn })),
		wire.Write(s.ModifyTargetGroupAttributes, onARN(func(in *ModifyTargetGroupAttributesInput) *string { return in.TargetGroupArn })),
		wire.Write(s.ModifyTrustStore, onARN(func(in *ModifyTrustStoreInput) *string { return in.TrustStoreArn })),
		wire.Write(s.RegisterTargets, onARN(func(in *RegisterTargetsInput) *string { return in.TargetGroupArn })),
		wire.Write(s.RemoveListenerCertificates, onARN(func(in *RemoveListenerCertificatesInput) *string { return in.ListenerArn })),
		wire.Write(s.RemoveTags, wire.On(func(_ context.Context, in *RemoveTagsInput) []string { return in.ResourceArns })),
		wire.Write(s.RemoveTrustStoreRevocations, onARN(func(in *RemoveTrustStoreRevocationsInput) *string { return in.TrustStoreArn })),
		wire.Write(s.SetIpAddressType, onARN(func(in *SetIpAddressTypeInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.SetRulePriorities, wire.On(func(_ context.Context, in *SetRulePrioritiesInput) []string {
			var out []string
			for _, p := range in.RulePriorities {
				if p.RuleArn != nil {
					out = append(out, *p.RuleArn)
				}
			}
			return out
		})),
		wire.Write(s.SetSecurityGroups, onARN(func(in *SetSecurityGroupsInput) *string { return in.LoadBalancerArn })),
		wire.Write(s.SetSubnets, onARN(func(in *SetSubnetsInput) *string { return in.LoadBalancerArn })),
	}
}

// onARN says which member of the input is the ARN that a call is about.
func onARN[I any](member func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string { return []string{*member(in)} })
}
