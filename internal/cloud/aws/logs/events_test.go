package logs_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestPutLogEvents(t *testing.T) {
	l := start(t)
	out := l.put("g", "s", event(l.at(0), "a"))
	if len(*out.NextSequenceToken) != 56 || out.RejectedLogEventsInfo != nil {
		t.Errorf("got %+v", out)
	}
	entity := &types.Entity{KeyAttributes: map[string]string{"Type": "Service", "Name": "web"}}
	with := must(l.PutLogEvents(l.ctx, &cwl.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: []types.InputLogEvent{event(l.at(0), "e")}, Entity: entity}))(t)
	if got, _ := l.get(cwl.GetLogEventsInput{}); with.RejectedEntityInfo == nil || got != "a e" {
		t.Errorf("with an entity: %+v, %q", with.RejectedEntityInfo, got)
	}
	put := func(group, stream string, events ...types.InputLogEvent) error {
		_, err := l.PutLogEvents(l.ctx, &cwl.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events, SequenceToken: aws.String("ignored")})
		return err
	}
	now := l.at(0)
	refused(t, put("none", "s", event(now, "a")), "ResourceNotFoundException", "log group")
	refused(t, put("g", "none", event(now, "a")), "ResourceNotFoundException", "log stream")
	refused(t, put("g", "s", []types.InputLogEvent{}...), "InvalidParameterException", "logEvents")
	refused(t, put("g", "s", event(now, "a"), event(now-1, "b")), "InvalidParameterException", "chronological order")
	refused(t, put("g", "s", event(now, "")), "InvalidParameterException", "message")
	refused(t, put("g", "s", event(-1, "a")), "InvalidParameterException", "timestamp")
	refused(t, put("g", "s", event(l.at(25*time.Hour), "a"), event(now, "b")), "InvalidParameterException", "24 hours")
	refused(t, put("g", "s", event(now, strings.Repeat("x", 1<<20-25))), "InvalidParameterException", "too large")
	if err := put("g", "s", event(now, strings.Repeat("x", 1<<20-26))); err != nil {
		t.Error(err)
	}
	many := make([]types.InputLogEvent, 10_001)
	for i := range many {
		many[i] = event(now, "a")
	}
	refused(t, put("g", "s", many...), "InvalidParameterException", "10000")
	if err := put("g", "s", many[1:]...); err != nil {
		t.Error(err)
	}
}

func TestPutLogEventsRejectsByAge(t *testing.T) {
	l := start(t)
	day := 24 * time.Hour
	out := l.put("g", "s", event(l.at(14*day+time.Minute), "too old"), event(l.at(14*day-time.Minute), "old"))
	if info := out.RejectedLogEventsInfo; info == nil || *info.TooOldLogEventEndIndex != 1 || info.TooNewLogEventStartIndex != nil {
		t.Errorf("rejected: %+v", info)
	}
	out = l.put("g", "s", event(l.at(0), "now"), event(l.at(-2*time.Hour), "soon"), event(l.at(-3*time.Hour), "too new"), event(l.at(-4*time.Hour), "too new"))
	if info := out.RejectedLogEventsInfo; info == nil || *info.TooNewLogEventStartIndex != 2 || info.TooOldLogEventEndIndex != nil {
		t.Errorf("rejected: %+v", info)
	}
	out = l.put("g", "s", event(l.at(-3*time.Hour), "too new"))
	if info := out.RejectedLogEventsInfo; info == nil || *info.TooNewLogEventStartIndex != 0 {
		t.Errorf("rejected: %+v", info)
	}
	if got, _ := l.get(cwl.GetLogEventsInput{}); got != "old now soon" {
		t.Errorf("got %q", got)
	}
}

