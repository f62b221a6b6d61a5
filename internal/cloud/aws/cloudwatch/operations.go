package cloudwatch

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table. Calls about metrics are about "*": AWS has no ARN for a metric.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.DeleteAlarms, onAlarms(func(in *DeleteAlarmsInput) []string { return in.AlarmNames })),
		wire.Write(s.DeleteDashboards, onDashboards(func(in *DeleteDashboardsInput) []string { return in.DashboardNames })),
		wire.Read(s.DescribeAlarmHistory, onAlarms(func(in *DescribeAlarmHistoryInput) []string { return given(in.AlarmName) })),
		wire.Read(s.DescribeAlarms, onAlarms(func(in *DescribeAlarmsInput) []string { return in.AlarmNames })),
		wire.Read(s.DescribeAlarmsForMetric),
		wire.Write(s.DisableAlarmActions, onAlarms(func(in *DisableAlarmActionsInput) []string { return in.AlarmNames })),
		wire.Write(s.EnableAlarmActions, onAlarms(func(in *EnableAlarmActionsInput) []string { return in.AlarmNames })),
		wire.Read(s.GetDashboard, onDashboards(func(in *GetDashboardInput) []string { return given(in.DashboardName) })),
		wire.Read(s.GetMetricData),
		wire.Read(s.GetMetricStatistics),
		wire.Read(s.ListDashboards),
		wire.Read(s.ListMetrics),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.PutCompositeAlarm, onAlarms(func(in *PutCompositeAlarmInput) []string { return given(in.AlarmName) })),
		wire.Write(s.PutDashboard, onDashboards(func(in *PutDashboardInput) []string { return given(in.DashboardName) })),
		wire.Write(s.PutMetricAlarm, onAlarms(func(in *PutMetricAlarmInput) []string { return given(in.AlarmName) })),
		wire.Write(s.PutMetricData),
		wire.Write(s.SetAlarmState, onAlarms(func(in *SetAlarmStateInput) []string { return given(in.AlarmName) })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceARN} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceARN} })),
	}
}

func given(name *string) []string {
	if name == nil {
		return nil
	}
	return []string{*name}
}

// onAlarms says which members of the input name alarms.
func onAlarms[I any](names func(in *I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		var arns []string
		for _, name := range names(in) {
			arns = append(arns, alarmARN(wire.CallFrom(ctx).Scope(), name))
		}
		return arns
	})
}

// onDashboards says which members of the input name dashboards.
func onDashboards[I any](names func(in *I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		var arns []string
		for _, name := range names(in) {
			arns = append(arns, dashboardARN(wire.CallFrom(ctx).Account, name))
		}
		return arns
	})
}
