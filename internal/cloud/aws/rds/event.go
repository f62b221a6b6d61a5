package rds

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"atoll/internal/cloud/event"
)

// eventRecord is something that happened. Its id is the time in nanoseconds and a random end, so that events are in order.
type eventRecord struct {
	SourceType, SourceID, ARN string
	Event                     string // such as RDS-EVENT-0005
	Category, Message         string
	Time                      time.Time
}

// kept is how long RDS shows an event.
const kept = 14 * 24 * time.Hour

// categories are the categories of events, by the type of their source.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
func categories() map[string][]string {
	return map[string][]string{
		"db-instance": {"availability", "backup", "configuration change", "creation", "deletion", "failover", "failure", "low storage", "maintenance",
			"notification", "read replica", "recovery", "restoration", "security", "security patching"},
		"db-parameter-group":    {"configuration change"},
		"db-snapshot":           {"creation", "deletion", "notification", "restoration"},
		"db-security-group":     {"configuration change", "failure"},
		"db-cluster":            {"configuration change", "creation", "deletion", "failover", "failure", "global-failover", "maintenance", "migration", "notification", "serverless"},
		"db-cluster-snapshot":   {"backup", "notification"},
		"db-proxy":              {"configuration change", "creation", "deletion", "failure"},
		"custom-engine-version": {"creation", "deletion", "failure", "restoring"},
		"blue-green-deployment": {"creation", "deletion", "failure", "notification"},
		"db-shard-group":        {"configuration change", "creation", "deletion", "failure", "maintenance", "notification"},
		"zero-etl":              {"creation", "deletion", "failure", "notification"},
	}
}

// Detail is what EventBridge carries of an event of RDS.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.html
type Detail struct {
	EventCategories  []string `json:"EventCategories"`
	SourceType       string   `json:"SourceType"`
	SourceArn        string   `json:"SourceArn"`
	Date             string   `json:"Date"`
	Message          string   `json:"Message"`
	SourceIdentifier string   `json:"SourceIdentifier"`
	EventID          string   `json:"EventID"`
}

// sourceWords are EventBridge's words for a type of source: the detail's type, and its source's.
func sourceWords() map[string][2]string {
	return map[string][2]string{"db-instance": {"RDS DB Instance Event", "DB_INSTANCE"}, "db-snapshot": {"RDS DB Snapshot Event", "SNAPSHOT"},
		"db-parameter-group": {"RDS DB Parameter Group Event", "DB_PARAM"}}
}

// happened notes an event and publishes it.
func (t *txn) happened(sourceType, id, arn, eventID, category, message string) {
	e := &eventRecord{SourceType: sourceType, SourceID: id, ARN: arn, Event: eventID, Category: category, Message: message, Time: t.now}
	for old := range t.events.Range(t.tx, t.sc, "", eventKey(t.now.Add(-kept)), false) {
		t.events.Delete(t.tx, t.sc, old)
	}
	t.events.Put(t.tx, t.sc, eventKey(t.now)+"-"+t.d.IDs.Hex(8), e)
	word := sourceWords()[sourceType]
	t.d.Bus.Publish(t.tx, event.Event{
		Scope: t.sc, Source: "aws.rds", DetailType: word[0], Resources: []string{arn}, Time: t.now,
		Detail: Detail{EventCategories: []string{category}, SourceType: word[1], SourceArn: arn, Date: t.now.UTC().Format("2006-01-02T15:04:05.000Z"),
			Message: message, SourceIdentifier: id, EventID: eventID},
	})
}

// note is happened for an instance.
func (t *txn) note(r *instanceRecord, eventID, category, format string, args ...any) {
	t.happened("db-instance", r.ID, instanceARN(t.sc, r.ID), eventID, category, fmt.Sprintf(format, args...))
}

func eventKey(at time.Time) string { return fmt.Sprintf("%020d", at.UnixNano()) }

// DescribeEvents lists what happened within a span of the last 14 days, the last hour where none is given.
func (s *Service) DescribeEvents(ctx context.Context, in *DescribeEventsInput) (*DescribeEventsOutput, error) {
	source := text(in.SourceType)
	if source != "" && categories()[source] == nil {
		return nil, invalid("Invalid source type: %s", source)
	}
	if text(in.SourceIdentifier) != "" && source == "" {
		return nil, conflict("A source type must be provided when a source identifier is.")
	}
	now := s.d.Clock.Now()
	if in.Duration != nil && (*in.Duration < 1 || *in.Duration > 20160) {
		return nil, invalid("Invalid duration: %d. It must be between 1 and 20160 minutes.", *in.Duration)
	}
	length := time.Duration(or(in.Duration, 60)) * time.Minute
	to := or(in.EndTime, now)
	if in.EndTime == nil && in.StartTime != nil && in.Duration != nil {
		to = in.StartTime.Add(length)
	}
	from := or(in.StartTime, to.Add(-length))
	if from.After(to) {
		return nil, invalid("The start time must not be after the end time.")
	}
	if oldest := now.Add(-kept); from.Before(oldest) {
		if in.StartTime != nil && from.Before(oldest.Add(-time.Hour)) {
			return nil, invalid("The start time must be within the last 14 days.")
		}
		from = oldest
	}
	out := &DescribeEventsOutput{Events: []Event{}}
	return out, s.view(ctx, func(t *txn) error {
		first, last := eventKey(from), eventKey(to.Add(time.Nanosecond))
		found, next, err := pageIn(func(after string) iter.Seq2[string, *eventRecord] {
			if after != "" {
				first = after + "\x01"
			}
			return t.events.Range(t.tx, t.sc, first, last, false)
		}, list{in.MaxRecords, in.Marker, in.Filters}, nil, func(e *eventRecord) bool {
			return (source == "" || e.SourceType == source) && (text(in.SourceIdentifier) == "" || e.SourceID == *in.SourceIdentifier) &&
				(len(in.EventCategories) == 0 || slices.Contains(in.EventCategories, e.Category))
		})
		if err != nil {
			return err
		}
		for _, e := range found {
			out.Events = append(out.Events, Event{SourceIdentifier: &e.SourceID, SourceType: &e.SourceType, Message: &e.Message,
				EventCategories: []string{e.Category}, Date: &e.Time, SourceArn: &e.ARN})
		}
		out.Marker = next
		return nil
	})
}

// DescribeEventCategories lists the categories of events.
func (s *Service) DescribeEventCategories(_ context.Context, in *DescribeEventCategoriesInput) (*DescribeEventCategoriesOutput, error) {
	all := categories()
	out := &DescribeEventCategoriesOutput{EventCategoriesMapList: []EventCategoriesMap{}}
	source := text(in.SourceType)
	if source != "" && all[source] == nil {
		return nil, invalid("Invalid source type: %s", source)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if source == "" || name == source {
			out.EventCategoriesMapList = append(out.EventCategoriesMapList, EventCategoriesMap{SourceType: &name, EventCategories: all[name]})
		}
	}
	return out, nil
}
