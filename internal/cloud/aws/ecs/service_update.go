package ecs

import (
	"context"
	"reflect"
)

// UpdateService changes a service. What its tasks are made of is in a revision: where that changes, a new deployment begins.
func (s *Service) UpdateService(ctx context.Context, in *UpdateServiceInput) (*UpdateServiceOutput, error) {
	if err := checkUnsupported("UpdateService", in.ServiceRegistries, in.ServiceConnectConfiguration, in.VpcLatticeConfigurations, in.GatewayConnectors, in.Monitoring); err != nil {
		return nil, err
	}
	for _, err := range []error{
		oneOf("propagateTags", in.PropagateTags, "NONE", "SERVICE", "TASK_DEFINITION"),
		oneOf("availabilityZoneRebalancing", in.AvailabilityZoneRebalancing, "DISABLED", "ENABLED"),
	} {
		if err != nil {
			return nil, err
		}
	}
	out := &UpdateServiceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.activeService(in.Cluster, *in.Service)
		if err != nil {
			return err
		}
		if err := t.updateService(r, in); err != nil {
			return err
		}
		t.settle(r)
		t.putService(r)
		out.Service = new(t.renderService(r, true))
		return nil
	})
}

func (t *txn) updateService(r *serviceRecord, in *UpdateServiceInput) error {
	if c := in.DeploymentController; c != nil && *c.Type != r.Controller {
		return unable("UpdateService", "another deploymentController")
	}
	if in.DesiredCount != nil {
		r.Desired, r.Steady = *in.DesiredCount, false
	}
	if in.PropagateTags != nil {
		r.PropagateTags = *in.PropagateTags
	}
	if in.EnableECSManagedTags != nil {
		r.ManagedTags = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		r.ExecuteCommand = *in.EnableExecuteCommand
	}
	if in.HealthCheckGracePeriodSeconds != nil || in.LoadBalancers != nil && len(in.LoadBalancers) == 0 {
		r.GracePeriod = in.HealthCheckGracePeriodSeconds
	}
	if in.PlacementConstraints != nil {
		r.PlacementConstraint = in.PlacementConstraints
	}
	if in.PlacementStrategy != nil {
		r.PlacementStrategy = in.PlacementStrategy
	}
	var err error
	if r.Config, err = mergeConfig("UpdateService", r.Config, in.DeploymentConfiguration, r.Scheduling, r.Controller); err != nil {
		return err
	}
	if in.AvailabilityZoneRebalancing != nil {
		if err := r.setRebalancing(in.AvailabilityZoneRebalancing); err != nil {
			return err
		}
	}
	if r.Controller != controllerECS {
		return t.updateForeign(r, in)
	}
	p, err := t.nextSpec(r, in)
	if err != nil {
		return err
	}
	if err := t.checkService(r, p, in.DesiredCount); err != nil {
		return err
	}
	before := *t.revision(r, r.Revision)
	after := p.revision
	after.ID, after.Created = before.ID, before.Created
	if reflect.DeepEqual(before, after) && !truth(in.ForceNewDeployment) {
		return nil
	}
	p.revision.ID, p.revision.Created = t.newRevisionID(), t.now
	t.putRevision(r, &p.revision)
	t.deploy(r, p.revision.ID, nil)
	return nil
}

// updateForeign checks the update of a service that something else deploys: CodeDeploy, or whoever makes its task sets.
func (t *txn) updateForeign(r *serviceRecord, in *UpdateServiceInput) error {
	switch {
	case in.TaskDefinition != nil && r.Controller == controllerCodeDeploy:
		return invalid("Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
	case in.NetworkConfiguration != nil && r.Controller == controllerCodeDeploy:
		return invalid("Unable to update network parameters on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
	case in.TaskDefinition != nil, in.NetworkConfiguration != nil, in.PlatformVersion != nil, in.LoadBalancers != nil, len(in.CapacityProviderStrategy) > 0:
		return invalid("Unable to update what the tasks of services with a %s deployment controller are made of.", r.Controller)
	case truth(in.ForceNewDeployment):
		return invalid("Cannot force a new deployment on services with a %s deployment controller.", r.Controller)
	case r.Desired < 0:
		return invalid("Desired count must not be negative.")
	}
	return nil
}

// nextSpec lays an update over the service's present revision.
func (t *txn) nextSpec(r *serviceRecord, in *UpdateServiceInput) (*spec, error) {
	c, err := t.cluster(&r.Cluster)
	if err != nil {
		return nil, err
	}
	p := &spec{operation: "UpdateService", cluster: c, revision: *t.revision(r, r.Revision)}
	if in.TaskDefinition != nil {
		if err := p.setDefinition(t, *in.TaskDefinition); err != nil {
			return nil, err
		}
	} else {
		p.definition, _ = t.definition(p.revision.TaskDefinition) // one in use is there, if inactive
	}
	if in.ServiceConnectConfiguration != nil {
		p.revision.Connect = in.ServiceConnectConfiguration
	}
	if in.CapacityProviderStrategy != nil {
		if err := p.changeStrategy(in.CapacityProviderStrategy, truth(in.ForceNewDeployment)); err != nil {
			return nil, err
		}
	}
	if err := p.checkDefinition(); err != nil {
		return nil, err
	}
	if err := p.setPlatform(in.PlatformVersion); err != nil {
		return nil, err
	}
	network := in.NetworkConfiguration
	if network == nil {
		network = p.revision.Network
	}
	if err := p.setNetwork(t, network); err != nil {
		return nil, err
	}
	balancers := in.LoadBalancers
	if balancers == nil {
		balancers = p.revision.LoadBalancers
	}
	if in.LoadBalancers != nil || in.TaskDefinition != nil || in.NetworkConfiguration != nil {
		if err := p.setLoadBalancers(t, balancers); err != nil {
			return nil, err
		}
	}
	var volumes []string
	for _, v := range in.VolumeConfigurations {
		volumes = append(volumes, *v.Name)
	}
	return p, p.checkVolumes(volumes)
}

// changeStrategy takes another capacity provider strategy; an empty one goes back to a launch type.
func (p *spec) changeStrategy(strategy []CapacityProviderStrategyItem, forced bool) error {
	before, launch := p.revision.Strategy, p.revision.LaunchType
	if len(strategy) == 0 {
		if launch == "" {
			p.revision.Strategy, p.revision.LaunchType = nil, fargate
		}
	} else if err := p.setLaunch(nil, strategy); err != nil {
		return err
	}
	if !forced && (launch != p.revision.LaunchType || !reflect.DeepEqual(before, p.revision.Strategy)) {
		return invalid("When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy " +
			"on a service that is already using one, you must force a new deployment.")
	}
	return nil
}
