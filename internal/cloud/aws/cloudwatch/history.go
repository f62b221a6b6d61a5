package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atoll/internal/cloud/state"
)

// Kinds of history items.
const (
	historyConfiguration = "ConfigurationUpdate"
	historyState         = "StateUpdate"
	historyAction        = "Action"
)

// historyRecord is an item of an alarm's history, under its time.
type historyRecord struct {
	Time          time.Time
	Alarm, Type   string
	Kind          string
	Summary, Data string
}

// keepHistory is how long AWS keeps it.
const keepHistory = 30 * 24 * time.Hour

func historyAt(at time.Time) string { return fmt.Sprintf("%019d", max(at.UnixNano(), 0)) }

func (t *txn) record(r *alarmRecord, kind, summary string, data any) {
	id := fmt.Sprintf("%s-%012d", historyAt(t.now), t.items.Add(1))
	t.history.Put(t.tx, t.sc, id, &historyRecord{Time: t.now, Alarm: r.Name, Type: r.kind(), Kind: kind, Summary: summary, Data: encode(data)})
}

func (t *txn) recordConfiguration(r *alarmRecord, existed bool) {
	kind, member, verb := "Create", "createdAlarm", "created"
	if existed {
		kind, member, verb = "Update", "updatedAlarm", "updated"
	}
	t.record(r, historyConfiguration, `Alarm "`+r.Name+`" `+verb, map[string]any{"version": "1.0", "type": kind, member: t.configurationOf(r)})
}

// configurationOf is an alarm as its history shows it.
func (t *txn) configurationOf(r *alarmRecord) map[string]any {
	var shown any
	if r.Composite != nil {
		shown = r.showComposite(t.sc)
	} else {
		shown = r.showMetric(t.sc)
	}
	out := map[string]any{}
	if json.Unmarshal([]byte(encode(shown)), &out) != nil {
		return nil
	}
	for k, v := range out {
		if v == nil {
			delete(out, k)
		}
	}
	return out
}

// DescribeAlarmHistory lists the histories of all alarms, or of one, that of a deleted one too. The latest item comes first.
func (s *Service) DescribeAlarmHistory(ctx context.Context, in *DescribeAlarmHistoryInput) (*DescribeAlarmHistoryOutput, error) {
	if err := checkEnum(in.HistoryItemType, "historyItemType", []string{historyConfiguration, historyState, historyAction}); err != nil {
		return nil, err
	}
	if err := checkEnum(in.ScanBy, "scanBy", []string{"TimestampDescending", "TimestampAscending"}); err != nil {
		return nil, err
	}
	limit := 100
	if in.MaxRecords != nil {
		if *in.MaxRecords < 1 || *in.MaxRecords > 100 {
			return nil, constraint(itoa(int(*in.MaxRecords)), "maxRecords", "Member must have value between 1 and 100")
		}
		limit = int(*in.MaxRecords)
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	types := map[string]bool{}
	for _, kind := range in.AlarmTypes {
		if err := checkEnum(&kind, "alarmTypes", []string{typeMetric, typeComposite, "LogAlarm"}); err != nil {
			return nil, err
		}
		types[kind] = true
	}
	out := &DescribeAlarmHistoryOutput{AlarmHistoryItems: []AlarmHistoryItem{}}
	return out, s.view(ctx, func(t *txn) error {
		t.scanHistory(in, after, func(id string, r *historyRecord) bool {
			if len(types) > 0 && !types[r.Type] || in.HistoryItemType != nil && *in.HistoryItemType != r.Kind {
				return true
			}
			if len(out.AlarmHistoryItems) == limit {
				out.NextToken = state.Token(after)
				return false
			}
			after = id
			out.AlarmHistoryItems = append(out.AlarmHistoryItems, AlarmHistoryItem{
				AlarmName: new(r.Alarm), AlarmType: new(r.Type), Timestamp: new(r.Time), HistoryItemType: new(r.Kind), HistorySummary: new(r.Summary),
				HistoryData: new(r.Data),
			})
			return true
		})
		return nil
	})
}

// scanHistory gives items in the order that is asked for, after a position: an item's id, with the alarm's name before it where only
// its items are wanted.
func (t *txn) scanHistory(in *DescribeAlarmHistoryInput, after string, yield func(at string, r *historyRecord) bool) {
	since := t.now.Add(-keepHistory)
	if in.StartDate != nil && in.StartDate.After(since) {
		since = *in.StartDate
	}
	low, high := historyAt(since), "~"
	if in.EndDate != nil {
		high = historyAt(in.EndDate.Add(1))
	}
	prefix := ""
	if in.AlarmName != nil {
		prefix = *in.AlarmName + "\x00"
	}
	low, high = prefix+low, prefix+high
	descending := text(in.ScanBy) != "TimestampAscending"
	switch {
	case after != "" && descending:
		high = after
	case after != "":
		low = after + "\x00"
	}
	seq := t.history.Range(t.tx, t.sc, low, high, descending)
	if in.AlarmName != nil {
		seq = t.history.ByRange(t.tx, t.sc, byAlarm, low, high, descending)
	}
	for at, r := range seq {
		if !yield(at, r) {
			return
		}
	}
}
