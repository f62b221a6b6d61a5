package logs

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Event is a log line.
type Event struct {
	Time      time.Time `json:"time"`
	Source    string    `json:"source"`              // service, job or database
	Task      string    `json:"task,omitempty"`      // id; empty for a database
	Container string    `json:"container,omitempty"` // empty for a database
	Group     string    `json:"group"`
	Stream    string    `json:"stream"`
	Message   string    `json:"message"`

	id string
}

func newEvent(s Source, e types.FilteredLogEvent) Event {
	out := Event{Time: time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC(), Source: s.Name, Group: s.Group, Stream: aws.ToString(e.LogStreamName),
		Message: strings.TrimRight(aws.ToString(e.Message), "\r\n"), id: aws.ToString(e.EventId)}
	if rest, ok := strings.CutPrefix(out.Stream, s.Prefix); ok && s.Prefix != "" {
		if container, task, ok := strings.Cut(rest, "/"); ok {
			out.Container, out.Task = container, task
		}
	}
	return out
}

// before orders events by time, and by id where that is the same.
func (e *Event) before(o *Event) bool {
	if !e.Time.Equal(o.Time) {
		return e.Time.Before(o.Time)
	}
	return e.id < o.id
}
