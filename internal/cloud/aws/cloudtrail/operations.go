package cloudtrail

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddTags, onTrail(func(in *AddTagsInput) *string { return in.ResourceId })),
		wire.Write(s.CreateTrail, onTrail(func(in *CreateTrailInput) *string { return in.Name })),
		wire.Write(s.DeleteTrail, onTrail(func(in *DeleteTrailInput) *string { return in.Name })),
		wire.Read(s.DescribeTrails),
		wire.Read(s.GetEventSelectors, onTrail(func(in *GetEventSelectorsInput) *string { return in.TrailName })),
		wire.Read(s.GetInsightSelectors, onTrail(func(in *GetInsightSelectorsInput) *string { return in.TrailName })),
		wire.Read(s.GetTrail, onTrail(func(in *GetTrailInput) *string { return in.Name })),
		wire.Read(s.GetTrailStatus, onTrail(func(in *GetTrailStatusInput) *string { return in.Name })),
		wire.Read(s.ListPublicKeys),
		wire.Read(s.ListTags, wire.On(func(_ context.Context, in *ListTagsInput) []string { return in.ResourceIdList })),
		wire.Read(s.ListTrails),
		wire.Read(s.LookupEvents),
		wire.Write(s.PutEventSelectors, onTrail(func(in *PutEventSelectorsInput) *string { return in.TrailName })),
		wire.Write(s.PutInsightSelectors, onTrail(func(in *PutInsightSelectorsInput) *string { return in.TrailName })),
		wire.Write(s.RemoveTags, onTrail(func(in *RemoveTagsInput) *string { return in.ResourceId })),
		wire.Write(s.StartLogging, onTrail(func(in *StartLoggingInput) *string { return in.Name })),
		wire.Write(s.StopLogging, onTrail(func(in *StopLoggingInput) *string { return in.Name })),
		wire.Write(s.UpdateTrail, onTrail(func(in *UpdateTrailInput) *string { return in.Name })),
	}
}

// onTrail says which member of the input names the trail, by name or ARN.
func onTrail[I any](trail func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		name := text(trail(in))
		if name == "" {
			return nil
		}
		if !strings.HasPrefix(name, "arn:") {
			name = trailARN(wire.CallFrom(ctx).Scope(), name)
		}
		return []string{name}
	})
}
