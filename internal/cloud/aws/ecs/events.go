package ecs

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
)

// The events' details, as https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html has them.

// TaskStateChange is the detail of "ECS Task State Change".
type TaskStateChange struct {
	Attachments       []AttachmentState `json:"attachments"`
	AvailabilityZone  *string           `json:"availabilityZone,omitempty"`
	CapacityProvider  *string           `json:"capacityProviderName,omitempty"`
	ClusterArn        *string           `json:"clusterArn"`
	Connectivity      *string           `json:"connectivity,omitempty"`
	ConnectivityAt    *time.Time        `json:"connectivityAt,omitempty"`
	Containers        []ContainerState  `json:"containers"`
	Cpu               *string           `json:"cpu,omitempty"`
	CreatedAt         *time.Time        `json:"createdAt"`
	DesiredStatus     *string           `json:"desiredStatus"`
	ExecuteCommand    *bool             `json:"enableExecuteCommand"`
	Group             *string           `json:"group"`
	HealthStatus      *string           `json:"healthStatus,omitempty"`
	LastStatus        *string           `json:"lastStatus"`
	LaunchType        *string           `json:"launchType"`
	Memory            *string           `json:"memory,omitempty"`
	PlatformVersion   *string           `json:"platformVersion,omitempty"`
	PullStartedAt     *time.Time        `json:"pullStartedAt,omitempty"`
	PullStoppedAt     *time.Time        `json:"pullStoppedAt,omitempty"`
	StartedAt         *time.Time        `json:"startedAt,omitempty"`
	StartedBy         *string           `json:"startedBy,omitempty"`
	StopCode          *string           `json:"stopCode,omitempty"`
	StoppedAt         *time.Time        `json:"stoppedAt,omitempty"`
	StoppedReason     *string           `json:"stoppedReason,omitempty"`
	StoppingAt        *time.Time        `json:"stoppingAt,omitempty"`
	TaskArn           *string           `json:"taskArn"`
	TaskDefinitionArn *string           `json:"taskDefinitionArn"`
	UpdatedAt         time.Time         `json:"updatedAt"`
	Version           *int64            `json:"version"`
}

// AttachmentState is an attachment in a TaskStateChange.
type AttachmentState struct {
	ID      *string      `json:"id"`
	Type    string       `json:"type"` // "eni", in the events' own word
	Status  *string      `json:"status"`
	Details []NamedValue `json:"details"`
}

// NamedValue is a detail of an AttachmentState.
type NamedValue struct {
	Name  *string `json:"name"`
	Value *string `json:"value"`
}

// ContainerState is a container in a TaskStateChange.
type ContainerState struct {
	ContainerArn      *string            `json:"containerArn"`
	ExitCode          *int64             `json:"exitCode,omitempty"`
	Image             *string            `json:"image"`
	LastStatus        *string            `json:"lastStatus"`
	Name              *string            `json:"name"`
	Reason            *string            `json:"reason,omitempty"`
	RuntimeID         *string            `json:"runtimeId,omitempty"`
	TaskArn           *string            `json:"taskArn"`
	NetworkInterfaces []InterfaceOfState `json:"networkInterfaces"`
	Cpu               *string            `json:"cpu,omitempty"`
	Memory            *string            `json:"memory,omitempty"`
}

// InterfaceOfState is a network interface in a ContainerState.
type InterfaceOfState struct {
	AttachmentID *string `json:"attachmentId"`
	PrivateIPv4  *string `json:"privateIpv4Address"`
}

// DeploymentStateChange is the detail of "ECS Deployment State Change".
type DeploymentStateChange struct {
	EventType    string    `json:"eventType"`
	EventName    string    `json:"eventName"`
	DeploymentID string    `json:"deploymentId"`
	UpdatedAt    time.Time `json:"updatedAt"`
	Reason       string    `json:"reason"`
}

// ServiceAction is the detail of "ECS Service Action".
type ServiceAction struct {
	EventType  string    `json:"eventType"`
	EventName  string    `json:"eventName"`
	ClusterArn string    `json:"clusterArn"`
	CreatedAt  time.Time `json:"createdAt"`
}

func (t *txn) publish(kind, resource string, detail any) {
	t.d.Bus.Publish(t.tx, event.Event{Scope: t.sc, Source: "aws.ecs", DetailType: kind, Resources: []string{resource}, Detail: detail, Time: t.now})
}

