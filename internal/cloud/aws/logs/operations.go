package logs

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AssociateKmsKey, wire.On(func(ctx context.Context, in *AssociateKmsKeyInput) []string {
			return onGroup(ctx, in.LogGroupName, in.ResourceIdentifier)
		})),
		wire.Write(s.CreateLogGroup, wire.On(func(ctx context.Context, in *CreateLogGroupInput) []string { return onGroup(ctx, in.LogGroupName, nil) })),
		wire.Write(s.CreateLogStream, wire.On(func(ctx context.Context, in *CreateLogStreamInput) []string {
			return onStream(ctx, in.LogGroupName, nil, in.LogStreamName)
		})),
		wire.Write(s.DeleteLogGroup, wire.On(func(ctx context.Context, in *DeleteLogGroupInput) []string { return onGroup(ctx, in.LogGroupName, nil) })),
		wire.Write(s.DeleteLogStream, wire.On(func(ctx context.Context, in *DeleteLogStreamInput) []string {
			return onStream(ctx, in.LogGroupName, nil, in.LogStreamName)
		})),
		wire.Write(s.DeleteMetricFilter, wire.On(func(ctx context.Context, in *DeleteMetricFilterInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Write(s.DeleteResourcePolicy),
		wire.Write(s.DeleteRetentionPolicy, wire.On(func(ctx context.Context, in *DeleteRetentionPolicyInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Read(s.DescribeLogGroups, wire.On(func(ctx context.Context, in *DescribeLogGroupsInput) []string {
			return onGroup(ctx, in.LogGroupNamePrefix, nil)
		})),
		wire.Read(s.DescribeLogStreams, wire.On(func(ctx context.Context, in *DescribeLogStreamsInput) []string {
			return onGroup(ctx, in.LogGroupName, in.LogGroupIdentifier)
		})),
		wire.Read(s.DescribeMetricFilters, wire.On(func(ctx context.Context, in *DescribeMetricFiltersInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Read(s.DescribeResourcePolicies),
		wire.Write(s.DisassociateKmsKey, wire.On(func(ctx context.Context, in *DisassociateKmsKeyInput) []string {
			return onGroup(ctx, in.LogGroupName, in.ResourceIdentifier)
		})),
		wire.Read(s.FilterLogEvents, wire.On(func(ctx context.Context, in *FilterLogEventsInput) []string {
			return onGroup(ctx, in.LogGroupName, in.LogGroupIdentifier)
		})),
		wire.Read(s.GetLogEvents, wire.On(func(ctx context.Context, in *GetLogEventsInput) []string {
			return onStream(ctx, in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName)
		})),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Read(s.ListTagsLogGroup, wire.On(func(ctx context.Context, in *ListTagsLogGroupInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Write(s.PutLogEvents, wire.On(func(ctx context.Context, in *PutLogEventsInput) []string {
			return onStream(ctx, in.LogGroupName, nil, in.LogStreamName)
		})),
		wire.Write(s.PutLogGroupDeletionProtection, wire.On(func(ctx context.Context, in *PutLogGroupDeletionProtectionInput) []string {
			return onGroup(ctx, nil, in.LogGroupIdentifier)
		})),
		wire.Write(s.PutMetricFilter, wire.On(func(ctx context.Context, in *PutMetricFilterInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Write(s.PutResourcePolicy),
		wire.Write(s.PutRetentionPolicy, wire.On(func(ctx context.Context, in *PutRetentionPolicyInput) []string {
			return onGroup(ctx, in.LogGroupName, nil)
		})),
		wire.Write(s.TagLogGroup, wire.On(func(ctx context.Context, in *TagLogGroupInput) []string { return onGroup(ctx, in.LogGroupName, nil) })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Read(s.TestMetricFilter),
		wire.Write(s.UntagLogGroup, wire.On(func(ctx context.Context, in *UntagLogGroupInput) []string { return onGroup(ctx, in.LogGroupName, nil) })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceArn} })),
	}
}

// onGroup gives the ARN by which IAM knows a log group: AWS authorises calls on groups on "log-group:NAME:log-stream:", which
// policies for "log-group:NAME:*" match.
func onGroup(ctx context.Context, name, identifier *string) []string {
	return onStream(ctx, name, identifier, nil)
}

func onStream(ctx context.Context, name, identifier, stream *string) []string {
	group := text(name)
	if identifier != nil {
		group = groupOfIdentifier(*identifier)
	}
	return []string{groupARN(wire.CallFrom(ctx).Scope(), group) + ":log-stream:" + text(stream)}
}
