package fargate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/dataplane/container"
)

// taskContainer is a container of a task.
type taskContainer struct {
	task       *task
	name       string
	definition *ecs.ContainerDefinition
	override   ecs.ContainerOverride
	arn        string
	token      string // names it at the metadata endpoint
	runtimeID  string
	essential  bool
	image      Image
	log        *logStream
	process    container.Container // nil before its start
	started    chan struct{}       // closed when it has started
	begun      time.Time           // when it has started
	reason     string              // why it did not start, or ended
	health     *healthCheck
	status     string    // its health; guarded by the task
	since      time.Time // of status; guarded by the task
}

func (a *Agent) newContainer(t *task, d *ecs.ContainerDefinition, record ecs.Container) *taskContainer {
	c := &taskContainer{
		task: t, name: *d.Name, definition: d, arn: text(record.ContainerArn), token: a.d.IDs.Hex(32) + "-" + a.d.IDs.Hex(10), essential: d.Essential == nil || *d.Essential,
		started: make(chan struct{}),
	}
	c.runtimeID = t.id + "-" + c.token[len(c.token)-10:]
	if o := t.record.Overrides; o != nil {
		for _, co := range o.ContainerOverrides {
			if text(co.Name) == c.name {
				c.override = co
			}
		}
	}
	return c
}

func (c *taskContainer) pull(ctx context.Context) (err error) {
	reference := *c.definition.Image
	if err := c.task.mayPull(reference); err != nil {
		return err
	}
	c.image, err = c.task.agent.d.Images.Prepare(ctx, c.task.sc, reference, filepath.Join(c.task.dir, c.name))
	if err != nil && ctx.Err() == nil {
		c.reason = "CannotPullContainerError: " + err.Error()
		return failed("CannotPullContainerError", "%v", err)
	}
	return err
}

func (c *taskContainer) start(ctx context.Context) error {
	spec, err := c.spec()
	if err == nil {
		c.process, err = c.task.agent.d.Runtime.Start(ctx, spec)
	}
	if err == nil {
		c.watchHealth()
		c.begun = c.task.now()
		close(c.started)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	kind := "CannotStartContainerError"
	if bad := (*container.StartError)(nil); !errors.As(err, &bad) {
		kind = "CannotCreateContainerError"
	}
	c.reason = kind + ": " + err.Error()
	return failed(kind, "%v", err)
}

func (c *taskContainer) spec() (container.Spec, error) {
	d, t := c.definition, c.task
	limits := container.Limits{Memory: number(d.Memory) << 20, Shares: number(d.Cpu)}
	if c.override.Memory != nil {
		limits.Memory = *c.override.Memory << 20
	}
	if c.override.Cpu != nil {
		limits.Shares = *c.override.Cpu
	}
	if limits.Memory == 0 { // the group has it already; programs size themselves by their own
		limits.Memory = t.memory << 20
	}
	s := container.Spec{
		ID: c.runtimeID, Group: t.id, Root: c.image.Root, Image: c.image.Name, ReadOnlyRoot: truth(d.ReadonlyRootFilesystem), Args: c.args(), Env: c.environment(),
		Dir: c.image.Config.WorkingDir, User: c.image.Config.User, Hostname: t.hostname(), Network: t.namespace.Name(), Limits: limits,
		Stdout: c.log, Stderr: c.log,
	}
	if d.WorkingDirectory != nil {
		s.Dir = *d.WorkingDirectory
	}
	if d.User != nil {
		s.User = *d.User
	}
	for _, u := range d.Ulimits {
		s.Ulimits = append(s.Ulimits, container.Ulimit{Name: *u.Name, Soft: uint64(*u.SoftLimit), Hard: uint64(*u.HardLimit)})
	}
	if l := d.LinuxParameters; l != nil {
		s.Init = truth(l.InitProcessEnabled)
		if l.Capabilities != nil {
			s.AddCaps, s.DropCaps = l.Capabilities.Add, l.Capabilities.Drop
		}
	}
	var err error
	s.Mounts, err = c.mounts()
	return s, err
}

// args gives the command line: an entry point of the task definition's replaces the image's and its command too.
func (c *taskContainer) args() []string {
	entry, command := c.image.Config.Entrypoint, c.image.Config.Cmd
	if len(c.definition.EntryPoint) > 0 {
		entry, command = c.definition.EntryPoint, nil
	}
	if len(c.definition.Command) > 0 {
		command = c.definition.Command
	}
	if len(c.override.Command) > 0 {
		command = c.override.Command
	}
	return slices.Concat(entry, command)
}

// environment gives the variables: the image's, Fargate's, the task definition's, its secrets, and the overrides, each over those before.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-metadata.html
func (c *taskContainer) environment() []string {
	var order []string
	values := map[string]string{}
	set := func(name, value string) {
		if _, ok := values[name]; !ok {
			order = append(order, name)
		}
		values[name] = value
	}
	for _, e := range c.image.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		set(name, value)
	}
	t := c.task
	set("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE")
	set("AWS_REGION", t.sc.Region)
	set("AWS_DEFAULT_REGION", t.sc.Region)
	set("ECS_CONTAINER_METADATA_URI", "http://"+MetadataAddress+"/v3/"+c.token)
	set("ECS_CONTAINER_METADATA_URI_V4", "http://"+MetadataAddress+"/v4/"+c.token)
	set("HOSTNAME", t.hostname())
	if t.role != "" {
		set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/"+t.credentials)
	}
	if t.trust != nil {
		set("AWS_CA_BUNDLE", trustTarget)
	}
	for _, e := range c.definition.Environment {
		set(text(e.Name), text(e.Value))
	}
	for _, s := range c.definition.Secrets {
		set(*s.Name, t.hidden[c.name+"/"+*s.Name])
	}
	for _, e := range c.override.Environment {
		set(text(e.Name), text(e.Value))
	}
	out := make([]string, 0, len(order))
	for _, name := range order {
		out = append(out, name+"="+values[name])
	}
	return out
}

