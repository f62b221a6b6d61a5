package cloudtrail

import (
	"context"
	"time"
)

// deliveryStatus is how the latest deliveries went.
type deliveryStatus struct {
	Delivered, Attempted, Notified, Logged, Digested   time.Time
	DeliveryError, NotifyError, LogsError, DigestError string
}

// StartLogging begins to log what happens from now on.
func (s *Service) StartLogging(ctx context.Context, in *StartLoggingInput) (*StartLoggingOutput, error) {
	if err := s.d.Events.Flush(ctx); err != nil {
		return nil, err
	}
	return &StartLoggingOutput{}, s.update(ctx, func(t *txn) error {
		_, err := t.change(*in.Name, func(r *trailRecord) error {
			if !r.Logging {
				r.Logging, r.Started = true, t.now
				r.Spans = append(r.Spans, span{From: t.d.Events.End()})
				if r.Validation && r.DigestFrom.IsZero() {
					r.DigestFrom = hour(t.now)
				}
			}
			return nil
		})
		return err
	})
}

// StopLogging ends it. What has happened up to now is delivered yet.
func (s *Service) StopLogging(ctx context.Context, in *StopLoggingInput) (*StopLoggingOutput, error) {
	if err := s.d.Events.Flush(ctx); err != nil {
		return nil, err
	}
	return &StopLoggingOutput{}, s.update(ctx, func(t *txn) error {
		_, err := t.change(*in.Name, func(r *trailRecord) error {
			if r.Logging {
				r.Logging, r.Stopped = false, t.now
				if n := len(r.Spans); n > 0 {
					r.Spans[n-1].To = new(t.d.Events.End())
				}
			}
			return nil
		})
		return err
	})
}

// GetTrailStatus tells whether a trail logs, and how its latest deliveries went.
func (s *Service) GetTrailStatus(ctx context.Context, in *GetTrailStatusInput) (*GetTrailStatusOutput, error) {
	out := &GetTrailStatusOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, _, err := t.find(*in.Name)
		if err != nil {
			return err
		}
		st := &r.Status
		*out = GetTrailStatusOutput{
			IsLogging: new(r.Logging), StartLoggingTime: moment(r.Started), StopLoggingTime: moment(r.Stopped),
			LatestDeliveryTime: moment(st.Delivered), LatestDeliveryError: some(st.DeliveryError),
			LatestNotificationTime: moment(st.Notified), LatestNotificationError: some(st.NotifyError),
			LatestCloudWatchLogsDeliveryTime: moment(st.Logged), LatestCloudWatchLogsDeliveryError: some(st.LogsError),
			LatestDigestDeliveryTime: moment(st.Digested), LatestDigestDeliveryError: some(st.DigestError),
			// The rest is of an older form of the API: texts that are empty where there is no time.
			TimeLoggingStarted: stamp(r.Started), TimeLoggingStopped: stamp(r.Stopped), LatestDeliveryAttemptTime: stamp(st.Attempted),
			LatestDeliveryAttemptSucceeded: stamp(st.Delivered), LatestNotificationAttemptTime: stamp(st.Notified), LatestNotificationAttemptSucceeded: stamp(st.Notified),
		}
		return nil
	})
}

func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func stamp(at time.Time) *string {
	if at.IsZero() {
		return new("")
	}
	return new(at.UTC().Format(time.RFC3339))
}
