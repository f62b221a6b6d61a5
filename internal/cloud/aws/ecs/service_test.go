package ecs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/cloud/cloudtest"
)

func TestServiceLifeCycle(t *testing.T) {
	l := start(t)
	arn := *l.register(fargate("app")).TaskDefinitionArn
	s := l.create(l.service("web", "app", 3))
	if *s.ServiceArn != prefix+"service/main/web" || *s.ClusterArn != prefix+"cluster/main" || *s.Status != "ACTIVE" || s.RunningCount != 3 ||
		s.PendingCount != 0 || *s.TaskDefinition != arn || *s.PlatformVersion != "LATEST" || *s.PlatformFamily != "Linux" || s.LaunchType != types.LaunchTypeFargate ||
		s.SchedulingStrategy != types.SchedulingStrategyReplica || s.DeploymentController.Type != types.DeploymentControllerTypeEcs ||
		s.PropagateTags != types.PropagateTagsNone || s.AvailabilityZoneRebalancing != types.AvailabilityZoneRebalancingEnabled ||
		!strings.HasSuffix(*s.RoleArn, "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS") {
		t.Errorf("got %+v", s)
	}
	c := s.DeploymentConfiguration
	if *c.MaximumPercent != 200 || *c.MinimumHealthyPercent != 100 || c.Alarms != nil || c.DeploymentCircuitBreaker.Enable || c.Strategy != types.DeploymentStrategyRolling {
		t.Errorf("got the configuration %+v", c)
	}
	d := s.Deployments[0]
	if len(s.Deployments) != 1 || *d.Status != "PRIMARY" || d.RolloutState != types.DeploymentRolloutStateCompleted || d.RunningCount != 3 ||
		*d.PlatformVersion != "1.4.0" || *d.RolloutStateReason != "ECS deployment "+*d.Id+" completed." || !strings.HasPrefix(*d.Id, "ecs-svc/") {
		t.Errorf("got the deployment %+v", d)
	}
	if m := messages(s); !strings.HasPrefix(m, "(service web) has reached a steady state.\n(service web) (deployment "+*d.Id+") deployment completed.\n(service web) has started 3 tasks: (task ") {
		t.Errorf("got the events %s", m)
	}
	if n := l.interfaces(); n != 3 {
		t.Errorf("there are %d network interfaces", n)
	}
	zones := map[string]int{}
	for _, task := range l.tasks("web", "") {
		zones[*task.AvailabilityZone]++
		if *task.Group != "service:web" || *task.StartedBy != *d.Id || *task.LastStatus != "RUNNING" || task.Connectivity != types.ConnectivityConnected ||
			*task.Containers[0].LastStatus != "RUNNING" || *task.Attachments[0].Type != "ElasticNetworkInterface" || *task.Attachments[0].Status != "ATTACHED" ||
			*task.Cpu != "256" || task.StartedAt == nil || task.LaunchType != types.LaunchTypeFargate || *task.PlatformVersion != "1.4.0" {
			t.Errorf("got the task %+v", task)
		}
	}
	if len(zones) != 2 {
		t.Errorf("the tasks are in the zones %v", zones)
	}

	_, err := l.DeleteService(l.ctx, &ecs.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web")})
	refused(t, err, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
	_, err = l.DeleteCluster(l.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("main")})
	refused(t, err, "ClusterContainsServicesException")
	s = must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: s.ServiceArn, DesiredCount: aws.Int32(0)}))(t).Service
	if s.RunningCount != 0 || *s.Deployments[0].Id != *d.Id || l.interfaces() != 0 {
		t.Errorf("scaled to 0, got %+v", s)
	}
	for _, task := range l.tasks("web", types.DesiredStatusStopped) {
		if *task.LastStatus != "STOPPED" || task.StopCode != types.TaskStopCodeServiceSchedulerInitiated ||
			*task.StoppedReason != "Scaling activity initiated by (deployment "+*d.Id+")" || task.StoppedAt == nil || *task.Containers[0].ExitCode != 0 {
			t.Errorf("got the task %+v", task)
		}
	}
	must(l.DeleteService(l.ctx, &ecs.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web")}))(t)
	if s := l.describe("web"); *s.Status != "INACTIVE" {
		t.Errorf("got the status %s", *s.Status)
	}
	_, err = l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), DesiredCount: aws.Int32(1)})
	refused(t, err, "ServiceNotActiveException", "Service was not ACTIVE.")
	if got := must(l.ListServices(l.ctx, &ecs.ListServicesInput{Cluster: aws.String("main")}))(t).ServiceArns; len(got) != 0 {
		t.Errorf("got %q", got)
	}
	l.cloud.Clock.Advance(time.Hour)
	out := must(l.DescribeServices(l.ctx, &ecs.DescribeServicesInput{Cluster: aws.String("main"), Services: []string{"web"}}))(t)
	if len(out.Services) != 0 || *out.Failures[0].Reason != "MISSING" {
		t.Errorf("after an hour, got %+v", out)
	}
	must(l.DeleteCluster(l.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("main")}))(t)
}

