package status

import (
	"strings"
	"testing"
	"time"
)

// well is an environment with which all is well.
func well() *Status {
	return &Status{
		Services: []Service{{Name: "web", Desired: 2, Running: 2, Definition: "web:2", Deployments: []Deployment{{Status: "PRIMARY", State: "COMPLETED"}},
			Targets: []Target{{Address: "10.0.0.1", Port: 8080, State: "healthy"}, {Address: "10.0.0.2", Port: 8080, State: "draining"}}}},
		LoadBalancer: &LoadBalancer{State: "active", URL: "http://x"},
		Databases:    []Database{{ID: "shop-dev", Status: "backing-up", answers: true}},
		Jobs:         []Job{{Name: "report"}},
	}
}

func TestJudge(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	recent := now.Add(-time.Minute)
	failed := Task{Stopped: &recent, Code: "EssentialContainerExited", ExitCode: new(1), Definition: "web:2", Reason: "Essential container in task exited"}
	for name, c := range map[string]struct {
		change   func(s *Status)
		headline string
		why      string // of the first problem
	}{
		"well":       {func(*Status) {}, "all is well", ""},
		"deployment": {func(s *Status) { s.Services[0].Deployments[0].State = "IN_PROGRESS" }, "well, with a deployment under way: web", ""},
		"failing deployment": {func(s *Status) {
			s.Services[0].Deployments[0] = Deployment{Status: "PRIMARY", State: "IN_PROGRESS", Failed: 1}
			s.Services[0].Stopped = []Task{failed}
		}, "service web: 1 task of its deployment failed", "exit code 1: Essential container in task exited"},
		"too few":     {func(s *Status) { s.Services[0].Running = 1; s.Services[0].Event = "unable to place a task" }, "service web: 1 of 2 tasks run", "unable to place a task"},
		"failing":     {func(s *Status) { s.Services[0].Stopped = []Task{failed, failed} }, "service web: its tasks keep failing: 2 in the last 10 min", "exit code 1: Essential container in task exited"},
		"failed once": {func(s *Status) { s.Services[0].Stopped = []Task{failed} }, "all is well", ""},
		"unhealthy": {func(s *Status) {
			s.Services[0].Targets[0] = Target{Address: "10.0.0.1", Port: 8080, State: "unhealthy", Reason: "Target.Timeout", Text: "Request timed out"}
		}, "service web: its target 10.0.0.1:8080 is unhealthy", "Request timed out"},
		"not yet healthy": {func(s *Status) { s.Services[0].Targets[0].State = "initial" }, "service web: the load balancer has no healthy target for it yet", ""},
		"balancer":        {func(s *Status) { s.LoadBalancer.State = "provisioning" }, "load balancer: it is provisioning", ""},
		"database":        {func(s *Status) { s.Databases[0] = Database{ID: "shop-dev", Status: "storage-full", Why: "no space"} }, "database shop-dev: it is storage-full", "no space"},
		"job":             {func(s *Status) { s.Jobs[0].Last = &failed }, "job report: its last run failed", "exit code 1: Essential container in task exited"},
		"alarms": {func(s *Status) {
			s.Alarms.All = []Alarm{{Name: "cpu", State: "ALARM", Text: "too much"}, {Name: "mem", State: "ALARM"}}
		}, "alarm cpu: it is in ALARM, and 1 more", "too much"},
		"nothing in there": {func(s *Status) { *s = Status{} }, "environment: it has neither services nor a database yet", ""},
	} {
		s := well()
		c.change(s)
		s.judge(now)
		if s.Headline != c.headline || s.Well != (len(s.Problems) == 0) || s.Well != (strings.Contains(c.headline, "well")) {
			t.Errorf("%s: the headline is %q, well %t", name, s.Headline, s.Well)
		}
		if !s.Well && s.Problems[0].Why != c.why {
			t.Errorf("%s: why is %q", name, s.Problems[0].Why)
		}
	}
}
