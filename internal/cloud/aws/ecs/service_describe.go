package ecs

import (
	"context"
	"slices"
)

// DescribeServices shows services, deleted ones too for a while.
func (s *Service) DescribeServices(ctx context.Context, in *DescribeServicesInput) (*DescribeServicesOutput, error) {
	switch {
	case len(in.Services) == 0:
		return nil, invalid("Services cannot be empty.")
	case len(in.Services) > 10:
		return nil, invalid("Services cannot have more than 10 elements.")
	}
	for _, field := range in.Include {
		if err := oneOf("include", &field, "TAGS"); err != nil {
			return nil, err
		}
	}
	out := &DescribeServicesOutput{Services: []ServiceDescription{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		for _, name := range in.Services {
			r, ok := t.serviceIn(c.Name, name)
			if !ok {
				out.Failures = append(out.Failures, missing(arn(t.sc, "service", c.Name+"/"+serviceName(name))))
				continue
			}
			out.Services = append(out.Services, t.renderService(r, slices.Contains(in.Include, "TAGS")))
		}
		return nil
	})
}

// ListServices lists a cluster's services by name.
func (s *Service) ListServices(ctx context.Context, in *ListServicesInput) (*ListServicesOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == nil {
		p.limit = 10
	}
	for _, err := range []error{
		oneOf("launchType", in.LaunchType, ec2, "EXTERNAL", fargate, "MANAGED_INSTANCES"),
		oneOf("schedulingStrategy", in.SchedulingStrategy, daemon, replica),
		oneOf("resourceManagementType", in.ResourceManagementType, "CUSTOMER", "ECS"),
	} {
		if err != nil {
			return nil, err
		}
	}
	out := &ListServicesOutput{ServiceArns: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		found, next := tablePage(t, t.services, c.Name+"/", p, func(r *serviceRecord) bool {
			return r.Status != statusInactive && (in.LaunchType == nil || r.Launch == *in.LaunchType) &&
				(in.SchedulingStrategy == nil || r.Scheduling == *in.SchedulingStrategy) && text(in.ResourceManagementType) != "ECS"
		})
		for _, r := range found {
			out.ServiceArns = append(out.ServiceArns, r.arn(t.sc))
		}
		out.NextToken = next
		return nil
	})
}

// ListServicesByNamespace lists none: without Cloud Map there are no namespaces.
func (s *Service) ListServicesByNamespace(_ context.Context, in *ListServicesByNamespaceInput) (*ListServicesByNamespaceOutput, error) {
	if _, err := pageOf(in.MaxResults, in.NextToken, 100); err != nil {
		return nil, err
	}
	return nil, errNoNamespace()
}

func (t *txn) renderService(r *serviceRecord, tags bool) ServiceDescription {
	v := t.revision(r, r.Revision)
	counts := t.taskCounts(r)
	out := ServiceDescription{
		ServiceArn: new(r.arn(t.sc)), ServiceName: new(r.Name), ClusterArn: new(clusterARN(t.sc, r.Cluster)), Status: new(r.Status),
		DesiredCount: new(r.Desired), RunningCount: new(counts.running), PendingCount: new(counts.pending),
		LoadBalancers: append([]LoadBalancer{}, v.LoadBalancers...), ServiceRegistries: []ServiceRegistry{}, Deployments: []Deployment{},
		DeploymentConfiguration: &r.Config, Events: append([]ServiceEvent{}, r.Events...), CreatedAt: new(r.Created), CreatedBy: optional(r.CreatedBy),
		PlacementConstraints: append([]PlacementConstraint{}, r.PlacementConstraint...),
		PlacementStrategy:    append([]PlacementStrategy{}, r.PlacementStrategy...), HealthCheckGracePeriodSeconds: r.GracePeriod,
		SchedulingStrategy: new(r.Scheduling), DeploymentController: &DeploymentController{Type: new(r.Controller)}, EnableECSManagedTags: new(r.ManagedTags),
		PropagateTags: new(r.PropagateTags), EnableExecuteCommand: new(r.ExecuteCommand), AvailabilityZoneRebalancing: new(r.Rebalancing),
		RoleArn: optional(r.Role), NetworkConfiguration: v.Network, TaskDefinition: optional(v.TaskDefinition), LaunchType: optional(v.LaunchType),
		CapacityProviderStrategy: v.Strategy, PlatformVersion: optional(v.Platform), PlatformFamily: optional(v.Family), ResourceManagementType: new("CUSTOMER"),
	}
	if r.GracePeriod == nil && len(v.LoadBalancers) > 0 {
		out.HealthCheckGracePeriodSeconds = new(int64(0))
	}
	if tags {
		out.Tags = t.tagList(r.arn(t.sc))
	}
	if r.Controller != controllerECS {
		out.TaskSets = t.renderTaskSets(r, counts)
		return out
	}
	for i := range r.Deployments {
		out.Deployments = append(out.Deployments, t.renderDeployment(r, &r.Deployments[i], counts.of[r.Deployments[i].Revision]))
	}
	if r.Rollout != "" && r.Status != statusInactive {
		out.CurrentServiceDeployment = new(r.rolloutARN(t.sc, r.Rollout))
		for i := range r.Deployments {
			d := &r.Deployments[i]
			n := counts.of[d.Revision]
			out.CurrentServiceRevisions = append(out.CurrentServiceRevisions, ServiceCurrentRevisionSummary{
				Arn: new(r.revisionARN(t.sc, d.Revision)), RequestedTaskCount: new(d.Desired), RunningTaskCount: new(n.running), PendingTaskCount: new(n.pending),
			})
		}
	}
	return out
}

// optional gives nil for what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// renderTaskSets shows the deployments of a service that CodeDeploy deploys.
func (t *txn) renderTaskSets(r *serviceRecord, counts serviceCounts) []TaskSet {
	out := []TaskSet{}
	for _, d := range r.Deployments {
		v, n := t.revision(r, d.Revision), counts.of[d.Revision]
		stability := "STABILIZING"
		if n.running == d.Desired && n.pending == 0 {
			stability = "STEADY_STATE"
		}
		out = append(out, TaskSet{
			Id: new(d.id()), TaskSetArn: new(arn(t.sc, "task-set", r.key()+"/"+d.id())), ServiceArn: new(r.arn(t.sc)), ClusterArn: new(clusterARN(t.sc, r.Cluster)),
			Status: new(d.Status), TaskDefinition: new(v.TaskDefinition), ComputedDesiredCount: new(d.Desired), RunningCount: new(n.running),
			PendingCount: new(n.pending), CreatedAt: new(d.Created), UpdatedAt: new(d.Updated), LaunchType: optional(v.LaunchType),
			CapacityProviderStrategy: v.Strategy, PlatformVersion: optional(platformVersion(v)), PlatformFamily: optional(v.Family),
			NetworkConfiguration: v.Network, LoadBalancers: v.LoadBalancers, ServiceRegistries: []ServiceRegistry{}, StabilityStatus: &stability,
			StabilityStatusAt: new(d.Updated), Scale: &Scale{Value: new(100.0), Unit: new("PERCENT")}, Tags: []Tag{},
		})
	}
	return out
}
