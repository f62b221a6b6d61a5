package release

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/inspect"
)

// Failure says why a new image does not work.
type Failure struct {
	What      string   // what failed, and how things stand now
	Service   string   // or job
	Task      string   // id; empty if none was found
	Reason    string   // why it stopped, as ECS words it
	Container string   // why its container stopped, and its exit code
	Log       []string // the last lines
	LogGroup  string
}

func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", f.What)
	if f.Task != "" {
		fmt.Fprintf(&b, "\n  task %s of %s: %s", f.Task, f.Service, f.Reason)
	}
	if f.Container != "" {
		fmt.Fprintf(&b, "\n  container: %s", f.Container)
	}
	if len(f.Log) > 0 {
		fmt.Fprintf(&b, "\n  its last words (%s):", f.LogGroup)
		for _, line := range f.Log {
			fmt.Fprintf(&b, "\n    %s", line)
		}
	}
	return b.String()
}

// lastLines is how much of a failing task's log is shown.
const lastLines = 15

// failure tells of a task that failed.
func (r *Release) failure(ctx context.Context, what string, u *unit, t inspect.Task) *Failure {
	f := &Failure{What: what, Service: u.name, Task: t.ID, Reason: aws.ToString(t.Detail.StoppedReason)}
	for _, c := range t.Detail.Containers {
		var parts []string
		if c.ExitCode != nil {
			parts = append(parts, fmt.Sprintf("exit code %d", *c.ExitCode))
		}
		if reason := aws.ToString(c.Reason); reason != "" && reason != f.Reason {
			parts = append(parts, reason)
		}
		if len(parts) > 0 {
			f.Container = strings.Join(parts, ", ")
		}
	}
	for i := range u.task.ContainerDefinitions {
		c := &u.task.ContainerDefinitions[i]
		if r.isOwn(u, c) {
			f.LogGroup, f.Log = r.lastLog(ctx, c, t.ID)
		}
	}
	return f
}

// lastLog gives the last lines of a container's log; none where they cannot be had.
func (r *Release) lastLog(ctx context.Context, c *ecstypes.ContainerDefinition, task string) (group string, lines []string) {
	l := c.LogConfiguration
	if l == nil || l.LogDriver != ecstypes.LogDriverAwslogs {
		return "", nil
	}
	group = l.Options["awslogs-group"]
	stream := l.Options["awslogs-stream-prefix"] + "/" + aws.ToString(c.Name) + "/" + task
	out, err := r.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(lastLines)})
	if err != nil {
		return group, nil
	}
	for _, e := range out.Events {
		lines = append(lines, strings.TrimRight(aws.ToString(e.Message), "\r\n"))
	}
	return group, lines
}
