package inspect

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Service is an ECS service with its tasks.
type Service struct {
	Name, Cluster string
	Detail        types.Service
	Tasks         []Task // those that are to run, on their way up or down among them
}

// Task is a task of a service or of its own.
type Task struct {
	ID        string
	Interface string     // eni-...; empty until it is attached
	Address   netip.Addr // private; invalid until it is known
	Detail    types.Task
}

// Running reports whether the task's containers run.
func (t *Task) Running() bool { return aws.ToString(t.Detail.LastStatus) == "RUNNING" }

// Subnets gives where the service's tasks are put.
func (s *Service) Subnets() []string {
	if n := s.Detail.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		return n.AwsvpcConfiguration.Subnets
	}
	return nil
}

// Groups gives the security groups of the service's tasks.
func (s *Service) Groups() []string {
	if n := s.Detail.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		return n.AwsvpcConfiguration.SecurityGroups
	}
	return nil
}

// PublicIP reports whether its tasks get public addresses.
func (s *Service) PublicIP() bool {
	n := s.Detail.NetworkConfiguration
	return n != nil && n.AwsvpcConfiguration != nil && n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
}

// Port gives the container port that the load balancer sends requests to, 0 without one.
func (s *Service) Port() int {
	for _, lb := range s.Detail.LoadBalancers {
		if lb.ContainerPort != nil {
			return int(*lb.ContainerPort)
		}
	}
	return 0
}

// TargetGroups gives the ARNs of the target groups that its tasks are registered with.
func (s *Service) TargetGroups() []string {
	var out []string
	for _, lb := range s.Detail.LoadBalancers {
		if lb.TargetGroupArn != nil {
			out = append(out, *lb.TargetGroupArn)
		}
	}
	return out
}

// AWS's bounds of what is described in one call.
const (
	servicesAtOnce = 10
	tasksAtOnce    = 100
)

func (e *Environment) loadContainers(ctx context.Context) error {
	for _, arn := range e.Tagged("ecs", "cluster/") {
		e.Clusters = append(e.Clusters, last(arn))
	}
	if len(e.Clusters) == 0 {
		out, err := e.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{e.Prefix()}})
		if err != nil {
			return fmt.Errorf("looking for the cluster: %w", err)
		}
		for _, c := range out.Clusters {
			if aws.ToString(c.Status) == "ACTIVE" {
				e.Clusters = append(e.Clusters, *c.ClusterName)
			}
		}
	}
	for _, cluster := range e.Clusters {
		if err := e.loadServices(ctx, cluster); err != nil {
			return err
		}
	}
	slices.SortFunc(e.Services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (e *Environment) loadServices(ctx context.Context, cluster string) error {
	var arns []string
	for pages := ecs.NewListServicesPaginator(e.ECS, &ecs.ListServicesInput{Cluster: &cluster}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the services of %s: %w", cluster, err)
		}
		arns = append(arns, page.ServiceArns...)
	}
	tasks, err := e.Tasks(ctx, &ecs.ListTasksInput{Cluster: &cluster})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(arns, servicesAtOnce) {
		out, err := e.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: batch})
		if err != nil {
			return fmt.Errorf("describing the services of %s: %w", cluster, err)
		}
		for _, s := range out.Services {
			if aws.ToString(s.Status) == "INACTIVE" {
				continue
			}
			v := Service{Name: aws.ToString(s.ServiceName), Cluster: cluster, Detail: s}
			for _, t := range tasks {
				if aws.ToString(t.Detail.Group) == "service:"+v.Name {
					v.Tasks = append(v.Tasks, t)
				}
			}
			e.Services = append(e.Services, v)
		}
	}
	return nil
}

// Tasks gives the tasks that a list of ECS has, described, in the order in which they were made.
func (c *Clients) Tasks(ctx context.Context, in *ecs.ListTasksInput) ([]Task, error) {
	var arns []string
	for pages := ecs.NewListTasksPaginator(c.ECS, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the tasks of %s: %w", aws.ToString(in.Cluster), err)
		}
		arns = append(arns, page.TaskArns...)
	}
	var out []Task
	for batch := range slices.Chunk(arns, tasksAtOnce) {
		described, err := c.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: in.Cluster, Tasks: batch})
		if err != nil {
			return nil, fmt.Errorf("describing the tasks of %s: %w", aws.ToString(in.Cluster), err)
		}
		for _, t := range described.Tasks {
			out = append(out, newTask(t))
		}
	}
	slices.SortFunc(out, func(a, b Task) int { return aws.ToTime(a.Detail.CreatedAt).Compare(aws.ToTime(b.Detail.CreatedAt)) })
	return out, nil
}

// newTask reads a task's network interface out of its attachment.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attachment.html
func newTask(t types.Task) Task {
	out := Task{ID: last(aws.ToString(t.TaskArn)), Detail: t}
	for _, a := range t.Attachments {
		if aws.ToString(a.Type) != "ElasticNetworkInterface" {
			continue
		}
		for _, d := range a.Details {
			switch aws.ToString(d.Name) {
			case "networkInterfaceId":
				out.Interface = aws.ToString(d.Value)
			case "privateIPv4Address":
				if addr, err := netip.ParseAddr(aws.ToString(d.Value)); err == nil {
					out.Address = addr
				}
			}
		}
	}
	return out
}
