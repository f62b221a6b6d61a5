package cloud_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/container/containertest"
)

// fleet is a cloud with a service whose tasks run in a runtime of the test's.
type fleet struct {
	t       *testing.T
	cloud   *cloudtest.Cloud
	runtime *containertest.Runtime
	ecs     *ecs.Client
	metrics *cw.Client
	scaling *aas.Client
}

const (
	fleetCluster = "main"
	fleetService = "web"
)

// startFleet starts a service of one task of 256 CPU units and 512 MiB. The clock shows a whole minute.
func startFleet(t *testing.T, runtime *containertest.Runtime) *fleet {
	t.Helper()
	c := cloudtest.Start(t, cloudtest.Containers(runtime))
	c.Clock.Advance(time.Minute - c.Clock.Now().Sub(c.Clock.Now().Truncate(time.Minute)))
	f := &fleet{t: t, cloud: c, runtime: runtime,
		ecs:     ecs.NewFromConfig(c.Config(), func(o *ecs.Options) { o.HTTPSignerV4 = c.Signer() }),
		metrics: cw.NewFromConfig(c.Config(), func(o *cw.Options) { o.HTTPSignerV4 = c.Signer() }),
		scaling: aas.NewFromConfig(c.Config(), func(o *aas.Options) { o.HTTPSignerV4 = c.Signer() }),
	}
	network := ec2.NewFromConfig(c.Config(), func(o *ec2.Options) { o.HTTPSignerV4 = c.Signer() })
	vpc := must(network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t).Vpc.VpcId
	subnet := must(network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: new("10.0.1.0/24")}))(t).Subnet.SubnetId
	must(f.ecs.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: new(fleetCluster)}))(t)
	must(f.ecs.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: new("web"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, Cpu: new("256"), Memory: new("512"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: new("web"), Image: new(imageOfNothing(t))}},
	}))(t)
	must(f.ecs.CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: new(fleetCluster), ServiceName: new(fleetService), TaskDefinition: new("web"), DesiredCount: new(int32(1)), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{*subnet}}},
	}))(t)
	f.await("a task", func() bool { return f.service().RunningCount == 1 })
	return f
}

func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// imageOfNothing serves an image without files, and gives its reference.
func imageOfNothing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New())
	t.Cleanup(server.Close)
	image := must(mutate.Config(empty.Image, v1.Config{Entrypoint: []string{"/web"}}))(t)
	ref := must(name.ParseReference(strings.TrimPrefix(server.URL, "http://")+"/web:v1", name.Insecure))(t)
	if err := remote.Write(ref, image, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

func (f *fleet) service() types.Service {
	f.t.Helper()
	return must(f.ecs.DescribeServices(f.t.Context(), &ecs.DescribeServicesInput{Cluster: new(fleetCluster), Services: []string{fleetService}}))(f.t).Services[0]
}

// await waits for what workers bring about.
func (f *fleet) await(what string, there func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	for !there() {
		select {
		case <-ctx.Done():
			f.t.Fatalf("%s: not within a minute", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// minute lets the tasks use so much of their CPU for a minute, and 128 MiB, and gives what CloudWatch has of it.
func (f *fleet) minute(cpu float64) (used, memory cwtypes.Datapoint) {
	f.t.Helper()
	f.await("tasks", func() bool { s := f.service(); return s.RunningCount == s.DesiredCount })
	began := f.cloud.Clock.Now()
	f.runtime.Use(container.Usage{CPU: time.Duration(cpu * 0.25 * float64(time.Minute)), Memory: 128 << 20})
	for range 2 { // alarms are looked at somewhat after the minute's begin
		f.cloud.Clock.Advance(30 * time.Second)
		if err := f.cloud.Idle(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
	}
	f.await("data", func() bool {
		used, memory = f.datum("CPUUtilization", began), f.datum("MemoryUtilization", began)
		return used.Average != nil && memory.Average != nil
	})
	return used, memory
}

func (f *fleet) datum(metric string, at time.Time) cwtypes.Datapoint {
	f.t.Helper()
	out := must(f.metrics.GetMetricStatistics(f.t.Context(), &cw.GetMetricStatisticsInput{
		Namespace: new("AWS/ECS"), MetricName: &metric, StartTime: &at, EndTime: new(at.Add(time.Minute)), Period: new(int32(60)), Unit: cwtypes.StandardUnitPercent,
		Dimensions: []cwtypes.Dimension{{Name: new("ClusterName"), Value: new(fleetCluster)}, {Name: new("ServiceName"), Value: new(fleetService)}},
		Statistics: []cwtypes.Statistic{cwtypes.StatisticAverage, cwtypes.StatisticSampleCount, cwtypes.StatisticMaximum},
	}))(f.t)
	if len(out.Datapoints) == 0 {
		return cwtypes.Datapoint{}
	}
	return out.Datapoints[0]
}

// A service scales out on what its tasks have used for three minutes, and in on fifteen.
func TestScalingOnCPU(t *testing.T) {
	f := startFleet(t, &containertest.Runtime{})
	target := &aas.RegisterScalableTargetInput{ServiceNamespace: aastypes.ServiceNamespaceEcs, ResourceId: new("service/" + fleetCluster + "/" + fleetService),
		ScalableDimension: aastypes.ScalableDimensionECSServiceDesiredCount, MinCapacity: new(int32(1)), MaxCapacity: new(int32(3))}
	must(f.scaling.RegisterScalableTarget(t.Context(), target))(t)
	must(f.scaling.PutScalingPolicy(t.Context(), &aas.PutScalingPolicyInput{
		PolicyName: new("cpu"), PolicyType: aastypes.PolicyTypeTargetTrackingScaling, ServiceNamespace: target.ServiceNamespace, ResourceId: target.ResourceId, ScalableDimension: target.ScalableDimension,
		TargetTrackingScalingPolicyConfiguration: &aastypes.TargetTrackingScalingPolicyConfiguration{TargetValue: new(35.0), ScaleInCooldown: new(int32(0)),
			PredefinedMetricSpecification: &aastypes.PredefinedMetricSpecification{PredefinedMetricType: aastypes.MetricTypeECSServiceAverageCPUUtilization}},
	}))(t)

	cpu, memory := f.minute(0.9)
	if got := *cpu.Average; got < 89.9 || got > 90.1 || *cpu.SampleCount != 1 {
		t.Errorf("CPU: %v of %v tasks", got, *cpu.SampleCount)
	}
	if *memory.Average != 25 {
		t.Errorf("memory: %v", *memory.Average)
	}
	f.until("out", 3, 0.9, 2, 4)
	if cpu, _ = f.minute(0.1); *cpu.SampleCount != 3 {
		t.Errorf("data of %v tasks", *cpu.SampleCount)
	}
	f.until("in", 1, 0.1, 14, 18)
}

// until lets minutes pass until the service has so many tasks, and checks how many it took beside the one before.
func (f *fleet) until(what string, desired int32, cpu float64, least, most int) {
	f.t.Helper()
	for minutes := 1; f.service().DesiredCount != desired; minutes++ {
		if minutes > most {
			f.t.Fatalf("not scaled %s after %d minutes", what, minutes)
		}
		f.minute(cpu)
		if f.service().DesiredCount == desired && minutes < least {
			f.t.Errorf("scaled %s after %d minutes", what, minutes)
		}
	}
}
