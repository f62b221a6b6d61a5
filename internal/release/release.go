package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"atoll/internal/hint"
	"atoll/internal/inspect"
)

// Shown shows the steps of a release.
type Shown interface {
	// Step runs a step under its name.
	Step(name string, f func() (note string, err error)) error
	// Text says what a step is at.
	Text(name, text string)
}

// Release changes which image an environment runs.
type Release struct {
	*inspect.Environment
	Shown Shown
	// Pause is how long to wait between two looks at what ECS does; 0 takes a second.
	Pause time.Duration

	ssm  *ssm.Client
	logs *cloudwatchlogs.Client
}

// New makes a release of an environment.
func New(e *inspect.Environment, shown Shown) *Release {
	return &Release{Environment: e, Shown: shown, ssm: ssm.NewFromConfig(e.Config), logs: cloudwatchlogs.NewFromConfig(e.Config)}
}

// Migration is the name of the job that runs before the services get a new image.
const Migration = "migrate"

// cleanUpTime bounds what is still done after an interruption.
const cleanUpTime = 2 * time.Minute

// Repository is where images of the environment lie.
type Repository struct {
	Name string // without the environment's prefix, such as app
	URL  string
}

// Parameter is the name of the parameter that says which image of a repository runs.
func (r *Release) Parameter(repository string) string {
	return "/" + r.Prefix() + "/image/" + repository
}

// Current gives the image that runs.
func (r *Release) Current(ctx context.Context, repository string) (string, error) {
	out, err := r.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(r.Parameter(repository))})
	if none := (*ssmtypes.ParameterNotFound)(nil); errors.As(err, &none) {
		return "", hint.Errorf("atoll up "+r.Name, "%s has no repository %s", r.Name, repository)
	}
	if err != nil {
		return "", fmt.Errorf("asking which image runs: %w", err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Before gives the image that ran before the present one.
func (r *Release) Before(ctx context.Context, repository string) (string, error) {
	current, err := r.Current(ctx, repository)
	if err != nil {
		return "", err
	}
	var values []string
	for pages := ssm.NewGetParameterHistoryPaginator(r.ssm, &ssm.GetParameterHistoryInput{Name: aws.String(r.Parameter(repository))}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("reading which images ran: %w", err)
		}
		for _, p := range page.Parameters {
			values = append(values, aws.ToString(p.Value))
		}
	}
	for _, v := range slices.Backward(values) {
		if v != current && strings.Contains(v, "/"+r.Prefix()+"/"+repository) {
			return v, nil
		}
	}
	return "", hint.Errorf("atoll deploy "+r.Name+" --image TAG", "%s has run one image of %s so far: there is nothing to go back to", r.Name, repository)
}

// unit is a service or a job whose tasks get the new image.
type unit struct {
	service  *inspect.Service // nil for a job
	job      *inspect.Job
	name     string
	previous string // ARN of the revision that runs
	next     string // ARN of the new one; empty until it is registered
	task     *ecstypes.TaskDefinition
}

// Deploy puts an image, by its full reference, into all services and jobs that run images of a repository. A *Failure says that the new image does
// not work; the environment then runs what it ran before.
func (r *Release) Deploy(ctx context.Context, repository, image string) (err error) {
	before, err := r.Current(ctx, repository)
	if err != nil {
		return err
	}
	units, err := r.units(ctx, repository, before)
	if err != nil {
		return err
	}
	if len(units) == 0 {
		return hint.Errorf("look at services of the environment's tfvars file: one with an image of its own is not deployed", "nothing in %s runs images of the repository %s", r.Name, repository)
	}
	defer func() {
		if err != nil {
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
			defer cancel()
			err = errors.Join(err, r.deregister(late, units))
		}
	}()
	if err := r.Shown.Step("task definitions", func() (string, error) { return r.register(ctx, units, image) }); err != nil {
		return err
	}
	if err := r.migrate(ctx, units); err != nil {
		return err
	}
	if err := r.update(ctx, units); err != nil {
		return err
	}
	return r.Shown.Step("parameter", func() (string, error) {
		name := r.Parameter(repository)
		_, err := r.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: &image, Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)})
		if err != nil {
			return "", fmt.Errorf("writing down which image runs: %w", err)
		}
		return name, nil
	})
}