func TestServiceForceDelete(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	l.create(l.service("web", "app", 2))
	s := must(l.DeleteService(l.ctx, &ecs.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), Force: aws.Bool(true)}))(t).Service
	if *s.Status != "INACTIVE" || l.interfaces() != 0 {
		t.Errorf("got %+v", s)
	}
	if again := l.create(l.service("web", "app", 1)); *again.Status != "ACTIVE" || again.RunningCount != 1 || len(again.Deployments) != 1 {
		t.Errorf("made again, got %+v", again)
	}
}

func TestServiceIdempotency(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	first := l.create(l.service("web", "app", 1))
	second := l.create(l.service("web", "app", 1))
	if *first.Deployments[0].Id != *second.Deployments[0].Id {
		t.Error("the same call made another deployment")
	}
	_, err := l.CreateService(l.ctx, l.service("web", "app", 2))
	refused(t, err, "InvalidParameterException", "Creation of service was not idempotent.")
}

func TestServiceDeployment(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	before := l.create(l.service("web", "app", 2))
	old := l.tasks("web", "")
	l.cloud.Clock.Advance(time.Minute)
	since := l.cloud.Clock.Now().Add(-time.Second)
	next := fargate("app")
	next.ContainerDefinitions[0].Image = aws.String("nginx:2")
	arn := *l.register(next).TaskDefinitionArn
	s := must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), TaskDefinition: aws.String("app")}))(t).Service
	if len(s.Deployments) != 1 || *s.Deployments[0].Id == *before.Deployments[0].Id || *s.TaskDefinition != arn || s.RunningCount != 2 {
		t.Errorf("got %+v", s)
	}
	for _, task := range l.tasks("web", "") {
		if *task.TaskDefinitionArn != arn {
			t.Errorf("got a task of %s", *task.TaskDefinitionArn)
		}
	}
	for _, task := range old {
		got := must(l.DescribeTasks(l.ctx, &ecs.DescribeTasksInput{Cluster: aws.String("main"), Tasks: []string{*task.TaskArn}}))(t).Tasks[0]
		if *got.LastStatus != "STOPPED" || *got.StoppedReason != "Scaling activity initiated by (deployment "+*s.Deployments[0].Id+")" {
			t.Errorf("got the old task %+v", got)
		}
	}
	briefs := must(l.ListServiceDeployments(l.ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String("main"), Service: aws.String("web"),
		CreatedAt: &types.CreatedAt{After: &since}}))(t).ServiceDeployments
	if len(briefs) != 1 || !strings.HasSuffix(*briefs[0].TargetServiceRevisionArn, strings.TrimPrefix(*s.Deployments[0].Id, "ecs-svc")) ||
		briefs[0].Status != types.ServiceDeploymentStatusSuccessful || *briefs[0].ServiceDeploymentArn != *s.CurrentServiceDeployment {
		t.Fatalf("got %+v", briefs)
	}
	full := must(l.DescribeServiceDeployments(l.ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*briefs[0].ServiceDeploymentArn}}))(t).ServiceDeployments[0]
	if len(full.SourceServiceRevisions) != 1 || full.TargetServiceRevision.RunningTaskCount != 2 || full.FinishedAt == nil ||
		full.DeploymentCircuitBreaker.Status != types.ServiceDeploymentRollbackMonitorsStatusDisabled || full.DeploymentCircuitBreaker.Threshold != 3 {
		t.Errorf("got %+v", full)
	}
	revision := must(l.DescribeServiceRevisions(l.ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{*full.TargetServiceRevision.Arn}}))(t).ServiceRevisions[0]
	if *revision.TaskDefinition != arn || *revision.ContainerImages[0].Image != "nginx:2" {
		t.Errorf("got %+v", revision)
	}
	_, err := l.StopServiceDeployment(l.ctx, &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: briefs[0].ServiceDeploymentArn})
	refused(t, err, "ConflictException")

	same := must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), TaskDefinition: &arn}))(t).Service
	if *same.Deployments[0].Id != *s.Deployments[0].Id {
		t.Error("an update without a change made a deployment")
	}
	forced := must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), ForceNewDeployment: true}))(t).Service
	if *forced.Deployments[0].Id == *s.Deployments[0].Id || forced.RunningCount != 2 {
		t.Errorf("forced, got %+v", forced)
	}
}

