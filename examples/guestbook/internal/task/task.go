// Package task tells where the process runs.
package task

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// Task is what the process knows of itself.
type Task struct {
	ID         string `json:"id"` // the task's id, or the machine's name
	Zone       string `json:"zone,omitempty"`
	Definition string `json:"definition,omitempty"` // FAMILY:REVISION
	Cluster    string `json:"cluster,omitempty"`
	LaunchType string `json:"launch_type,omitempty"`
}

// OnECS reports whether the process runs as a task of ECS.
func (t Task) OnECS() bool { return t.Definition != "" }

// Short is the beginning of the id, enough to tell tasks apart.
func (t Task) Short() string { return t.ID[:min(len(t.ID), 8)] }

// Hue is a colour of the task's own, in degrees.
func (t Task) Hue() int {
	hue := 0
	for _, r := range t.ID {
		hue = (hue*31 + int(r)) % 360
	}
	return hue
}

// String is how entries name the task.
func (t Task) String() string {
	if t.Zone == "" {
		return t.Short()
	}
	return t.Short() + " in " + t.Zone
}

// How long the endpoint is asked for, and how often: it may come up with the task.
const (
	patience = 2 * time.Second
	pause    = 200 * time.Millisecond
)

// Self asks the task metadata endpoint, where there is one; elsewhere it gives the machine's name. A Task is good even with an error.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
func Self(ctx context.Context, getenv func(string) string) (Task, error) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "unknown"
	}
	self := Task{ID: name}
	endpoint := getenv("ECS_CONTAINER_METADATA_URI_V4")
	if endpoint == "" {
		return self, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		found, err := ask(ctx, endpoint)
		if err == nil {
			return found, nil
		}
		select {
		case <-ctx.Done():
			return self, fmt.Errorf("asking for the task's metadata: %w", err)
		case <-time.After(pause):
		}
	}
}

func ask(ctx context.Context, endpoint string) (Task, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/task", nil)
	if err != nil {
		return Task{}, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return Task{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Task{}, fmt.Errorf("the answer is %s", answer.Status)
	}
	var m struct{ Cluster, TaskARN, Family, Revision, AvailabilityZone, LaunchType string }
	if err := json.NewDecoder(answer.Body).Decode(&m); err != nil {
		return Task{}, err
	}
	return Task{
		ID: last(m.TaskARN), Zone: m.AvailabilityZone, Definition: m.Family + ":" + m.Revision, Cluster: last(m.Cluster), LaunchType: m.LaunchType,
	}, nil
}

// last gives the last part of an ARN.
func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