// hostname is the task's name in its VPC. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
func (t *task) hostname() string {
	return "ip-" + strings.ReplaceAll(t.iface.Address.String(), ".", "-") + "." + t.domain()
}

func (t *task) domain() string {
	if t.sc.Region == "us-east-1" {
		return "ec2.internal"
	}
	return t.sc.Region + ".compute.internal"
}

const stopTimeout = 30 * time.Second

// end stops the container.
func (c *taskContainer) end(ctx context.Context) {
	defer c.process.Wait()
	select {
	case <-c.process.Done():
		return
	default:
	}
	signal := signalNamed(c.image.Config.StopSignal)
	if err := c.process.Signal(context.WithoutCancel(ctx), signal); err != nil {
		c.task.agent.d.Logger.Error("stopping a container", "container", c.runtimeID, "err", err)
	}
	patience := stopTimeout
	if c.definition.StopTimeout != nil {
		patience = time.Duration(*c.definition.StopTimeout) * time.Second
	}
	if ctx.Err() != nil {
		patience = grace
	}
	timer := time.NewTimer(patience) // of the container's own time, whatever the cloud's clock does
	defer timer.Stop()
	done := ctx.Done()
	for {
		select {
		case <-c.process.Done():
			return
		case <-done: // the cloud ends meanwhile
			done = nil
			timer.Reset(min(patience, grace))
			continue
		case <-timer.C:
		}
		if err := c.process.Signal(context.WithoutCancel(ctx), os.Kill); err != nil {
			c.task.agent.d.Logger.Error("killing a container", "container", c.runtimeID, "err", err)
		}
		return
	}
}

// finish is for a container that has ended, or that never ran.
func (c *taskContainer) finish() {
	if c.health != nil {
		c.health.close()
	}
	if c.log != nil {
		c.log.close()
	}
}

