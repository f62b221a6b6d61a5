package ssm

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddTagsToResource, on(func(in *AddTagsToResourceInput) []string { return []string{*in.ResourceId} })),
		wire.Write(s.DeleteParameter, on(func(in *DeleteParameterInput) []string { return []string{*in.Name} })),
		wire.Write(s.DeleteParameters, on(func(in *DeleteParametersInput) []string { return in.Names })),
		wire.Read(s.DescribeParameters),
		wire.Read(s.GetParameter, on(func(in *GetParameterInput) []string { return []string{*in.Name} })),
		wire.Read(s.GetParameterHistory, on(func(in *GetParameterHistoryInput) []string { return []string{*in.Name} })),
		wire.Read(s.GetParameters, on(func(in *GetParametersInput) []string { return in.Names })),
		wire.Read(s.GetParametersByPath, on(func(in *GetParametersByPathInput) []string { return []string{*in.Path} })),
		wire.Write(s.LabelParameterVersion, on(func(in *LabelParameterVersionInput) []string { return []string{*in.Name} })),
		wire.Read(s.ListTagsForResource, on(func(in *ListTagsForResourceInput) []string { return []string{*in.ResourceId} })),
		wire.Write(s.PutParameter, on(func(in *PutParameterInput) []string { return []string{*in.Name} })),
		wire.Write(s.RemoveTagsFromResource, on(func(in *RemoveTagsFromResourceInput) []string { return []string{*in.ResourceId} })),
		wire.Write(s.UnlabelParameterVersion, on(func(in *UnlabelParameterVersionInput) []string { return []string{*in.Name} })),
	}
}

// on says which parameters a call names; selectors do not count.
func on[I any](names func(in *I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		var arns []string
		for _, name := range names(in) {
			if name, _ = split(name); !strings.HasPrefix(name, "arn:") {
				name = arnPrefix(wire.CallFrom(ctx).Scope()) + idOf(name)
			}
			arns = append(arns, name)
		}
		return arns
	})
}
