//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// project is a user's folder in which 'atoll init' has run.
type project struct {
	t     *testing.T
	cloud *localCloud
	dir   string
}

func newProject(t *testing.T, c *localCloud) *project {
	t.Helper()
	need(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	p := &project{t: t, cloud: c, dir: t.TempDir()}
	p.atoll("init", "--project", "shop", "--region", "eu-west-1").must(0)
	return p
}

// atoll runs a command in the project, with the test's cloud.
func (p *project) atoll(args ...string) result {
	p.t.Helper()
	return runIn(p.t, p.dir, []string{"ATOLL_CLOUD_DIR=" + p.cloud.dir}, atoll, args...)
}

// edit replaces text in a file of infra/environment.
func (p *project) edit(name, old, replacement string) {
	p.t.Helper()
	path := filepath.Join(p.dir, "infra", "environment", name)
	raw, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		p.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), old, replacement, 1)), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// planned gives the effects that a plan of dev has, by address.
func (p *project) planned() map[string]string {
	p.t.Helper()
	var s struct {
		Parts []struct {
			Items []struct{ Address, Effect string }
		}
	}
	if err := json.Unmarshal([]byte(p.atoll("plan", "dev", "--json").must(0)), &s); err != nil {
		p.t.Fatal(err)
	}
	effects := map[string]string{}
	for _, part := range s.Parts {
		for _, i := range part.Items {
			effects[i.Address] = i.Effect
		}
	}
	return effects
}

func (p *project) unchanged(environment string) {
	p.t.Helper()
	if r := p.atoll("plan", environment, "--detailed-exitcode"); r.code != 0 {
		p.t.Errorf("a plan of %s is not empty: exit code %d\n%s\n%s", environment, r.code, r.stdout, r.stderr)
	}
}

// outputs of an environment, decoded into to.
func (p *project) outputs(environment string, to any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.atoll("output", environment, "--json").must(0)), to); err != nil {
		p.t.Fatal(err)
	}
}

const (
	webTask    = `module.service["web"].module.task.aws_ecs_task_definition.main`
	webService = `module.service["web"].aws_ecs_service.main`
)

// TestEnvironment takes three environments through their lives with atoll: each in an account of its own, changed, deployed to, destroyed.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	dev := c.in("dev")
	before := dev.inventory()
	p := newProject(t, c)
	p.atoll("up", "dev").must(0)
	p.unchanged("dev")
	for _, other := range []string{"staging", "prod"} {
		p.atoll("up", other).must(0)
		p.unchanged(other)
	}
	t.Run("rules of production", func(t *testing.T) { p.standing("prod").safe(t) })
	t.Run("changes", func(t *testing.T) { p.changes(t) })
	t.Run("deployment", func(t *testing.T) { p.deployment(t, dev) })

	c.kill()
	p.unchanged("dev")

	if r := p.atoll("destroy", "prod", "--yes"); r.code == 0 || !strings.Contains(r.stderr, "protect") {
		t.Errorf("a protected environment was destroyed, or the error does not say why not: exit code %d\n%s", r.code, r.stderr)
	}
	p.unchanged("prod")
	if out := p.atoll("destroy", "dev", "--yes", "--json").must(0); !strings.Contains(out, `"left": []`) {
		t.Errorf("something is left of dev:\n%s", out)
	}
	dev.inventory().same(t, before.without(ownKeys...))
	p.unchanged("staging")
}

// changes plans and applies what users change most, each as AWS does it.
func (p *project) changes(t *testing.T) {
	for _, c := range []struct {
		name, old, replacement string
		want                   map[string]string
	}{
		{"instance class", `instance_class = "db.t4g.micro"`, `instance_class = "db.t4g.small"`,
			map[string]string{"module.database[0].aws_db_instance.main": "changed in place with an interruption"}},
		{"min and max", `scaling  = { min = 1, max = 2 }`, `scaling  = { min = 2, max = 5 }`,
			map[string]string{`module.service["web"].aws_appautoscaling_target.main`: "changed in place"}},
		{"listener rule", `routing  = { paths = ["/*"] }`, `routing  = { paths = ["/shop/*"], priority = 10 }`,
			map[string]string{`module.service["web"].aws_lb_listener_rule.main[0]`: "changed in place"}},
		{"image", `port     = 8080`, "port     = 8080\n    image    = \"public.ecr.aws/docker/library/httpd:2.4\"", map[string]string{
			webTask: "replaced, the new one first", webService: "changed in place",
			`module.service["web"].module.task.aws_iam_role_policy.execution`: "changed in place", // it pulls from no repository any more
		}},
		{"image back", "\n    image    = \"public.ecr.aws/docker/library/httpd:2.4\"", "", map[string]string{
			webTask: "replaced, the new one first", webService: "changed in place",
			`module.service["web"].module.task.aws_iam_role_policy.execution`: "changed in place",
		}},
	} {
		p.edit("dev.tfvars", c.old, c.replacement)
		if got := p.planned(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: planned\n%v, want\n%v", c.name, got, c.want)
		}
		p.atoll("up", "dev").must(0)
		p.unchanged("dev")
	}
}