func TestGetLogEventsInPages(t *testing.T) {
	l := start(t)
	l.fill("g", "s", 10)
	l.stream("g", "other")
	l.fill("g", "other", 5)
	limit := aws.Int32(4)

	got, out := l.get(cwl.GetLogEventsInput{Limit: limit})
	if got != "6 7 8 9" {
		t.Errorf("the tail: %q", got)
	}
	tail := out
	got, out = l.get(cwl.GetLogEventsInput{Limit: limit, NextToken: out.NextBackwardToken})
	if got != "2 3 4 5" {
		t.Errorf("back: %q", got)
	}
	got, out = l.get(cwl.GetLogEventsInput{Limit: limit, NextToken: out.NextBackwardToken})
	if got != "0 1" {
		t.Errorf("back again: %q", got)
	}
	start := *out.NextBackwardToken
	got, out = l.get(cwl.GetLogEventsInput{Limit: limit, NextToken: &start})
	if got != "" || *out.NextBackwardToken != start {
		t.Errorf("at the start: %q, %s after %s", got, *out.NextBackwardToken, start)
	}
	if got, _ = l.get(cwl.GetLogEventsInput{Limit: limit, NextToken: out.NextForwardToken}); got != "0 1 2 3" {
		t.Errorf("forward from the start: %q", got)
	}

	got, out = l.get(cwl.GetLogEventsInput{Limit: limit, StartFromHead: aws.Bool(true)})
	if got != "0 1 2 3" {
		t.Errorf("the head: %q", got)
	}
	if got, _ = l.get(cwl.GetLogEventsInput{NextToken: out.NextForwardToken, StartFromHead: aws.Bool(true)}); got != "4 5 6 7 8 9" {
		t.Errorf("forward: %q", got)
	}
	end := *tail.NextForwardToken
	got, out = l.get(cwl.GetLogEventsInput{NextToken: &end})
	if got != "" || *out.NextForwardToken != end {
		t.Errorf("at the end: %q, %s after %s", got, *out.NextForwardToken, end)
	}
	if got, _ = l.get(cwl.GetLogEventsInput{Limit: limit, NextToken: out.NextBackwardToken}); got != "6 7 8 9" {
		t.Errorf("back from the end: %q", got)
	}
	l.put("g", "s", event(l.at(0), "10"))
	if got, _ = l.get(cwl.GetLogEventsInput{NextToken: &end}); got != "10" {
		t.Errorf("what came later: %q", got)
	}
}

func TestGetLogEventsFollowsAnEmptyStream(t *testing.T) {
	l := start(t)
	for _, head := range []bool{false, true} {
		got, out := l.get(cwl.GetLogEventsInput{StartFromHead: &head})
		if got != "" {
			t.Errorf("got %q", got)
		}
		l.stream("g", fmt.Sprint(head))
		l.put("g", "s", event(l.at(0), "x"))
		if got, _ = l.get(cwl.GetLogEventsInput{NextToken: out.NextForwardToken}); got != "x" {
			t.Errorf("got %q", got)
		}
		must(l.DeleteLogStream(l.ctx, &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))(t)
		l.stream("g", "s")
	}
	_, err := l.GetLogEvents(l.ctx, &cwl.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), NextToken: aws.String("f/x")})
	refused(t, err, "InvalidParameterException", "nextToken")
}

func TestTimeRanges(t *testing.T) {
	l := start(t)
	l.fill("g", "s", 10) // message i is 9-i seconds old
	start, end := aws.Int64(l.at(6*time.Second)), aws.Int64(l.at(4*time.Second))
	for _, head := range []bool{false, true} {
		if got, _ := l.get(cwl.GetLogEventsInput{StartTime: start, EndTime: end, StartFromHead: &head}); got != "3 4" {
			t.Errorf("GetLogEvents: %q", got)
		}
	}
	if got, _ := l.filter(cwl.FilterLogEventsInput{StartTime: start, EndTime: end}); got != "3 4 5" {
		t.Errorf("FilterLogEvents: %q", got)
	}
	if got, _ := l.filter(cwl.FilterLogEventsInput{StartTime: start, EndTime: end, StartFromHead: aws.Bool(false)}); got != "5 4 3" {
		t.Errorf("FilterLogEvents backward: %q", got)
	}
}

func TestPagesAreBoundedInBytes(t *testing.T) {
	l := start(t)
	big := strings.Repeat("x", 300<<10)
	for i := range 5 {
		l.put("g", "s", event(l.at(time.Duration(5-i)*time.Second), big))
	}
	_, out := l.get(cwl.GetLogEventsInput{StartFromHead: aws.Bool(true)})
	_, found := l.filter(cwl.FilterLogEventsInput{})
	if len(out.Events) != 3 || len(found.Events) != 3 || found.NextToken == nil {
		t.Errorf("got %d and %d events", len(out.Events), len(found.Events))
	}
}

