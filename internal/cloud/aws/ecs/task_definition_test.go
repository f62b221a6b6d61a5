package ecs_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTaskDefinitionRevisions(t *testing.T) {
	l := start(t)
	in := fargate("app")
	in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	first := l.register(in)
	if *first.TaskDefinitionArn != prefix+"task-definition/app:1" || first.Revision != 1 || first.Status != types.TaskDefinitionStatusActive ||
		len(first.Compatibilities) != 2 || first.RegisteredAt == nil {
		t.Errorf("got %+v", first)
	}
	l.register(fargate("app"))
	get := func(name string) *ecs.DescribeTaskDefinitionOutput {
		t.Helper()
		return must(l.DescribeTaskDefinition(l.ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}}))(t)
	}
	if got := get("app").TaskDefinition.Revision; got != 2 {
		t.Errorf("the family is revision %d", got)
	}
	if got := get(*first.TaskDefinitionArn); got.TaskDefinition.Revision != 1 || len(got.Tags) != 1 {
		t.Errorf("got %+v", got)
	}
	_, err := l.DeregisterTaskDefinition(l.ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("app")})
	refused(t, err, "InvalidParameterException")
	gone := must(l.DeregisterTaskDefinition(l.ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("app:2")}))(t).TaskDefinition
	if gone.Status != types.TaskDefinitionStatusInactive || gone.DeregisteredAt == nil {
		t.Errorf("got %+v", gone)
	}
	if got := get("app").TaskDefinition.Revision; got != 1 {
		t.Errorf("the family is revision %d", got)
	}
	_, err = l.CreateService(l.ctx, l.service("web", "app:2", 1))
	refused(t, err, "ClientException", "TaskDefinition is inactive")
	if third := l.register(fargate("app")); third.Revision != 3 {
		t.Errorf("got revision %d", third.Revision)
	}
	out := must(l.DeleteTaskDefinitions(l.ctx, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []string{"app:1", "app:2", "none:1"}}))(t)
	if len(out.TaskDefinitions) != 1 || out.TaskDefinitions[0].Status != types.TaskDefinitionStatusDeleteInProgress || len(out.Failures) != 2 {
		t.Errorf("got %+v", out)
	}
	_, err = l.DescribeTaskDefinition(l.ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("app:2")})
	refused(t, err, "ClientException", "Unable to describe task definition.")
}

func TestTaskDefinitionLists(t *testing.T) {
	l := start(t)
	for _, family := range []string{"a", "a", "b", "ab"} {
		l.register(fargate(family))
	}
	must(l.DeregisterTaskDefinition(l.ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("b:1")}))(t)
	list := func(in ecs.ListTaskDefinitionsInput) string {
		in.MaxResults = aws.Int32(2)
		var got []string
		for pages := ecs.NewListTaskDefinitionsPaginator(l, &in); pages.HasMorePages(); {
			for _, arn := range must(pages.NextPage(l.ctx))(t).TaskDefinitionArns {
				got = append(got, strings.TrimPrefix(arn, prefix+"task-definition/"))
			}
		}
		return strings.Join(got, " ")
	}
	for _, c := range []struct {
		in   ecs.ListTaskDefinitionsInput
		want string
	}{
		{ecs.ListTaskDefinitionsInput{}, "a:1 a:2 ab:1"},
		{ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("a")}, "a:1 a:2"},
		{ecs.ListTaskDefinitionsInput{Sort: types.SortOrderDesc}, "ab:1 a:2 a:1"},
		{ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusInactive}, "b:1"},
	} {
		if got := list(c.in); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	families := must(l.ListTaskDefinitionFamilies(l.ctx, &ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusActive, FamilyPrefix: aws.String("a")}))(t).Families
	if strings.Join(families, " ") != "a ab" {
		t.Errorf("got %q", families)
	}
}

