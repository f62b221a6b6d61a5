package logs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
	"atoll/internal/logs"
)

// writer writes log lines as tasks would.
type writer struct {
	t      *testing.T
	client *cloudwatchlogs.Client
	made   map[string]bool
}

func newWriter(t *testing.T, cloud *cloudtest.Cloud) *writer {
	return &writer{t, cloudwatchlogs.NewFromConfig(cloud.Config()), map[string]bool{}}
}

func (w *writer) put(group, stream string, at time.Time, messages ...string) {
	w.t.Helper()
	if !w.made[group] {
		inspecttest.Must(w.client.CreateLogGroup(w.t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}))(w.t)
	}
	if !w.made[group+stream] {
		inspecttest.Must(w.client.CreateLogStream(w.t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}))(w.t)
	}
	w.made[group], w.made[group+stream] = true, true
	var events []types.InputLogEvent
	for _, m := range messages {
		events = append(events, types.InputLogEvent{Timestamp: new(at.UnixMilli()), Message: &m})
	}
	inspecttest.Must(w.client.PutLogEvents(w.t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events}))(w.t)
}

func shop(t *testing.T) (*cloudtest.Cloud, *inspect.Environment) {
	cloud := cloudtest.Start(t)
	s := inspecttest.New(t, cloud.Config())
	return cloud, inspecttest.Must(inspect.Load(t.Context(), s.Clients, inspecttest.Project, inspecttest.Environment))(t)
}

func read(t *testing.T, cloud *cloudtest.Cloud, q logs.Query) []string {
	t.Helper()
	var out []string
	err := logs.NewReader(cloud.Config()).Read(t.Context(), q, func(e logs.Event) error {
		out = append(out, strings.TrimSuffix(e.Source+"/"+e.Task, "/")+": "+e.Message)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSources(t *testing.T) {
	_, e := shop(t)
	for part, want := range map[string]string{
		"":       "[{report /shop-dev/report report/} {web /shop-dev/web web/} {worker /shop-dev/worker worker/}]",
		"web":    "[{web /shop-dev/web web/}]",
		"report": "[{report /shop-dev/report report/}]",
		"db":     "[{shop-dev /aws/rds/instance/shop-dev/postgresql }]",
	} {
		if got := fmt.Sprint(inspecttest.Must(logs.Sources(t.Context(), e, part))(t)); got != want {
			t.Errorf("the logs of %q are %s", part, got)
		}
	}
	if _, err := logs.Sources(t.Context(), e, "cache"); err == nil || !strings.Contains(err.Error(), "one of: report, web, worker, db") {
		t.Errorf("the error is %v", err)
	}
}

func TestRead(t *testing.T) {
	cloud, e := shop(t)
	w, now := newWriter(t, cloud), time.Now().Truncate(time.Millisecond)
	w.put("/shop-dev/web", "web/web/aaaa", now.Add(-3*time.Minute), "one", "two")
	w.put("/shop-dev/worker", "worker/worker/bbbb", now.Add(-2*time.Minute), "three")
	w.put("/shop-dev/web", "web/web/cccc", now.Add(-time.Minute), "four ERROR\n")
	w.put("/shop-dev/web", "other/web/dddd", now.Add(-time.Minute), "not of the service")
	all := inspecttest.Must(logs.Sources(t.Context(), e, ""))(t) // the job has no log group yet
	for name, c := range map[string]struct {
		q    logs.Query
		want string
	}{
		"all":            {logs.Query{Sources: all}, "web/aaaa: one, web/aaaa: two, worker/bbbb: three, web/cccc: four ERROR"},
		"since":          {logs.Query{Sources: all, Since: now.Add(-150 * time.Second)}, "worker/bbbb: three, web/cccc: four ERROR"},
		"tail":           {logs.Query{Sources: all, Tail: 3}, "web/aaaa: two, worker/bbbb: three, web/cccc: four ERROR"},
		"tail and since": {logs.Query{Sources: all, Tail: 3, Since: now.Add(-90 * time.Second)}, "web/cccc: four ERROR"},
		"task":           {logs.Query{Sources: all, Task: "cc"}, "web/cccc: four ERROR"},
		"filter":         {logs.Query{Sources: all, Filter: "?three ?ERROR"}, "worker/bbbb: three, web/cccc: four ERROR"},
		"tail of a task": {logs.Query{Sources: all, Tail: 1, Task: "aaaa"}, "web/aaaa: two"},
	} {
		if got := strings.Join(read(t, cloud, c.q), ", "); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	q := logs.Query{Sources: all, Filter: "{ $.x ="}
	if err := logs.NewReader(cloud.Config()).Read(t.Context(), q, nil); err == nil || !strings.Contains(err.Error(), "Invalid filter pattern") {
		t.Errorf("a wrong pattern gives %v", err)
	}
}

// TestFollow writes between looks: lines that come late, at the time of others, from new tasks and in bursts come once each.
func TestFollow(t *testing.T) {
	cloud, e := shop(t)
	w, now := newWriter(t, cloud), time.Now().Truncate(time.Millisecond)
	w.put("/shop-dev/web", "web/web/aaaa", now.Add(-2*time.Second), "before", "first")
	var want []string
	steps := []func(){
		func() { w.put("/shop-dev/web", "web/web/aaaa", now, "second") },
		func() { w.put("/shop-dev/web", "web/web/aaaa", now, "at its time") },
		func() { w.put("/shop-dev/web", "web/web/bbbb", now.Add(-time.Second), "late, of a new task") },
		func() { w.put("/shop-dev/worker", "worker/worker/cccc", now, "of a new group") },
		func() {
			var burst []string
			for i := range 300 {
				burst = append(burst, fmt.Sprint("burst ", i))
			}
			w.put("/shop-dev/web", "web/web/bbbb", now, burst...)
		},
	}
	want = append(want, "first", "second", "at its time", "late, of a new task", "of a new group")
	for i := range 300 {
		want = append(want, fmt.Sprint("burst ", i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	q := logs.Query{Sources: inspecttest.Must(logs.Sources(ctx, e, ""))(t), Tail: 1, Pause: time.Millisecond}
	err := logs.NewReader(cloud.Config()).Follow(ctx, q, func(e logs.Event) error {
		if got = append(got, e.Message); len(got) == 1 || len(steps) > 0 && len(got) <= 5 {
			steps[0]()
			steps = steps[1:]
		}
		if len(got) == len(want) {
			w.put("/shop-dev/web", "web/web/aaaa", now, "last")
		}
		if e.Message == "last" {
			cancel()
		}
		return nil
	})
	if want = append(want, "last"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: %d lines are %q", err, len(got), got[:min(len(got), 8)])
	}
}

func TestFollowFails(t *testing.T) {
	cloud, e := shop(t)
	newWriter(t, cloud).put("/shop-dev/web", "web/web/aaaa", time.Now(), "one")
	full := errors.New("no space left")
	q := logs.Query{Sources: inspecttest.Must(logs.Sources(t.Context(), e, "web"))(t)}
	if err := logs.NewReader(cloud.Config()).Follow(t.Context(), q, func(logs.Event) error { return full }); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
}