// deployment puts a new image into service without Terraform, as docs/adr/0005 has it: a plan is empty after it, and a change by
// Terraform keeps the image.
func (p *project) deployment(t *testing.T, c *localCloud) {
	var out struct {
		Cluster    string            `json:"cluster_name"`
		Parameters map[string]string `json:"image_parameters"`
	}
	p.outputs("dev", &out)
	ctx := t.Context()
	const image = "public.ecr.aws/docker/library/httpd:2.4.62"
	containers := ecs.NewFromConfig(c.config())
	for _, service := range []string{"web", "worker"} {
		revision := revise(t, containers, "shop-dev-"+service, image)
		if _, err := containers.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &out.Cluster, Service: aws.String(service), TaskDefinition: revision}); err != nil {
			t.Fatal(err)
		}
	}
	revise(t, containers, "shop-dev-cleanup", image)
	if _, err := ssm.NewFromConfig(c.config()).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(out.Parameters["app"]), Value: aws.String(image), Overwrite: aws.Bool(true),
	}); err != nil {
		t.Fatal(err)
	}
	p.unchanged("dev")

	p.edit("dev.tfvars", "port     = 8080", "port     = 8080\n    memory   = 1024")
	got := p.planned()
	if got[webTask] == "" || got[webService] != "changed in place" || len(got) != 2 {
		t.Errorf("more memory: planned %v", got)
	}
	p.atoll("up", "dev").must(0)
	p.unchanged("dev")
	services, err := containers.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &out.Cluster, Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	now, err := containers.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: services.Services[0].TaskDefinition})
	if err != nil {
		t.Fatal(err)
	}
	if got := *now.TaskDefinition.ContainerDefinitions[0].Image; got != image || *now.TaskDefinition.Memory != "1024" {
		t.Errorf("web runs %s with %s MiB, want the image that was deployed with 1024", got, *now.TaskDefinition.Memory)
	}
}

// revise registers a revision of a task definition that differs from the newest one in the image alone.
func revise(t *testing.T, containers *ecs.Client, family, image string) (arn *string) {
	t.Helper()
	old, err := containers.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &family, Include: []types.TaskDefinitionField{"TAGS"}})
	if err != nil {
		t.Fatal(err)
	}
	d := old.TaskDefinition
	d.ContainerDefinitions[0].Image = &image
	revision, err := containers.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: d.Family, ContainerDefinitions: d.ContainerDefinitions, Cpu: d.Cpu, Memory: d.Memory, NetworkMode: d.NetworkMode,
		RequiresCompatibilities: d.RequiresCompatibilities, ExecutionRoleArn: d.ExecutionRoleArn, TaskRoleArn: d.TaskRoleArn,
		RuntimePlatform: d.RuntimePlatform, Volumes: d.Volumes, Tags: old.Tags,
	})
	if err != nil {
		t.Fatal(err)
	}
	return revision.TaskDefinition.TaskDefinitionArn
}

// TestPlainTerraform makes dev with atoll and takes it down with terraform alone, in the folder where atoll has worked.
func TestPlainTerraform(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	before := c.inventory()
	p := newProject(t, c)
	p.atoll("up", "dev").must(0)
	works, err := filepath.Glob(filepath.Join(p.dir, "infra", ".atoll", "*", "dev", "environment"))
	if err != nil || len(works) != 1 {
		t.Fatalf("the copies are %q, %v", works, err)
	}
	s := &stack{t: t, cloud: c, dir: works[0], args: []string{"-var-file=dev.tfvars"}}
	s.quick()
	s.unchanged()
	s.destroy()
	c.inventory().same(t, before.without(ownKeys...))
}

// TestHandwritten takes a stack of the same architecture that shares nothing with the blueprint through its life.
func TestHandwritten(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	before := c.inventory()
	main, err := os.ReadFile("testdata/handwritten/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	s := newStack(t, c, string(main))
	s.quick()
	s.init()
	s.apply()
	s.unchanged()
	s.args = []string{"-var=db_class=db.t3.small", "-var=web_count=3", "-var=image=public.ecr.aws/docker/library/httpd:2.4.62"}
	got := s.plan()
	for address, want := range map[string][]string{
		"aws_db_instance.db": {"update"}, "aws_appautoscaling_target.web": {"update"}, "aws_ecs_service.web": {"update"}, "aws_ecs_task_definition.web": {"delete", "create"},
	} {
		if !slices.Equal(got[address], want) {
			t.Errorf("%s is planned as %v, want %v", address, got[address], want)
		}
		delete(got, address)
	}
	if len(got) > 0 {
		t.Errorf("also planned: %v", got)
	}
	s.applyPlan()
	s.unchanged()
	s.destroy()
	c.inventory().same(t, before.without(append(ownKeys, "tagged resources")...)) // its own key is deleted after a week
}
