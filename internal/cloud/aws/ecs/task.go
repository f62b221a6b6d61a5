package ecs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// The states of a task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
const (
	taskProvisioning   = "PROVISIONING"
	taskPending        = "PENDING"
	taskActivating     = "ACTIVATING"
	taskRunning        = "RUNNING"
	taskDeactivating   = "DEACTIVATING"
	taskStopping       = "STOPPING"
	taskDeprovisioning = "DEPROVISIONING"
	taskStopped        = "STOPPED"
)

// taskRecord is a task: what the API shows of it, and what holds it to the rest.
type taskRecord struct {
	ID, Cluster string
	Service     string // name; empty for one that RunTask has started
	Revision    string // of the service
	Token       string // of RunTask
	Input       string // digest of RunTask's input
	Interface   string
	IP          string
	PublicIP    string
	Targets     []target
	Draining    []target   // it was registered with, and may still get requests from
	Guarded     bool       // protected from scaling in
	GuardedTill *time.Time // none: for good
	Task        Task
}

// target is where a task is registered.
type target struct {
	Group string // ARN
	Port  int
}

func (r *taskRecord) key() string { return r.Cluster + "/" + r.ID }

func (r *taskRecord) stopped() bool { return *r.Task.LastStatus == taskStopped }

// gone says whether a stopped task is no longer shown: AWS keeps it for an hour.
func (r *taskRecord) gone(now time.Time) bool {
	return r.stopped() && now.Sub(*r.Task.StoppedAt) >= kept
}

func (r *taskRecord) protected(now time.Time) bool {
	return r.Guarded && (r.GuardedTill == nil || now.Before(*r.GuardedTill))
}

// placement is what a task is made of.
type placement struct {
	cluster    string
	service    *serviceRecord // nil for a task of RunTask's
	revision   *revisionRecord
	definition *definitionRecord
	overrides  *TaskOverride
	group      string
	startedBy  string
	execute    bool
	tags       map[string]string
	managed    bool
	token      string
	input      string
}

// messageOf gives what an error says without its code.
func messageOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// checkRole checks that tasks may have a role.
func (t *txn) checkRole(role *string) error {
	if text(role) == "" {
		return nil
	}
	found, ok := t.d.Roles.Role(t.tx, *role)
	source := auth.Source(t.sc.Account, "arn:aws:ecs:"+t.sc.Region+":"+t.sc.Account+":*") // ECS names no cluster here
	if !ok || !found.Trusts("ecs-tasks.amazonaws.com", source) {
		return refused("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper "+
			"trust relationship and permissions and that your IAM user has permissions to pass this role.", *role)
	}
	return nil
}

// newTask makes a task that is PROVISIONING, with its network interface.
func (t *txn) newTask(p *placement) (*taskRecord, error) {
	d := &p.definition.TaskDefinition
	execution, own := d.ExecutionRoleArn, d.TaskRoleArn
	if p.overrides != nil {
		if p.overrides.ExecutionRoleArn != nil {
			execution = p.overrides.ExecutionRoleArn
		}
		if p.overrides.TaskRoleArn != nil {
			own = p.overrides.TaskRoleArn
		}
	}
	for _, role := range []*string{execution, own} {
		if err := t.checkRole(role); err != nil {
			return nil, err
		}
	}
	r := &taskRecord{ID: t.d.IDs.Hex(32), Cluster: p.cluster, Token: p.token, Input: p.input}
	full := arn(t.sc, "task", r.key())
	r.Task = t.taskOf(p, full)
	if p.service != nil {
		r.Service, r.Revision = p.service.Name, p.revision.ID
	}
	if n := p.revision.Network; n != nil {
		if err := t.attach(r, n.AwsvpcConfiguration); err != nil {
			return nil, err
		}
	}
	r.Task.Containers = t.containersOf(p, r)
	t.tasks.Put(t.tx, t.sc, r.key(), r)
	state.SetTags(t.tx, full, t.taskTags(p))
	t.publishTask(r)
	return r, nil
}

