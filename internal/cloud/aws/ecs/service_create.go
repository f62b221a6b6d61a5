package ecs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// digest is a fingerprint of an input, by which a repeated call is known.
func digest(in any) (string, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("taking the digest of an input: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// CreateService makes a service and deploys it for the first time. The same call again gives the same service.
func (s *Service) CreateService(ctx context.Context, in *CreateServiceInput) (*CreateServiceOutput, error) {
	if !names.MatchString(*in.ServiceName) {
		return nil, invalid("The service name is not valid. It can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkUnsupported("CreateService", in.ServiceRegistries, in.ServiceConnectConfiguration, in.VpcLatticeConfigurations, in.GatewayConnectors, in.Monitoring); err != nil {
		return nil, err
	}
	plain := *in
	plain.ClientToken = nil
	sum, err := digest(&plain)
	if err != nil {
		return nil, err
	}
	out := &CreateServiceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		r, ok := t.services.Get(t.tx, t.sc, c.Name+"/"+*in.ServiceName)
		switch {
		case ok && r.Status == statusDraining:
			return invalid("Unable to Start a service that is still Draining.")
		case ok && r.Status == statusActive && r.Input != sum:
			return invalid("Creation of service was not idempotent.")
		case !ok || r.Status == statusInactive:
			if r, err = t.createService(c, in); err != nil {
				return err
			}
			r.Input = sum
			t.putService(r)
			state.SetTags(t.tx, r.arn(t.sc), tags)
			if r.Revision != "" {
				t.deploy(r, r.Revision, nil)
			}
			t.settle(r)
			t.putService(r)
		}
		out.Service = new(t.renderService(r, true))
		return nil
	})
}

// createService checks the input and makes the records of the service and its first revision.
func (t *txn) createService(c *clusterRecord, in *CreateServiceInput) (*serviceRecord, error) {
	r := &serviceRecord{
		Cluster: c.Name, Name: *in.ServiceName, Status: statusActive, Created: t.now, CreatedBy: t.caller, Scheduling: replica, Controller: controllerECS,
		Desired: number(in.DesiredCount), GracePeriod: in.HealthCheckGracePeriodSeconds, PlacementConstraint: in.PlacementConstraints,
		PlacementStrategy: in.PlacementStrategy, ManagedTags: truth(in.EnableECSManagedTags), ExecuteCommand: truth(in.EnableExecuteCommand),
		PropagateTags: "NONE",
	}
	if in.SchedulingStrategy != nil {
		r.Scheduling = *in.SchedulingStrategy
	}
	if in.DeploymentController != nil {
		r.Controller = *in.DeploymentController.Type
	}
	if in.PropagateTags != nil {
		r.PropagateTags = *in.PropagateTags
	}
	if err := checkServiceEnums(r, in); err != nil {
		return nil, err
	}
	t.dropHistory(r)
	if r.Controller == controllerExternal {
		return r, t.checkExternal(r, in)
	}
	p := &spec{operation: "CreateService", cluster: c, revision: revisionRecord{ID: t.newRevisionID(), Created: t.now, Connect: in.ServiceConnectConfiguration}}
	if in.TaskDefinition == nil {
		return nil, invalid("Task definition cannot be null.")
	}
	var volumes []string
	for _, v := range in.VolumeConfigurations {
		volumes = append(volumes, *v.Name)
	}
	for _, step := range []func() error{
		func() error { return p.setDefinition(t, *in.TaskDefinition) },
		func() error { return p.setLaunch(in.LaunchType, in.CapacityProviderStrategy) },
		p.checkDefinition,
		func() error { return p.setPlatform(in.PlatformVersion) },
		func() error { return p.setNetwork(t, in.NetworkConfiguration) },
		func() error { return p.setLoadBalancers(t, in.LoadBalancers) },
		func() error { return p.checkVolumes(volumes) },
		func() error { return t.checkService(r, p, in.DesiredCount) },
		func() error { return r.setRole(t, p, in.Role) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var err error
	if r.Config, err = mergeConfig(p.operation, defaultConfig(r.Scheduling, r.Controller), in.DeploymentConfiguration, r.Scheduling, r.Controller); err != nil {
		return nil, err
	}
	if err := r.setRebalancing(in.AvailabilityZoneRebalancing); err != nil {
		return nil, err
	}
	t.putRevision(r, &p.revision)
	return r, nil
}

func checkServiceEnums(r *serviceRecord, in *CreateServiceInput) error {
	for _, err := range []error{
		oneOf("schedulingStrategy", &r.Scheduling, daemon, replica),
		oneOf("deploymentController.type", &r.Controller, controllerCodeDeploy, controllerECS, controllerExternal),
		oneOf("propagateTags", &r.PropagateTags, "NONE", "SERVICE", "TASK_DEFINITION"),
		oneOf("availabilityZoneRebalancing", in.AvailabilityZoneRebalancing, "DISABLED", "ENABLED"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkService checks what a service's settings ask of each other and of its tasks.
func (t *txn) checkService(r *serviceRecord, p *spec, desired *int64) error {
	switch {
	case r.Scheduling == daemon && p.revision.onFargate():
		return invalid("The daemon scheduling strategy is not supported for Fargate. Use the replica scheduling strategy and try again.")
	case r.Scheduling == daemon && desired != nil:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again")
	case r.Scheduling == daemon && r.Controller != controllerECS:
		return invalid("The daemon scheduling strategy requires the deployment controller ECS.")
	case r.Desired < 0:
		return invalid("Desired count must not be negative.")
	case r.Scheduling == replica && desired == nil && p.operation == "CreateService":
		return invalid("Desired count cannot be null for the replica scheduling strategy.")
	case r.Desired > 5000:
		return invalid("The desired count exceeds the service's quota of 5000 tasks.")
	case r.GracePeriod != nil && len(p.revision.LoadBalancers) == 0:
		return invalid("Health check grace period is only valid for services configured to use load balancers")
	case r.GracePeriod != nil && (*r.GracePeriod < 0 || *r.GracePeriod > 2_147_483_647):
		return invalid("Health check grace period must be between 0 and 2,147,483,647 seconds.")
	case r.Controller == controllerCodeDeploy && len(p.revision.LoadBalancers) == 0:
		return invalid("The deployment controller CODE_DEPLOY requires a load balancer.")
	case r.ExecuteCommand && p.definition.TaskDefinition.TaskRoleArn == nil:
		return invalid("The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.")
	}
	return checkPlacement(r.PlacementConstraint, r.PlacementStrategy, p.revision.onFargate(), r.Scheduling)
}

// checkExternal checks a service whose tasks come from task sets alone: it says nothing of tasks itself.
func (t *txn) checkExternal(r *serviceRecord, in *CreateServiceInput) error {
	switch {
	case r.Scheduling == daemon:
		return invalid("The daemon scheduling strategy requires the deployment controller ECS.")
	case in.TaskDefinition != nil, in.LaunchType != nil, in.PlatformVersion != nil, in.NetworkConfiguration != nil, len(in.LoadBalancers) > 0,
		len(in.CapacityProviderStrategy) > 0, len(in.VolumeConfigurations) > 0:
		return invalid("When creating a service using the EXTERNAL deployment controller, you can specify only parameters that aren't controlled at the task set level.")
	}
	var err error
	if r.Config, err = mergeConfig("CreateService", defaultConfig(r.Scheduling, r.Controller), in.DeploymentConfiguration, r.Scheduling, r.Controller); err != nil {
		return err
	}
	return r.setRebalancing(new("DISABLED"))
}

func (t *txn) serviceLinkedRole() string {
	return "arn:aws:iam::" + t.sc.Account + ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
}

// setRole takes the role for registering instances in a load balancer; network interfaces need AWS's own.
func (r *serviceRecord) setRole(t *txn, p *spec, role *string) error {
	awsvpc := p.definition.networkMode() == "awsvpc"
	switch {
	case text(role) == "":
		if awsvpc || len(p.revision.LoadBalancers) > 0 {
			r.Role = t.serviceLinkedRole()
		}
		return nil
	case awsvpc:
		return invalid("You cannot specify an IAM role for services that require a service linked role.")
	case len(p.revision.LoadBalancers) == 0:
		return invalid("An IAM role can only be specified for a service that uses a load balancer.")
	}
	full, err := t.roleARN(role)
	if err != nil {
		return invalid("Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.")
	}
	found, ok := t.d.Roles.Role(t.tx, *full)
	if !ok || !found.Trusts("ecs.amazonaws.com", auth.Source(t.sc.Account, r.arn(t.sc))) {
		return invalid("Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.")
	}
	r.Role = *full
	return nil
}

// setRebalancing takes whether tasks are to be spread over zones again and again, which AWS does where it can.
func (r *serviceRecord) setRebalancing(given *string) error {
	possible := r.Scheduling == replica && number(r.Config.MaximumPercent) > 100
	switch {
	case text(given) == "ENABLED" && !possible:
		return invalid("Availability Zone rebalancing can only be ENABLED for services with the replica scheduling strategy and a maximumPercent greater than 100.")
	case given != nil:
		r.Rebalancing = *given
	case possible:
		r.Rebalancing = "ENABLED"
	default:
		r.Rebalancing = "DISABLED"
	}
	return nil
}
