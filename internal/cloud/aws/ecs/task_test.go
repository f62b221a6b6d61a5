package ecs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func (l *lab) run(change func(in *ecs.RunTaskInput)) (*ecs.RunTaskOutput, error) {
	in := &ecs.RunTaskInput{Cluster: aws.String("main"), TaskDefinition: aws.String("app"), LaunchType: types.LaunchTypeFargate, NetworkConfiguration: l.netconf()}
	change(in)
	return l.RunTask(l.ctx, in)
}

func TestRunTask(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	out := must(l.run(func(in *ecs.RunTaskInput) {
		in.Count, in.StartedBy = aws.Int32(2), aws.String("me")
		in.Overrides = &types.TaskOverride{Cpu: aws.String("512"), Memory: aws.String("1024"),
			ContainerOverrides: []types.ContainerOverride{{Name: aws.String("web"), Command: []string{"sleep"}}}}
	}))(t)
	task := out.Tasks[0]
	if len(out.Tasks) != 2 || *task.LastStatus != "RUNNING" || *task.Group != "family:app" || *task.StartedBy != "me" || *task.Cpu != "512" ||
		task.Overrides.ContainerOverrides[0].Command[0] != "sleep" || task.EphemeralStorage.SizeInGiB != 20 ||
		!strings.HasPrefix(*task.TaskArn, prefix+"task/main/") || *task.Containers[0].NetworkInterfaces[0].PrivateIpv4Address == "" {
		t.Errorf("got %+v", task)
	}
	_, err := l.DeleteCluster(l.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("main")})
	refused(t, err, "ClusterContainsTasksException")
	stopped := must(l.StopTask(l.ctx, &ecs.StopTaskInput{Cluster: aws.String("main"), Task: task.TaskArn, Reason: aws.String("enough")}))(t).Task
	if *stopped.LastStatus != "STOPPED" || stopped.StopCode != types.TaskStopCodeUserInitiated || *stopped.StoppedReason != "enough" || l.interfaces() != 1 {
		t.Errorf("got %+v", stopped)
	}
	list := func(in ecs.ListTasksInput) int {
		t.Helper()
		in.Cluster = aws.String("main")
		return len(must(l.ListTasks(l.ctx, &in))(t).TaskArns)
	}
	for i, c := range []struct {
		in   ecs.ListTasksInput
		want int
	}{
		{ecs.ListTasksInput{}, 1}, {ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped}, 1}, {ecs.ListTasksInput{StartedBy: aws.String("me")}, 1},
		{ecs.ListTasksInput{Family: aws.String("other")}, 0}, {ecs.ListTasksInput{LaunchType: types.LaunchTypeEc2}, 0},
	} {
		if got := list(c.in); got != c.want {
			t.Errorf("%d: got %d, want %d", i, got, c.want)
		}
	}
	l.cloud.Clock.Advance(time.Hour)
	if n := list(ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped}); n != 0 {
		t.Errorf("after an hour, %d stopped tasks are left", n)
	}
	got := must(l.DescribeTasks(l.ctx, &ecs.DescribeTasksInput{Cluster: aws.String("main"), Tasks: []string{*task.TaskArn}}))(t)
	if len(got.Tasks) != 0 || *got.Failures[0].Reason != "MISSING" {
		t.Errorf("got %+v", got)
	}
}

