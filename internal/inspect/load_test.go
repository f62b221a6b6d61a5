package inspect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
)

func load(t *testing.T, c *inspect.Clients) *inspect.Environment {
	t.Helper()
	return inspecttest.Must(inspect.Load(t.Context(), c, inspecttest.Project, inspecttest.Environment))(t)
}

func TestLoad(t *testing.T) {
	cloud := cloudtest.Start(t)
	clients := inspect.NewClients(cloud.Config())
	if e := load(t, clients); !e.Empty() {
		t.Errorf("before there is anything: %+v", e)
	}
	s := inspecttest.New(t, cloud.Config())
	check := func(e *inspect.Environment) {
		t.Helper()
		if got := strings.Join(e.ServiceNames(), " "); got != "web worker" || e.Prefix() != "shop-dev" || e.Empty() {
			t.Errorf("the services of %s are %s", e.Prefix(), got)
		}
		web, ok := e.Service("web")
		if !ok || web.Cluster != "shop-dev" || web.Port() != 8080 || len(web.Tasks) != 2 || web.PublicIP() || strings.Join(web.Groups(), " ") != s.Groups["web"] ||
			len(web.Subnets()) != 2 || strings.Join(web.TargetGroups(), " ") != s.TargetGroup {
			t.Fatalf("web is %+v", web)
		}
		for _, task := range web.Tasks {
			if !task.Running() || !strings.HasPrefix(task.Interface, "eni-") || !task.Address.IsPrivate() || len(task.ID) != 32 {
				t.Errorf("a task is %+v", task)
			}
		}
		if worker, _ := e.Service("worker"); worker.Port() != 0 {
			t.Error("the worker has a port")
		}
		if _, ok := e.Service("none"); ok {
			t.Error("there is a service none")
		}
		job, ok := e.Job("report")
		if !ok || len(e.Jobs) != 1 || job.Rule != "shop-dev-report" || strings.Join(job.Groups(), " ") != s.Groups["report"] || len(job.Subnets()) != 2 || job.PublicIP() {
			t.Errorf("the jobs are %+v", e.Jobs)
		}
		lb := e.LoadBalancer
		if lb == nil || lb.Name != "shop-dev" || !lb.Public() || lb.Port() != 80 || !strings.HasPrefix(lb.InterfaceDescription(), "ELB app/shop-dev/") {
			t.Fatalf("the load balancer is %+v", lb)
		}
		if g, ok := lb.TargetGroup(s.TargetGroup); !ok || g.Name != "shop-dev-web" || len(g.Targets) != 2 {
			t.Errorf("the target groups are %+v", lb.TargetGroups)
		}
		db := e.Database()
		if db == nil || db.ID != "shop-dev" || db.Port != 5432 || db.Replica() || strings.Join(db.Groups(), " ") != s.Groups["database"] || len(db.Subnets()) != 2 {
			t.Errorf("the database is %+v", db)
		}
	}
	e := load(t, s.Clients)
	check(e)
	if len(e.Tagged("ec2", "vpc/")) != 1 || len(e.Tagged("ec2", "subnet/")) != 4 {
		t.Errorf("of the network there are %v", e.ARNs)
	}

	// By their names, where the tags are not known.
	for batch := range slices.Chunk(e.ARNs, 20) {
		inspecttest.Must(s.Tagging.UntagResources(t.Context(), &resourcegroupstaggingapi.UntagResourcesInput{ResourceARNList: batch, TagKeys: []string{"Project"}}))(t)
	}
	e = load(t, s.Clients)
	if len(e.ARNs) != 0 {
		t.Errorf("still tagged: %v", e.ARNs)
	}
	check(e)
}
