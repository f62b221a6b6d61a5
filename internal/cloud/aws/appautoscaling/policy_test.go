package appautoscaling_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

func (s *scaling) alarm(name string) *cwtypes.MetricAlarm {
	s.t.Helper()
	out := must(s.alarms.DescribeAlarms(s.ctx, &cw.DescribeAlarmsInput{AlarmNames: []string{name}}))(s.t)
	if len(out.MetricAlarms) == 0 {
		return nil
	}
	return &out.MetricAlarms[0]
}

func TestTargetTrackingAlarms(t *testing.T) {
	s := start(t)
	s.register(1, 100)
	out := s.tracking("p")
	if len(out.Alarms) != 2 || !regexp.MustCompile(`^arn:aws:autoscaling:us-east-1:111111111111:scalingPolicy:[0-9a-f-]{36}:resource/dynamodb/table/tab:policyName/p$`).MatchString(*out.PolicyARN) {
		t.Fatalf("got %+v", out)
	}
	for i, want := range []struct {
		pattern   string
		operator  cwtypes.ComparisonOperator
		threshold float64
		periods   int32
	}{{`^TargetTracking-table/tab-AlarmHigh-[0-9a-f-]{36}$`, "GreaterThanThreshold", 10, 3}, {`^TargetTracking-table/tab-AlarmLow-[0-9a-f-]{36}$`, "LessThanThreshold", 9, 15}} {
		a := s.alarm(*out.Alarms[i].AlarmName)
		if !regexp.MustCompile(want.pattern).MatchString(*a.AlarmName) || a.ComparisonOperator != want.operator || *a.Threshold != want.threshold || *a.EvaluationPeriods != want.periods ||
			*a.Period != 60 || a.AlarmActions[0] != *out.PolicyARN || !strings.HasPrefix(*a.AlarmDescription, "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ") {
			t.Errorf("got %+v", a)
		}
	}
	again := s.tracking("p", func(c *types.TargetTrackingScalingPolicyConfiguration) {
		c.TargetValue, c.DisableScaleIn = aws.Float64(20), aws.Bool(true)
	})
	if len(again.Alarms) != 1 || *again.Alarms[0].AlarmName != *out.Alarms[0].AlarmName || *s.alarm(*again.Alarms[0].AlarmName).Threshold != 20 || s.alarm(*out.Alarms[1].AlarmName) != nil {
		t.Errorf("changed: %+v", again)
	}
	described := must(s.DescribeScalingPolicies(s.ctx, &aas.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), PolicyNames: []string{"p"}}))(t).ScalingPolicies
	if len(described) != 1 || len(described[0].Alarms) != 1 || described[0].PolicyType != types.PolicyTypeTargetTrackingScaling || described[0].TargetTrackingScalingPolicyConfiguration.ScaleInCooldown != nil {
		t.Errorf("described: %+v", described)
	}
	gone := &aas.DeleteScalingPolicyInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads, PolicyName: aws.String("p")}
	must(s.DeleteScalingPolicy(s.ctx, gone))(t)
	_, err := s.DeleteScalingPolicy(s.ctx, gone)
	refused(t, err, "ObjectNotFoundException")
	if s.alarm(*again.Alarms[0].AlarmName) != nil {
		t.Error("the alarm is still there")
	}
}

func TestTargetTrackingOfUnits(t *testing.T) {
	s := start(t)
	s.register(1, 100)
	out := s.tracking("p", func(c *types.TargetTrackingScalingPolicyConfiguration) {
		c.TargetValue, c.CustomizedMetricSpecification = aws.Float64(70), nil
		c.PredefinedMetricSpecification = &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeDynamoDBReadCapacityUtilization}
	})
	thresholds := func() (got []float64) {
		for _, a := range out.Alarms {
			got = append(got, *s.alarm(*a.AlarmName).Threshold)
		}
		return got
	}
	if got := thresholds(); !slices.Equal(got, []float64{210, 150, 5, 5}) {
		t.Errorf("with 5 units: %v", got)
	}
	if a := s.alarm(*out.Alarms[3].AlarmName); *a.MetricName != "ProvisionedReadCapacityUnits" || *a.Period != 300 || *a.EvaluationPeriods != 3 || a.Statistic != cwtypes.StatisticAverage {
		t.Errorf("got %+v", a)
	}
	s.register(10, 100)
	if got := thresholds(); !slices.Equal(got, []float64{420, 300, 10, 10}) {
		t.Errorf("with 10 units: %v", got)
	}
}

