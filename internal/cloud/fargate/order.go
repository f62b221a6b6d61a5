package fargate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"atoll/internal/cloud/aws/ecs"
)

// errEssentialEnded ends a start: an essential container has ended while others waited for those that they depend on.
var errEssentialEnded = errors.New("Essential container in task exited") //nolint:staticcheck // as ECS words it

// startContainers starts the containers, each as soon as those that it depends on are where it wants them, whatever others wait for.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func (t *task) startContainers(ctx context.Context) error {
	later, err := t.startAtOnce(ctx)
	if err != nil || len(later) == 0 {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var starting, watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	watch := func(c *taskContainer) {
		watching.Go(func() {
			select {
			case <-c.process.Done():
				cancel(errEssentialEnded)
			case <-ctx.Done():
			}
		})
	}
	for _, c := range t.containers {
		if c.essential && !slices.Contains(later, c) {
			watch(c)
		}
	}
	var one sync.Mutex // containers start one after the other: they share files and volumes
	for _, c := range later {
		starting.Go(func() {
			err := t.awaitDependencies(ctx, c)
			if err == nil {
				one.Lock()
				defer one.Unlock()
				err = c.start(ctx)
			}
			if err != nil {
				cancel(err)
				return
			}
			if c.essential {
				watch(c)
			}
		})
	}
	starting.Wait()
	if !slices.ContainsFunc(later, func(c *taskContainer) bool { return c.process == nil }) {
		return nil
	}
	return context.Cause(ctx)
}

// startAtOnce starts those that need not wait, and gives the others.
func (t *task) startAtOnce(ctx context.Context) (later []*taskContainer, err error) {
	for left := slices.Clone(t.containers); ; {
		next := slices.IndexFunc(left, func(c *taskContainer) bool {
			return !slices.ContainsFunc(c.definition.DependsOn, func(d ecs.ContainerDependency) bool {
				return *d.Condition != "START" || t.named(*d.ContainerName).process == nil
			})
		})
		if next < 0 {
			return left, nil
		}
		if err := left[next].start(ctx); err != nil {
			return nil, err
		}
		left = slices.Delete(left, next, next+1)
	}
}

func (t *task) named(name string) *taskContainer {
	return t.containers[slices.IndexFunc(t.containers, func(c *taskContainer) bool { return c.name == name })]
}

func (c *taskContainer) dependsOn(other *taskContainer) bool {
	for _, d := range c.definition.DependsOn {
		if *d.ContainerName == other.name {
			return true
		}
	}
	return false
}

func (t *task) awaitDependencies(ctx context.Context, c *taskContainer) error {
	for _, d := range c.definition.DependsOn {
		if err := t.await(ctx, c, t.named(*d.ContainerName), *d.Condition); err != nil {
			return err
		}
	}
	return nil
}

// await waits until the container that another depends on is where that wants it.
func (t *task) await(ctx context.Context, c, other *taskContainer, condition string) error {
	select {
	case <-other.started:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if other.definition.StartTimeout != nil {
		timed, cancel := context.WithTimeoutCause(ctx, time.Duration(*other.definition.StartTimeout)*time.Second, fmt.Errorf("timed out waiting for %s to be %s", other.name, condition))
		defer cancel()
		ctx = timed
	}
	switch condition {
	case "HEALTHY":
		var healthy <-chan struct{} // never, with the command NONE
		if other.health != nil {
			healthy = other.health.healthy
		}
		select {
		case <-healthy:
			return nil
		case <-other.process.Done():
			return failed("ContainerFailedToStart", "container %s depends on %s being HEALTHY, which has exited", c.name, other.name)
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
			return failed("ContainerFailedToStart", "container %s depends on the success of %s, which exited with %d", c.name, other.name, exit.Code)
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
