package appautoscaling

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table. All but the operations on tags are about "*".
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.DeleteScalingPolicy),
		wire.Write(s.DeleteScheduledAction),
		wire.Write(s.DeregisterScalableTarget),
		wire.Read(s.DescribeScalableTargets),
		wire.Read(s.DescribeScalingActivities),
		wire.Read(s.DescribeScalingPolicies),
		wire.Read(s.DescribeScheduledActions),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.PutScalingPolicy),
		wire.Write(s.PutScheduledAction),
		wire.Write(s.RegisterScalableTarget),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceARN} })),
	}
}
