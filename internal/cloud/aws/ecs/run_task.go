package ecs

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// RunTask starts up to ten tasks. A call with the same client token gives the same tasks again.
func (s *Service) RunTask(ctx context.Context, in *RunTaskInput) (*RunTaskOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	count := int64(1)
	if in.Count != nil {
		count = *in.Count
	}
	switch {
	case count < 1 || count > 10:
		return nil, invalid("Count must be between 1 and 10.")
	case len(text(in.StartedBy)) > 128:
		return nil, invalid("Invalid startedBy: it can have at most 128 characters.")
	case strings.HasPrefix(text(in.Group), "service:"):
		return nil, invalid("Invalid namespace for group.")
	case text(in.PropagateTags) != "" && *in.PropagateTags != "TASK_DEFINITION" && *in.PropagateTags != "NONE":
		return nil, invalid("Invalid value for propagateTags: %s", *in.PropagateTags)
	}
	plain := *in
	plain.ClientToken = nil
	sum, err := digest(&plain)
	if err != nil {
		return nil, err
	}
	out := &RunTaskOutput{Tasks: []Task{}, Failures: []Failure{}}
	return out, s.update(ctx, func(t *txn) error {
		if in.ClientToken != nil {
			for _, r := range t.tasks.By(t.tx, t.sc, "token", *in.ClientToken) {
				if r.Input != sum {
					return wire.Errorf("ConflictException", "The client token was already used with other parameters.")
				}
				out.Tasks = append(out.Tasks, t.renderTask(r, true))
			}
			if len(out.Tasks) > 0 {
				return nil
			}
		}
		p, err := t.placementOf(in)
		if err != nil {
			return err
		}
		p.tags, p.managed, p.token, p.input = tags, truth(in.EnableECSManagedTags), text(in.ClientToken), sum
		if text(in.PropagateTags) == "TASK_DEFINITION" {
			p.tags = map[string]string{}
			for _, tag := range t.tagList(p.definition.arn()) {
				p.tags[*tag.Key] = *tag.Value
			}
			for k, v := range tags {
				p.tags[k] = v
			}
		}
		for range count {
			task, err := t.newTask(p)
			if err != nil {
				return err
			}
			t.launch(task, nil)
			out.Tasks = append(out.Tasks, t.renderTask(task, true))
		}
		return nil
	})
}

// placementOf checks what RunTask is to start.
func (t *txn) placementOf(in *RunTaskInput) (*placement, error) {
	c, err := t.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	s := &spec{operation: "RunTask", cluster: c}
	var volumes []string
	for _, v := range in.VolumeConfigurations {
		volumes = append(volumes, *v.Name)
	}
	for _, step := range []func() error{
		func() error { return s.setDefinition(t, *in.TaskDefinition) },
		func() error { return s.setLaunch(in.LaunchType, in.CapacityProviderStrategy) },
		s.checkDefinition,
		func() error { return s.setPlatform(in.PlatformVersion) },
		func() error { return s.setNetwork(t, in.NetworkConfiguration) },
		func() error { return s.checkVolumes(volumes) },
		func() error {
			return checkPlacement(in.PlacementConstraints, in.PlacementStrategy, s.revision.onFargate(), replica)
		},
		func() error { return t.checkOverrides(s, in.Overrides) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if truth(in.EnableExecuteCommand) && s.definition.TaskDefinition.TaskRoleArn == nil && (in.Overrides == nil || in.Overrides.TaskRoleArn == nil) {
		return nil, invalid("The task couldn't be run because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.")
	}
	if !s.revision.onFargate() {
		return nil, invalid("No Container Instances were found in your cluster.")
	}
	p := &placement{cluster: c.Name, revision: &s.revision, definition: s.definition, overrides: in.Overrides, group: text(in.Group),
		startedBy: text(in.StartedBy), execute: truth(in.EnableExecuteCommand)}
	if p.group == "" {
		p.group = "family:" + *s.definition.TaskDefinition.Family
	}
	return p, nil
}

func (t *txn) checkOverrides(s *spec, o *TaskOverride) error {
	if o == nil {
		return nil
	}
	if len(o.InferenceAcceleratorOverrides) > 0 {
		return unable(s.operation, "inferenceAcceleratorOverrides")
	}
	var err error
	for _, role := range []**string{&o.TaskRoleArn, &o.ExecutionRoleArn} {
		if *role, err = t.roleARN(*role); err != nil {
			return err
		}
	}
	for _, c := range o.ContainerOverrides {
		if s.definition.container(text(c.Name)) == nil {
			return invalid("Override for container named %s is not a container in the TaskDefinition.", text(c.Name))
		}
		if len(c.ResourceRequirements) > 0 {
			return unable(s.operation, "resourceRequirements in overrides")
		}
	}
	if o.Cpu, o.Memory, err = taskSize(o.Cpu, o.Memory); err != nil {
		return err
	}
	if o.EphemeralStorage != nil && (*o.EphemeralStorage.SizeInGiB < 21 || *o.EphemeralStorage.SizeInGiB > 200) {
		return refused("The ephemeral storage size must be between 21 GiB and 200 GiB.")
	}
	cpu, memory := s.definition.TaskDefinition.Cpu, s.definition.TaskDefinition.Memory
	if o.Cpu != nil {
		cpu = o.Cpu
	}
	if o.Memory != nil {
		memory = o.Memory
	}
	if s.revision.onFargate() && !fargateHas(amount(cpu), amount(memory)) {
		return refused("No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", amount(cpu), amount(memory))
	}
	return nil
}

// task finds a task by id or ARN; one that stopped over an hour ago is gone.
func (t *txn) task(cluster, task string) (*taskRecord, bool) {
	if strings.HasPrefix(task, "arn:") && task != arn(t.sc, "task", cluster+"/"+last(task)) {
		return nil, false
	}
	r, ok := t.tasks.Get(t.tx, t.sc, cluster+"/"+last(task))
	if !ok || r.gone(t.now) {
		return nil, false
	}
	return r, true
}

func errNoTask() error { return invalid("The referenced task was not found.") }

// StopTask stops a task. A service starts another one in its place.
func (s *Service) StopTask(ctx context.Context, in *StopTaskInput) (*StopTaskOutput, error) {
	if len(text(in.Reason)) > 1024 {
		return nil, invalid("The reason can have at most 1024 characters.")
	}
	out := &StopTaskOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		r, ok := t.task(c.Name, *in.Task)
		if !ok {
			return errNoTask()
		}
		reason := "Task stopped by user"
		if text(in.Reason) != "" {
			reason = *in.Reason
		}
		t.stop(r, "UserInitiated", reason)
		out.Task = new(t.renderTask(r, true))
		if r.Service != "" {
			t.settleByKey(r.Cluster + "/" + r.Service)
		}
		return nil
	})
}

