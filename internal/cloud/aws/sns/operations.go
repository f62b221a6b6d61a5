package sns

import (
	"context"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddPermission, on(func(in *AddPermissionInput) *string { return in.TopicArn })),
		wire.Write(s.ConfirmSubscription, wire.Unsigned(), on(func(in *ConfirmSubscriptionInput) *string { return in.TopicArn })),
		wire.Write(s.CreateTopic, wire.On(func(ctx context.Context, in *CreateTopicInput) []string {
			return []string{topicARN(wire.CallFrom(ctx).Scope(), *in.Name)}
		})),
		wire.Write(s.DeleteTopic, on(func(in *DeleteTopicInput) *string { return in.TopicArn })),
		wire.Read(s.GetDataProtectionPolicy, on(func(in *GetDataProtectionPolicyInput) *string { return in.ResourceArn })),
		wire.Read(s.GetSubscriptionAttributes, onSubscription(func(in *GetSubscriptionAttributesInput) *string { return in.SubscriptionArn })),
		wire.Read(s.GetTopicAttributes, on(func(in *GetTopicAttributesInput) *string { return in.TopicArn })),
		wire.Read(s.ListSubscriptions),
		wire.Read(s.ListSubscriptionsByTopic, on(func(in *ListSubscriptionsByTopicInput) *string { return in.TopicArn })),
		wire.Read(s.ListTagsForResource, on(func(in *ListTagsForResourceInput) *string { return in.ResourceArn })),
		wire.Read(s.ListTopics),
		wire.Write(s.Publish, on(func(in *PublishInput) *string {
			if in.TopicArn != nil {
				return in.TopicArn
			}
			return in.TargetArn
		})),
		wire.Write(s.PublishBatch, wire.Action("sns:Publish"), on(func(in *PublishBatchInput) *string { return in.TopicArn })),
		wire.Write(s.RemovePermission, on(func(in *RemovePermissionInput) *string { return in.TopicArn })),
		wire.Write(s.SetSubscriptionAttributes, onSubscription(func(in *SetSubscriptionAttributesInput) *string { return in.SubscriptionArn })),
		wire.Write(s.SetTopicAttributes, on(func(in *SetTopicAttributesInput) *string { return in.TopicArn })),
		wire.Write(s.Subscribe, on(func(in *SubscribeInput) *string { return in.TopicArn })),
		wire.Write(s.TagResource, on(func(in *TagResourceInput) *string { return in.ResourceArn })),
		wire.Write(s.Unsubscribe, wire.Unsigned(), onSubscription(func(in *UnsubscribeInput) *string { return in.SubscriptionArn })),
		wire.Write(s.UntagResource, on(func(in *UntagResourceInput) *string { return in.ResourceArn })),
	}
}

// on says which member of the input names the topic.
func on[I any](arn func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string {
		if a := arn(in); a != nil {
			return []string{*a}
		}
		return nil
	})
}

// onSubscription says which member names a subscription, which is authorised on its topic.
func onSubscription[I any](arn func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string {
		parts, err := splitARN(*arn(in), "SubscriptionArn")
		if err != nil {
			return nil
		}
		return []string{topicARN(state.Scope{Account: parts[4], Region: parts[3]}, parts[5])}
	})
}
