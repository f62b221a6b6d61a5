package ecs

import (
	"slices"
	"strings"
)

// newDefinition checks a task definition and gives it as AWS shows it, without what its registration adds.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
func newDefinition(in *RegisterTaskDefinitionInput) (*TaskDefinition, error) {
	d := &TaskDefinition{
		Family: in.Family, Status: new(statusActive), TaskRoleArn: in.TaskRoleArn, ExecutionRoleArn: in.ExecutionRoleArn,
		NetworkMode: in.NetworkMode, RequiresCompatibilities: in.RequiresCompatibilities, Cpu: in.Cpu, Memory: in.Memory, PidMode: in.PidMode,
		IpcMode: in.IpcMode, ProxyConfiguration: in.ProxyConfiguration, InferenceAccelerators: in.InferenceAccelerators,
		EphemeralStorage: in.EphemeralStorage, RuntimePlatform: in.RuntimePlatform, EnableFaultInjection: in.EnableFaultInjection,
		PlacementConstraints: append([]TaskDefinitionPlacementConstraint{}, in.PlacementConstraints...),
	}
	if !names.MatchString(*in.Family) {
		return nil, refused("Family contains invalid characters.")
	}
	if err := checkEnums(d); err != nil {
		return nil, err
	}
	if len(in.InferenceAccelerators) > 0 {
		return nil, unable("RegisterTaskDefinition", "inferenceAccelerators")
	}
	var err error
	if d.Volumes, err = newVolumes(in.Volumes); err != nil {
		return nil, err
	}
	if d.ContainerDefinitions, err = newContainers(in.ContainerDefinitions, d); err != nil {
		return nil, err
	}
	if d.Cpu, d.Memory, err = taskSize(in.Cpu, in.Memory); err != nil {
		return nil, err
	}
	needs := slices.Contains(d.RequiresCompatibilities, fargate)
	misfit := fitsFargate(d)
	if needs && misfit != nil {
		return nil, misfit
	}
	if err := checkSums(d); err != nil {
		return nil, err
	}
	if err := checkStorage(d); err != nil {
		return nil, err
	}
	if d.ExecutionRoleArn == nil {
		for _, c := range d.ContainerDefinitions {
			if len(c.Secrets) > 0 {
				return nil, refused("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
			}
		}
	}
	d.Compatibilities = []string{ec2}
	if misfit == nil {
		d.Compatibilities = append(d.Compatibilities, fargate)
	} else if d.NetworkMode == nil || *d.NetworkMode != "awsvpc" {
		d.Compatibilities = []string{"EXTERNAL", ec2}
	}
	d.RequiresAttributes = requiredAttributes(d)
	return d, nil
}

func checkEnums(d *TaskDefinition) error {
	for _, c := range d.RequiresCompatibilities {
		if err := oneOf("requiresCompatibilities", &c, ec2, "EXTERNAL", fargate, "MANAGED_INSTANCES"); err != nil {
			return err
		}
	}
	checks := []error{
		oneOf("networkMode", d.NetworkMode, "awsvpc", "bridge", "host", "none"),
		oneOf("pidMode", d.PidMode, "host", "task"),
		oneOf("ipcMode", d.IpcMode, "host", "none", "task"),
	}
	if r := d.RuntimePlatform; r != nil {
		checks = append(checks, oneOf("runtimePlatform.cpuArchitecture", r.CpuArchitecture, "ARM64", "X86_64"),
			oneOf("runtimePlatform.operatingSystemFamily", r.OperatingSystemFamily, "LINUX", "WINDOWS_SERVER_2004_CORE", "WINDOWS_SERVER_2016_FULL",
				"WINDOWS_SERVER_2019_CORE", "WINDOWS_SERVER_2019_FULL", "WINDOWS_SERVER_2022_CORE", "WINDOWS_SERVER_2022_FULL",
				"WINDOWS_SERVER_2025_CORE", "WINDOWS_SERVER_2025_FULL", "WINDOWS_SERVER_20H2_CORE"))
	}
	if p := d.ProxyConfiguration; p != nil {
		checks = append(checks, oneOf("proxyConfiguration.type", p.Type, "APPMESH"))
	}
	for _, p := range d.PlacementConstraints {
		checks = append(checks, oneOf("placementConstraints.type", p.Type, "memberOf"))
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

func newVolumes(given []Volume) ([]Volume, error) {
	out := []Volume{}
	var seen []string
	launched := 0
	for _, v := range given {
		name := text(v.Name)
		kinds := 0
		for _, has := range []bool{v.Host != nil && v.Host.SourcePath != nil, v.DockerVolumeConfiguration != nil, v.EfsVolumeConfiguration != nil,
			v.FsxWindowsFileServerVolumeConfiguration != nil, v.S3filesVolumeConfiguration != nil} {
			if has {
				kinds++
			}
		}
		switch {
		case name == "":
			return nil, refused("Volume name cannot be empty.")
		case !names.MatchString(name):
			return nil, refused("Volume name contains invalid characters.")
		case slices.Contains(seen, name):
			return nil, refused("Volume name '%s' is used more than once.", name)
		case kinds > 0 && truth(v.ConfiguredAtLaunch):
			return nil, refused("No volume configuration can be configured for volume '%s' that is configured at launch.", name)
		case kinds > 1:
			return nil, refused("Only one volume type can be configured for volume '%s'.", name)
		case v.S3filesVolumeConfiguration != nil:
			return nil, unable("RegisterTaskDefinition", "s3filesVolumeConfiguration")
		}
		if truth(v.ConfiguredAtLaunch) {
			launched++
		}
		if err := checkVolume(&v); err != nil {
			return nil, err
		}
		if v.Host == nil && kinds == 0 && !truth(v.ConfiguredAtLaunch) {
			v.Host = &HostVolumeProperties{}
		}
		seen, out = append(seen, name), append(out, v)
	}
	if launched > 1 {
		return nil, refused("Only one volume can be configured at launch.")
	}
	return out, nil
}

func checkVolume(v *Volume) error {
	if d := v.DockerVolumeConfiguration; d != nil {
		if err := oneOf("dockerVolumeConfiguration.scope", d.Scope, "shared", "task"); err != nil {
			return err
		}
	}
	e := v.EfsVolumeConfiguration
	if e == nil {
		return nil
	}
	encrypted := text(e.TransitEncryption) == "ENABLED"
	if err := oneOf("efsVolumeConfiguration.transitEncryption", e.TransitEncryption, "DISABLED", "ENABLED"); err != nil {
		return err
	}
	if a := e.AuthorizationConfig; a != nil {
		if (text(a.AccessPointId) != "" || text(a.Iam) == "ENABLED") && !encrypted {
			return refused("Transit encryption must be enabled when an EFS access point or IAM authorization is used.")
		}
		if text(a.AccessPointId) != "" && e.RootDirectory != nil && *e.RootDirectory != "" && *e.RootDirectory != "/" {
			return refused("The root directory must be omitted or set to '/' when an EFS access point is used.")
		}
	}
	return nil
}

// checkStorage checks the ephemeral storage, which only Fargate has.
func checkStorage(d *TaskDefinition) error {
	if d.EphemeralStorage == nil {
		return nil
	}
	if n := *d.EphemeralStorage.SizeInGiB; n < 21 || n > 200 {
		return refused("The ephemeral storage size must be between 21 GiB and 200 GiB.")
	}
	if !slices.Contains(d.RequiresCompatibilities, fargate) {
		return refused("Ephemeral storage is only supported for task definitions that are compatible with FARGATE.")
	}
	return nil
}

// checkSums checks the containers' sizes against the task's, or each other.
func checkSums(d *TaskDefinition) error {
	cpu, memory := amount(d.Cpu), amount(d.Memory)
	var cpus, reserved int64
	for _, c := range d.ContainerDefinitions {
		hard, soft := number(c.Memory), number(c.MemoryReservation)
		switch {
		case c.Memory == nil && c.MemoryReservation == nil && d.Memory == nil:
			return refused("Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.", *c.Name)
		case c.Memory != nil && hard < 4 || c.MemoryReservation != nil && soft < 4:
			return refused("Invalid setting for container '%s'. The 'memory' and 'memoryReservation' must be at least 4.", *c.Name)
		case c.Memory != nil && soft > hard:
			return refused("Invalid setting for container '%s'. 'memoryReservation' must not be greater than 'memory'.", *c.Name)
		case d.Memory != nil && hard > memory:
			return refused("The 'memory' setting for container '%s' is greater than for the task.", *c.Name)
		}
		cpus += number(c.Cpu)
		if c.MemoryReservation != nil {
			reserved += soft
		} else {
			reserved += hard
		}
	}
	if d.Cpu != nil && cpus > cpu {
		return refused("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	if d.Memory != nil && reserved > memory {
		return refused("The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.")
	}
	return nil
}

// requiredAttributes gives what a container instance must have for a task of the definition.
func requiredAttributes(d *TaskDefinition) []Attribute {
	var have []string
	add := func(name string) {
		if !slices.Contains(have, name) {
			have = append(have, name)
		}
	}
	for _, c := range d.ContainerDefinitions {
		if l := c.LogConfiguration; l != nil {
			add("com.amazonaws.ecs.capability.logging-driver." + *l.LogDriver)
			if *l.LogDriver == "awslogs" && d.ExecutionRoleArn != nil {
				add("ecs.capability.execution-role-awslogs")
			}
			add("com.amazonaws.ecs.capability.docker-remote-api.1.19")
		}
		if isECR(*c.Image) {
			add("com.amazonaws.ecs.capability.ecr-auth")
			if d.ExecutionRoleArn != nil {
				add("ecs.capability.execution-role-ecr-pull")
			}
		}
		if c.HealthCheck != nil {
			add("ecs.capability.container-health-check")
		}
		for _, secret := range c.Secrets {
			if strings.Contains(*secret.ValueFrom, ":secretsmanager:") {
				add("ecs.capability.secrets.asm.environment-variables")
			} else {
				add("ecs.capability.secrets.ssm.environment-variables")
			}
		}
		if len(c.DependsOn) > 0 {
			add("ecs.capability.container-ordering")
		}
		if truth(c.Privileged) {
			add("com.amazonaws.ecs.capability.privileged-container")
		}
		add("com.amazonaws.ecs.capability.docker-remote-api.1.18")
	}
	if d.TaskRoleArn != nil {
		add("com.amazonaws.ecs.capability.task-iam-role")
	}
	if text(d.NetworkMode) == "awsvpc" {
		add("ecs.capability.task-eni")
	}
	var out []Attribute
	for _, name := range have {
		out = append(out, Attribute{Name: new(name)})
	}
	return out
}
