package events

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.CreateArchive, onArchive(func(in *CreateArchiveInput) *string { return in.ArchiveName })),
		wire.Write(s.CreateEventBus, onBus(func(in *CreateEventBusInput) *string { return in.Name })),
		wire.Write(s.DeleteArchive, onArchive(func(in *DeleteArchiveInput) *string { return in.ArchiveName })),
		wire.Write(s.DeleteEventBus, onBus(func(in *DeleteEventBusInput) *string { return in.Name })),
		wire.Write(s.DeleteRule, onRule(func(in *DeleteRuleInput) (bus, rule *string) { return in.EventBusName, in.Name })),
		wire.Read(s.DescribeArchive, onArchive(func(in *DescribeArchiveInput) *string { return in.ArchiveName })),
		wire.Read(s.DescribeEventBus, onBus(func(in *DescribeEventBusInput) *string { return in.Name })),
		wire.Read(s.DescribeRule, onRule(func(in *DescribeRuleInput) (bus, rule *string) { return in.EventBusName, in.Name })),
		wire.Write(s.DisableRule, onRule(func(in *DisableRuleInput) (bus, rule *string) { return in.EventBusName, in.Name })),
		wire.Write(s.EnableRule, onRule(func(in *EnableRuleInput) (bus, rule *string) { return in.EventBusName, in.Name })),
		wire.Read(s.ListArchives),
		wire.Read(s.ListEventBuses),
		wire.Read(s.ListRuleNamesByTarget),
		wire.Read(s.ListRules),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Read(s.ListTargetsByRule, onRule(func(in *ListTargetsByRuleInput) (bus, rule *string) { return in.EventBusName, in.Rule })),
		wire.Write(s.PutEvents, wire.On(func(ctx context.Context, in *PutEventsInput) []string {
			var arns []string
			for _, e := range in.Entries {
				arns = append(arns, busARN(wire.CallFrom(ctx).Scope(), busOf(e.EventBusName)))
			}
			return arns
		})),
		wire.Write(s.PutPermission, onBus(func(in *PutPermissionInput) *string { return in.EventBusName })),
		wire.Write(s.PutRule, onRule(func(in *PutRuleInput) (bus, rule *string) { return in.EventBusName, in.Name })),
		wire.Write(s.PutTargets, onRule(func(in *PutTargetsInput) (bus, rule *string) { return in.EventBusName, in.Rule })),
		wire.Write(s.RemovePermission, onBus(func(in *RemovePermissionInput) *string { return in.EventBusName })),
		wire.Write(s.RemoveTargets, onRule(func(in *RemoveTargetsInput) (bus, rule *string) { return in.EventBusName, in.Rule })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Read(s.TestEventPattern),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.UpdateArchive, onArchive(func(in *UpdateArchiveInput) *string { return in.ArchiveName })),
		wire.Write(s.UpdateEventBus, onBus(func(in *UpdateEventBusInput) *string { return in.Name })),
	}
}

// onArchive says which member of the input names the archive.
func onArchive[I any](name func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		return []string{archiveARN(wire.CallFrom(ctx).Scope(), text(name(in)))}
	})
}

// onBus says which member of the input names the bus.
func onBus[I any](bus func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		return []string{busARN(wire.CallFrom(ctx).Scope(), busOf(bus(in)))}
	})
}

// onRule says which members of the input name the bus and the rule.
func onRule[I any](names func(in *I) (bus, rule *string)) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		bus, rule := names(in)
		return []string{ruleARN(wire.CallFrom(ctx).Scope(), busOf(bus), text(rule))}
	})
}
