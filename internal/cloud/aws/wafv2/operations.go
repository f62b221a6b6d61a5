package wafv2

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AssociateWebACL, on(func(in *AssociateWebACLInput) []*string { return []*string{in.WebACLArn, in.ResourceArn} })),
		wire.Read(s.CheckCapacity),
		wire.Write(s.CreateIPSet, named(kindIPSet, func(in *CreateIPSetInput) (scope, name, id *string) { return in.Scope, in.Name, nil })),
		wire.Write(s.CreateRegexPatternSet, named(kindRegexSet, func(in *CreateRegexPatternSetInput) (scope, name, id *string) { return in.Scope, in.Name, nil })),
		wire.Write(s.CreateRuleGroup, named(kindGroup, func(in *CreateRuleGroupInput) (scope, name, id *string) { return in.Scope, in.Name, nil })),
		wire.Write(s.CreateWebACL, named(kindACL, func(in *CreateWebACLInput) (scope, name, id *string) { return in.Scope, in.Name, nil })),
		wire.Write(s.DeleteIPSet, named(kindIPSet, func(in *DeleteIPSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.DeleteLoggingConfiguration, on(func(in *DeleteLoggingConfigurationInput) []*string { return []*string{in.ResourceArn} })),
		wire.Write(s.DeleteRegexPatternSet, named(kindRegexSet, func(in *DeleteRegexPatternSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.DeleteRuleGroup, named(kindGroup, func(in *DeleteRuleGroupInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.DeleteWebACL, named(kindACL, func(in *DeleteWebACLInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Read(s.DescribeManagedRuleGroup),
		wire.Write(s.DisassociateWebACL, on(func(in *DisassociateWebACLInput) []*string { return []*string{in.ResourceArn} })),
		wire.Read(s.GetIPSet, named(kindIPSet, func(in *GetIPSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Read(s.GetLoggingConfiguration, on(func(in *GetLoggingConfigurationInput) []*string { return []*string{in.ResourceArn} })),
		wire.Read(s.GetRateBasedStatementManagedKeys, named(kindACL, func(in *GetRateBasedStatementManagedKeysInput) (scope, name, id *string) {
			return in.Scope, in.WebACLName, in.WebACLId
		})),
		wire.Read(s.GetRegexPatternSet, named(kindRegexSet, func(in *GetRegexPatternSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Read(s.GetRuleGroup, named(kindGroup, func(in *GetRuleGroupInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Read(s.GetSampledRequests, on(func(in *GetSampledRequestsInput) []*string { return []*string{in.WebAclArn} })),
		wire.Read(s.GetWebACL, named(kindACL, func(in *GetWebACLInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Read(s.GetWebACLForResource, on(func(in *GetWebACLForResourceInput) []*string { return []*string{in.ResourceArn} })),
		wire.Read(s.ListAvailableManagedRuleGroups),
		wire.Read(s.ListIPSets),
		wire.Read(s.ListLoggingConfigurations),
		wire.Read(s.ListRegexPatternSets),
		wire.Read(s.ListResourcesForWebACL, on(func(in *ListResourcesForWebACLInput) []*string { return []*string{in.WebACLArn} })),
		wire.Read(s.ListRuleGroups),
		wire.Read(s.ListTagsForResource, on(func(in *ListTagsForResourceInput) []*string { return []*string{in.ResourceARN} })),
		wire.Read(s.ListWebACLs),
		wire.Write(s.PutLoggingConfiguration, on(func(in *PutLoggingConfigurationInput) []*string {
			return []*string{in.LoggingConfiguration.ResourceArn}
		})),
		wire.Write(s.TagResource, on(func(in *TagResourceInput) []*string { return []*string{in.ResourceARN} })),
		wire.Write(s.UntagResource, on(func(in *UntagResourceInput) []*string { return []*string{in.ResourceARN} })),
		wire.Write(s.UpdateIPSet, named(kindIPSet, func(in *UpdateIPSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.UpdateRegexPatternSet, named(kindRegexSet, func(in *UpdateRegexPatternSetInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.UpdateRuleGroup, named(kindGroup, func(in *UpdateRuleGroupInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
		wire.Write(s.UpdateWebACL, named(kindACL, func(in *UpdateWebACLInput) (scope, name, id *string) { return in.Scope, in.Name, in.Id })),
	}
}

// on says which members of the input are the ARNs of resources.
func on[I any](arns func(in *I) []*string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string {
		var out []string
		for _, a := range arns(in) {
			if a != nil {
				out = append(out, *a)
			}
		}
		return out
	})
}

// named says which members of the input name a resource of a kind; one that is yet to be made has any id.
func named[I any](kind string, names func(in *I) (scope, name, id *string)) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		scope, name, id := names(in)
		h := head{Scope: text(scope), Name: text(name), ID: text(id)}
		if h.ID == "" {
			h.ID = "*"
		}
		return []string{h.arn(wire.CallFrom(ctx).Scope(), kind)}
	})
}
