package release_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
	"atoll/internal/release"
)

// quiet shows nothing.
type quiet struct{ steps []string }

func (q *quiet) Step(name string, f func() (string, error)) error {
	q.steps = append(q.steps, name)
	_, err := f()
	return err
}

func (*quiet) Text(string, string) {}

const (
	repository = "111111111111.dkr.ecr.us-east-1.amazonaws.com/shop-dev/app"
	first      = repository + "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
	second     = repository + "@sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// shop is an environment whose services and jobs run the first image.
type shop struct {
	t       *testing.T
	clients *inspect.Clients
	ssm     *ssm.Client
	shown   quiet
}

func newShop(t *testing.T) *shop {
	t.Helper()
	cloud := cloudtest.Start(t)
	s := &shop{t: t, clients: inspect.NewClients(cloud.Config()), ssm: ssm.NewFromConfig(cloud.Config())}
	inspecttest.New(t, cloud.Config())
	s.owns(first)
	r := s.release()
	for _, service := range r.Services { // they run the stand-in of the test's environment so far
		s.run(service, first)
	}
	return s
}

func (s *shop) owns(image string) {
	s.t.Helper()
	inspecttest.Must(s.ssm.PutParameter(s.t.Context(), &ssm.PutParameterInput{Name: aws.String("/shop-dev/image/app"), Value: &image, Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)}))(s.t)
}

// run has a service run an image.
func (s *shop) run(service inspect.Service, image string) {
	s.t.Helper()
	d := inspecttest.Must(s.clients.ECS.DescribeTaskDefinition(s.t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.Detail.TaskDefinition}))(s.t).TaskDefinition
	d.ContainerDefinitions[0].Image = &image
	out := inspecttest.Must(s.clients.ECS.RegisterTaskDefinition(s.t.Context(), &ecs.RegisterTaskDefinitionInput{Family: d.Family, ContainerDefinitions: d.ContainerDefinitions, Cpu: d.Cpu, Memory: d.Memory,
		NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities, ExecutionRoleArn: d.ExecutionRoleArn, TaskRoleArn: d.TaskRoleArn}))(s.t)
	inspecttest.Must(s.clients.ECS.UpdateService(s.t.Context(), &ecs.UpdateServiceInput{Cluster: &service.Cluster, Service: &service.Name, TaskDefinition: out.TaskDefinition.TaskDefinitionArn}))(s.t)
}

func (s *shop) release() *release.Release {
	s.t.Helper()
	e := inspecttest.Must(inspect.Load(s.t.Context(), s.clients, inspecttest.Project, inspecttest.Environment))(s.t)
	r := release.New(e, &s.shown)
	r.Pause = time.Millisecond
	return r
}

// images gives what the services run, by name.
func (s *shop) images() map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, service := range s.release().Services {
		d := inspecttest.Must(s.clients.ECS.DescribeTaskDefinition(s.t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.Detail.TaskDefinition}))(s.t)
		out[service.Name] = *d.TaskDefinition.ContainerDefinitions[0].Image
	}
	return out
}

func TestDeployAndBack(t *testing.T) {
	s := newShop(t)
	if _, err := s.release().Before(t.Context(), "app"); err == nil || !strings.Contains(err.Error(), "one image") {
		t.Errorf("before the first deployment: %v", err)
	}
	if err := s.release().Deploy(t.Context(), "app", second); err != nil {
		t.Fatal(err)
	}
	if got := s.images(); got["web"] != second || got["worker"] != second {
		t.Errorf("got %v", got)
	}
	r := s.release()
	if got, err := r.Current(t.Context(), "app"); err != nil || got != second {
		t.Errorf("the parameter has %s, %v", got, err)
	}
	before, err := r.Before(t.Context(), "app")
	if err != nil || before != first {
		t.Fatalf("before: %s, %v", before, err)
	}
	if err := r.Deploy(t.Context(), "app", before); err != nil {
		t.Fatal(err)
	}
	if got := s.images(); got["web"] != first {
		t.Errorf("got %v", got)
	}
}

// An interrupted deployment leaves what was.
func TestInterruptedDeployment(t *testing.T) {
	s := newShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := s.release()
	r.Shown = &interrupting{cancel: cancel, at: "service web"}
	if err := r.Deploy(ctx, "app", second); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := s.images(); got["web"] != first || got["worker"] != first {
		t.Errorf("got %v", got)
	}
	if got, err := s.release().Current(t.Context(), "app"); err != nil || got != first {
		t.Errorf("the parameter has %s, %v", got, err)
	}
	families := inspecttest.Must(s.clients.ECS.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusActive}))(t)
	for _, arn := range families.TaskDefinitionArns {
		d := inspecttest.Must(s.clients.ECS.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn}))(t)
		if *d.TaskDefinition.ContainerDefinitions[0].Image == second {
			t.Errorf("%s is left", arn)
		}
	}
}

// interrupting ends a context when a step begins.
type interrupting struct {
	cancel context.CancelFunc
	at     string
}

func (i *interrupting) Step(name string, f func() (string, error)) error {
	if name == i.at {
		i.cancel()
	}
	_, err := f()
	return err
}

func (*interrupting) Text(string, string) {}

func TestDeployRefuses(t *testing.T) {
	s := newShop(t)
	if err := s.release().Deploy(t.Context(), "none", second); err == nil || !strings.Contains(err.Error(), "has no repository none") {
		t.Errorf("got %v", err)
	}
}
