package appautoscaling_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// scaling is a client of a running cloud with a table "tab", of 5 read and 5 write units, that has an index "idx" of 5 and 5.
type scaling struct {
	*aas.Client
	t      testing.TB
	ctx    context.Context
	cloud  *cloudtest.Cloud
	alarms *cw.Client
	tables *dynamodb.Client
}

func start(t testing.TB, opts ...cloudtest.Option) *scaling {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	cloud.Clock.Advance(time.Minute - cloud.Clock.Now().Sub(cloud.Clock.Now().Truncate(time.Minute)))
	config := cloud.Config()
	s := &scaling{
		Client: aas.NewFromConfig(config, func(o *aas.Options) { o.HTTPSignerV4 = cloud.Signer() }), t: t, ctx: t.Context(), cloud: cloud,
		alarms: cw.NewFromConfig(config, func(o *cw.Options) { o.HTTPSignerV4 = cloud.Signer() }),
		tables: dynamodb.NewFromConfig(config, func(o *dynamodb.Options) { o.HTTPSignerV4 = cloud.Signer() }),
	}
	five := &dynamodbtypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}
	schema := []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: dynamodbtypes.KeyTypeHash}}
	must(s.tables.CreateTable(s.ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("tab"), ProvisionedThroughput: five, KeySchema: schema,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
		GlobalSecondaryIndexes: []dynamodbtypes.GlobalSecondaryIndex{{IndexName: aws.String("idx"), KeySchema: schema, ProvisionedThroughput: five,
			Projection: &dynamodbtypes.Projection{ProjectionType: dynamodbtypes.ProjectionTypeAll}}},
	}))(t)
	return s
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

// reads names the target of the table's read units.
const reads = types.ScalableDimensionDynamoDBTableReadCapacityUnits

// register makes a target of the table's read units.
func (s *scaling) register(least, most int32) *string {
	s.t.Helper()
	return must(s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"),
		ScalableDimension: reads, MinCapacity: &least, MaxCapacity: &most}))(s.t).ScalableTargetARN
}

// units gives the table's read units.
func (s *scaling) units() int64 {
	s.t.Helper()
	return *must(s.tables.DescribeTable(s.ctx, &dynamodb.DescribeTableInput{TableName: aws.String("tab")}))(s.t).Table.ProvisionedThroughput.ReadCapacityUnits
}

// tracking makes a target tracking policy on the average of the metric "load" being 10.
func (s *scaling) tracking(name string, changes ...func(*types.TargetTrackingScalingPolicyConfiguration)) *aas.PutScalingPolicyOutput {
	s.t.Helper()
	c := &types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(10), CustomizedMetricSpecification: &types.CustomizedMetricSpecification{
		Namespace: aws.String("ns"), MetricName: &name, Statistic: types.MetricStatisticAverage}}
	for _, change := range changes {
		change(c)
	}
	return must(s.PutScalingPolicy(s.ctx, &aas.PutScalingPolicyInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads,
		PolicyName: &name, PolicyType: types.PolicyTypeTargetTrackingScaling, TargetTrackingScalingPolicyConfiguration: c}))(s.t)
}

// steps makes a step scaling policy that adds 2, or 4 from 10 above the threshold on.
func (s *scaling) steps(name string, cooldown int32) *string {
	s.t.Helper()
	return must(s.PutScalingPolicy(s.ctx, &aas.PutScalingPolicyInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads,
		PolicyName: &name, StepScalingPolicyConfiguration: &types.StepScalingPolicyConfiguration{AdjustmentType: types.AdjustmentTypeChangeInCapacity, Cooldown: &cooldown,
			StepAdjustments: []types.StepAdjustment{
				{MetricIntervalLowerBound: aws.Float64(0), MetricIntervalUpperBound: aws.Float64(10), ScalingAdjustment: aws.Int32(2)},
				{MetricIntervalLowerBound: aws.Float64(10), ScalingAdjustment: aws.Int32(4)},
			}}}))(s.t).PolicyARN
}

// load puts a value for each of the last so many minutes.
func (s *scaling) load(metric string, value float64, minutes int) {
	s.t.Helper()
	var data []cwtypes.MetricDatum
	for i := range minutes {
		data = append(data, cwtypes.MetricDatum{MetricName: &metric, Value: &value, Timestamp: aws.Time(s.cloud.Clock.Now().Truncate(time.Minute).Add(-time.Duration(i)*time.Minute - 30*time.Second))})
	}
	must(s.alarms.PutMetricData(s.ctx, &cw.PutMetricDataInput{Namespace: aws.String("ns"), MetricData: data}))(s.t)
}

// minute lets a minute pass, in which alarms are evaluated and policies scale.
func (s *scaling) minute() { s.cloud.Clock.Advance(time.Minute) }

// eventually asks until an answer is as wanted: scaling happens in the background.
func (s *scaling) eventually(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("never: %s; activities %q", what, s.activities())
		}
	}
}

func (s *scaling) becomes(units int64) {
	s.t.Helper()
	s.eventually("the table's units", func() bool { return s.units() == units })
}

func (s *scaling) activities() []string {
	s.t.Helper()
	var out []string
	p := aas.NewDescribeScalingActivitiesPaginator(s, &aas.DescribeScalingActivitiesInput{ServiceNamespace: types.ServiceNamespaceDynamodb, MaxResults: aws.Int32(2)})
	for p.HasMorePages() {
		for _, a := range must(p.NextPage(s.ctx))(s.t).ScalingActivities {
			out = append(out, *a.Description+" "+*a.Cause)
		}
	}
	return out
}
