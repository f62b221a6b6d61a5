package status

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"golang.org/x/sync/errgroup"

	"atoll/internal/inspect"
)

// stoppedTasks is how many stopped tasks of a service are told of.
const stoppedTasks = 5

func (l *loader) containers(ctx context.Context) error {
	var mu sync.Mutex
	var tasks []inspect.Task // of all clusters, stopped ones too, the oldest first
	g, all := errgroup.WithContext(ctx)
	for _, cluster := range l.e.Clusters {
		for _, status := range []ecstypes.DesiredStatus{ecstypes.DesiredStatusRunning, ecstypes.DesiredStatusStopped} {
			g.Go(func() error {
				found, err := l.e.Tasks(all, &ecs.ListTasksInput{Cluster: &cluster, DesiredStatus: status})
				mu.Lock()
				defer mu.Unlock()
				tasks = append(tasks, found...)
				return err
			})
		}
	}
	l.s.Services = make([]Service, len(l.e.Services))
	for i := range l.e.Services {
		g.Go(func() (err error) {
			l.s.Services[i], err = l.service(all, &l.e.Services[i])
			return err
		})
	}
	l.s.Jobs = make([]Job, len(l.e.Jobs))
	for i := range l.e.Jobs {
		g.Go(func() (err error) {
			l.s.Jobs[i], err = l.job(all, &l.e.Jobs[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	slices.SortStableFunc(tasks, func(a, b inspect.Task) int {
		return aws.ToTime(a.Detail.CreatedAt).Compare(aws.ToTime(b.Detail.CreatedAt))
	})
	l.spread(tasks)
	return nil
}

// spread gives services and jobs their tasks.
func (l *loader) spread(tasks []inspect.Task) {
	for _, t := range tasks {
		group, told := aws.ToString(t.Detail.Group), task(&t)
		for i := range l.s.Services {
			s := &l.s.Services[i]
			if group != "service:"+s.Name {
				continue
			}
			if told.Stopped != nil && told.Created.Before(aws.ToTime(l.e.Services[i].Detail.CreatedAt)) {
				continue // of a service that had the name before
			}
			if told.Stopped != nil {
				s.Stopped = slices.Insert(s.Stopped, 0, told)
				s.Stopped = s.Stopped[:min(len(s.Stopped), stoppedTasks)]
				continue
			}
			s.Tasks = append(s.Tasks, told)
			if s.Digest == "" && told.Definition == s.Definition {
				s.Digest = digest(&t, s.Image)
			}
		}
		for i := range l.s.Jobs {
			j := &l.s.Jobs[i]
			if family, _, _ := strings.Cut(last(aws.ToString(l.e.Jobs[i].Detail.TaskDefinitionArn)), ":"); group != "family:"+family {
				continue
			}
			if told.Stopped != nil {
				j.Last = &told
			} else {
				j.Running++
			}
		}
	}
}

// service tells of a service, without its tasks.
func (l *loader) service(ctx context.Context, s *inspect.Service) (Service, error) {
	d := s.Detail
	out := Service{Name: s.Name, Desired: int(d.DesiredCount), Running: int(d.RunningCount), Pending: int(d.PendingCount), Definition: last(aws.ToString(d.TaskDefinition)),
		Deployments: []Deployment{}, Tasks: []Task{}, Stopped: []Task{}, Targets: []Target{}}
	if len(d.Events) > 0 {
		out.Event = aws.ToString(d.Events[0].Message)
	}
	for _, x := range d.Deployments {
		out.Deployments = append(out.Deployments, Deployment{ID: aws.ToString(x.Id), Status: aws.ToString(x.Status), State: string(x.RolloutState), Reason: aws.ToString(x.RolloutStateReason),
			Definition: last(aws.ToString(x.TaskDefinition)), Desired: int(x.DesiredCount), Running: int(x.RunningCount), Failed: int(x.FailedTasks),
			Created: aws.ToTime(x.CreatedAt), Updated: aws.ToTime(x.UpdatedAt)})
	}
	if lb := l.e.LoadBalancer; lb != nil {
		for _, arn := range s.TargetGroups() {
			if group, ok := lb.TargetGroup(arn); ok {
				out.Targets = append(out.Targets, targets(group)...)
			}
		}
	}
	found, err := l.e.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: d.TaskDefinition})
	if err != nil {
		return out, fmt.Errorf("reading the task definition of %s: %w", s.Name, err)
	}
	t := found.TaskDefinition
	out.CPU, out.Memory = aws.ToString(t.Cpu), aws.ToString(t.Memory)
	if len(t.ContainerDefinitions) > 0 {
		i := max(0, slices.IndexFunc(t.ContainerDefinitions, func(c ecstypes.ContainerDefinition) bool { return aws.ToString(c.Name) == s.Name }))
		out.Image = aws.ToString(t.ContainerDefinitions[i].Image)
	}
	_, out.Digest, _ = strings.Cut(out.Image, "@")
	return out, nil
}

func targets(g *inspect.TargetGroup) []Target {
	var out []Target
	for _, t := range g.Targets {
		x := Target{Group: g.Name}
		if t.Target != nil {
			x.Address, x.Port = aws.ToString(t.Target.Id), int(aws.ToInt32(t.Target.Port))
		}
		if h := t.TargetHealth; h != nil {
			x.State, x.Reason, x.Text = string(h.State), string(h.Reason), aws.ToString(h.Description)
		}
		out = append(out, x)
	}
	return out
}

func task(t *inspect.Task) Task {
	d := t.Detail
	out := Task{ID: t.ID, Status: aws.ToString(d.LastStatus), Zone: aws.ToString(d.AvailabilityZone), Definition: last(aws.ToString(d.TaskDefinitionArn)),
		Created: aws.ToTime(d.CreatedAt), Started: d.StartedAt, Code: string(d.StopCode), Reason: aws.ToString(d.StoppedReason)}
	if h := string(d.HealthStatus); h != "UNKNOWN" {
		out.Health = h
	}
	if t.Address.IsValid() {
		out.Address = t.Address.String()
	}
	if out.Status == "STOPPED" {
		stopped := since(d.StoppedAt, d.StoppingAt, d.CreatedAt)
		out.Stopped = &stopped
	}
	for _, c := range d.Containers {
		if c.ExitCode != nil && (out.ExitCode == nil || *out.ExitCode == 0) {
			out.ExitCode = aws.Int(int(*c.ExitCode))
		}
		if reason := aws.ToString(c.Reason); reason != "" && out.Container == "" {
			out.Container = reason
		}
	}
	return out
}

// digest gives that of an image in a task that runs it.
func digest(t *inspect.Task, image string) string {
	for _, c := range t.Detail.Containers {
		if aws.ToString(c.Image) == image {
			return aws.ToString(c.ImageDigest)
		}
	}
	return ""
}

func (l *loader) job(ctx context.Context, j *inspect.Job) (Job, error) {
	out := Job{Name: j.Name, Enabled: j.State != eventtypes.RuleStateDisabled}
	rule, err := l.e.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &j.Rule})
	if err != nil {
		return out, fmt.Errorf("asking for the schedule of %s: %w", j.Name, err)
	}
	out.Schedule = aws.ToString(rule.ScheduleExpression)
	return out, nil
}

// last gives what follows the last slash: of a task definition's ARN FAMILY:REVISION, or FAMILY.
func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
