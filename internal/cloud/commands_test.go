package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"atoll/internal/datachannel"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/container/containertest"
)

const execTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}`

// executable replaces the fleet's tasks by one that commands may run in, with a role that allows nothing.
func (f *fleet) executable(roles *iam.Client) {
	f.t.Helper()
	ctx := f.t.Context()
	role := must(roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: new("task"), AssumeRolePolicyDocument: new(execTrust)}))(f.t).Role.Arn
	d := must(f.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: new("web")}))(f.t).TaskDefinition
	must(f.ecs.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: new("web"), NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities,
		Cpu: d.Cpu, Memory: d.Memory, ContainerDefinitions: d.ContainerDefinitions, TaskRoleArn: role}))(f.t)
	vpc := f.service().NetworkConfiguration.AwsvpcConfiguration
	vpc.AssignPublicIp = types.AssignPublicIpEnabled
	must(f.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: new(fleetCluster), Service: new(fleetService), TaskDefinition: new("web"), EnableExecuteCommand: new(true),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: vpc}}))(f.t)
	f.await("the task that commands may run in", func() bool {
		s := f.service()
		return len(s.Deployments) == 1 && s.RunningCount == 1
	})
}

func (f *fleet) task() types.Task {
	f.t.Helper()
	list := must(f.ecs.ListTasks(f.t.Context(), &ecs.ListTasksInput{Cluster: new(fleetCluster)}))(f.t).TaskArns
	return must(f.ecs.DescribeTasks(f.t.Context(), &ecs.DescribeTasksInput{Cluster: new(fleetCluster), Tasks: list}))(f.t).Tasks[0]
}

// refused wants ExecuteCommand to fail.
func (f *fleet) refused(what string, in ecs.ExecuteCommandInput, words string) {
	f.t.Helper()
	in.Cluster = new(fleetCluster)
	if in.Task == nil {
		in.Task = f.task().TaskArn
	}
	if _, err := f.ecs.ExecuteCommand(f.t.Context(), &in); err == nil || !strings.Contains(err.Error(), words) {
		f.t.Errorf("%s: %v", what, err)
	}
}

func TestExecuteCommand(t *testing.T) {
	runtime := &containertest.Runtime{Commands: map[string]func(context.Context, container.ExecSpec) int{"echo": func(_ context.Context, spec container.ExecSpec) int {
		size := <-spec.Resize
		fmt.Fprintf(spec.Stdout, "%q %dx%d %v %v\r\n", spec.Args[1:], size.Columns, size.Rows, spec.Root, spec.TTY)
		return 3
	}}}
	f := startFleet(t, runtime)
	network := ec2.NewFromConfig(f.cloud.Config(), func(o *ec2.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	roles := iam.NewFromConfig(f.cloud.Config(), func(o *iam.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	groups := cloudwatchlogs.NewFromConfig(f.cloud.Config(), func(o *cloudwatchlogs.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	command := ecs.ExecuteCommandInput{Command: new(`echo a 'b c'`), Interactive: true}
	f.refused("a task without ECS Exec", command, "InvalidParameterException: The execute command failed because execute command was not enabled")
	f.executable(roles)
	f.refused("not interactive", ecs.ExecuteCommandInput{Command: new("echo")}, "InvalidParameterException: Interactive is the only mode supported currently.")
	f.refused("an unknown container", ecs.ExecuteCommandInput{Command: new("echo"), Interactive: true, Container: new("none")}, "The container none is not part of the task.")
	f.refused("an unknown task", ecs.ExecuteCommandInput{Command: new("echo"), Interactive: true, Task: new("none")}, "The referenced task was not found.")
	f.refused("a role without permissions", command, "TargetNotConnectedException: The execute command failed due to an internal error. Try again later.")
	must(roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: new("task"), PolicyName: new("exec"), PolicyDocument: new(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssmmessages:*","logs:*"],"Resource":"*"}]}`)}))(t)
	f.refused("a network without a way out", command, "TargetNotConnectedException")
	f.openInternet(network)
	must(groups.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new("/exec")}))(t)
	must(f.ecs.UpdateCluster(t.Context(), &ecs.UpdateClusterInput{Cluster: new(fleetCluster), Configuration: &types.ClusterConfiguration{
		ExecuteCommandConfiguration: &types.ExecuteCommandConfiguration{Logging: types.ExecuteCommandLoggingOverride,
			LogConfiguration: &types.ExecuteCommandLogConfiguration{CloudWatchLogGroupName: new("/exec")}}}}))(t)

	begin := func(line string) *types.Session {
		t.Helper()
		return must(f.ecs.ExecuteCommand(t.Context(), &ecs.ExecuteCommandInput{Cluster: new(fleetCluster), Task: f.task().TaskArn, Command: &line, Interactive: true}))(t).Session
	}
	s := begin(`echo a 'b c'`)
	var out bytes.Buffer
	target := datachannel.Target{URL: *s.StreamUrl, Token: *s.TokenValue}
	code, known, err := datachannel.Dial(t.Context(), http.DefaultClient, target, datachannel.Console{Output: &out})
	if want := "[\"a\" \"b c\"] 80x24 true true\r\n"; err != nil || code != 3 || !known || out.String() != want {
		t.Errorf("%d, %v, %v, %q", code, known, err, out.String())
	}
	if _, _, err := datachannel.Dial(t.Context(), http.DefaultClient, target, datachannel.Console{Output: &out}); err == nil {
		t.Error("a session is taken part in twice")
	}
	f.await("the session's log", func() bool {
		events := must(groups.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: new("/exec")}))(t).Events
		return len(events) == 1 && *events[0].LogStreamName == *s.SessionId && *events[0].Message == `["a" "b c"] 80x24 true true`
	})
	s = begin("none")
	var ended *datachannel.EndedError
	_, _, err = datachannel.Dial(t.Context(), http.DefaultClient, datachannel.Target{URL: *s.StreamUrl, Token: *s.TokenValue}, datachannel.Console{Output: &out})
	if !errors.As(err, &ended) || ended.Output != `Unable to start command: Failed to start pty: exec: "none": no such file or directory` {
		t.Errorf("a program that is not there: %v", err)
	}
	if a := f.task().Containers[0].ManagedAgents; len(a) != 1 || *a[0].LastStatus != "RUNNING" || a[0].LastStartedAt == nil {
		t.Errorf("the agents are %+v", a)
	}
}

