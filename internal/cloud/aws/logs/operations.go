package logs

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AssociateKmsKey, onGroup(func(in *AssociateKmsKeyInput) *string { return either(in.LogGroupName, in.ResourceIdentifier) })),
		wire.Write(s.CreateLogGroup, onGroup(func(in *CreateLogGroupInput) *string { return in.LogGroupName })),
		wire.Write(s.CreateLogStream, onStream(func(in *CreateLogStreamInput) (group, stream *string) { return in.LogGroupName, in.LogStreamName })),
		wire.Write(s.DeleteLogGroup, onGroup(func(in *DeleteLogGroupInput) *string { return in.LogGroupName })),
		wire.Write(s.DeleteLogStream, onStream(func(in *DeleteLogStreamInput) (group, stream *string) { return in.LogGroupName, in.LogStreamName })),
		wire.Write(s.DeleteMetricFilter, onGroup(func(in *DeleteMetricFilterInput) *string { return in.LogGroupName })),
		wire.Write(s.DeleteQueryDefinition),
		wire.Write(s.DeleteResourcePolicy),
		wire.Write(s.DeleteRetentionPolicy, onGroup(func(in *DeleteRetentionPolicyInput) *string { return in.LogGroupName })),
		wire.Read(s.DescribeLogGroups, onGroup(func(in *DescribeLogGroupsInput) *string { return in.LogGroupNamePrefix })),
		wire.Read(s.DescribeLogStreams, onGroup(func(in *DescribeLogStreamsInput) *string { return either(in.LogGroupName, in.LogGroupIdentifier) })),
		wire.Read(s.DescribeMetricFilters, onGroup(func(in *DescribeMetricFiltersInput) *string { return in.LogGroupName })),
		wire.Read(s.DescribeQueryDefinitions),
		wire.Read(s.DescribeResourcePolicies),
		wire.Write(s.DisassociateKmsKey, onGroup(func(in *DisassociateKmsKeyInput) *string { return either(in.LogGroupName, in.ResourceIdentifier) })),
		wire.Read(s.FilterLogEvents, onGroup(func(in *FilterLogEventsInput) *string { return either(in.LogGroupName, in.LogGroupIdentifier) })),
		wire.Read(s.GetLogEvents, onStream(func(in *GetLogEventsInput) (group, stream *string) {
			return either(in.LogGroupName, in.LogGroupIdentifier), in.LogStreamName
		})),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Read(s.ListTagsLogGroup, onGroup(func(in *ListTagsLogGroupInput) *string { return in.LogGroupName })),
		wire.Write(s.PutLogEvents, onStream(func(in *PutLogEventsInput) (group, stream *string) { return in.LogGroupName, in.LogStreamName })),
		wire.Write(s.PutLogGroupDeletionProtection, onGroup(func(in *PutLogGroupDeletionProtectionInput) *string { return in.LogGroupIdentifier })),
		wire.Write(s.PutMetricFilter, onGroup(func(in *PutMetricFilterInput) *string { return in.LogGroupName })),
		wire.Write(s.PutQueryDefinition),
		wire.Write(s.PutResourcePolicy),
		wire.Write(s.PutRetentionPolicy, onGroup(func(in *PutRetentionPolicyInput) *string { return in.LogGroupName })),
		wire.Write(s.TagLogGroup, onGroup(func(in *TagLogGroupInput) *string { return in.LogGroupName })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Read(s.TestMetricFilter),
		wire.Write(s.UntagLogGroup, onGroup(func(in *UntagLogGroupInput) *string { return in.LogGroupName })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceArn} })),
	}
}

// onGroup says which member of the input names the log group.
func onGroup[I any](group func(in *I) *string) wire.Option {
	return onStream(func(in *I) (*string, *string) { return group(in), nil })
}

// onStream says which members of the input name the log group, by name or ARN, and the stream. AWS authorises calls on a group
// itself on "log-group:NAME:log-stream:", which policies for "log-group:NAME:*" match.
func onStream[I any](names func(in *I) (group, stream *string)) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		group, stream := names(in)
		return []string{groupARN(wire.CallFrom(ctx).Scope(), groupOfIdentifier(text(group))) + ":log-stream:" + text(stream)}
	})
}

// either gives a group's name, or its identifier where that is given instead.
func either(name, identifier *string) *string {
	if name != nil {
		return name
	}
	return identifier
}
