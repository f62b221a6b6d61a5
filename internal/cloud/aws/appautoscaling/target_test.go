package appautoscaling_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/cloud/cloudtest"
)

func TestScalableTarget(t *testing.T) {
	s := start(t, cloudtest.Durable())
	arn := s.register(1, 10)
	describe := func() []types.ScalableTarget {
		return must(s.DescribeScalableTargets(s.ctx, &aas.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceDynamodb}))(t).ScalableTargets
	}
	got := describe()
	if len(got) != 1 || *got[0].MinCapacity != 1 || *got[0].MaxCapacity != 10 || *got[0].ScalableTargetARN != *arn || *got[0].SuspendedState.ScheduledScalingSuspended ||
		*got[0].RoleARN != "arn:aws:iam::111111111111:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable" {
		t.Fatalf("got %+v", got)
	}
	if !regexp.MustCompile(`^arn:aws:application-autoscaling:us-east-1:111111111111:scalable-target/\w+$`).MatchString(*arn) {
		t.Errorf("ARN %s", *arn)
	}
	if s.units() != 5 || len(s.activities()) != 0 {
		t.Errorf("%d units, %q", s.units(), s.activities())
	}
	s.register(8, 10)
	if want := "Setting read capacity units to 8. minimum capacity was set to 8"; s.units() != 8 || !slices.Equal(s.activities(), []string{want}) {
		t.Errorf("brought to the minimum: %d units, %q", s.units(), s.activities())
	}
	s.register(1, 3)
	if s.units() != 3 {
		t.Errorf("brought to the maximum: %d units", s.units())
	}
	must(s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"),
		ScalableDimension: reads, SuspendedState: &types.SuspendedState{ScheduledScalingSuspended: aws.Bool(true)}}))(t)
	s.cloud.Restart()
	if got := describe(); *got[0].MaxCapacity != 3 || !*got[0].SuspendedState.ScheduledScalingSuspended || *got[0].SuspendedState.DynamicScalingInSuspended {
		t.Errorf("changed: %+v", got)
	}

	must(s.TagResource(s.ctx, &aas.TagResourceInput{ResourceARN: arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(s.UntagResource(s.ctx, &aas.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a"}}))(t)
	if tags := must(s.ListTagsForResource(s.ctx, &aas.ListTagsForResourceInput{ResourceARN: arn}))(t).Tags; len(tags) != 1 || tags["b"] != "2" {
		t.Errorf("tags: %v", tags)
	}
	_, err := s.TagResource(s.ctx, &aas.TagResourceInput{ResourceARN: aws.String(*arn + "0"), Tags: map[string]string{}})
	refused(t, err, "ResourceNotFoundException")

	gone := &aas.DeregisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads}
	must(s.DeregisterScalableTarget(s.ctx, gone))(t)
	_, err = s.DeregisterScalableTarget(s.ctx, gone)
	refused(t, err, "ObjectNotFoundException", "No scalable target registered for service namespace: dynamodb, resource ID: table/tab, scalable dimension: dynamodb:table:ReadCapacityUnits")
	if len(describe()) != 0 {
		t.Error("the target is still there")
	}
}

func TestRegisterRefuses(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		namespace, resource, dimension string
		least, most                    int32
		code, words                    string
	}{
		{"dynamodb", "table/tab", string(reads), 3, 2, "ValidationException", "Maximum capacity cannot be less than minimum capacity"},
		{"dynamodb", "table/tab", string(reads), 0, 2, "ValidationException", "Minimum capacity"},
		{"dynamodb", "table/none", string(reads), 1, 2, "ValidationException", "DynamoDB table does not exist"},
		{"dynamodb", "table/tab/index/none", "dynamodb:index:ReadCapacityUnits", 1, 2, "ValidationException", "DynamoDB index does not exist"},
		{"dynamodb", "table/tab/index/idx", string(reads), 1, 2, "ValidationException", "does not fit"},
		{"ecs", "table/tab", string(reads), 1, 2, "ValidationException", "Unsupported service namespace"},
		{"ecs", "service/c/s", "ecs:service:DesiredCount", 1, 2, "ValidationException", "ECS service doesn't exist"},
		{"rds", "cluster:c", "rds:cluster:ReadReplicaCount", 1, 2, "NotImplementedByLocalCloud", "rds"},
		{"nope", "x", "y", 1, 2, "ValidationException", "serviceNamespace"},
	} {
		_, err := s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespace(c.namespace), ResourceId: &c.resource,
			ScalableDimension: types.ScalableDimension(c.dimension), MinCapacity: &c.least, MaxCapacity: &c.most})
		refused(t, err, c.code, c.words)
	}
	_, err := s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads})
	refused(t, err, "ValidationException", "required")
}

