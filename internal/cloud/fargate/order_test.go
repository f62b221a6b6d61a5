package fargate_test

import (
	"strings"
	"testing"

	"atoll/internal/cloud/aws/ecs"
)

func dependent(d ecs.ContainerDefinition, on, condition string) ecs.ContainerDefinition {
	d.DependsOn = []ecs.ContainerDependency{{ContainerName: &on, Condition: &condition}}
	return d
}

// A container that waits for another keeps no third one from its start, and no essential one from ending the task.
func TestContainersWaitForTheirOwnDependenciesOnly(t *testing.T) {
	w := newWorld(t)
	endless := definition("endless", "serve")
	endless.Essential = new(false)
	waiting := dependent(definition("waiting", "serve"), "endless", "COMPLETE")
	w.start(waiting, endless, definition("failing", "fail"))
	r := w.await("STOPPED")
	if r.StopCode != "EssentialContainerExited" || r.Reason != "Essential container in task exited" {
		t.Errorf("%s: %s", r.StopCode, r.Reason)
	}
	if first := r.Containers[0]; first.ExitCode != nil {
		t.Errorf("the waiting container has run: %+v", first)
	}
	if third := r.Containers[2]; third.ExitCode == nil || *third.ExitCode != 7 {
		t.Errorf("%+v", third)
	}
}

// The command NONE is no health check: nobody becomes healthy by it.
func TestDependencyOnHealthWithoutCheck(t *testing.T) {
	w := newWorld(t)
	other := definition("other", "serve")
	other.HealthCheck = &ecs.HealthCheck{Command: []string{"NONE"}}
	other.StartTimeout = new(int64(1))
	w.start(dependent(definition("web", "serve"), "other", "HEALTHY"), other)
	if r := w.await("STOPPED"); r.StopCode != "TaskFailedToStart" || !strings.Contains(r.Reason, "timed out waiting for other to be HEALTHY") {
		t.Errorf("%s: %s", r.StopCode, r.Reason)
	}
}

// A log stream is there as soon as its container is, whether that writes or not.
func TestLogStreamWithoutLines(t *testing.T) {
	w := newWorld(t)
	run := w.start(definition("web", "healthy"))
	w.await("RUNNING")
	w.await("STOPPED")
	id := (*run.Task.TaskArn)[strings.LastIndexByte(*run.Task.TaskArn, '/')+1:]
	if got := strings.Join(w.made(), "\n"); got != "/app p/web/"+id {
		t.Errorf("%q", got)
	}
}
