package events

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// schedule tells when a rule fires. All times are UTC.
type schedule interface {
	// after gives the first time after t; ok is false if there is none. from is when the schedule began.
	after(t, from time.Time) (next time.Time, ok bool)
}

// scheduleRecord is the next firing of an enabled rule. All stand in one scope, so that the first that is due is found at once.
type scheduleRecord struct {
	Scope      state.Scope
	Bus, Rule  string
	Expression string
	From       time.Time // when the schedule began
	Next       time.Time
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05.000000000Z"

func (r *scheduleRecord) due() []string { return []string{r.Next.UTC().Format(dueFormat)} }

func scheduleID(sc state.Scope, rule string) string { return sc.Account + "/" + sc.Region + "/" + rule }

// schedule brings the firings of a rule in line with it. One that goes on unchanged keeps its time.
func (t *txn) schedule(r *ruleRecord) error {
	id := scheduleID(t.sc, ruleID(r.Bus, r.Name))
	if r.Schedule == "" || r.State == stateDisabled {
		t.schedules.Delete(t.tx, state.Scope{}, id)
		return nil
	}
	if old, ok := t.schedules.Get(t.tx, state.Scope{}, id); ok && old.Expression == r.Schedule {
		return nil
	}
	sc, err := parseSchedule(r.Schedule)
	if err != nil {
		return err
	}
	next, ok := sc.after(t.now, t.now)
	if !ok {
		t.schedules.Delete(t.tx, state.Scope{}, id)
		return nil
	}
	t.schedules.Put(t.tx, state.Scope{}, id, &scheduleRecord{Scope: t.sc, Bus: r.Bus, Rule: r.Name, Expression: r.Schedule, From: t.now, Next: next})
	t.tx.AfterCommit(t.stir)
	return nil
}

var errSchedule = errors.New("the schedule expression is not valid")

const maxScheduleBytes = 256

// parseSchedule reads rate(…) or cron(…).
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func parseSchedule(expression string) (schedule, error) {
	if len(expression) > maxScheduleBytes {
		return nil, errSchedule
	}
	kind, rest, ok := strings.Cut(expression, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	switch {
	case !ok || !closed:
		return nil, errSchedule
	case kind == "rate":
		return parseRate(inner)
	case kind == "cron":
		return parseCron(inner)
	}
	return nil, errSchedule
}

// rate fires in intervals from when it began.
type rate time.Duration

func parseRate(text string) (schedule, error) {
	number, unit, ok := strings.Cut(text, " ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 {
		return nil, errSchedule
	}
	if n > 1 { // the unit is singular for 1, and plural for more
		if unit, ok = strings.CutSuffix(unit, "s"); !ok {
			return nil, errSchedule
		}
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	period := time.Duration(n) * units[unit]
	if period <= 0 || period/units[unit] != time.Duration(n) {
		return nil, errSchedule
	}
	return rate(period), nil
}

func (r rate) after(t, from time.Time) (time.Time, bool) {
	if t.Before(from) {
		return from.Add(time.Duration(r)), true
	}
	passed := t.Sub(from) / time.Duration(r)
	return from.Add((passed + 1) * time.Duration(r)), true
}