// kmsKeys makes data keys as clients do.
type kmsKeys struct{ client *kms.Client }

func (k kmsKeys) DataKey(ctx context.Context, id string, size int, about map[string]string) (plain, sealed []byte, err error) {
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &id, NumberOfBytes: new(int32(size)), EncryptionContext: about})
	if err != nil {
		return nil, nil, err
	}
	return out.Plaintext, out.CiphertextBlob, nil
}

func TestEncryptedCommands(t *testing.T) {
	runtime := &containertest.Runtime{Commands: map[string]func(context.Context, container.ExecSpec) int{"echo": func(_ context.Context, spec container.ExecSpec) int {
		fmt.Fprintf(spec.Stdout, "%q", spec.Args[1:])
		return 0
	}}}
	f := startFleet(t, runtime)
	roles := iam.NewFromConfig(f.cloud.Config(), func(o *iam.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	keys := kms.NewFromConfig(f.cloud.Config(), func(o *kms.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	f.executable(roles)
	f.openInternet(ec2.NewFromConfig(f.cloud.Config(), func(o *ec2.Options) { o.HTTPSignerV4 = f.cloud.Signer() }))
	may := func(actions string) {
		t.Helper()
		must(roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: new("task"), PolicyName: new("exec"), PolicyDocument: new(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`)}))(t)
	}
	may(`"ssmmessages:*"`)
	key := must(keys.CreateKey(t.Context(), &kms.CreateKeyInput{}))(t).KeyMetadata.Arn
	must(f.ecs.UpdateCluster(t.Context(), &ecs.UpdateClusterInput{Cluster: new(fleetCluster), Configuration: &types.ClusterConfiguration{
		ExecuteCommandConfiguration: &types.ExecuteCommandConfiguration{Logging: types.ExecuteCommandLoggingNone, KmsKeyId: key}}}))(t)
	echo := func(container string) (string, error) {
		t.Helper()
		task := f.task()
		s := must(f.ecs.ExecuteCommand(t.Context(), &ecs.ExecuteCommandInput{Cluster: new(fleetCluster), Task: task.TaskArn, Command: new("echo hello"), Interactive: true}))(t).Session
		id := (*task.TaskArn)[strings.LastIndexByte(*task.TaskArn, '/')+1:]
		var out bytes.Buffer
		_, _, err := datachannel.Dial(t.Context(), http.DefaultClient, datachannel.Target{URL: *s.StreamUrl, Token: *s.TokenValue, ID: *s.SessionId,
			Command: "ecs:" + fleetCluster + "_" + id + "_" + container, Keys: kmsKeys{keys}}, datachannel.Console{Output: &out})
		return out.String(), err
	}
	runs := *f.task().Containers[0].RuntimeId
	if _, err := echo(runs); err == nil || !strings.Contains(err.Error(), "kms:Decrypt") {
		t.Errorf("a role that may not decrypt: %v", err)
	}
	may(`"ssmmessages:*", "kms:Decrypt"`)
	if out, err := echo(runs); err != nil || out != "This session is encrypted using AWS KMS.\r\n[\"hello\"]" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := echo("another"); err == nil || !strings.Contains(err.Error(), "Fetching data key failed") {
		t.Errorf("a key for another container: %v", err)
	}
}

// openInternet gives the fleet's network an internet gateway.
func (f *fleet) openInternet(network *ec2.Client) {
	f.t.Helper()
	ctx := f.t.Context()
	gateway := must(network.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{}))(f.t).InternetGateway.InternetGatewayId
	subnet := f.service().NetworkConfiguration.AwsvpcConfiguration.Subnets[0]
	vpc := must(network.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{subnet}}))(f.t).Subnets[0].VpcId
	must(network.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc}))(f.t)
	table := must(network.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: vpc}))(f.t).RouteTable.RouteTableId
	must(network.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table, SubnetId: &subnet}))(f.t)
	must(network.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: gateway}))(f.t)
}
