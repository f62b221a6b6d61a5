package events

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/eventpattern"
	"atoll/internal/cloud/state"
)

// ownSource begins the sources of events that the cloud's services tell each other, and that AWS does not have.
const ownSource = "atoll."

// take puts an event of another service on the default bus of where it happened.
func (s *Service) take(ctx context.Context, e event.Event) {
	if strings.HasPrefix(e.Source, ownSource) {
		return
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		s.d.Logger.Error("an event cannot be written", "source", e.Source, "type", e.DetailType, "err", err)
		return
	}
	wanted := false
	_ = s.d.Store.View(func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: e.Scope, now: s.d.Clock.Now()}
		own := t.event(e.Source, e.DetailType, e.Time, e.Resources, detail)
		rules, err := t.matching(defaultBus, own)
		wanted = len(rules) > 0 || err != nil
		if !wanted {
			archives, _, err := t.archiving(defaultBus, own)
			wanted = len(archives) > 0 || err != nil
		}
		return nil
	})
	if !wanted {
		return // most events: nothing is written for them
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: e.Scope, now: s.d.Clock.Now()}
		return t.route(defaultBus, t.event(e.Source, e.DetailType, e.Time, e.Resources, detail), false)
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("an event could not be put on its bus", "source", e.Source, "type", e.DetailType, "err", err)
	}
}

// route hands an event to the archives and the rules of a bus. forwarded tells that it came from another bus.
func (t *txn) route(bus string, e *envelope, forwarded bool) error {
	if err := t.file(bus, e); err != nil {
		return err
	}
	rules, err := t.matching(bus, e)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := t.enqueue(r, e, forwarded); err != nil {
			return err
		}
	}
	return nil
}

// matching gives the rules of a bus that an event matches.
func (t *txn) matching(bus string, e *envelope) ([]*ruleRecord, error) {
	var out []*ruleRecord
	var document map[string]any
	for _, r := range t.rules.Prefix(t.tx, t.sc, ruleID(bus, "")) {
		if r.State == stateDisabled || r.Pattern == "" || len(r.Targets) == 0 {
			continue
		}
		if document == nil {
			raw, err := json.Marshal(e)
			if err != nil {
				return nil, err
			}
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			if err := d.Decode(&document); err != nil {
				return nil, err
			}
		}
		p, err := eventpattern.Parse([]byte(r.Pattern), eventpattern.EventBridge)
		if err != nil {
			return nil, err // checked when it was set
		}
		if p.MatchesValue(document) && (r.State == stateEnabledAll || !readOnlyCall(e, document)) {
			out = append(out, r)
		}
	}
	return out, nil
}

// readOnlyCall reports whether an event is about a read-only API call, which only rules in the state for all of them get.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
func readOnlyCall(e *envelope, document map[string]any) bool {
	if e.DetailType != "AWS API Call via CloudTrail" {
		return false
	}
	detail, _ := document["detail"].(map[string]any)
	readOnly, _ := detail["readOnly"].(bool)
	return readOnly
}