// units finds what runs images of a repository, or what the parameter names.
func (r *Release) units(ctx context.Context, repository, current string) ([]*unit, error) {
	var all []*unit
	for i := range r.Services {
		s := &r.Services[i]
		all = append(all, &unit{service: s, name: s.Name, previous: aws.ToString(s.Detail.TaskDefinition)})
	}
	for i := range r.Jobs {
		j := &r.Jobs[i]
		all = append(all, &unit{job: j, name: j.Name, previous: aws.ToString(j.Detail.TaskDefinitionArn)})
	}
	var out []*unit
	for _, u := range all {
		_, name, _ := strings.Cut(u.previous, "/") // a job names the family by an ARN without a revision, which this call does not take
		found, err := r.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
		if err != nil {
			return nil, fmt.Errorf("reading the task definition of %s: %w", u.name, err)
		}
		u.task = found.TaskDefinition
		if slices.ContainsFunc(u.task.ContainerDefinitions, func(c ecstypes.ContainerDefinition) bool { return r.runs(c, repository, current) }) {
			out = append(out, u)
		}
	}
	return out, nil
}

// runs says whether a container's image is one of a repository.
func (r *Release) runs(c ecstypes.ContainerDefinition, repository, current string) bool {
	image := aws.ToString(c.Image)
	_, path, _ := strings.Cut(image, "/")
	path, _, _ = strings.Cut(path, "@")
	path, _, _ = strings.Cut(path, ":")
	return image == current || path == r.Prefix()+"/"+repository && strings.Contains(image, ".dkr.ecr.")
}

// register makes revisions that differ in the image alone.
func (r *Release) register(ctx context.Context, units []*unit, image string) (string, error) {
	made := map[string]string{} // by the revision that they are made of
	for _, u := range units {
		from := aws.ToString(u.task.TaskDefinitionArn)
		if made[from] != "" {
			u.next = made[from]
			continue
		}
		tags, err := r.ECS.ListTagsForResource(ctx, &ecs.ListTagsForResourceInput{ResourceArn: u.task.TaskDefinitionArn})
		if err != nil {
			return "", fmt.Errorf("reading the tags of %s: %w", from, err)
		}
		t := u.task
		containers := slices.Clone(t.ContainerDefinitions)
		for i := range containers {
			if r.isOwn(u, &containers[i]) {
				containers[i].Image = &image
			}
		}
		out, err := r.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
			Family: t.Family, ContainerDefinitions: containers, Cpu: t.Cpu, Memory: t.Memory, NetworkMode: t.NetworkMode, RequiresCompatibilities: t.RequiresCompatibilities,
			ExecutionRoleArn: t.ExecutionRoleArn, TaskRoleArn: t.TaskRoleArn, Volumes: t.Volumes, RuntimePlatform: t.RuntimePlatform, EphemeralStorage: t.EphemeralStorage,
			PlacementConstraints: t.PlacementConstraints, ProxyConfiguration: t.ProxyConfiguration, IpcMode: t.IpcMode, PidMode: t.PidMode, Tags: tags.Tags,
		})
		if err != nil {
			return "", fmt.Errorf("registering the new revision of %s: %w", aws.ToString(t.Family), err)
		}
		u.next = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
		made[from] = u.next
	}
	return fmt.Sprintf("%d revisions", len(made)), nil
}

// isOwn says which of a task's containers gets the image: the one with the service's name, or the only one.
func (r *Release) isOwn(u *unit, c *ecstypes.ContainerDefinition) bool {
	return len(u.task.ContainerDefinitions) == 1 || aws.ToString(c.Name) == u.name
}

// deregister takes back the revisions of a release that failed.
func (r *Release) deregister(ctx context.Context, units []*unit) error {
	var errs []error
	for _, u := range units {
		if u.next == "" {
			continue
		}
		if _, err := r.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &u.next}); err != nil {
			errs = append(errs, fmt.Errorf("taking back the revision %s: %w", u.next, err))
		}
	}
	return errors.Join(errs...)
}

// wait waits a little, or until ctx ends.
func (r *Release) wait(ctx context.Context) error {
	pause := r.Pause
	if pause == 0 {
		pause = time.Second
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