func (t *txn) taskOf(p *placement, full string) Task {
	d := &p.definition.TaskDefinition
	task := Task{
		TaskArn: new(full), ClusterArn: new(clusterARN(t.sc, p.cluster)), TaskDefinitionArn: new(p.definition.arn()), LastStatus: new(taskProvisioning),
		DesiredStatus: new(taskRunning), CreatedAt: new(t.now), Cpu: d.Cpu, Memory: d.Memory, Group: new(p.group), StartedBy: optional(p.startedBy),
		HealthStatus: new("UNKNOWN"), EnableExecuteCommand: new(p.execute), Version: new(int64(1)), Overrides: overridesOf(p), LaunchType: new(fargate),
		PlatformVersion: optional(platformVersion(p.revision)), PlatformFamily: optional(p.revision.Family), Attachments: []Attachment{},
		Attributes: []Attribute{{Name: new("ecs.cpu-architecture"), Value: new(architecture(d))}}, InferenceAccelerators: []InferenceAccelerator{},
		EphemeralStorage: &EphemeralStorage{SizeInGiB: new(int64(20))},
	}
	if len(p.revision.Strategy) > 0 {
		task.CapacityProviderName = new(t.chooseProvider(p))
	}
	if p.service != nil {
		task.Group, task.StartedBy = new("service:"+p.service.Name), new("ecs-svc/"+p.revision.ID)
		task.EnableExecuteCommand = new(p.service.ExecuteCommand)
	}
	if d.EphemeralStorage != nil {
		task.EphemeralStorage.SizeInGiB = d.EphemeralStorage.SizeInGiB
	}
	if o := p.overrides; o != nil {
		if o.Cpu != nil {
			task.Cpu = o.Cpu
		}
		if o.Memory != nil {
			task.Memory = o.Memory
		}
		if o.EphemeralStorage != nil {
			task.EphemeralStorage = o.EphemeralStorage
		}
	}
	task.FargateEphemeralStorage = &TaskEphemeralStorage{SizeInGiB: task.EphemeralStorage.SizeInGiB}
	return task
}

func architecture(d *TaskDefinition) string {
	if d.RuntimePlatform != nil && text(d.RuntimePlatform.CpuArchitecture) == "ARM64" {
		return "arm64"
	}
	return "x86_64"
}

// overridesOf gives a task's overrides as AWS shows them: every container is there.
func overridesOf(p *placement) *TaskOverride {
	out := &TaskOverride{InferenceAcceleratorOverrides: []InferenceAcceleratorOverride{}, ContainerOverrides: []ContainerOverride{}}
	if p.overrides != nil {
		*out = *p.overrides
		out.InferenceAcceleratorOverrides = []InferenceAcceleratorOverride{}
		out.ContainerOverrides = slices.Clone(p.overrides.ContainerOverrides)
	}
	for _, c := range p.definition.TaskDefinition.ContainerDefinitions {
		if !slices.ContainsFunc(out.ContainerOverrides, func(o ContainerOverride) bool { return text(o.Name) == *c.Name }) {
			out.ContainerOverrides = append(out.ContainerOverrides, ContainerOverride{Name: c.Name})
		}
	}
	return out
}

func (t *txn) containersOf(p *placement, r *taskRecord) []Container {
	var out []Container
	for _, c := range p.definition.TaskDefinition.ContainerDefinitions {
		container := Container{
			ContainerArn: new(arn(t.sc, "container", r.key()+"/"+t.d.IDs.UUID())), TaskArn: r.Task.TaskArn, Name: c.Name, Image: c.Image,
			LastStatus: new(taskPending), NetworkBindings: []NetworkBinding{}, NetworkInterfaces: []NetworkInterface{}, HealthStatus: new("UNKNOWN"),
			Cpu: new(fmt.Sprint(number(c.Cpu))), ManagedAgents: managedAgents(truth(r.Task.EnableExecuteCommand), &c),
		}
		if c.Memory != nil {
			container.Memory = new(fmt.Sprint(*c.Memory))
		}
		if c.MemoryReservation != nil {
			container.MemoryReservation = new(fmt.Sprint(*c.MemoryReservation))
		}
		if r.Interface != "" {
			container.NetworkInterfaces = append(container.NetworkInterfaces, NetworkInterface{AttachmentId: r.Task.Attachments[0].Id, PrivateIpv4Address: new(r.IP)})
		}
		out = append(out, container)
	}
	return out
}

