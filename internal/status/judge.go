package status

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A service's tasks keep failing if so many have ended by a failure of their own within so long.
const (
	failingTasks = 2
	failingTime  = 10 * time.Minute
)

// judge finds what is not well, and words the headline.
func (s *Status) judge(now time.Time) {
	var under []string
	for i := range s.Services {
		v := &s.Services[i]
		s.service(v, now)
		if slices.ContainsFunc(v.Deployments, func(d Deployment) bool { return d.UnderWay() }) {
			under = append(under, v.Name)
		}
	}
	s.balancer()
	for _, d := range s.Databases {
		if !d.answers {
			s.problem("database "+d.ID, "it is "+d.Status, d.Why)
		}
	}
	for _, j := range s.Jobs {
		if j.Last != nil && j.Last.Failed() {
			s.problem("job "+j.Name, "its last run failed", j.Last.Why())
		}
	}
	for _, a := range s.Alarms.All {
		if a.State == "ALARM" {
			s.problem("alarm "+a.Name, "it is in ALARM", firstOf(a.Text, a.Reason))
		}
	}
	if len(s.Services) == 0 && len(s.Jobs) == 0 && len(s.Databases) == 0 {
		s.problem("environment", "it has neither services nor a database yet", "")
	}
	s.Well = len(s.Problems) == 0
	switch {
	case !s.Well:
		s.Headline = s.Problems[0].Part + ": " + s.Problems[0].What
		if n := len(s.Problems) - 1; n > 0 {
			s.Headline += fmt.Sprintf(", and %d more", n)
		}
	case len(under) > 0:
		s.Headline = "well, with a deployment under way: " + strings.Join(under, ", ")
	default:
		s.Headline = "all is well"
	}
}

func (s *Status) problem(part, what, why string) {
	s.Problems = append(s.Problems, Problem{part, what, why})
}

// service judges a service: it has fewer tasks than it should, its deployment fails, or its tasks are not healthy. A deployment under way
// without failed tasks is no problem while enough tasks run.
func (s *Status) service(v *Service, now time.Time) {
	part := "service " + v.Name
	failing := ""
	if i := slices.IndexFunc(v.Stopped, func(t Task) bool { return t.Failed() }); i >= 0 {
		failing = v.Stopped[i].Why()
	}
	for _, d := range v.Deployments {
		switch {
		case d.State == "FAILED":
			s.problem(part, "its deployment failed", firstOf(failing, d.Reason))
		case d.State == "IN_PROGRESS" && d.Failed > 0:
			s.problem(part, fmt.Sprintf("%s of its deployment failed", count(d.Failed, "task")), failing)
		}
	}
	if v.Running < v.Desired {
		why := failing
		if why == "" && strings.Contains(v.Event, "unable") {
			why = v.Event
		}
		s.problem(part, fmt.Sprintf("%d of %s run", v.Running, count(v.Desired, "task")), why)
	}
	failed := 0
	for _, t := range v.Stopped {
		if t.Failed() && t.Definition == v.Definition && now.Sub(*t.Stopped) < failingTime {
			failed++
		}
	}
	if failed >= failingTasks && v.Running >= v.Desired && !slices.ContainsFunc(v.Deployments, func(d Deployment) bool { return d.State == "FAILED" || d.Failed > 0 }) {
		s.problem(part, fmt.Sprintf("its tasks keep failing: %d in the last %d min", failed, int(failingTime.Minutes())), failing)
	}
	for _, t := range v.Tasks {
		if t.Health == "UNHEALTHY" {
			s.problem(part, "the task "+Short(t.ID)+" fails its health check", "")
		}
	}
	healthy := 0
	for _, t := range v.Targets {
		switch t.State {
		case "healthy", "unused": // unused: nothing sends requests to the group
			healthy++
		case "unhealthy", "unavailable":
			s.problem(part, fmt.Sprintf("its target %s:%d is %s", t.Address, t.Port, t.State), firstOf(t.Text, t.Reason))
		}
	}
	if len(v.Targets) > 0 && healthy == 0 && !slices.ContainsFunc(v.Targets, func(t Target) bool { return t.State == "unhealthy" || t.State == "unavailable" }) {
		s.problem(part, "the load balancer has no healthy target for it yet", "")
	}
}

func (s *Status) balancer() {
	lb := s.LoadBalancer
	switch {
	case lb == nil:
	case lb.State != "active":
		s.problem("load balancer", "it is "+lb.State, "")
	case lb.URL == "":
		s.problem("load balancer", "it has no listener", "")
	}
}

// Failed reports whether a stopped task ended by a failure, of its own or of what was to start it.
func (t *Task) Failed() bool {
	if t.Stopped == nil {
		return false
	}
	switch t.Code {
	case "ServiceSchedulerInitiated":
		return strings.Contains(t.Reason, "failed") // health checks
	case "UserInitiated", "SpotInterruption", "TerminationNotice": // the last two: what it ran on went away
		return false
	case "TaskFailedToStart":
		return true
	}
	return t.ExitCode == nil || *t.ExitCode != 0
}

// Why words why a task stopped, in one line.
func (t *Task) Why() string {
	parts := []string{}
	if t.ExitCode != nil && (*t.ExitCode != 0 || t.Reason+t.Container == "") {
		parts = append(parts, fmt.Sprintf("exit code %d", *t.ExitCode))
	}
	for _, text := range []string{t.Reason, t.Container} {
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ": ")
}

// Short shortens a task's id for people; commands take it so.
func Short(id string) string { return id[:min(len(id), 12)] }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// firstOf gives the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
