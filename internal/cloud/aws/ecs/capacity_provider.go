package ecs

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// ownProviders are the capacity providers that every cluster may use. Those of Auto Scaling groups and of managed instances cannot
// exist: there are no instances.
func ownProviders() []string { return []string{fargate, fargateSpot} }

func errNoProvider(name string) error {
	return invalid("The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", name)
}

// checkProviders checks the names or ARNs of the providers that a cluster is to have.
func checkProviders(providers []string) error {
	for _, p := range providers {
		if !slices.Contains(ownProviders(), last(p)) {
			return errNoProvider(p)
		}
	}
	return nil
}

// providerNames gives the names in providers' names or ARNs, each once.
func providerNames(providers []string) []string {
	var out []string
	for _, p := range providers {
		if name := last(p); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// checkStrategy checks a capacity provider strategy of a cluster that has some providers.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
func checkStrategy(strategy []CapacityProviderStrategyItem, providers []string) error {
	if len(strategy) > 20 {
		return invalid("A capacity provider strategy can contain a maximum of 20 capacity providers.")
	}
	have := providerNames(providers)
	var seen []string
	bases, weights := 0, int64(0)
	for _, item := range strategy {
		name := last(*item.CapacityProvider)
		switch {
		case !slices.Contains(ownProviders(), name):
			return errNoProvider(*item.CapacityProvider)
		case !slices.Contains(have, name):
			return invalid("The capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. "+
				"Associate the capacity provider '%s' with the cluster and try again.", name)
		case slices.Contains(seen, name):
			return invalid("The capacity provider strategy cannot contain duplicate capacity providers.")
		case number(item.Weight) < 0 || number(item.Weight) > 1000:
			return invalid("Invalid value for weight. The weight must be between 0 and 1,000.")
		case number(item.Base) < 0 || number(item.Base) > 100_000:
			return invalid("Invalid value for base. The base must be between 0 and 100,000.")
		}
		if number(item.Base) > 0 {
			bases++
		}
		weights += number(item.Weight)
		seen = append(seen, name)
	}
	if bases > 1 {
		return invalid("A capacity provider strategy can have only one capacity provider with a base defined.")
	}
	if len(strategy) > 1 && weights == 0 {
		return invalid("A capacity provider strategy with several capacity providers must have at least one with a weight greater than 0.")
	}
	return nil
}

// strategyWithDefaults gives a strategy as AWS shows it, with names, weights and bases.
func strategyWithDefaults(strategy []CapacityProviderStrategyItem) []CapacityProviderStrategyItem {
	var out []CapacityProviderStrategyItem
	for _, item := range strategy {
		out = append(out, CapacityProviderStrategyItem{CapacityProvider: new(last(*item.CapacityProvider)), Weight: new(number(item.Weight)), Base: new(number(item.Base))})
	}
	return out
}

// PutClusterCapacityProviders sets a cluster's providers and its default strategy.
func (s *Service) PutClusterCapacityProviders(ctx context.Context, in *PutClusterCapacityProvidersInput) (*PutClusterCapacityProvidersOutput, error) {
	if err := checkProviders(in.CapacityProviders); err != nil {
		return nil, err
	}
	if err := checkStrategy(in.DefaultCapacityProviderStrategy, in.CapacityProviders); err != nil {
		return nil, err
	}
	out := &PutClusterCapacityProvidersOutput{}
	return out, s.changeCluster(ctx, in.Cluster, nil, &out.Cluster, func(t *txn, c *clusterRecord) error {
		next := providerNames(in.CapacityProviders)
		for _, r := range within(t, t.services, c.Name+"/") {
			if r.Status == statusInactive {
				continue
			}
			for _, item := range t.revision(r, r.Revision).Strategy {
				if !slices.Contains(next, *item.CapacityProvider) {
					return wire.Errorf("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
				}
			}
		}
		c.Providers, c.Strategy = next, strategyWithDefaults(in.DefaultCapacityProviderStrategy)
		return nil
	})
}

// CreateCapacityProvider is refused: its providers are made of instances.
func (s *Service) CreateCapacityProvider(_ context.Context, in *CreateCapacityProviderInput) (*CreateCapacityProviderOutput, error) {
	if (in.AutoScalingGroupProvider == nil) == (in.ManagedInstancesProvider == nil) {
		return nil, invalid("Exactly one of autoScalingGroupProvider and managedInstancesProvider must be specified.")
	}
	if in.ManagedInstancesProvider != nil {
		return nil, wire.NotImplemented("ecs:CreateCapacityProvider with managedInstancesProvider, since there are no instances")
	}
	return nil, wire.NotImplemented("ecs:CreateCapacityProvider with autoScalingGroupProvider, since there are no Auto Scaling groups")
}

// UpdateCapacityProvider finds nothing to update: the providers of Fargate are AWS's.
func (s *Service) UpdateCapacityProvider(_ context.Context, in *UpdateCapacityProviderInput) (*UpdateCapacityProviderOutput, error) {
	if slices.Contains(ownProviders(), last(*in.Name)) {
		return nil, invalid("The specified capacity provider '%s' is reserved and cannot be updated.", *in.Name)
	}
	return nil, refused("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
}

// DeleteCapacityProvider finds nothing to delete: the providers of Fargate are AWS's.
func (s *Service) DeleteCapacityProvider(_ context.Context, in *DeleteCapacityProviderInput) (*DeleteCapacityProviderOutput, error) {
	if slices.Contains(ownProviders(), last(*in.CapacityProvider)) {
		return nil, invalid("The specified capacity provider '%s' is reserved and cannot be deleted.", *in.CapacityProvider)
	}
	return nil, refused("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
}

// DescribeCapacityProviders shows the providers of Fargate.
func (s *Service) DescribeCapacityProviders(ctx context.Context, in *DescribeCapacityProvidersInput) (*DescribeCapacityProvidersOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 10)
	if err != nil {
		return nil, err
	}
	sc := wire.CallFrom(ctx).Scope()
	out := &DescribeCapacityProvidersOutput{CapacityProviders: []CapacityProvider{}, Failures: []Failure{}}
	wanted := in.CapacityProviders
	if len(wanted) == 0 {
		wanted, out.NextToken = listed(ownProviders(), p)
	}
	for _, name := range wanted {
		if !slices.Contains(ownProviders(), last(name)) {
			out.Failures = append(out.Failures, missing(arn(sc, "capacity-provider", last(name))))
			continue
		}
		out.CapacityProviders = append(out.CapacityProviders, CapacityProvider{
			CapacityProviderArn: new(arn(sc, "capacity-provider", last(name))), Name: new(last(name)), Status: new(statusActive),
			Type: new(last(name)), Tags: []Tag{},
		})
	}
	return out, nil
}
