package appautoscaling_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"atoll/internal/cloud/cloudtest"
)

func (s *scaling) action(name, schedule string, changes ...func(*aas.PutScheduledActionInput)) error {
	in := &aas.PutScheduledActionInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads, ScheduledActionName: &name,
		ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: aws.Int32(8), MaxCapacity: aws.Int32(9)}}
	if schedule != "" {
		in.Schedule = &schedule
	}
	for _, c := range changes {
		c(in)
	}
	_, err := s.PutScheduledAction(s.ctx, in)
	return err
}

func TestScheduledActions(t *testing.T) {
	s := start(t, cloudtest.Durable())
	refused(t, s.action("a", "rate(1 day)"), "ObjectNotFoundException", "No scalable target registered")
	s.register(1, 10)
	at := s.cloud.Clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05")
	if err := s.action("a", "at("+at+")", func(in *aas.PutScheduledActionInput) { in.Timezone = aws.String("UTC") }); err != nil {
		t.Fatal(err)
	}
	list := must(s.DescribeScheduledActions(s.ctx, &aas.DescribeScheduledActionsInput{ServiceNamespace: types.ServiceNamespaceDynamodb}))(t).ScheduledActions
	if len(list) != 1 || *list[0].Schedule != "at("+at+")" || *list[0].Timezone != "UTC" || list[0].StartTime != nil || *list[0].ScalableTargetAction.MinCapacity != 8 {
		t.Errorf("got %+v", list)
	}
	s.cloud.Clock.Advance(30 * time.Minute)
	s.cloud.Restart()
	s.cloud.Clock.Advance(30 * time.Minute)
	s.becomes(8)
	want := []string{"Setting read capacity units to 8. minimum capacity was set to 8", "Setting min capacity to 8 and max capacity to 9 scheduled action name a was triggered"}
	if got := s.activities(); !slices.Equal(got, want) {
		t.Errorf("activities: %q", got)
	}

	if err := s.action("b", "rate(10 minutes)", func(in *aas.PutScheduledActionInput) {
		in.ScalableTargetAction = &types.ScalableTargetAction{MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(2)}
	}); err != nil {
		t.Fatal(err)
	}
	s.cloud.Clock.Advance(10 * time.Minute)
	s.becomes(2)
	del := &aas.DeleteScheduledActionInput{ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/tab"), ScalableDimension: reads, ScheduledActionName: aws.String("b")}
	must(s.DeleteScheduledAction(s.ctx, del))(t)
	_, err := s.DeleteScheduledAction(s.ctx, del)
	refused(t, err, "ObjectNotFoundException")

	refused(t, s.action("c", ""), "ValidationException", "Schedule is required")
	refused(t, s.action("c", "rate(1 minutes)"), "ValidationException", "not valid")
	refused(t, s.action("c", "rate(1 day)", func(in *aas.PutScheduledActionInput) { in.Timezone = aws.String("Mars/X") }), "ValidationException", "time zone")
	refused(t, s.action("c", "rate(1 day)", func(in *aas.PutScheduledActionInput) { in.ScalableTargetAction = nil }), "ValidationException", "At least one")
	refused(t, s.action("c", "rate(1 day)", func(in *aas.PutScheduledActionInput) {
		in.StartTime, in.EndTime = aws.Time(s.cloud.Clock.Now()), aws.Time(s.cloud.Clock.Now())
	}), "ValidationException", "start time")
}
