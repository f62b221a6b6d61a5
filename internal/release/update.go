package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// update has the services run their new revisions, and waits until they do. If one does not get there, all go back.
func (r *Release) update(ctx context.Context, units []*unit) error {
	var services []*unit
	for _, u := range units {
		if u.service != nil {
			services = append(services, u)
		}
	}
	for _, u := range services {
		if err := r.set(ctx, u, u.next); err != nil {
			return errors.Join(err, r.back(ctx, services))
		}
	}
	for _, u := range services {
		err := r.Shown.Step("service "+u.name, func() (string, error) { return r.await(ctx, u) })
		if err != nil {
			return errors.Join(err, r.back(ctx, services))
		}
	}
	return nil
}

func (r *Release) set(ctx context.Context, u *unit, revision string) error {
	_, err := r.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &u.service.Cluster, Service: &u.service.Name, TaskDefinition: &revision})
	if err != nil {
		return fmt.Errorf("updating the service %s: %w", u.name, err)
	}
	return nil
}

// back has the services run what they ran before. It goes on after an interruption.
func (r *Release) back(ctx context.Context, services []*unit) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	var errs []error
	for _, u := range services {
		s, err := r.describe(late, u)
		switch {
		case err != nil:
			errs = append(errs, err)
		case aws.ToString(s.TaskDefinition) == u.next: // ECS has not rolled it back by itself
			errs = append(errs, r.set(late, u, u.previous))
		}
	}
	return errors.Join(errs...)
}

func (r *Release) describe(ctx context.Context, u *unit) (*types.Service, error) {
	out, err := r.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &u.service.Cluster, Services: []string{u.service.Name}})
	if err != nil {
		return nil, fmt.Errorf("asking for the service %s: %w", u.name, err)
	}
	if len(out.Services) == 0 {
		return nil, fmt.Errorf("the service %s is gone", u.name)
	}
	return &out.Services[0], nil
}

// await waits until a service runs its new revision, and nothing else.
func (r *Release) await(ctx context.Context, u *unit) (string, error) {
	for {
		s, err := r.describe(ctx, u)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(s.Deployments, func(d types.Deployment) bool { return aws.ToString(d.TaskDefinition) == u.next })
		switch {
		case i < 0 || s.Deployments[i].RolloutState == types.DeploymentRolloutStateFailed || aws.ToString(s.Deployments[i].Status) != "PRIMARY":
			return "", r.rolledBack(ctx, u, s)
		case s.Deployments[i].RolloutState == types.DeploymentRolloutStateCompleted:
			return fmt.Sprintf("%d of %d tasks run it", s.Deployments[i].RunningCount, s.DesiredCount), nil
		}
		d := s.Deployments[i]
		text := fmt.Sprintf("service %s: %d of %d new tasks run", u.name, d.RunningCount, s.DesiredCount)
		if d.FailedTasks > 0 {
			text += fmt.Sprintf(", %d failed", d.FailedTasks)
		}
		r.Shown.Text("service "+u.name, text)
		if err := r.wait(ctx); err != nil {
			return "", err
		}
	}
}

// rolledBack tells why ECS has given up a new revision.
func (r *Release) rolledBack(ctx context.Context, u *unit, s *types.Service) error {
	what := gaveUp(u, s)
	tasks, err := r.Tasks(ctx, &ecs.ListTasksInput{Cluster: &u.service.Cluster, ServiceName: &u.service.Name, DesiredStatus: types.DesiredStatusStopped})
	if err != nil {
		return errors.Join(&Failure{What: what, Service: u.name}, err)
	}
	for _, t := range slices.Backward(tasks) {
		if aws.ToString(t.Detail.TaskDefinitionArn) == u.next {
			return r.failure(ctx, what, u, t)
		}
	}
	f := &Failure{What: what, Service: u.name}
	for _, e := range s.Events {
		if m := aws.ToString(e.Message); strings.Contains(m, "failed") || strings.Contains(m, "unable") {
			f.Container = m
			break
		}
	}
	return f
}