func TestRunTaskChecks(t *testing.T) {
	l := start(t)
	in := fargate("app")
	l.register(in)
	wrong := l.role("wrong", "ec2.amazonaws.com")
	in.Family, in.TaskRoleArn = aws.String("wrong"), &wrong
	l.register(in)
	for _, c := range []struct {
		change     func(in *ecs.RunTaskInput)
		code, want string
	}{
		{func(in *ecs.RunTaskInput) { in.Count = aws.Int32(11) }, "InvalidParameterException", "between 1 and 10"},
		{func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("none") }, "ClientException", "TaskDefinition not found."},
		{func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("wrong") }, "ClientException", "ECS was unable to assume the role '" + wrong + "' that was provided for this task."},
		{func(in *ecs.RunTaskInput) { in.LaunchType = types.LaunchTypeEc2 }, "InvalidParameterException", "No Container Instances were found in your cluster."},
		{func(in *ecs.RunTaskInput) { in.NetworkConfiguration = nil }, "InvalidParameterException", "Network Configuration must be provided"},
		{func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("x")}}}
		}, "InvalidParameterException", "Override for container named x is not a container in the TaskDefinition."},
		{func(in *ecs.RunTaskInput) { in.Overrides = &types.TaskOverride{Cpu: aws.String("4096")} }, "ClientException", "No Fargate configuration exists"},
		{func(in *ecs.RunTaskInput) { in.Group = aws.String("service:web") }, "InvalidParameterException", "group"},
	} {
		_, err := l.run(c.change)
		refused(t, err, c.code, c.want)
	}
	if n := l.interfaces(); n != 0 {
		t.Errorf("%d network interfaces are left", n)
	}
	_, err := l.StopTask(l.ctx, &ecs.StopTaskInput{Cluster: aws.String("main"), Task: aws.String("x")})
	refused(t, err, "InvalidParameterException", "The referenced task was not found.")
}

func TestRunTaskToken(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	token := func(in *ecs.RunTaskInput) { in.ClientToken = aws.String("t") }
	first, second := must(l.run(token))(t), must(l.run(token))(t)
	if *first.Tasks[0].TaskArn != *second.Tasks[0].TaskArn {
		t.Error("the same token started another task")
	}
	_, err := l.run(func(in *ecs.RunTaskInput) { in.ClientToken, in.Count = aws.String("t"), aws.Int32(2) })
	refused(t, err, "ConflictException")
}

func TestStoppedTaskOfService(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	l.create(l.service("web", "app", 2))
	task := l.tasks("web", "")[0]
	must(l.StopTask(l.ctx, &ecs.StopTaskInput{Cluster: aws.String("main"), Task: task.TaskArn}))(t)
	if s := l.describe("web"); s.RunningCount != 2 || l.interfaces() != 2 {
		t.Errorf("got %+v", s)
	}
	for _, other := range l.tasks("web", "") {
		if *other.TaskArn == *task.TaskArn {
			t.Error("the task still runs")
		}
	}
}

func TestTaskProtection(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	l.create(l.service("web", "app", 3))
	main, tasks := aws.String("main"), l.tasks("web", "")
	var arns []string
	for _, task := range tasks[1:] {
		arns = append(arns, *task.TaskArn)
	}
	out := must(l.UpdateTaskProtection(l.ctx, &ecs.UpdateTaskProtectionInput{Cluster: main, Tasks: append(arns, "none"), ProtectionEnabled: true, ExpiresInMinutes: aws.Int32(5)}))(t)
	if len(out.ProtectedTasks) != 2 || len(out.Failures) != 1 || !out.ProtectedTasks[0].ExpirationDate.After(l.cloud.Clock.Now()) {
		t.Errorf("got %+v", out)
	}
	must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: main, Service: aws.String("web"), DesiredCount: aws.Int32(2)}))(t)
	if got := l.tasks("web", types.DesiredStatusStopped); len(got) != 1 || *got[0].TaskArn != *tasks[0].TaskArn {
		t.Errorf("a protected task was stopped: %+v", got)
	}
	l.cloud.Clock.Advance(6 * time.Minute)
	for _, p := range must(l.GetTaskProtection(l.ctx, &ecs.GetTaskProtectionInput{Cluster: main}))(t).ProtectedTasks {
		if p.ProtectionEnabled {
			t.Errorf("still protected: %+v", p)
		}
	}
}

func TestContainerInstances(t *testing.T) {
	l := start(t)
	if got := must(l.ListContainerInstances(l.ctx, &ecs.ListContainerInstancesInput{Cluster: aws.String("main")}))(t).ContainerInstanceArns; len(got) != 0 {
		t.Errorf("got %q", got)
	}
	out := must(l.DescribeContainerInstances(l.ctx, &ecs.DescribeContainerInstancesInput{Cluster: aws.String("main"), ContainerInstances: []string{"x"}}))(t)
	if len(out.Failures) != 1 {
		t.Errorf("got %+v", out)
	}
}