func TestFilterLogEvents(t *testing.T) {
	l := start(t)
	for _, name := range []string{"web/1", "web/2", "job/1"} {
		l.stream("g", name)
	}
	for i, e := range []struct{ stream, message string }{
		{"web/1", `{"level":"error","status":500}`}, {"web/2", `{"level":"info","status":200}`}, {"job/1", "ERROR in job"}, {"web/1", "GET / 404 12"}, {"s", "done"},
	} {
		l.put("g", e.stream, event(l.at(time.Duration(10-i)*time.Second), e.message))
	}
	for _, c := range []struct {
		in   cwl.FilterLogEventsInput
		want string
	}{
		{cwl.FilterLogEventsInput{LogStreamNamePrefix: aws.String("web/")}, `{"level":"error","status":500} {"level":"info","status":200} GET / 404 12`},
		{cwl.FilterLogEventsInput{LogStreamNames: []string{"job/1", "s"}}, "ERROR in job done"},
		{cwl.FilterLogEventsInput{FilterPattern: aws.String(`{ $.status >= 500 }`)}, `{"level":"error","status":500}`},
		{cwl.FilterLogEventsInput{FilterPattern: aws.String("?ERROR ?error")}, `{"level":"error","status":500} ERROR in job`},
		{cwl.FilterLogEventsInput{FilterPattern: aws.String("[verb, path, status=4*, size]")}, "GET / 404 12"},
		{cwl.FilterLogEventsInput{FilterPattern: aws.String("nothing")}, ""},
	} {
		got, out := l.filter(c.in)
		if got != c.want || out.NextToken != nil || out.SearchedLogStreams == nil && len(out.SearchedLogStreams) != 0 {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	for _, bad := range []cwl.FilterLogEventsInput{
		{LogGroupName: aws.String("g"), FilterPattern: aws.String("foo:bar")},
		{LogGroupName: aws.String("g"), LogStreamNames: []string{"s"}, LogStreamNamePrefix: aws.String("s")},
		{LogGroupName: aws.String("g"), NextToken: aws.String("x")},
		{LogGroupName: aws.String("g"), LogGroupIdentifier: aws.String("g")},
		{},
	} {
		_, err := l.FilterLogEvents(l.ctx, &bad)
		refused(t, err, "InvalidParameterException")
	}
	_, err := l.FilterLogEvents(l.ctx, &cwl.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"none"}})
	refused(t, err, "ResourceNotFoundException")
}

// TestAgainstModel writes batches that overlap in time to several streams, and compares all ways to read them with sorting.
func TestAgainstModel(t *testing.T) {
	l := start(t)
	random := rand.New(rand.NewPCG(1, 2))
	type entry struct {
		at              int64
		stream, message string
	}
	var model []entry
	streams := []string{"a", "b", "s"}
	l.stream("g", "a")
	l.stream("g", "b")
	for batch := range 120 {
		stream := streams[random.IntN(len(streams))]
		at := l.at(time.Duration(random.IntN(120_000)) * time.Millisecond)
		var events []types.InputLogEvent
		for i := range 1 + random.IntN(40) {
			at += int64(random.IntN(3)) * int64(random.IntN(1500))
			message := fmt.Sprintf("%d.%d", batch, i)
			events = append(events, event(at, message))
			model = append(model, entry{at, stream, message})
		}
		l.put("g", stream, events...)
	}
	slices.SortStableFunc(model, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.stream, b.stream))
	})
	messages := func(keep func(e entry) bool) []string {
		var out []string
		for _, e := range model {
			if keep(e) {
				out = append(out, e.message)
			}
		}
		return out
	}
	all := messages(func(entry) bool { return true })
	ofStream := messages(func(e entry) bool { return e.stream == "s" })

	for _, head := range []bool{true, false} {
		var found []string
		ids := map[string]bool{}
		for pages := cwl.NewFilterLogEventsPaginator(l, &cwl.FilterLogEventsInput{LogGroupName: aws.String("g"), Limit: aws.Int32(7), StartFromHead: &head}); pages.HasMorePages(); {
			for _, e := range must(pages.NextPage(l.ctx))(t).Events {
				found = append(found, *e.Message)
				ids[*e.EventId] = true
			}
		}
		if !head {
			slices.Reverse(found)
		}
		if !slices.Equal(found, all) || len(ids) != len(all) {
			t.Errorf("FilterLogEvents from head %v: %d events, want %d, or another order", head, len(found), len(all))
		}
	}

	var forward, backward []string
	token := (*string)(nil)
	for {
		got, out := l.get(cwl.GetLogEventsInput{Limit: aws.Int32(5), StartFromHead: aws.Bool(true), NextToken: token})
		if got == "" {
			break
		}
		forward, token = append(forward, strings.Fields(got)...), out.NextForwardToken
	}
	for token = nil; ; {
		got, out := l.get(cwl.GetLogEventsInput{Limit: aws.Int32(5), NextToken: token})
		if got == "" {
			break
		}
		backward, token = append(strings.Fields(got), backward...), out.NextBackwardToken
	}
	if !slices.Equal(forward, ofStream) {
		t.Errorf("forward: %d events, want %d, or another order", len(forward), len(ofStream))
	}
	if !slices.Equal(backward, ofStream) {
		t.Errorf("backward: %d events, want %d, or another order", len(backward), len(ofStream))
	}
}
