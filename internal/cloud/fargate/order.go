package fargate

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// startContainers starts the containers, each when those that it depends on are where it wants them.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func (t *task) startContainers(ctx context.Context) error {
	waiting := slices.Clone(t.containers)
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(c *taskContainer) bool { // there is no circle: the definition was checked for that
			return !slices.ContainsFunc(waiting, func(other *taskContainer) bool { return other != c && c.dependsOn(other) })
		})
		c := waiting[max(next, 0)]
		for _, dependency := range c.definition.DependsOn {
			if err := t.await(ctx, c, *dependency.ContainerName, *dependency.Condition); err != nil {
				return err
			}
		}
		if err := c.start(ctx); err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(other *taskContainer) bool { return other == c })
	}
	return nil
}

func (c *taskContainer) dependsOn(other *taskContainer) bool {
	for _, d := range c.definition.DependsOn {
		if *d.ContainerName == other.name {
			return true
		}
	}
	return false
}

// await waits until the container that another depends on is where that wants it.
func (t *task) await(ctx context.Context, c *taskContainer, name, condition string) error {
	i := slices.IndexFunc(t.containers, func(other *taskContainer) bool { return other.name == name })
	other := t.containers[i]
	if other.definition.StartTimeout != nil {
		timed, cancel := context.WithTimeoutCause(ctx, time.Duration(*other.definition.StartTimeout)*time.Second, fmt.Errorf("timed out waiting for %s to be %s", name, condition))
		defer cancel()
		ctx = timed
	}
	switch condition {
	case "HEALTHY":
		select {
		case <-other.health.healthy:
			return nil
		case <-other.process.Done():
			return failed("ContainerFailedToStart", "container %s depends on %s being HEALTHY, which has exited", c.name, name)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	case "COMPLETE", "SUCCESS":
		select {
		case <-other.process.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if exit := other.process.Wait(); condition == "SUCCESS" && exit.Code != 0 {
			return failed("ContainerFailedToStart", "container %s depends on the success of %s, which exited with %d", c.name, name, exit.Code)
		}
	}
	return nil // START
}

// stopOrder gives the containers in groups: those that others depend on end after these.
func (t *task) stopOrder() [][]*taskContainer {
	left := slices.Clone(t.containers)
	var out [][]*taskContainer
	for len(left) > 0 {
		var group []*taskContainer
		for _, c := range left {
			if !slices.ContainsFunc(left, func(other *taskContainer) bool { return other != c && other.dependsOn(c) }) {
				group = append(group, c)
			}
		}
		if len(group) == 0 {
			group = left
		}
		out = append(out, group)
		left = slices.DeleteFunc(slices.Clone(left), func(c *taskContainer) bool { return slices.Contains(group, c) })
	}
	return out
}
