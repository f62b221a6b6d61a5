package events

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"atoll/internal/cloud/eventpattern"
)

// Limits of PutEvents: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const (
	maxEntries    = 10
	maxEventBytes = 256 << 10 // of all entries together
)

// envelope is an event as rules and targets see it.
type envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// event gives an envelope of a new event.
func (t *txn) event(source, detailType string, at time.Time, resources []string, detail json.RawMessage) *envelope {
	if resources == nil {
		resources = []string{}
	}
	return &envelope{
		Version: "0", ID: t.d.IDs.UUID(), DetailType: detailType, Source: source, Account: t.sc.Account, Region: t.sc.Region,
		Time: at.UTC().Format("2006-01-02T15:04:05Z"), Resources: resources, Detail: detail,
	}
}

// entrySize is what AWS counts of an entry.
func entrySize(e *PutEventsRequestEntry) int {
	n := len(text(e.Source)) + len(text(e.DetailType)) + len(text(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// fault says what is wrong with an entry.
func entryFault(e *PutEventsRequestEntry) (code, message string) {
	required := func(name, value string) string {
		if value == "" {
			return "Parameter " + name + " is not valid. Reason: " + name + " is a required argument."
		}
		return ""
	}
	for _, message := range []string{required("Source", text(e.Source)), required("DetailType", text(e.DetailType)), required("Detail", text(e.Detail))} {
		if message != "" {
			return "InvalidArgument", message
		}
	}
	var detail map[string]json.RawMessage
	if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil || detail == nil {
		return "MalformedDetail", "Detail is malformed."
	}
	if strings.HasPrefix(*e.Source, "aws.") {
		return "NotAuthorizedForSourceException", "Not authorized for the source."
	}
	return "", ""
}

// PutEvents puts events on buses. Entries that are refused stand with their errors in the answer.
func (s *Service) PutEvents(ctx context.Context, in *PutEventsInput) (*PutEventsOutput, error) {
	if in.EndpointId != nil {
		return nil, missing("Endpoint %s does not exist.", *in.EndpointId) // there are no global endpoints here
	}
	if n := len(in.Entries); n < 1 || n > maxEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", maxEntries)
	}
	total := 0
	for i := range in.Entries {
		total += entrySize(&in.Entries[i])
	}
	if total > maxEventBytes {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &PutEventsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		failed := int64(0)
		out.Entries = make([]PutEventsResultEntry, len(in.Entries))
		for i, e := range in.Entries {
			code, message := entryFault(&e)
			bus, err := t.bus(e.EventBusName)
			if code == "" && err != nil {
				code, message = "InvalidArgument", err.Error()
			}
			if code != "" {
				out.Entries[i] = PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message}
				failed++
				continue
			}
			at := t.now
			if e.Time != nil {
				at = *e.Time
			}
			event := t.event(*e.Source, *e.DetailType, at, e.Resources, json.RawMessage(*e.Detail))
			out.Entries[i] = PutEventsResultEntry{EventId: new(event.ID)}
			if err := t.route(bus.Name, event, false); err != nil {
				return err
			}
		}
		out.FailedEntryCount = new(failed)
		return nil
	})
}

// TestEventPattern says whether a pattern matches an event.
func (s *Service) TestEventPattern(_ context.Context, in *TestEventPatternInput) (*TestEventPatternOutput, error) {
	p, err := eventpattern.Parse([]byte(*in.EventPattern), eventpattern.EventBridge)
	if err != nil {
		return nil, invalidPattern(err)
	}
	var event map[string]json.RawMessage
	if err := json.Unmarshal([]byte(*in.Event), &event); err != nil {
		return nil, invalid("Parameter Event is not valid. Reason: it is not a JSON object.")
	}
	for _, name := range []string{"id", "detail-type", "source", "account", "time", "region", "resources"} {
		if _, ok := event[name]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: the field %s is missing.", name)
		}
	}
	matched, err := p.Matches([]byte(*in.Event))
	if err != nil {
		return nil, err
	}
	return &TestEventPatternOutput{Result: &matched}, nil
}
