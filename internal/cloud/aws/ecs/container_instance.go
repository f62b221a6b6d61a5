package ecs

import "context"

// ListContainerInstances lists none: there are no instances to register.
func (s *Service) ListContainerInstances(ctx context.Context, in *ListContainerInstancesInput) (*ListContainerInstancesOutput, error) {
	if _, err := pageOf(in.MaxResults, in.NextToken, 100); err != nil {
		return nil, err
	}
	return &ListContainerInstancesOutput{ContainerInstanceArns: []string{}}, s.view(ctx, func(t *txn) error {
		_, err := t.cluster(in.Cluster)
		return err
	})
}

// DescribeContainerInstances finds none of the instances asked for.
func (s *Service) DescribeContainerInstances(ctx context.Context, in *DescribeContainerInstancesInput) (*DescribeContainerInstancesOutput, error) {
	if len(in.ContainerInstances) == 0 {
		return nil, invalid("Container instances can not be empty.")
	}
	out := &DescribeContainerInstancesOutput{ContainerInstances: []ContainerInstance{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		for _, instance := range in.ContainerInstances {
			out.Failures = append(out.Failures, missing(arn(t.sc, "container-instance", c.Name+"/"+last(instance))))
		}
		return nil
	})
}
