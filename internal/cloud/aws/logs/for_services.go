package logs

import (
	"context"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services may ask of CloudWatch Logs.

// PutAs puts an event for a service, such as "events.amazonaws.com", into a stream, which is made if it is not there. The account's
// resource policies decide whether the service may; source is the ARN of what it puts the event for. It must not be called within a
// transaction.
func (s *Service) PutAs(ctx context.Context, sc state.Scope, service, source, group, stream, message string, at time.Time) error {
	if err := checkName(stream, "logStreamName", streamNames); err != nil {
		return err
	}
	events := []InputLogEvent{{Timestamp: new(at.UnixMilli()), Message: &message}}
	if err := checkBatch(events); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		g, err := t.group(group)
		if err != nil {
			return err
		}
		if !t.serviceMay(service, source, group, stream) {
			return wire.Errorf("AccessDeniedException", "No resource policy lets %s put events into the log group %s", service, group)
		}
		t.putInto(g, stream, events)
		return nil
	})
}

// HasGroup says whether there is a log group.
func (s *Service) HasGroup(tx *state.Tx, sc state.Scope, name string) bool {
	_, ok := s.groups.Get(tx, sc, name)
	return ok
}

// ServiceMay says whether the account's resource policies let a service put events into a stream. source is as for PutAs.
func (s *Service) ServiceMay(tx *state.Tx, sc state.Scope, service, source, group, stream string) bool {
	return (&txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}).serviceMay(service, source, group, stream)
}

// PutTrusted puts events, all of one time, for a service that writes by a role whose permissions it has asked itself. The stream is
// made if it is not there. It must not be called within a transaction.
func (s *Service) PutTrusted(ctx context.Context, sc state.Scope, group, stream string, messages []string, at time.Time) error {
	events := make([]InputLogEvent, 0, len(messages))
	for _, m := range messages {
		events = append(events, InputLogEvent{Timestamp: new(at.UnixMilli()), Message: &m})
	}
	if err := checkBatch(events); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		g, err := t.group(group)
		if err != nil {
			return err
		}
		t.putInto(g, stream, events)
		return nil
	})
}

// CreateStreamFor makes a stream for a service that has asked for its permission. One that is there is no error. It must not be called within
// a transaction.
func (s *Service) CreateStreamFor(ctx context.Context, sc state.Scope, group, stream string) error {
	if err := checkName(stream, "logStreamName", streamNames); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		g, err := t.group(group)
		if err != nil {
			return err
		}
		if _, there := t.streams.Get(tx, sc, g.Name+":"+stream); !there {
			t.putInto(g, stream, nil)
		}
		return nil
	})
}

// putInto puts events into a stream, which is made if it is not there.
func (t *txn) putInto(g *groupRecord, stream string, events []InputLogEvent) {
	st, ok := t.streams.Get(t.tx, t.sc, g.Name+":"+stream)
	if !ok {
		st = &streamRecord{Group: g.Name, Name: stream, UID: t.d.IDs.Hex(16), Created: t.now.UnixMilli()}
	}
	accepted, _ := t.accept(g, events)
	t.store(g, st, accepted)
	t.putGroup(g)
}

// serviceMay says whether the policies of the account and of the group let a service make a stream and put events.
func (t *txn) serviceMay(service, source, group, stream string) bool {
	var policies []*auth.Policy
	for _, r := range t.policies.All(t.tx, t.sc) {
		if r.Resource != "" && r.Resource != groupARN(t.sc, group) {
			continue
		}
		if p, err := auth.ParsePolicy([]byte(r.Document)); err == nil {
			policies = append(policies, p)
		}
	}
	arn := groupARN(t.sc, group) + ":log-stream:" + stream
	context := auth.Context{}
	context.Set("aws:SourceAccount", t.sc.Account)
	context.Set("aws:SourceArn", source)
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		request := &auth.Request{Caller: auth.Caller{Service: service}, Action: action, Resource: arn, Context: context}
		if auth.Evaluate(request, policies...) != auth.Allowed {
			return false
		}
	}
	return true
}

// CreateGroupFor makes a log group for a service that has asked for its permission. One that is there is no error. It must not be called
// within a transaction.
func (s *Service) CreateGroupFor(ctx context.Context, sc state.Scope, name string) error {
	if err := checkName(name, "logGroupName", groupNames); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		if _, exists := t.groups.Get(tx, sc, name); !exists {
			t.putGroup(&groupRecord{Name: name, Class: classStandard, Created: t.now.UnixMilli()})
		}
		return nil
	})
}