func TestTaskDefinitionDefaults(t *testing.T) {
	l := start(t)
	in := fargate("app")
	in.Cpu, in.Memory = aws.String("1 vCPU"), aws.String("2 GB")
	in.ContainerDefinitions[0].HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
	d := l.register(in)
	c := d.ContainerDefinitions[0]
	if *d.Cpu != "1024" || *d.Memory != "2048" || !*c.Essential || *c.PortMappings[0].HostPort != 80 || c.PortMappings[0].Protocol != "tcp" ||
		*c.HealthCheck.Interval != 30 || *c.HealthCheck.Timeout != 5 || *c.HealthCheck.Retries != 3 || c.HealthCheck.StartPeriod != nil ||
		c.Environment == nil || c.MountPoints == nil || c.VolumesFrom == nil || c.SystemControls == nil || c.Command != nil || d.Volumes == nil {
		t.Errorf("got %+v", d)
	}
	bridge := fargate("bridge")
	bridge.RequiresCompatibilities, bridge.NetworkMode = nil, ""
	bridge.Volumes = []types.Volume{{Name: aws.String("scratch")}}
	if d := l.register(bridge); *d.ContainerDefinitions[0].PortMappings[0].HostPort != 0 || d.NetworkMode != "" || d.Volumes[0].Host == nil {
		t.Errorf("got %+v", d)
	}
}