func (c *taskContainer) endReport() ecs.ContainerReport {
	r := ecs.ContainerReport{Name: c.name, Status: "STOPPED", Reason: c.reason, RuntimeID: c.runtimeID, ImageDigest: c.image.Digest}
	if c.process == nil {
		r.RuntimeID = ""
		return r
	}
	exit := c.process.Wait()
	r.ExitCode = new(int64(exit.Code))
	if exit.OutOfMemory {
		r.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	return r
}

// unsupported says what of a task definition is not there.
func (t *task) unsupported() error {
	for _, v := range t.definition.Volumes {
		if v.EfsVolumeConfiguration != nil || v.S3filesVolumeConfiguration != nil || v.FsxWindowsFileServerVolumeConfiguration != nil || truth(v.ConfiguredAtLaunch) {
			return failed("ResourceInitializationError", "the local cloud has no volumes of EFS, FSx, S3 and EBS: volume %s", text(v.Name))
		}
	}
	if f := t.definition.RuntimePlatform; f != nil && strings.HasPrefix(text(f.OperatingSystemFamily), "WINDOWS") {
		return failed("ResourceInitializationError", "the local cloud runs Linux containers only")
	}
	if text(t.definition.PidMode) == "task" {
		return failed("ResourceInitializationError", "the local cloud does not run tasks with pidMode task")
	}
	for _, c := range t.containers {
		d := c.definition
		for what, there := range map[string]bool{
			"environmentFiles": len(d.EnvironmentFiles)+len(c.override.EnvironmentFiles) > 0, "firelensConfiguration": d.FirelensConfiguration != nil,
			"systemControls": len(d.SystemControls) > 0, "restartPolicy": d.RestartPolicy != nil && truth(d.RestartPolicy.Enabled), "repositoryCredentials": d.RepositoryCredentials != nil,
			"volumesFrom": len(d.VolumesFrom) > 0, "resourceRequirements": len(d.ResourceRequirements) > 0, "credentialSpecs": len(d.CredentialSpecs) > 0,
			"a log driver other than awslogs": d.LogConfiguration != nil && *d.LogConfiguration.LogDriver != "awslogs",
		} {
			if there {
				return failed("ResourceInitializationError", "the local cloud does not run containers with %s: container %s", what, c.name)
			}
		}
	}
	return nil
}

// mounts gives what is bound into the container: its volumes, and the files that tell it names.
func (c *taskContainer) mounts() ([]container.Mount, error) {
	t := c.task
	var out []container.Mount
	for _, m := range c.definition.MountPoints {
		mount := container.Mount{Target: text(m.ContainerPath), ReadOnly: truth(m.ReadOnly)}
		if c.image.Name != "" { // such a runtime has volumes of its own too
			mount.Volume = t.id + "-" + text(m.SourceVolume)
			_, mount.Copy = c.image.Config.Volumes[mount.Target]
		} else {
			var err error
			if mount.Source, err = c.volume(text(m.SourceVolume), mount.Target); err != nil {
				return nil, err
			}
		}
		out = append(out, mount)
	}
	etc := filepath.Join(t.dir, "etc")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return nil, err
	}
	for name, content := range map[string]string{
		"resolv.conf": "search " + t.domain() + "\nnameserver 169.254.169.253\noptions timeout:2 attempts:5\n",
		"hosts":       fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", t.iface.Address, t.hostname()),
		"hostname":    t.hostname() + "\n",
	} {
		path := filepath.Join(etc, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil { //nolint:gosec // every user of the container reads it
			return nil, err
		}
		out = append(out, container.Mount{Source: path, Target: "/etc/" + name, ReadOnly: name != "hosts"})
	}
	trust, err := c.trustMounts()
	return append(out, trust...), err
}

// volume gives the directory of a volume. The first container that mounts it decides on its mode: that of the image's own directory
// where the image declares it a volume, else 0755 and root's. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
func (c *taskContainer) volume(name, target string) (string, error) {
	dir := filepath.Join(c.task.dir, "volumes", name)
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil { //nolint:gosec // containers reach what is below, and do not see it
		return "", err
	}
	err := os.Mkdir(dir, 0o755) //nolint:gosec // AWS's default
	if errors.Is(err, os.ErrExist) {
		return dir, nil
	}
	if err != nil {
		return "", err
	}
	if _, declared := c.image.Config.Volumes[target]; declared {
		return dir, copyVolume(c.image.Root, target, dir)
	}
	return dir, nil
}