func TestTargetTrackingScales(t *testing.T) {
	s := start(t)
	s.register(2, 20)
	s.tracking("load", func(c *types.TargetTrackingScalingPolicyConfiguration) {
		c.ScaleOutCooldown, c.ScaleInCooldown = aws.Int32(300), aws.Int32(3600)
	})
	s.load("load", 19, 3)
	s.minute()
	s.becomes(10) // 5 × 19 / 10
	if got := s.activities(); len(got) != 1 || !regexp.MustCompile(`^Setting read capacity units to 10\. monitor alarm TargetTracking-table/tab-AlarmHigh-\S+ in state ALARM triggered policy load$`).MatchString(got[0]) {
		t.Errorf("activities: %q", got)
	}
	s.load("load", 30, 1) // in the cooldown the capacity before counts: 5 × 30 / 10
	s.minute()
	s.becomes(15)
	s.load("load", 100, 1)
	s.minute()
	s.becomes(20)
	for range 20 {
		s.minute()
		s.load("load", 4, 1)
	}
	s.becomes(8) // 20 × 4 / 10, and then the cooldown
	for range 3 {
		s.minute()
		s.load("load", 4, 1)
	}
	if got := s.units(); got != 8 {
		t.Errorf("scaled in to %d during the cooldown", got)
	}
}

func TestScaleInWaitsForAllPolicies(t *testing.T) {
	s := start(t)
	s.register(1, 20)
	s.tracking("a")
	s.tracking("b")
	for range 16 {
		s.minute()
		s.load("a", 2, 1)
		s.load("b", 10, 1)
	}
	s.minute()
	s.eventually("a's low alarm", func() bool {
		n := 0
		for _, a := range must(s.alarms.DescribeAlarms(s.ctx, &cw.DescribeAlarmsInput{StateValue: cwtypes.StateValueAlarm}))(t).MetricAlarms {
			if strings.Contains(*a.AlarmName, "-AlarmLow-") {
				n++
			}
		}
		return n == 1
	})
	if err := s.cloud.Idle(s.ctx); err != nil {
		t.Fatal(err)
	}
	if s.units() != 5 {
		t.Errorf("scaled in to %d", s.units())
	}
	for range 15 {
		s.minute()
		s.load("a", 2, 1)
		s.load("b", 6, 1)
	}
	s.minute()
	s.minute()
	s.eventually("scaled in to what b wants", func() bool { n := s.units(); return n == 3 || n == 2 })
}

func TestStepScaling(t *testing.T) {
	s := start(t)
	s.register(1, 20)
	policy := s.steps("out", 300)
	must(s.alarms.PutMetricAlarm(s.ctx, &cw.PutMetricAlarmInput{
		AlarmName: aws.String("busy"), Namespace: aws.String("ns"), MetricName: aws.String("load"), Statistic: cwtypes.StatisticAverage, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(50), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanOrEqualToThreshold, AlarmActions: []string{*policy},
	}))(t)
	described := must(s.DescribeScalingPolicies(s.ctx, &aas.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceDynamodb}))(t).ScalingPolicies
	if len(described) != 1 || described[0].PolicyType != types.PolicyTypeStepScaling || len(described[0].Alarms) != 1 || *described[0].Alarms[0].AlarmName != "busy" {
		t.Errorf("described: %+v", described)
	}
	s.load("load", 55, 1)
	s.minute()
	s.becomes(7)
	s.load("load", 70, 1) // a larger step within the cooldown counts from 5
	s.minute()
	s.becomes(9)
	s.load("load", 70, 1)
	s.cloud.Clock.Advance(10 * time.Second)
	must(s.RegisterScalableTarget(s.ctx, &aas.RegisterScalableTargetInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"),
		ScalableDimension: reads, SuspendedState: &types.SuspendedState{DynamicScalingOutSuspended: aws.Bool(true)}}))(t)
	for range 6 {
		s.minute()
		s.load("load", 70, 1)
	}
	if s.units() != 9 {
		t.Errorf("scaled out to %d while that is suspended", s.units())
	}
}