func TestTaskDefinitionChecks(t *testing.T) {
	l := start(t)
	role := l.role("execution", "ecs-tasks.amazonaws.com")
	container := func(in *ecs.RegisterTaskDefinitionInput) *types.ContainerDefinition {
		return &in.ContainerDefinitions[0]
	}
	second := func(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) {
		c.Name, c.Image = aws.String("side"), aws.String("busybox")
		in.ContainerDefinitions = append(in.ContainerDefinitions, c)
	}
	logs := func(options map[string]string) *types.LogConfiguration {
		return &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}
	}
	all := map[string]string{"awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p"}
	for _, c := range []struct {
		want   string
		change func(in *ecs.RegisterTaskDefinitionInput)
	}{
		{"No Fargate configuration exists for given values: 256 CPU, 4096 memory.", func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = aws.String("4096") }},
		{"No Fargate configuration exists for given values: 256 CPU, 1536 memory.", func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = aws.String("1536") }},
		{"No Fargate configuration exists for given values: 300 CPU, 512 memory.", func(in *ecs.RegisterTaskDefinitionInput) { in.Cpu = aws.String("300") }},
		{"Invalid 'cpu' setting for task.", func(in *ecs.RegisterTaskDefinitionInput) { in.Cpu = aws.String("many") }},
		{"Fargate requires that 'cpu' be defined at the task level.", func(in *ecs.RegisterTaskDefinitionInput) { in.Cpu = nil }},
		{"Fargate only supports network mode", func(in *ecs.RegisterTaskDefinitionInput) { in.NetworkMode = types.NetworkModeBridge }},
		{"do not support ipcMode", func(in *ecs.RegisterTaskDefinitionInput) { in.IpcMode = types.IpcModeTask }},
		{"Family contains invalid characters.", func(in *ecs.RegisterTaskDefinitionInput) { in.Family = aws.String("a b") }},
		{"Role is not valid", func(in *ecs.RegisterTaskDefinitionInput) { in.TaskRoleArn = aws.String("none") }},
		{"Container list cannot be empty.", func(in *ecs.RegisterTaskDefinitionInput) { in.ContainerDefinitions = []types.ContainerDefinition{} }},
		{"Container.image should not be null or empty.", func(in *ecs.RegisterTaskDefinitionInput) { container(in).Image = nil }},
		{"Container.name contains invalid characters.", func(in *ecs.RegisterTaskDefinitionInput) { container(in).Name = aws.String("a b") }},
		{"essential", func(in *ecs.RegisterTaskDefinitionInput) { container(in).Essential = aws.Bool(false) }},
		{"When networkMode=awsvpc, the host ports and container ports in port mappings must match.", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).PortMappings[0].HostPort = aws.Int32(81)
		}},
		{"The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.", func(in *ecs.RegisterTaskDefinitionInput) { container(in).Cpu = 257 }},
		{"The 'memory' setting for container 'web' is greater than for the task.", func(in *ecs.RegisterTaskDefinitionInput) { container(in).Memory = aws.Int32(513) }},
		{"must have a health check", func(in *ecs.RegisterTaskDefinitionInput) {
			second(in, types.ContainerDefinition{DependsOn: []types.ContainerDependency{{ContainerName: aws.String("web"), Condition: types.ContainerConditionHealthy}}})
		}},
		{"A dependency container with SUCCESS or COMPLETE condition cannot be an essential container", func(in *ecs.RegisterTaskDefinitionInput) {
			second(in, types.ContainerDefinition{DependsOn: []types.ContainerDependency{{ContainerName: aws.String("web"), Condition: types.ContainerConditionSuccess}}})
		}},
		{"Cannot depend on container + 'none' because it does not exist", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).DependsOn = []types.ContainerDependency{{ContainerName: aws.String("none"), Condition: types.ContainerConditionStart}}
		}},
		{"should not have a cycle", func(in *ecs.RegisterTaskDefinitionInput) {
			second(in, types.ContainerDefinition{DependsOn: []types.ContainerDependency{{ContainerName: aws.String("web"), Condition: types.ContainerConditionStart}}})
			container(in).DependsOn = []types.ContainerDependency{{ContainerName: aws.String("side"), Condition: types.ContainerConditionStart}}
		}},
		{"used more than once", func(in *ecs.RegisterTaskDefinitionInput) {
			second(in, types.ContainerDefinition{PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}})
		}},
		{"Fargate requires task definition to have execution role ARN to support log driver awslogs.", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).LogConfiguration = logs(all)
		}},
		{"Log driver awslogs requires options: awslogs-region, awslogs-group", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).LogConfiguration = logs(nil)
		}},
		{"Log driver awslogs disallows options: x", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).LogConfiguration = logs(map[string]string{"awslogs-group": "g", "awslogs-region": "r", "x": "y"})
		}},
		{"syslog is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverSyslog}
		}},
		{"Fargate requires task definition to have execution role ARN to support ECR images.", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).Image = aws.String("111111111111.dkr.ecr.us-east-1.amazonaws.com/app:1")
		}},
		{"you must also specify a value for 'executionRoleArn'", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).Secrets = []types.Secret{{Name: aws.String("A"), ValueFrom: aws.String("b")}}
		}},
		{"The secret name must be unique", func(in *ecs.RegisterTaskDefinitionInput) {
			in.ExecutionRoleArn = &role
			container(in).Environment = []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("b")}}
			container(in).Secrets = []types.Secret{{Name: aws.String("A"), ValueFrom: aws.String("b")}}
		}},
		{"Unknown volume 'v'.", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).MountPoints = []types.MountPoint{{SourceVolume: aws.String("v"), ContainerPath: aws.String("/v")}}
		}},
		{"SYS_PTRACE", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).LinuxParameters = &types.LinuxParameters{Capabilities: &types.KernelCapabilities{Add: []string{"NET_ADMIN"}}}
		}},
		{"host.sourcePath should not be set for volumes in Fargate.", func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []types.Volume{{Name: aws.String("v"), Host: &types.HostVolumeProperties{SourcePath: aws.String("/v")}}}
		}},
		{"No volume configuration can be configured for volume 'v'", func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []types.Volume{{Name: aws.String("v"), ConfiguredAtLaunch: aws.Bool(true), Host: &types.HostVolumeProperties{SourcePath: aws.String("/v")}}}
		}},
		{"between 21 GiB and 200 GiB", func(in *ecs.RegisterTaskDefinitionInput) {
			in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 20}
		}},
		{"soft limit", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).Ulimits = []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 2, HardLimit: 1}}
		}},
		{"HealthCheck.interval must be between 5 and 300.", func(in *ecs.RegisterTaskDefinitionInput) {
			container(in).HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: aws.Int32(4)}
		}},
		{"At least one of 'memory' or 'memoryReservation' must be specified.", func(in *ecs.RegisterTaskDefinitionInput) {
			in.RequiresCompatibilities, in.Cpu, in.Memory = nil, nil, nil
		}},
	} {
		in := fargate("app")
		c.change(in)
		_, err := l.RegisterTaskDefinition(l.ctx, in)
		refused(t, err, "ClientException", c.want)
	}
	ok := fargate("ok")
	ok.ExecutionRoleArn = aws.String("execution")
	container(ok).LogConfiguration = logs(all)
	if d := l.register(ok); *d.ExecutionRoleArn != role {
		t.Errorf("got the role %s", *d.ExecutionRoleArn)
	}
}
