package route53

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AssociateVPCWithHostedZone, onZone(func(in *AssociateVPCWithHostedZoneInput) *string { return in.HostedZoneId })),
		wire.Write(s.ChangeCidrCollection, onCollection(func(in *ChangeCidrCollectionInput) *string { return in.Id })),
		wire.Write(s.ChangeResourceRecordSets, onZone(func(in *ChangeResourceRecordSetsInput) *string { return in.HostedZoneId })),
		wire.Write(s.ChangeTagsForResource, wire.On(func(_ context.Context, in *ChangeTagsForResourceInput) []string {
			return []string{resourceARN(*in.ResourceType, *in.ResourceId)}
		})),
		wire.Write(s.CreateCidrCollection),
		wire.Write(s.CreateHealthCheck),
		wire.Write(s.CreateHostedZone),
		wire.Write(s.CreateQueryLoggingConfig, onZone(func(in *CreateQueryLoggingConfigInput) *string { return in.HostedZoneId })),
		wire.Write(s.CreateReusableDelegationSet),
		wire.Write(s.DeleteCidrCollection, onCollection(func(in *DeleteCidrCollectionInput) *string { return in.Id })),
		wire.Write(s.DeleteHealthCheck, onCheck(func(in *DeleteHealthCheckInput) *string { return in.HealthCheckId })),
		wire.Write(s.DeleteHostedZone, onZone(func(in *DeleteHostedZoneInput) *string { return in.Id })),
		wire.Write(s.DeleteQueryLoggingConfig, wire.On(func(_ context.Context, in *DeleteQueryLoggingConfigInput) []string {
			return []string{queryLogARN(bare(*in.Id))}
		})),
		wire.Write(s.DeleteReusableDelegationSet, wire.On(func(_ context.Context, in *DeleteReusableDelegationSetInput) []string {
			return []string{delegationARN(bare(*in.Id))}
		})),
		wire.Write(s.DisassociateVPCFromHostedZone, onZone(func(in *DisassociateVPCFromHostedZoneInput) *string { return in.HostedZoneId })),
		wire.Read(s.GetChange, wire.On(func(_ context.Context, in *GetChangeInput) []string {
			return []string{"arn:aws:route53:::change/" + bare(*in.Id)}
		})),
		wire.Read(s.GetDNSSEC, onZone(func(in *GetDNSSECInput) *string { return in.HostedZoneId })),
		wire.Read(s.GetHealthCheck, onCheck(func(in *GetHealthCheckInput) *string { return in.HealthCheckId })),
		wire.Read(s.GetHostedZone, onZone(func(in *GetHostedZoneInput) *string { return in.Id })),
		wire.Read(s.GetHostedZoneCount),
		wire.Read(s.GetQueryLoggingConfig, wire.On(func(_ context.Context, in *GetQueryLoggingConfigInput) []string {
			return []string{queryLogARN(bare(*in.Id))}
		})),
		wire.Read(s.GetReusableDelegationSet, wire.On(func(_ context.Context, in *GetReusableDelegationSetInput) []string {
			return []string{delegationARN(bare(*in.Id))}
		})),
		wire.Read(s.ListCidrBlocks, onCollection(func(in *ListCidrBlocksInput) *string { return in.CollectionId })),
		wire.Read(s.ListCidrCollections),
		wire.Read(s.ListCidrLocations, onCollection(func(in *ListCidrLocationsInput) *string { return in.CollectionId })),
		wire.Read(s.ListHealthChecks),
		wire.Read(s.ListHostedZones),
		wire.Read(s.ListHostedZonesByName),
		wire.Read(s.ListHostedZonesByVPC),
		wire.Read(s.ListQueryLoggingConfigs),
		wire.Read(s.ListReusableDelegationSets),
		wire.Read(s.ListResourceRecordSets, onZone(func(in *ListResourceRecordSetsInput) *string { return in.HostedZoneId })),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string {
			return []string{resourceARN(*in.ResourceType, *in.ResourceId)}
		})),
		wire.Read(s.ListTagsForResources, wire.On(func(_ context.Context, in *ListTagsForResourcesInput) []string {
			var arns []string
			for _, id := range in.ResourceIds {
				arns = append(arns, resourceARN(*in.ResourceType, id))
			}
			return arns
		})),
		wire.Read(s.TestDNSAnswer, onZone(func(in *TestDNSAnswerInput) *string { return in.HostedZoneId })),
		wire.Write(s.UpdateHealthCheck, onCheck(func(in *UpdateHealthCheckInput) *string { return in.HealthCheckId })),
		wire.Write(s.UpdateHostedZoneComment, onZone(func(in *UpdateHostedZoneCommentInput) *string { return in.Id })),
	}
}

// onZone says which member of the input names the hosted zone.
func onZone[I any](id func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string { return []string{zoneARN(bare(*id(in)))} })
}

// onCheck says which member of the input names the health check.
func onCheck[I any](id func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string { return []string{checkARN(*id(in))} })
}

// onCollection says which member of the input names the CIDR collection.
func onCollection[I any](id func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string { return []string{collectionARN(*id(in))} })
}