func TestTargetsOfManyResources(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ resource, dimension string }{{"table/tab", string(reads)}, {"table/tab", "dynamodb:table:WriteCapacityUnits"}, {"table/tab/index/idx", "dynamodb:index:WriteCapacityUnits"}} {
		must(s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: &c.resource,
			ScalableDimension: types.ScalableDimension(c.dimension), MinCapacity: aws.Int32(7), MaxCapacity: aws.Int32(9)}))(t)
	}
	list := func(in aas.DescribeScalableTargetsInput) (n int) {
		in.ServiceNamespace = types.ServiceNamespaceDynamodb
		p := aas.NewDescribeScalableTargetsPaginator(s, &in)
		for p.HasMorePages() {
			n += len(must(p.NextPage(s.ctx))(t).ScalableTargets)
		}
		return n
	}
	if got := list(aas.DescribeScalableTargetsInput{MaxResults: aws.Int32(1)}); got != 3 {
		t.Errorf("all: %d", got)
	}
	if got := list(aas.DescribeScalableTargetsInput{ResourceIds: []string{"table/tab"}, ScalableDimension: reads}); got != 1 {
		t.Errorf("one: %d", got)
	}
	table := must(s.tables.DescribeTable(s.ctx, &dynamodb.DescribeTableInput{TableName: aws.String("tab")}))(t).Table
	index := table.GlobalSecondaryIndexes[0].ProvisionedThroughput
	if *table.ProvisionedThroughput.ReadCapacityUnits != 7 || *table.ProvisionedThroughput.WriteCapacityUnits != 7 || *index.WriteCapacityUnits != 7 || *index.ReadCapacityUnits != 5 {
		t.Errorf("units: %+v %+v", table.ProvisionedThroughput, index)
	}
	must(s.tables.DeleteTable(s.ctx, &dynamodb.DeleteTableInput{TableName: aws.String("tab")}))(t)
	s.minute()
	s.minute()
	s.eventually("targets of a table that is gone", func() bool { return list(aas.DescribeScalableTargetsInput{}) == 0 })
}

// TestServices scales a service of ECS.
func TestServices(t *testing.T) {
	s := start(t)
	tasks := ecs.NewFromConfig(s.cloud.Config(), func(o *ecs.Options) { o.HTTPSignerV4 = s.cloud.Signer() })
	must(tasks.CreateCluster(s.ctx, &ecs.CreateClusterInput{ClusterName: aws.String("c")}))(t)
	must(tasks.RegisterTaskDefinition(s.ctx, &ecs.RegisterTaskDefinitionInput{Family: aws.String("f"),
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("nginx"), Memory: aws.Int32(64)}}}))(t)
	must(tasks.CreateService(s.ctx, &ecs.CreateServiceInput{Cluster: aws.String("c"), ServiceName: aws.String("s"), TaskDefinition: aws.String("f"), DesiredCount: aws.Int32(1)}))(t)
	register := func(least, most int32) {
		must(s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceEcs, ResourceId: aws.String("service/c/s"),
			ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, MinCapacity: &least, MaxCapacity: &most}))(t)
	}
	desired := func() int32 {
		return must(tasks.DescribeServices(s.ctx, &ecs.DescribeServicesInput{Cluster: aws.String("c"), Services: []string{"s"}}))(t).Services[0].DesiredCount
	}
	register(2, 6)
	if desired() != 2 {
		t.Errorf("brought to %d", desired())
	}
	put := func(kind types.MetricType, label *string) (*aas.PutScalingPolicyOutput, error) {
		return s.PutScalingPolicy(s.ctx, &aas.PutScalingPolicyInput{ServiceNamespace: types.ServiceNamespaceEcs, ResourceId: aws.String("service/c/s"),
			ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, PolicyName: aws.String("cpu"), PolicyType: types.PolicyTypeTargetTrackingScaling,
			TargetTrackingScalingPolicyConfiguration: &types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(70),
				PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: kind, ResourceLabel: label}}})
	}
	_, err := put(types.MetricTypeALBRequestCountPerTarget, nil)
	refused(t, err, "ValidationException", "resource label")
	_, err = put(types.MetricTypeALBRequestCountPerTarget, aws.String("app/a/0123456789abcdef/targetgroup/b/0123456789abcdef"))
	refused(t, err, "ValidationException", "does not exist")
	out := must(put(types.MetricTypeECSServiceAverageCPUUtilization, nil))(t)
	if len(out.Alarms) != 2 || !regexp.MustCompile(`^TargetTracking-service/c/s-AlarmHigh-[0-9a-f-]{36}$`).MatchString(*out.Alarms[0].AlarmName) {
		t.Fatalf("got %+v", out.Alarms)
	}
	high, low := s.alarm(*out.Alarms[0].AlarmName), s.alarm(*out.Alarms[1].AlarmName)
	if *high.Namespace != "AWS/ECS" || *high.MetricName != "CPUUtilization" || *high.Threshold != 70 || *low.Threshold != 63 || high.Unit != "Percent" || len(high.Dimensions) != 2 {
		t.Errorf("alarms: %+v %+v", high, low)
	}
	targets := must(s.DescribeScalableTargets(s.ctx, &aas.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceEcs}))(t).ScalableTargets
	if want := "arn:aws:iam::111111111111:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"; *targets[0].RoleARN != want {
		t.Errorf("role: %s", *targets[0].RoleARN)
	}
	register(1, 1)
	if desired() != 1 {
		t.Errorf("brought to %d", desired())
	}
}
