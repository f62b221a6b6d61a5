package inspect

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Protected words what AWS would refuse to delete, since it is protected against that. A destroy that began would stop there, with the rest gone.
func (e *Environment) Protected(ctx context.Context) ([]string, error) {
	var out []string
	for _, d := range e.Databases {
		if aws.ToBool(d.Detail.DeletionProtection) {
			out = append(out, "the database "+d.ID)
		}
	}
	if e.LoadBalancer == nil {
		return out, nil
	}
	got, err := e.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &e.LoadBalancer.ARN})
	if err != nil {
		return nil, fmt.Errorf("asking for the attributes of %s: %w", e.LoadBalancer.Name, err)
	}
	if slices.ContainsFunc(got.Attributes, func(a types.LoadBalancerAttribute) bool {
		return aws.ToString(a.Key) == "deletion_protection.enabled" && aws.ToString(a.Value) == "true"
	}) {
		out = append(out, "the load balancer "+e.LoadBalancer.Name)
	}
	return out, nil
}
