package status_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
	"atoll/internal/status"
)

func load(t *testing.T, c *inspect.Clients) *status.Status {
	t.Helper()
	e := inspecttest.Must(inspect.Load(t.Context(), c, inspecttest.Project, inspecttest.Environment))(t)
	return inspecttest.Must(status.Load(t.Context(), e, time.Now()))(t)
}

func TestLoad(t *testing.T) {
	cloud := cloudtest.Start(t)
	shop := inspecttest.New(t, cloud.Config())
	s := load(t, shop.Clients)
	if s.Environment != "dev" || len(s.Services) != 2 || len(s.Databases) != 1 || len(s.Jobs) != 1 {
		t.Fatalf("the status is %+v", s)
	}
	web := s.Services[0]
	if web.Name != "web" || web.Desired != 2 || web.Running != 2 || web.Image != "app:1" || web.CPU != "256" || web.Memory != "512" || web.Definition != "shop-dev-web:1" ||
		len(web.Tasks) != 2 || len(web.Deployments) != 1 || len(web.Targets) != 2 {
		t.Errorf("web is %+v", web)
	}
	for _, task := range web.Tasks {
		if task.Status != "RUNNING" || !strings.HasPrefix(task.Zone, "us-east-1") || task.Address == "" || task.Definition != "shop-dev-web:1" {
			t.Errorf("a task is %+v", task)
		}
	}
	if d := s.Databases[0]; d.ID != "shop-dev" || d.Status != "available" || d.Class != "db.t4g.micro" || d.StorageGiB != 20 || d.MultiAZ || d.Replica || d.Port != 5432 {
		t.Errorf("the database is %+v", d)
	}
	if j := s.Jobs[0]; j.Name != "report" || j.Schedule != "rate(1 day)" || !j.Enabled || j.Last != nil {
		t.Errorf("the job is %+v", j)
	}
	if lb := s.LoadBalancer; lb == nil || lb.State != "active" || lb.URL != "http://"+lb.DNS {
		t.Errorf("the load balancer is %+v", lb)
	}
	if len(s.Alarms.All) != 0 {
		t.Errorf("there are alarms: %+v", s.Alarms)
	}
}

func TestAlarms(t *testing.T) {
	cloud := cloudtest.Start(t)
	shop := inspecttest.New(t, cloud.Config())
	client := cloudwatch.NewFromConfig(cloud.Config())
	for _, name := range []string{"shop-dev-web-cpu", "shop-dev-database-cpu", "other-cpu"} {
		inspecttest.Must(client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{AlarmName: &name, Namespace: new("AWS/ECS"), MetricName: new("CPUUtilization"),
			Statistic: types.StatisticAverage, Period: new(int32(60)), EvaluationPeriods: new(int32(1)), Threshold: new(85.0), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold}))(t)
	}
	set := func(name string, state types.StateValue) {
		inspecttest.Must(client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: state, StateReason: new("measured")}))(t)
	}
	set("shop-dev-web-cpu", types.StateValueAlarm)
	set("other-cpu", types.StateValueAlarm)
	s := load(t, shop.Clients)
	if a := s.Alarms; a.Alarm != 1 || a.Insufficient != 1 || len(a.All) != 2 || a.All[0].Name != "shop-dev-web-cpu" || a.All[0].Reason != "measured" {
		t.Errorf("the alarms are %+v", a)
	}
	if !has(s, "alarm shop-dev-web-cpu", "it is in ALARM") || s.Well {
		t.Errorf("the problems are %+v", s.Problems)
	}
}

func TestStopped(t *testing.T) {
	cloud := cloudtest.Start(t)
	shop := inspecttest.New(t, cloud.Config())
	task := load(t, shop.Clients).Services[1].Tasks[0].ID
	inspecttest.Must(shop.ECS.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: new(inspecttest.Prefix), Task: &task, Reason: new("for a look")}))(t)
	worker := load(t, shop.Clients).Services[1]
	if len(worker.Stopped) != 1 || worker.Stopped[0].ID != task || worker.Stopped[0].Why() != "for a look" || worker.Stopped[0].Failed() {
		t.Errorf("the tasks that stopped are %+v", worker.Stopped)
	}
}

// has reports whether a status tells of a problem.
func has(s *status.Status, part, what string) bool {
	for _, p := range s.Problems {
		if p.Part == part && strings.HasPrefix(p.What, what) {
			return true
		}
	}
	return false
}

func TestFailed(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		task   status.Task
		failed bool
		why    string
	}{
		"runs":           {status.Task{Status: "RUNNING"}, false, ""},
		"exited":         {status.Task{Stopped: &at, Code: "EssentialContainerExited", ExitCode: new(3), Reason: "Essential container in task exited"}, true, "exit code 3: Essential container in task exited"},
		"done":           {status.Task{Stopped: &at, Code: "EssentialContainerExited", ExitCode: new(0)}, false, "exit code 0"},
		"never started":  {status.Task{Stopped: &at, Code: "TaskFailedToStart", Reason: "CannotPullContainerError"}, true, "CannotPullContainerError"},
		"scaled in":      {status.Task{Stopped: &at, Code: "ServiceSchedulerInitiated", ExitCode: new(143), Reason: "Scaling activity initiated by (deployment x)"}, false, "exit code 143: Scaling activity initiated by (deployment x)"},
		"health checks":  {status.Task{Stopped: &at, Code: "ServiceSchedulerInitiated", Reason: "Task failed ELB health checks in (target-group x)"}, true, "Task failed ELB health checks in (target-group x)"},
		"out of memory":  {status.Task{Stopped: &at, Code: "EssentialContainerExited", ExitCode: new(137), Container: "OutOfMemoryError: Container killed due to memory usage"}, true, "exit code 137: OutOfMemoryError: Container killed due to memory usage"},
		"somebody's":     {status.Task{Stopped: &at, Code: "UserInitiated", ExitCode: aws.Int(1)}, false, "exit code 1"},
		"spot reclaimed": {status.Task{Stopped: &at, Code: "SpotInterruption"}, false, ""},
	} {
		if c.task.Failed() != c.failed || c.task.Why() != c.why {
			t.Errorf("%s: failed %t, why %q", name, c.task.Failed(), c.task.Why())
		}
	}
}