// DescribeTasks shows tasks, stopped ones for an hour.
func (s *Service) DescribeTasks(ctx context.Context, in *DescribeTasksInput) (*DescribeTasksOutput, error) {
	switch {
	case len(in.Tasks) == 0:
		return nil, invalid("Tasks cannot be empty.")
	case len(in.Tasks) > 100:
		return nil, invalid("Tasks cannot have more than 100 elements.")
	}
	out := &DescribeTasksOutput{Tasks: []Task{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		for _, name := range in.Tasks {
			r, ok := t.task(c.Name, name)
			if !ok {
				out.Failures = append(out.Failures, missing(arn(t.sc, "task", c.Name+"/"+last(name))))
				continue
			}
			out.Tasks = append(out.Tasks, t.renderTask(r, slices.Contains(in.Include, "TAGS")))
		}
		return nil
	})
}

func (t *txn) renderTask(r *taskRecord, tags bool) Task {
	out := r.Task
	out.Tags = []Tag{}
	if tags {
		out.Tags = t.tagList(*r.Task.TaskArn)
	}
	return out
}

// ListTasks lists the ARNs of a cluster's tasks, those that are to run unless others are asked for.
func (s *Service) ListTasks(ctx context.Context, in *ListTasksInput) (*ListTasksOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	for _, err := range []error{
		oneOf("desiredStatus", in.DesiredStatus, taskPending, taskRunning, taskStopped),
		oneOf("launchType", in.LaunchType, ec2, "EXTERNAL", fargate, "MANAGED_INSTANCES"),
	} {
		if err != nil {
			return nil, err
		}
	}
	desired := taskRunning
	if in.DesiredStatus != nil {
		desired = *in.DesiredStatus
	}
	out := &ListTasksOutput{TaskArns: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		if in.ServiceName != nil {
			if _, err := t.service(in.Cluster, *in.ServiceName); err != nil {
				return err
			}
		}
		found, next := tablePage(t, t.tasks, c.Name+"/", p, func(r *taskRecord) bool {
			family, _, _ := strings.Cut(last(*r.Task.TaskDefinitionArn), ":")
			return !r.gone(t.now) && *r.Task.DesiredStatus == desired && in.ContainerInstance == nil && in.DaemonName == nil &&
				(in.Family == nil || *in.Family == family) && (in.StartedBy == nil || *in.StartedBy == text(r.Task.StartedBy)) &&
				(in.ServiceName == nil || serviceName(*in.ServiceName) == r.Service) && (in.LaunchType == nil || *in.LaunchType == *r.Task.LaunchType)
		})
		for _, r := range found {
			out.TaskArns = append(out.TaskArns, *r.Task.TaskArn)
		}
		out.NextToken = next
		return nil
	})
}
