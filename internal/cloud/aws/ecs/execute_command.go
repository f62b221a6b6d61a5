package ecs

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Commands begins sessions in which commands run in the containers of tasks.
type Commands interface {
	// Begin begins a session for a command. An error means that the agent in the task is not connected.
	Begin(ctx context.Context, c Command) (CommandSession, error)
}

// Command is what is to run in a container.
type Command struct {
	Scope     state.Scope
	Cluster   string // name
	Task      string // ARN
	Container string // name
	RuntimeID string // of the container
	Line      string // what to run, with its arguments, quoted as for a shell
	Endpoint  string // of the cloud, as the caller has reached it: scheme and host

	LogGroup string // gets the session's output; empty for none
	Key      string // of KMS, that the session is encrypted with, as its cluster names it; empty for none
}

// CommandSession says how a client takes part in a session.
type CommandSession struct{ ID, URL, Token string }

// The managed agent that runs commands. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html
const commandAgent = "ExecuteCommandAgent"

func errNoAgent() error {
	return invalid("The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. " +
		"Wait and try again or run a new task with execute command enabled and try again.")
}

func errNotConnected() error {
	return wire.Errorf("TargetNotConnectedException", "The execute command failed due to an internal error. Try again later.")
}

// ExecuteCommand begins a session in which a command runs in a container.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func (s *Service) ExecuteCommand(ctx context.Context, in *ExecuteCommandInput) (*ExecuteCommandOutput, error) {
	if !*in.Interactive {
		return nil, invalid("Interactive is the only mode supported currently.")
	}
	if strings.TrimSpace(*in.Command) == "" {
		return nil, invalid("Command cannot be empty.")
	}
	command := Command{Line: *in.Command, Endpoint: wire.CallFrom(ctx).Endpoint}
	out := &ExecuteCommandOutput{Interactive: in.Interactive}
	err := s.view(ctx, func(t *txn) error {
		cluster, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		r, ok := t.task(cluster.Name, *in.Task)
		if !ok {
			return errNoTask()
		}
		c, err := containerFor(r, in.Container)
		if err != nil {
			return err
		}
		if !truth(r.Task.EnableExecuteCommand) || *r.Task.LastStatus != taskRunning || !agentRuns(c) {
			return errNoAgent()
		}
		command.Scope, command.Cluster, command.Task, command.Container, command.RuntimeID = t.sc, cluster.Name, *r.Task.TaskArn, *c.Name, text(c.RuntimeId)
		out.ClusterArn, out.TaskArn, out.ContainerArn, out.ContainerName = r.Task.ClusterArn, r.Task.TaskArn, c.ContainerArn, c.Name
		return t.commandSettings(cluster, r, &command)
	})
	if err != nil {
		return nil, err
	}
	if s.d.Commands == nil {
		return nil, wire.NotImplemented("ExecuteCommand, without a runtime that runs tasks")
	}
	session, err := s.d.Commands.Begin(ctx, command)
	if err != nil {
		s.d.Logger.Warn("a session with a container does not begin", "task", command.Task, "container", command.Container, "err", err)
		return nil, errNotConnected()
	}
	out.Session = &Session{SessionId: &session.ID, StreamUrl: &session.URL, TokenValue: &session.Token}
	return out, nil
}

// containerFor gives a container of a task by its name, or its only one.
func containerFor(r *taskRecord, name *string) (*Container, error) {
	if text(name) == "" {
		if len(r.Task.Containers) != 1 {
			return nil, invalid("A container name must be specified when the task has more than one container.")
		}
		return &r.Task.Containers[0], nil
	}
	i := slices.IndexFunc(r.Task.Containers, func(c Container) bool { return *c.Name == *name })
	if i < 0 {
		return nil, invalid("The container %s is not part of the task.", *name)
	}
	return &r.Task.Containers[i], nil
}

func agentRuns(c *Container) bool {
	return slices.ContainsFunc(c.ManagedAgents, func(a ManagedAgent) bool { return *a.Name == commandAgent && *a.LastStatus == taskRunning })
}

// commandSettings says what sessions are encrypted with, and where their output goes.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html
func (t *txn) commandSettings(cluster *clusterRecord, r *taskRecord, c *Command) error {
	config := &ExecuteCommandConfiguration{}
	if cluster.Config != nil && cluster.Config.ExecuteCommandConfiguration != nil {
		config = cluster.Config.ExecuteCommandConfiguration
	}
	c.Key = text(config.KmsKeyId)
	switch text(config.Logging) {
	case "OVERRIDE":
		if text(config.LogConfiguration.S3BucketName) != "" {
			return wire.NotImplemented("ExecuteCommand in clusters whose sessions are logged to S3")
		}
		c.LogGroup = text(config.LogConfiguration.CloudWatchLogGroupName)
	case "NONE":
	default: // where the container logs to
		d, ok := t.definition(*r.Task.TaskDefinitionArn)
		if !ok {
			return nil
		}
		for _, definition := range d.TaskDefinition.ContainerDefinitions {
			if l := definition.LogConfiguration; *definition.Name == c.Container && l != nil && text(l.LogDriver) == "awslogs" {
				c.LogGroup = l.Options["awslogs-group"]
			}
		}
	}
	return nil
}

// managedAgents gives the agents of a container as its task begins. The one that runs commands writes to the container's file system.
func managedAgents(execute bool, d *ContainerDefinition) []ManagedAgent {
	switch {
	case !execute:
		return nil
	case truth(d.ReadonlyRootFilesystem):
		return []ManagedAgent{{Name: new(commandAgent), LastStatus: new(taskStopped), Reason: new("The agent cannot write to the container's root file system.")}}
	}
	return []ManagedAgent{{Name: new(commandAgent), LastStatus: new(taskPending)}}
}

// agentsFollow brings a container's agents where the container is.
func (c *Container) agentsFollow(now time.Time) {
	c.ManagedAgents = slices.Clone(c.ManagedAgents) // others may have the old ones
	for i := range c.ManagedAgents {
		a := &c.ManagedAgents[i]
		switch {
		case *a.LastStatus == taskPending && text(c.LastStatus) == taskRunning:
			a.LastStatus, a.LastStartedAt = new(taskRunning), &now
		case text(c.LastStatus) == taskStopped:
			a.LastStatus = new(taskStopped)
		}
	}
}