func TestServiceNetworkChecks(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	_, others, otherGroup := l.network("10.1")
	for _, c := range []struct {
		n    *types.AwsVpcConfiguration
		want string
	}{
		{nil, "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
		{&types.AwsVpcConfiguration{Subnets: []string{}}, "subnets can not be empty."},
		{&types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}, "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist (ErrorCode: InvalidSubnetID.NotFound)"},
		{&types.AwsVpcConfiguration{Subnets: l.subnets, SecurityGroups: []string{"sg-1"}}, "Error retrieving security group information for [sg-1]"},
		{&types.AwsVpcConfiguration{Subnets: []string{l.subnets[0], others[0]}}, "same VPC"},
		{&types.AwsVpcConfiguration{Subnets: l.subnets, SecurityGroups: []string{otherGroup}}, "belong to different networks"},
	} {
		in := l.service("web", "app", 1)
		in.NetworkConfiguration = nil
		if c.n != nil {
			in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: c.n}
		}
		_, err := l.CreateService(l.ctx, in)
		refused(t, err, "InvalidParameterException", c.want)
	}
}

func TestServiceChecks(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	bridge := fargate("bridge")
	bridge.NetworkMode, bridge.RequiresCompatibilities = "", nil
	l.register(bridge)
	for _, c := range []struct {
		change     func(in *ecs.CreateServiceInput)
		code, want string
	}{
		{func(in *ecs.CreateServiceInput) { in.Cluster = aws.String("none") }, "ClusterNotFoundException", "Cluster not found."},
		{func(in *ecs.CreateServiceInput) { in.TaskDefinition = aws.String("none") }, "ClientException", "TaskDefinition not found."},
		{func(in *ecs.CreateServiceInput) { in.TaskDefinition = aws.String("bridge") }, "InvalidParameterException", "Task definition does not support launch_type FARGATE."},
		{func(in *ecs.CreateServiceInput) {
			in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}
		}, "InvalidParameterException", "Specifying both a launch type and capacity provider strategy"},
		{func(in *ecs.CreateServiceInput) {
			in.LaunchType, in.CapacityProviderStrategy = "", []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}
		}, "InvalidParameterException", "not associated with the cluster"},
		{func(in *ecs.CreateServiceInput) { in.LaunchType = types.LaunchTypeExternal }, "NotImplementedByLocalCloud", "EXTERNAL"},
		{func(in *ecs.CreateServiceInput) { in.SchedulingStrategy = types.SchedulingStrategyDaemon }, "InvalidParameterException", "daemon"},
		{func(in *ecs.CreateServiceInput) { in.HealthCheckGracePeriodSeconds = aws.Int32(3) }, "InvalidParameterException", "Health check grace period is only valid for services configured to use load balancers"},
		{func(in *ecs.CreateServiceInput) { in.PlatformVersion = aws.String("9") }, "PlatformUnknownException", ""},
		{func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{MaximumPercent: aws.Int32(100), MinimumHealthyPercent: aws.Int32(100)}
		}, "InvalidParameterException", "will block deployments"},
		{func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{Strategy: types.DeploymentStrategyBlueGreen}
		}, "NotImplementedByLocalCloud", "BLUE_GREEN"},
		{func(in *ecs.CreateServiceInput) {
			in.ServiceRegistries = []types.ServiceRegistry{{RegistryArn: aws.String("arn:x")}}
		}, "NotImplementedByLocalCloud", "serviceRegistries"},
		{func(in *ecs.CreateServiceInput) { in.EnableExecuteCommand = true }, "InvalidParameterException", "valid taskRoleArn"},
		{func(in *ecs.CreateServiceInput) {
			in.PlacementStrategy = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}
		}, "InvalidParameterException", "not supported with FARGATE"},
		{func(in *ecs.CreateServiceInput) { in.ServiceName = aws.String("a b") }, "InvalidParameterException", "service name"},
	} {
		in := l.service("web", "app", 1)
		c.change(in)
		_, err := l.CreateService(l.ctx, in)
		refused(t, err, c.code, c.want)
	}
}

