package sns

import (
	"context"
	"sync"
	"time"

	"atoll/internal/cloud/state"
)

// The kinds of jobs.
const (
	jobNotify  = "notify"  // deliver a message
	jobConfirm = "confirm" // ask an endpoint to confirm its subscription
	jobExpire  = "expire"  // drop a subscription that is not confirmed
)

// jobRecord is something to do at a time. All jobs stand in one scope, so that the first that is due is found at once.
type jobRecord struct {
	ID                  string
	Scope               state.Scope // of the topic
	Kind                string
	Topic, Subscription string
	Due                 time.Time
	Attempt             int // how many have failed

	MessageID  string
	Published  time.Time
	Subject    string
	Message    string
	Attributes map[string]attribute
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05.000000000Z"

func (j *jobRecord) due() []string { return []string{j.Due.UTC().Format(dueFormat)} }

const (
	concurrent      = 16 // deliveries under way
	deliveryTimeout = 15 * time.Second
)

// enqueue stores a job, due now if it has no time of its own.
func (t *txn) enqueue(j *jobRecord) {
	j.ID, j.Scope = t.d.IDs.UUID(), t.sc
	if j.Due.IsZero() {
		j.Due = t.now
	}
	if j.Published.IsZero() {
		j.Published = t.now
	}
	t.jobs.Put(t.tx, state.Scope{}, j.ID, j)
	t.tx.AfterCommit(t.stir)
}

// stir has the worker look for jobs.
func (s *Service) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run does the jobs as they become due, until ctx ends. Those under way then are done again at the next start.
func (s *Service) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	busy := map[string]bool{}
	paced := map[string]time.Time{} // by subscription: when it may get the next message
	done := make(chan string, concurrent)
	for {
		jobs, next := s.dueJobs(busy, paced, concurrent-len(busy))
		for _, j := range jobs {
			busy[j.ID] = true
			running.Go(func() {
				s.do(ctx, j)
				done <- j.ID
			})
		}
		waiting, cancel := context.WithCancel(ctx)
		reached := make(chan struct{})
		if !next.IsZero() {
			running.Go(func() {
				if s.d.Clock.Wait(waiting, next) == nil {
					close(reached)
				}
			})
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-reached:
		case id := <-done:
			delete(busy, id)
		}
		cancel()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// dueJobs gives up to limit jobs that are due and not busy, and the time of the first that is not due.
func (s *Service) dueJobs(busy map[string]bool, paced map[string]time.Time, limit int) (jobs []*jobRecord, next time.Time) {
	now := s.d.Clock.Now()
	_ = s.d.Store.View(func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, now: now}
		for _, j := range s.jobs.ByRange(tx, state.Scope{}, "due", "", "\x7f", false) {
			if busy[j.ID] {
				continue
			}
			due := j.Due
			if from, ok := paced[j.Subscription]; ok && from.After(due) {
				due = from
			}
			switch {
			case due.After(now) && (next.IsZero() || due.Before(next)):
				next = due
			case !due.After(now) && len(jobs) < limit:
				jobs = append(jobs, j)
				t.pace(j, paced)
			}
			if j.Due.After(now) || len(jobs) == limit {
				break
			}
		}
		return nil
	})
	return jobs, next
}

// pace notes when the subscription of a message may get the next one.
func (t *txn) pace(j *jobRecord, paced map[string]time.Time) {
	topic, sub, ok := t.of(j)
	if !ok || j.Kind != jobNotify || !sub.web() {
		return
	}
	if p := delivery(topic, sub).ThrottlePolicy; p != nil {
		paced[j.Subscription] = t.now.Add(time.Second / time.Duration(p.MaxReceivesPerSecond))
	}
}

// of gives the topic and the subscription that a job is for, while they are there.
func (t *txn) of(j *jobRecord) (*topicRecord, *subscriptionRecord, bool) {
	t.sc = j.Scope
	topic, ok := t.topics.Get(t.tx, t.sc, j.Topic)
	sub, there := t.subscriptions.Get(t.tx, t.sc, subscriptionID(j.Topic, j.Subscription))
	return topic, sub, ok && there
}

// do does a job, and ends it or puts it off.
func (s *Service) do(ctx context.Context, j *jobRecord) {
	again, err := s.attempt(ctx, j)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		s.d.Logger.Warn("a message could not be delivered", "topic", topicARN(j.Scope, j.Topic), "subscription", j.Subscription, "message", j.MessageID,
			"attempt", j.Attempt+1, "again", !again.IsZero(), "err", err)
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		r, ok := s.jobs.Get(tx, state.Scope{}, j.ID)
		if ok && !again.IsZero() {
			r.Attempt, r.Due = r.Attempt+1, again
			s.jobs.Put(tx, state.Scope{}, r.ID, r)
			return nil
		}
		s.jobs.Delete(tx, state.Scope{}, j.ID)
		if j.Kind == jobExpire {
			t := &txn{Service: s, tx: tx, now: s.d.Clock.Now()}
			if _, sub, ok := t.of(j); ok && sub.Pending {
				t.subscriptions.Delete(t.tx, t.sc, subscriptionID(sub.Topic, sub.ID))
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("noting a delivery", "message", j.MessageID, "err", err)
	}
}
