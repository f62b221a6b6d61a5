package appautoscaling

import (
	"context"
	"fmt"
	"time"

	"atoll/internal/cloud/state"
)

// activityRecord is a scaling activity, under its time, the latest first. What it does is done when it is written.
type activityRecord struct {
	key
	ActivityID         string
	At                 time.Time
	Description, Cause string
	Status, Message    string
	NotScaled          []NotScaledReason `json:",omitempty"`
}

const (
	successful = "Successful"
	failed     = "Failed"
)

// keepActivities is how long AWS keeps them.
const keepActivities = 6 * 7 * 24 * time.Hour

// latestFirst is a time as the first part of an activity's id.
func latestFirst(at time.Time) string { return fmt.Sprintf("%019d", 1<<62-at.UnixNano()) }

func (t *txn) record(r activityRecord) {
	r.ActivityID, r.At = t.d.IDs.UUID(), t.now
	id := fmt.Sprintf("%s-%012d", latestFirst(t.now), 999_999_999_999-t.written.Add(1))
	t.activities.Put(t.tx, t.sc, id, &r)
}

// scale sets a capacity, and records how that went.
func (t *txn) scale(r *targetRecord, n int64, cause string) {
	a := activityRecord{key: r.key, Description: "Setting " + r.unit() + " to " + itoa(n) + ".", Cause: cause, Status: successful}
	a.Message = "Successfully set " + r.unit() + " to " + itoa(n) + ". Change successfully fulfilled by " + r.Namespace + "."
	if err := t.setCapacity(r.key, n); err != nil {
		a.Status, a.Message = failed, "Failed to set "+r.unit()+" to "+itoa(n)+". Reason: "+err.Error()
	} else {
		t.refreshAlarms(r.key)
	}
	t.record(a)
}

// DescribeScalingActivities lists activities of a service, of a resource or of a target. The latest comes first.
func (s *Service) DescribeScalingActivities(ctx context.Context, in *DescribeScalingActivitiesInput) (*DescribeScalingActivitiesOutput, error) {
	if err := checkEnum(*in.ServiceNamespace, "serviceNamespace", namespaces()...); err != nil {
		return nil, err
	}
	if in.ScalableDimension != nil && in.ResourceId == nil {
		return nil, invalid("A scalable dimension can be given with a resource ID only")
	}
	limit, err := limitOf(in.MaxResults, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeScalingActivitiesOutput{ScalingActivities: []ScalingActivity{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.activities.From(t.tx, t.sc, after)
		found, next := state.Page(seq, limit, func(r *activityRecord) bool {
			return r.Namespace == *in.ServiceNamespace && (in.ResourceId == nil || *in.ResourceId == r.Resource) &&
				(in.ScalableDimension == nil || *in.ScalableDimension == r.Dimension) && (len(r.NotScaled) == 0 || yes(in.IncludeNotScaledActivities)) &&
				t.now.Sub(r.At) < keepActivities
		})
		for _, r := range found {
			a := ScalingActivity{
				ActivityId: new(r.ActivityID), ServiceNamespace: new(r.Namespace), ResourceId: new(r.Resource), ScalableDimension: new(r.Dimension),
				Description: new(r.Description), Cause: new(r.Cause), StartTime: new(r.At), EndTime: new(r.At), StatusCode: new(r.Status), NotScaledReasons: r.NotScaled,
			}
			if r.Message != "" {
				a.StatusMessage = new(r.Message)
			}
			out.ScalingActivities = append(out.ScalingActivities, a)
		}
		out.NextToken = state.Token(next)
		return nil
	})
}
