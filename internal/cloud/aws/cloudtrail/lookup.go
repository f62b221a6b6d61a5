package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
)

const (
	maxLookup = 50
	history   = 90 * 24 * time.Hour
)

var lookupKeys = []string{"EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"}

// LookupEvents searches the account's management events in the caller's region, the newest first.
func (s *Service) LookupEvents(ctx context.Context, in *LookupEventsInput) (*LookupEventsOutput, error) {
	limit, err := checkLookup(in)
	if err != nil {
		return nil, err
	}
	out := &LookupEventsOutput{Events: []Event{}}
	if text(in.EventCategory) == "insight" {
		return out, nil
	}
	if err := s.d.Events.Flush(ctx); err != nil {
		return nil, err
	}
	before := s.d.Events.End()
	if in.NextToken != nil {
		token, err := pageAfter(in.NextToken)
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(token, "%d %d", &before.Segment, &before.Offset); err != nil {
			return nil, wire.Errorf("InvalidNextTokenException", "The specified token is not valid.")
		}
	}
	sc := wire.CallFrom(ctx).Scope()
	oldest := s.d.Clock.Now().Add(-history)
	if in.StartTime != nil && in.StartTime.After(oldest) {
		oldest = *in.StartTime
	}
	for line, err := range s.d.Events.Newest(before) {
		if err != nil {
			return nil, err
		}
		e, err := trail.Parse(line.JSON)
		if err != nil {
			return nil, err
		}
		if e.Time.Before(oldest.Truncate(time.Second)) {
			break // the events are in the order of their times
		}
		if e.Account != sc.Account || e.Region != sc.Region || in.EndTime != nil && e.Time.After(*in.EndTime) || !found(in.LookupAttributes, &e) {
			continue
		}
		if len(out.Events) == limit {
			out.NextToken = state.Token(fmt.Sprintf("%d %d", line.Next.Segment, line.Next.Offset))
			break
		}
		out.Events = append(out.Events, renderEvent(&e, line.JSON))
	}
	return out, nil
}

func checkLookup(in *LookupEventsInput) (limit int, err error) {
	limit = maxLookup
	if in.MaxResults != nil {
		if *in.MaxResults < 1 || *in.MaxResults > maxLookup {
			return 0, wire.Errorf("InvalidMaxResultsException", "MaxResults must be between 1 and %d.", maxLookup)
		}
		limit = int(*in.MaxResults)
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return 0, wire.Errorf("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	if c := text(in.EventCategory); c != "" && c != "insight" {
		return 0, wire.Errorf("InvalidEventCategoryException", "The event category %s is not valid.", c)
	}
	if len(in.LookupAttributes) > 1 {
		return 0, wire.Errorf("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
	}
	for _, a := range in.LookupAttributes {
		if !slices.Contains(lookupKeys, *a.AttributeKey) || *a.AttributeValue == "" || len(*a.AttributeValue) > 2000 {
			return 0, wire.Errorf("InvalidLookupAttributesException", "The lookup attribute %s with the value %q is not valid.", *a.AttributeKey, *a.AttributeValue)
		}
	}
	return limit, nil
}

// found reports whether an event has the attribute looked up, if there is one.
func found(attributes []LookupAttribute, e *trail.Event) bool {
	for _, a := range attributes {
		want, got := *a.AttributeValue, ""
		switch *a.AttributeKey {
		case "EventId":
			got = e.ID
		case "EventName":
			got = e.Name
		case "ReadOnly":
			got = strconv.FormatBool(e.ReadOnly)
		case "Username":
			got = e.Username
		case "EventSource":
			got = e.Source
		case "AccessKeyId":
			got = e.AccessKey
		case "ResourceType":
			return slices.ContainsFunc(e.Resources, func(r trail.Resource) bool { return r.Type == want })
		case "ResourceName":
			return slices.ContainsFunc(e.Resources, func(r trail.Resource) bool { return r.Name == want })
		}
		if got != want {
			return false
		}
	}
	return true
}

func renderEvent(e *trail.Event, raw []byte) Event {
	v := Event{EventId: &e.ID, EventName: &e.Name, ReadOnly: new(strconv.FormatBool(e.ReadOnly)), AccessKeyId: some(e.AccessKey), EventTime: &e.Time,
		EventSource: &e.Source, Username: some(e.Username), Resources: []Resource{}, CloudTrailEvent: new(string(raw))}
	for _, r := range e.Resources {
		v.Resources = append(v.Resources, Resource{ResourceType: &r.Type, ResourceName: &r.Name})
	}
	return v
}