// attach gives a task a network interface, in that of its subnets whose zone has the fewest of its service's tasks.
func (t *txn) attach(r *taskRecord, a *AwsVpcConfiguration) error {
	busy := map[string]int{}
	if r.Service != "" {
		for _, other := range t.tasks.By(t.tx, t.sc, "service", r.Cluster+"/"+r.Service) {
			if !other.stopped() {
				busy[text(other.Task.AvailabilityZone)]++
			}
		}
	}
	best := network.Subnet{}
	for _, id := range a.Subnets {
		sub, ok := t.d.Network.Subnet(t.tx, t.sc, id)
		if ok && (best.ID == "" || busy[sub.Zone] < busy[best.Zone]) {
			best = sub
		}
	}
	if best.ID == "" {
		return invalid("The subnet ID '%s' does not exist (ErrorCode: InvalidSubnetID.NotFound)", a.Subnets[0])
	}
	id := t.d.IDs.UUID()
	i, err := t.d.Network.AttachInterface(t.tx, t.sc, network.InterfaceRequest{
		Subnet: best.ID, Groups: a.SecurityGroups, Description: arn(t.sc, "attachment", id), Requester: "amazon-ecs", PublicIP: text(a.AssignPublicIp) == "ENABLED",
	})
	if err != nil {
		return err
	}
	r.Interface, r.IP, r.PublicIP, r.Task.AvailabilityZone = i.ID, i.PrivateIP, i.PublicIP, new(i.Zone)
	attachment := Attachment{Id: &id, Type: new("ElasticNetworkInterface"), Status: new("ATTACHED")}
	for _, detail := range [][2]string{{"subnetId", i.Subnet}, {"networkInterfaceId", i.ID}, {"macAddress", i.MAC}, {"privateDnsName", i.PrivateDNS}, {"privateIPv4Address", i.PrivateIP}} {
		if detail[1] != "" {
			attachment.Details = append(attachment.Details, KeyValuePair{Name: new(detail[0]), Value: new(detail[1])})
		}
	}
	r.Task.Attachments = []Attachment{attachment}
	return nil
}

// chooseProvider gives the capacity provider of the next task: first the bases are filled, then the weights are kept.
func (t *txn) chooseProvider(p *placement) string {
	have := map[string]int64{}
	if p.service != nil {
		for _, other := range t.tasks.By(t.tx, t.sc, "service", p.service.key()) {
			if other.Revision == p.revision.ID && *other.Task.DesiredStatus == taskRunning {
				have[text(other.Task.CapacityProviderName)]++
			}
		}
	}
	best, load := *p.revision.Strategy[0].CapacityProvider, float64(-1)
	for _, item := range p.revision.Strategy {
		name, base, weight := *item.CapacityProvider, number(item.Base), number(item.Weight)
		if have[name] < base {
			return name
		}
		if weight == 0 {
			continue
		}
		if l := float64(have[name]-base+1) / float64(weight); load < 0 || l < load {
			best, load = name, l
		}
	}
	return best
}

// taskTags gives a task's tags: its own, those of its service or task definition where they are passed on, and ECS's.
func (t *txn) taskTags(p *placement) map[string]string {
	out := map[string]string{}
	managed := p.managed
	if s := p.service; s != nil {
		switch s.PropagateTags {
		case "SERVICE":
			maps.Copy(out, state.Tags(t.tx, s.arn(t.sc)))
		case "TASK_DEFINITION":
			maps.Copy(out, state.Tags(t.tx, p.definition.arn()))
		}
		managed = s.ManagedTags
		if managed {
			out["aws:ecs:serviceName"] = s.Name
		}
	}
	maps.Copy(out, p.tags)
	if managed {
		out["aws:ecs:clusterName"] = p.cluster
	}
	return out
}