func TestServiceOnInstances(t *testing.T) {
	l := start(t)
	in := fargate("app")
	in.NetworkMode, in.RequiresCompatibilities = "", nil
	l.register(in)
	create := l.service("web", "app", 2)
	create.LaunchType, create.NetworkConfiguration = "", nil
	s := l.create(create)
	if s.LaunchType != types.LaunchTypeEc2 || s.RunningCount != 0 || s.PlatformVersion != nil || s.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress ||
		!strings.Contains(messages(s), "(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.") {
		t.Errorf("got %+v", s)
	}
	must(l.StopServiceDeployment(l.ctx, &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: s.CurrentServiceDeployment}))(t)
	stopped := must(l.DescribeServiceDeployments(l.ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*s.CurrentServiceDeployment}}))(t).ServiceDeployments[0]
	if stopped.Status != types.ServiceDeploymentStatusRollbackFailed || *stopped.StatusReason != "No rollback candidate was found to run the rollback." {
		t.Errorf("got %+v", stopped)
	}
	must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), DesiredCount: aws.Int32(0)}))(t)
	must(l.DeleteService(l.ctx, &ecs.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web")}))(t)
}

func TestServiceRoles(t *testing.T) {
	l := start(t)
	wrong := l.role("wrong", "ec2.amazonaws.com")
	in := fargate("app")
	in.ExecutionRoleArn = &wrong
	l.register(in)
	create := l.service("web", "app", 1)
	create.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
	s := l.create(create)
	if s.RunningCount != 0 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateFailed || s.Deployments[0].FailedTasks != 3 ||
		!strings.Contains(messages(s), "failed to launch a task with (error ECS was unable to assume the role '"+wrong+"' that was provided for this task.") {
		t.Errorf("got %+v\n%s", s.Deployments[0], messages(s))
	}
	right := l.role("right", "ecs-tasks.amazonaws.com")
	in.ExecutionRoleArn = &right
	l.register(in)
	s = must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), TaskDefinition: aws.String("app")}))(t).Service
	good := *s.Deployments[0].Id
	if s.RunningCount != 1 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
		t.Errorf("got %+v", s)
	}
	s = must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), TaskDefinition: aws.String("app:1")}))(t).Service
	if *s.Deployments[0].Id != good || len(s.Deployments) != 1 || s.RunningCount != 1 || *s.TaskDefinition != prefix+"task-definition/app:2" {
		t.Errorf("not rolled back: %+v\n%s", s, messages(s))
	}
	d := must(l.DescribeServiceDeployments(l.ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*s.CurrentServiceDeployment}}))(t).ServiceDeployments[0]
	if d.Status != types.ServiceDeploymentStatusRollbackSuccessful || *d.StatusReason != "Service deployment rolled back because the circuit breaker threshold was exceeded." ||
		d.DeploymentCircuitBreaker.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered || !strings.HasSuffix(*d.Rollback.ServiceRevisionArn, good[len("ecs-svc"):]) {
		t.Errorf("got %+v", d)
	}
}

func TestServiceTags(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	in := l.service("web", "app", 1)
	in.EnableECSManagedTags, in.PropagateTags = true, types.PropagateTagsService
	in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	s := l.create(in)
	if len(s.Tags) != 1 {
		t.Errorf("got %v", s.Tags)
	}
	got := map[string]string{}
	for _, tag := range l.tasks("web", "")[0].Tags {
		got[*tag.Key] = *tag.Value
	}
	if got["team"] != "a" || got["aws:ecs:serviceName"] != "web" || got["aws:ecs:clusterName"] != "main" {
		t.Errorf("got %v", got)
	}
	must(l.TagResource(l.ctx, &ecs.TagResourceInput{ResourceArn: s.ServiceArn, Tags: []types.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}))(t)
	must(l.UntagResource(l.ctx, &ecs.UntagResourceInput{ResourceArn: s.ServiceArn, TagKeys: []string{"team"}}))(t)
	if tags := must(l.ListTagsForResource(l.ctx, &ecs.ListTagsForResourceInput{ResourceArn: s.ServiceArn}))(t).Tags; len(tags) != 1 || *tags[0].Key != "x" {
		t.Errorf("got %v", tags)
	}
	_, err := l.TagResource(l.ctx, &ecs.TagResourceInput{ResourceArn: s.ServiceArn, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}})
	refused(t, err, "InvalidParameterException", "reserved")
	_, err = l.ListTagsForResource(l.ctx, &ecs.ListTagsForResourceInput{ResourceArn: aws.String(prefix + "cluster/none")})
	refused(t, err, "ClusterNotFoundException")
}

func TestServiceSurvivesRestart(t *testing.T) {
	l := start(t, cloudtest.Durable())
	l.register(fargate("app"))
	before := l.create(l.service("web", "app", 2))
	l.cloud.Restart()
	after := l.describe("web")
	if after.RunningCount != 2 || *after.Deployments[0].Id != *before.Deployments[0].Id || len(l.tasks("web", "")) != 2 || len(after.Events) != len(before.Events) {
		t.Errorf("got %+v", after)
	}
	s := must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), DesiredCount: aws.Int32(3)}))(t).Service
	if s.RunningCount != 3 {
		t.Errorf("got %+v", s)
	}
}
