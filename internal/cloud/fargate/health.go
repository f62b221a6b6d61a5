package fargate

import (
	"context"
	"sync"
	"time"

	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/dataplane/container"
)

// healthCheck runs a container's health check over and over.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
type healthCheck struct {
	container *taskContainer
	cancel    context.CancelFunc
	ended     chan struct{}
	healthy   chan struct{} // closed when the container is first healthy
	once      sync.Once
}

func seconds(n *int64, otherwise int64) time.Duration {
	if n != nil {
		otherwise = *n
	}
	return time.Duration(otherwise) * time.Second
}

// watchHealth begins the health check of a container that has one.
func (c *taskContainer) watchHealth() {
	h := c.definition.HealthCheck
	if h == nil || len(h.Command) == 0 || h.Command[0] == "NONE" {
		return
	}
	ctx, cancel := context.WithCancel(c.task.agent.ctx)
	c.health = &healthCheck{container: c, cancel: cancel, ended: make(chan struct{}), healthy: make(chan struct{})}
	go c.health.run(ctx)
}

func (h *healthCheck) close() {
	h.cancel()
	<-h.ended
}

func (h *healthCheck) run(ctx context.Context) {
	defer close(h.ended)
	c := h.container
	d := c.definition.HealthCheck
	retries, failures, was := int64(3), int64(0), "UNKNOWN"
	if d.Retries != nil {
		retries = *d.Retries
	}
	began := c.task.now()
	for {
		if err := c.task.agent.d.Clock.Wait(ctx, c.task.now().Add(seconds(d.Interval, 30))); err != nil {
			return
		}
		status := was
		if h.passes(ctx) {
			failures, status = 0, "HEALTHY"
		} else if ctx.Err() == nil && c.task.now().Sub(began) >= seconds(d.StartPeriod, 0) {
			if failures++; failures >= retries {
				status = "UNHEALTHY"
			}
		}
		select {
		case <-c.process.Done():
			return
		default:
		}
		if status != was && ctx.Err() == nil {
			was = status
			if status == "HEALTHY" {
				h.once.Do(func() { close(h.healthy) })
			}
			c.task.agent.tell(c.task.sc, ecs.Report{Task: c.task.arn, Health: c.task.healthWith(c, status), Containers: []ecs.ContainerReport{{Name: c.name, Health: status}}})
		}
	}
}

// passes runs the command once.
func (h *healthCheck) passes(ctx context.Context) bool {
	d := h.container.definition.HealthCheck
	ctx, cancel := context.WithTimeout(ctx, seconds(d.Timeout, 5))
	defer cancel()
	args := d.Command[1:]
	if d.Command[0] == "CMD-SHELL" {
		args = append([]string{"/bin/sh", "-c"}, args...)
	} else if d.Command[0] != "CMD" {
		args = append([]string{"/bin/sh", "-c"}, d.Command...)
	}
	code, err := h.container.process.Exec(ctx, container.ExecSpec{Args: args})
	return err == nil && code == 0
}

// healthWith gives the task's health, that of its essential containers together.
func (t *task) healthWith(changed *taskContainer, status string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed.status, changed.since = status, t.now()
	out := "HEALTHY"
	for _, c := range t.containers {
		switch {
		case !c.essential || c.definition.HealthCheck == nil:
		case c.status == "UNHEALTHY":
			return "UNHEALTHY"
		case c.status != "HEALTHY":
			out = "UNKNOWN"
		}
	}
	return out
}
