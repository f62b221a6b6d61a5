package ecs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fargateMemory gives the MiB of memory that Fargate has for a number of CPU units: from, to and in which steps.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
func fargateMemory(cpu int64) (from, to, step int64) {
	switch cpu {
	case 256:
		return 512, 2048, 512
	case 512:
		return 1024, 4096, 1024
	case 1024:
		return 2048, 8192, 1024
	case 2048:
		return 4096, 16384, 1024
	case 4096:
		return 8192, 30720, 1024
	case 8192:
		return 16384, 61440, 4096
	case 16384:
		return 32768, 122880, 8192
	}
	return 0, -1, 1
}

func fargateHas(cpu, memory int64) bool {
	if cpu == 256 && memory == 1536 {
		return false // 0.5, 1 and 2 GB only
	}
	from, to, step := fargateMemory(cpu)
	return memory >= from && memory <= to && (memory-from)%step == 0
}

var (
	vcpus     = regexp.MustCompile(`(?i)^\s*([0-9]*\.?[0-9]+)\s*vcpus?\s*$`)
	gigabytes = regexp.MustCompile(`(?i)^\s*([0-9]*\.?[0-9]+)\s*gb\s*$`)
)

// taskSize gives a task's CPU units and MiB of memory from what may be said in vCPU and GB, as in "1 vCPU" and "2 GB".
func taskSize(cpu, memory *string) (units, mib *string, err error) {
	if cpu != nil {
		if units, err = inUnits(*cpu, vcpus, "cpu"); err != nil {
			return nil, nil, err
		}
	}
	if memory != nil {
		if mib, err = inUnits(*memory, gigabytes, "memory"); err != nil {
			return nil, nil, err
		}
	}
	return units, mib, nil
}

func inUnits(s string, words *regexp.Regexp, what string) (*string, error) {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil && n > 0 {
		return new(strconv.FormatInt(n, 10)), nil
	}
	if m := words.FindStringSubmatch(s); m != nil {
		if f, err := strconv.ParseFloat(m[1], 64); err == nil && f > 0 {
			return new(strconv.FormatInt(int64(f*1024+0.5), 10)), nil
		}
	}
	return nil, refused("Invalid '%s' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", what)
}

// amount reads what taskSize has written; none is 0.
func amount(s *string) int64 {
	n, _ := strconv.ParseInt(text(s), 10, 64)
	return n
}

func isECR(image string) bool {
	host, _, _ := strings.Cut(image, "/")
	return strings.Contains(host, ".dkr.ecr.") && strings.Contains(host, ".amazonaws.com")
}

// fitsFargate gives why a task definition cannot run on Fargate, nil if it can.
func fitsFargate(d *TaskDefinition) error {
	switch {
	case text(d.NetworkMode) != "awsvpc":
		return refused("Fargate only supports network mode ‘awsvpc’.")
	case d.Cpu == nil:
		return refused("Fargate requires that 'cpu' be defined at the task level.")
	case d.Memory == nil:
		return refused("Fargate requires that 'memory' be defined at the task level.")
	case !fargateHas(amount(d.Cpu), amount(d.Memory)):
		return refused("No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", amount(d.Cpu), amount(d.Memory))
	case d.IpcMode != nil:
		return refused("Tasks using the Fargate launch type do not support ipcMode.")
	case text(d.PidMode) == "host":
		return refused("Tasks using the Fargate launch type do not support pidMode 'host'.")
	case len(d.PlacementConstraints) > 0:
		return refused("Task definition placement constraints are not supported for the Fargate launch type.")
	case d.RuntimePlatform != nil && d.RuntimePlatform.OperatingSystemFamily != nil && *d.RuntimePlatform.OperatingSystemFamily != "LINUX" && amount(d.Cpu) < 1024:
		return refused("Fargate requires at least 1 vCPU for Windows tasks.")
	}
	for _, v := range d.Volumes {
		if v.Host != nil && v.Host.SourcePath != nil {
			return refused("host.sourcePath should not be set for volumes in Fargate.")
		}
		if v.DockerVolumeConfiguration != nil {
			return refused("Fargate compatible task definitions do not support Docker volumes.")
		}
	}
	for _, c := range d.ContainerDefinitions {
		if err := containerFitsFargate(d, &c); err != nil {
			return err
		}
	}
	return nil
}

func containerFitsFargate(d *TaskDefinition, c *ContainerDefinition) error {
	drivers := []string{"awslogs", "splunk", "awsfirelens"}
	switch l := c.LogConfiguration; {
	case truth(c.Privileged):
		return refused("Fargate compatible task definitions do not support privileged containers: '%s'.", *c.Name)
	case c.LinuxParameters != nil && (len(c.LinuxParameters.Devices) > 0 || c.LinuxParameters.SharedMemorySize != nil || len(c.LinuxParameters.Tmpfs) > 0 ||
		c.LinuxParameters.MaxSwap != nil || c.LinuxParameters.Swappiness != nil):
		return refused("Fargate compatible task definitions do not support devices, sharedMemorySize, tmpfs, maxSwap and swappiness in linuxParameters.")
	case c.LinuxParameters != nil && c.LinuxParameters.Capabilities != nil &&
		slices.ContainsFunc(c.LinuxParameters.Capabilities.Add, func(name string) bool { return name != "SYS_PTRACE" }):
		// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html
		return refused("Fargate compatible task definitions only support adding the SYS_PTRACE kernel capability: '%s'.", *c.Name)
	case l != nil && !slices.Contains(drivers, *l.LogDriver):
		return refused("%s is not a valid log driver. Must be one of [%s]", *l.LogDriver, strings.Join(drivers, ","))
	case l != nil && *l.LogDriver == "awslogs" && d.ExecutionRoleArn == nil:
		return refused("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
	case l != nil && *l.LogDriver == "awslogs" && l.Options["awslogs-stream-prefix"] == "":
		return refused("Log driver awslogs requires options: awslogs-stream-prefix")
	case isECR(*c.Image) && d.ExecutionRoleArn == nil:
		return refused("Fargate requires task definition to have execution role ARN to support ECR images.")
	case len(c.DockerSecurityOptions) > 0 || len(c.ExtraHosts) > 0:
		return refused("Fargate compatible task definitions do not support dockerSecurityOptions and extraHosts.")
	}
	return nil
}
