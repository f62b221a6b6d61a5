package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// LoadBalancer is a load balancer with its listeners and target groups.
type LoadBalancer struct {
	Name, ARN, DNSName string
	Detail             types.LoadBalancer
	Listeners          []types.Listener
	TargetGroups       []TargetGroup
}

// TargetGroup is a target group with the health of its targets.
type TargetGroup struct {
	Name, ARN string
	Detail    types.TargetGroup
	Targets   []types.TargetHealthDescription
}

// Public reports whether the load balancer has public addresses.
func (l *LoadBalancer) Public() bool {
	return l.Detail.Scheme == types.LoadBalancerSchemeEnumInternetFacing
}

// Port gives the port on which it takes requests: that of HTTPS if there is a listener for it, 0 without any.
func (l *LoadBalancer) Port() int {
	port := 0
	for _, x := range l.Listeners {
		if x.Port != nil && (port == 0 || x.Protocol == types.ProtocolEnumHttps) {
			port = int(*x.Port)
		}
	}
	return port
}

// InterfaceDescription is what the network interfaces of the load balancer are described as.
func (l *LoadBalancer) InterfaceDescription() string {
	_, rest, _ := strings.Cut(l.ARN, ":loadbalancer/")
	return "ELB " + rest
}

// TargetGroup gives a target group by its ARN.
func (l *LoadBalancer) TargetGroup(arn string) (*TargetGroup, bool) {
	for i := range l.TargetGroups {
		if l.TargetGroups[i].ARN == arn {
			return &l.TargetGroups[i], true
		}
	}
	return nil, false
}

func (e *Environment) loadBalancer(ctx context.Context) error {
	in := &elb.DescribeLoadBalancersInput{Names: []string{e.Prefix()}}
	if arns := e.Tagged("elasticloadbalancing", "loadbalancer/"); len(arns) > 0 {
		in = &elb.DescribeLoadBalancersInput{LoadBalancerArns: arns[:1]}
	}
	out, err := e.ELB.DescribeLoadBalancers(ctx, in)
	if none := (*types.LoadBalancerNotFoundException)(nil); errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the load balancer: %w", err)
	}
	if len(out.LoadBalancers) == 0 {
		return nil
	}
	lb := out.LoadBalancers[0]
	l := &LoadBalancer{Name: aws.ToString(lb.LoadBalancerName), ARN: aws.ToString(lb.LoadBalancerArn), DNSName: aws.ToString(lb.DNSName), Detail: lb}
	for pages := elb.NewDescribeListenersPaginator(e.ELB, &elb.DescribeListenersInput{LoadBalancerArn: &l.ARN}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the listeners of %s: %w", l.Name, err)
		}
		l.Listeners = append(l.Listeners, page.Listeners...)
	}
	for pages := elb.NewDescribeTargetGroupsPaginator(e.ELB, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &l.ARN}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the target groups of %s: %w", l.Name, err)
		}
		for _, g := range page.TargetGroups {
			health, err := e.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
			if err != nil {
				return fmt.Errorf("asking for the health of %s: %w", aws.ToString(g.TargetGroupName), err)
			}
			l.TargetGroups = append(l.TargetGroups, TargetGroup{Name: aws.ToString(g.TargetGroupName), ARN: aws.ToString(g.TargetGroupArn), Detail: g,
				Targets: health.TargetHealthDescriptions})
		}
	}
	e.LoadBalancer = l
	return nil
}
