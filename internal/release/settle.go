package release

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Settle waits until all services run what they are to run, as after a change by Terraform. A *Failure tells of one that does not get there.
func (r *Release) Settle(ctx context.Context) error {
	for i := range r.Services {
		s := &r.Services[i]
		err := r.Shown.Step("service "+s.Name, func() (string, error) {
			u := &unit{service: s, name: s.Name}
			now, err := r.describe(ctx, u)
			if err != nil {
				return "", err
			}
			u.next = aws.ToString(now.TaskDefinition)
			found, err := r.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &u.next})
			if err != nil {
				return "", fmt.Errorf("reading the task definition of %s: %w", u.name, err)
			}
			u.task = found.TaskDefinition
			return r.await(ctx, u)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gaveUp words that ECS has given a deployment up: it goes back where there is something to go back to.
func gaveUp(u *unit, s *types.Service) string {
	if aws.ToString(s.TaskDefinition) == u.next {
		return fmt.Sprintf("the service %s does not run: ECS has given its deployment up", u.name)
	}
	return fmt.Sprintf("the new image does not work in the service %s: ECS has rolled it back", u.name)
}