func TestNotScaled(t *testing.T) {
	s := start(t)
	s.register(1, 5)
	policy := s.steps("out", 0)
	must(s.alarms.PutMetricAlarm(s.ctx, &cw.PutMetricAlarmInput{
		AlarmName: aws.String("busy"), Namespace: aws.String("ns"), MetricName: aws.String("load"), Statistic: cwtypes.StatisticAverage, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(50), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, AlarmActions: []string{*policy},
	}))(t)
	s.load("load", 55, 1)
	s.minute()
	in := &aas.DescribeScalingActivitiesInput{ServiceNamespace: types.ServiceNamespaceDynamodb, IncludeNotScaledActivities: aws.Bool(true)}
	s.eventually("an activity", func() bool { return len(must(s.DescribeScalingActivities(s.ctx, in))(t).ScalingActivities) == 1 })
	a := must(s.DescribeScalingActivities(s.ctx, in))(t).ScalingActivities[0]
	if r := a.NotScaledReasons; len(r) != 1 || *r[0].Code != "AlreadyAtMaxCapacity" || *r[0].MaxCapacity != 5 || len(s.activities()) != 0 {
		t.Errorf("got %+v, without it %q", a, s.activities())
	}
}

func TestPutScalingPolicyRefuses(t *testing.T) {
	s := start(t)
	put := func(change func(*aas.PutScalingPolicyInput)) error {
		in := &aas.PutScalingPolicyInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads, PolicyName: aws.String("p")}
		change(in)
		_, err := s.PutScalingPolicy(s.ctx, in)
		return err
	}
	step := func(steps ...types.StepAdjustment) func(*aas.PutScalingPolicyInput) {
		return func(in *aas.PutScalingPolicyInput) {
			in.StepScalingPolicyConfiguration = &types.StepScalingPolicyConfiguration{AdjustmentType: types.AdjustmentTypeChangeInCapacity, StepAdjustments: steps}
		}
	}
	track := func(c types.TargetTrackingScalingPolicyConfiguration) func(*aas.PutScalingPolicyInput) {
		return func(in *aas.PutScalingPolicyInput) {
			in.PolicyType, in.TargetTrackingScalingPolicyConfiguration = types.PolicyTypeTargetTrackingScaling, &c
		}
	}
	bounds := func(low, high float64) types.StepAdjustment {
		return types.StepAdjustment{MetricIntervalLowerBound: &low, MetricIntervalUpperBound: &high, ScalingAdjustment: aws.Int32(1)}
	}
	refused(t, put(step(bounds(0, 1))), "ObjectNotFoundException", "No scalable target registered")
	s.register(1, 10)
	predefined := func(kind types.MetricType, label *string) types.TargetTrackingScalingPolicyConfiguration {
		return types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(50), PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: kind, ResourceLabel: label}}
	}
	for _, c := range []struct {
		change      func(*aas.PutScalingPolicyInput)
		code, words string
	}{
		{func(*aas.PutScalingPolicyInput) {}, "ValidationException", "StepScalingPolicyConfiguration is required"},
		{step(), "ValidationException", "At least one step"},
		{step(bounds(1, 0)), "ValidationException", "greater than its lower bound"},
		{step(bounds(0, 5), bounds(4, 8)), "ValidationException", "overlap"},
		{step(bounds(0, 5), bounds(6, 8)), "ValidationException", "gap"},
		{track(types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(50)}), "ValidationException", "Exactly one"},
		{track(predefined(types.MetricTypeECSServiceAverageCPUUtilization, nil)), "ValidationException", "does not fit"},
		{track(predefined(types.MetricTypeDynamoDBReadCapacityUtilization, aws.String("app/a/b/targetgroup/c/d"))), "ValidationException", "resource label"},
		{func(in *aas.PutScalingPolicyInput) { in.PolicyType = types.PolicyTypePredictiveScaling }, "NotImplementedByLocalCloud", "predictive"},
		{func(in *aas.PutScalingPolicyInput) { in.PolicyName = aws.String("a|b") }, "ValidationException", "policyName"},
	} {
		refused(t, put(c.change), c.code, c.words)
	}
}