func (t *txn) publishAction(r *serviceRecord, kind, name string) {
	t.publish("ECS Service Action", r.arn(t.sc), ServiceAction{EventType: kind, EventName: name, ClusterArn: clusterARN(t.sc, r.Cluster), CreatedAt: t.now})
}

func (t *txn) publishDeployment(r *serviceRecord, d *deployment, kind, name string) {
	if r.Controller != controllerECS {
		return
	}
	t.publish("ECS Deployment State Change", r.arn(t.sc), DeploymentStateChange{EventType: kind, EventName: name, DeploymentID: d.id(), UpdatedAt: t.now, Reason: d.Reason})
}

func (t *txn) publishTask(r *taskRecord) {
	task := &r.Task
	detail := TaskStateChange{
		Attachments: []AttachmentState{}, AvailabilityZone: task.AvailabilityZone, CapacityProvider: task.CapacityProviderName, ClusterArn: task.ClusterArn,
		Connectivity: task.Connectivity, ConnectivityAt: task.ConnectivityAt, Containers: []ContainerState{}, Cpu: task.Cpu, CreatedAt: task.CreatedAt,
		DesiredStatus: task.DesiredStatus, ExecuteCommand: task.EnableExecuteCommand, Group: task.Group, HealthStatus: task.HealthStatus,
		LastStatus: task.LastStatus, LaunchType: task.LaunchType, Memory: task.Memory, PlatformVersion: task.PlatformVersion,
		PullStartedAt: task.PullStartedAt, PullStoppedAt: task.PullStoppedAt, StartedAt: task.StartedAt, StartedBy: task.StartedBy, StopCode: task.StopCode,
		StoppedAt: task.StoppedAt, StoppedReason: task.StoppedReason, StoppingAt: task.StoppingAt, TaskArn: task.TaskArn,
		TaskDefinitionArn: task.TaskDefinitionArn, UpdatedAt: t.now, Version: task.Version,
	}
	for _, a := range task.Attachments {
		attachment := AttachmentState{ID: a.Id, Type: "eni", Status: a.Status}
		for _, d := range a.Details {
			attachment.Details = append(attachment.Details, NamedValue{d.Name, d.Value})
		}
		detail.Attachments = append(detail.Attachments, attachment)
	}
	for _, c := range task.Containers {
		container := ContainerState{ContainerArn: c.ContainerArn, ExitCode: c.ExitCode, Image: c.Image, LastStatus: c.LastStatus, Name: c.Name,
			Reason: c.Reason, RuntimeID: c.RuntimeId, TaskArn: c.TaskArn, NetworkInterfaces: []InterfaceOfState{}, Cpu: c.Cpu, Memory: c.Memory}
		for _, n := range c.NetworkInterfaces {
			container.NetworkInterfaces = append(container.NetworkInterfaces, InterfaceOfState{n.AttachmentId, n.PrivateIpv4Address})
		}
		detail.Containers = append(detail.Containers, container)
	}
	t.publish("ECS Task State Change", *task.TaskArn, detail)
}

// react ends deployments whose alarms go off.
func (s *Service) react(ctx context.Context, e event.Event) {
	if e.Source != "aws.cloudwatch" || e.DetailType != "CloudWatch Alarm State Change" {
		return
	}
	var detail struct {
		AlarmName string `json:"alarmName"`
		State     struct {
			Value string `json:"value"`
		} `json:"state"`
	}
	raw, err := json.Marshal(e.Detail)
	if err == nil {
		err = json.Unmarshal(raw, &detail)
	}
	if err != nil {
		s.d.Logger.Error("reading the state change of an alarm", "err", err)
		return
	}
	if detail.State.Value != "ALARM" {
		return
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, e.Scope)
		t.alarm(detail.AlarmName)
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("ending the deployments of an alarm", "alarm", detail.AlarmName, "err", err)
	}
}

func (t *txn) alarm(name string) {
	var keys []string
	for key, r := range t.services.All(t.tx, t.sc) {
		a := r.Config.Alarms
		d := r.primary()
		if a != nil && truth(a.Enable) && slices.Contains(a.AlarmNames, name) && d != nil && d.State == stateInProgress && r.Status == statusActive {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		r, _ := t.services.Get(t.tx, t.sc, key)
		o := t.rollout(r, r.Rollout)
		if o == nil || o.Status != "IN_PROGRESS" {
			continue
		}
		o.Alarms = append(o.Alarms, name)
		t.putRollout(r, o)
		t.fail(r, truth(r.Config.Alarms.Rollback), failureAlarms)
		t.settle(r)
		t.putService(r)
	}
}
