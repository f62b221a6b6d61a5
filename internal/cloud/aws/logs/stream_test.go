package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestStreamLifeCycle(t *testing.T) {
	l := start(t)
	_, err := l.CreateLogStream(l.ctx, &cwl.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	refused(t, err, "ResourceAlreadyExistsException", "log stream already exists")
	for _, name := range []string{"a:b", "a*", ""} {
		_, err = l.CreateLogStream(l.ctx, &cwl.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: &name})
		refused(t, err, "InvalidParameterException")
	}
	_, err = l.CreateLogStream(l.ctx, &cwl.CreateLogStreamInput{LogGroupName: aws.String("none"), LogStreamName: aws.String("s")})
	refused(t, err, "ResourceNotFoundException", "log group")

	describe := func() types.LogStream {
		out := must(l.DescribeLogStreams(l.ctx, &cwl.DescribeLogStreamsInput{LogGroupName: aws.String("g")}))(t)
		return out.LogStreams[0]
	}
	if st := describe(); st.FirstEventTimestamp != nil || st.LastIngestionTime != nil || *st.Arn != arnPrefix+"g:log-stream:s" || *st.CreationTime != l.at(0) {
		t.Errorf("empty: %+v", st)
	}
	l.put("g", "s", event(l.at(time.Hour), "a"), event(l.at(time.Minute), "b"))
	st := describe()
	if *st.FirstEventTimestamp != l.at(time.Hour) || *st.LastEventTimestamp != l.at(time.Minute) || *st.LastIngestionTime != l.at(0) || *st.StoredBytes != 0 || len(*st.UploadSequenceToken) != 56 {
		t.Errorf("with events: %+v", st)
	}
	if got := *l.group("g").StoredBytes; got != 2+2*26 {
		t.Errorf("stored bytes: %d", got)
	}
	must(l.DeleteLogStream(l.ctx, &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))(t)
	if got := *l.group("g").StoredBytes; got != 0 {
		t.Errorf("stored bytes after the deletion: %d", got)
	}
	_, err = l.DeleteLogStream(l.ctx, &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	refused(t, err, "ResourceNotFoundException", "log stream")
	l.stream("g", "s")
	if got, _ := l.get(cwl.GetLogEventsInput{}); got != "" {
		t.Errorf("the new stream has %q", got)
	}
}

func TestStreamsInPages(t *testing.T) {
	l := start(t)
	must(l.DeleteLogStream(l.ctx, &cwl.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))(t)
	for i := range 5 {
		l.stream("g", fmt.Sprintf("web/%d", i))
		l.put("g", fmt.Sprintf("web/%d", i), event(l.at(time.Duration((i*3)%5)*time.Minute), "m"))
	}
	l.stream("g", "zzz")
	must(l.CreateLogGroup(l.ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("g2")}))(t)
	l.stream("g2", "other")
	for _, c := range []struct {
		in   cwl.DescribeLogStreamsInput
		want string
	}{
		{cwl.DescribeLogStreamsInput{}, "web/0 web/1 web/2 web/3 web/4 zzz"},
		{cwl.DescribeLogStreamsInput{Descending: aws.Bool(true)}, "zzz web/4 web/3 web/2 web/1 web/0"},
		{cwl.DescribeLogStreamsInput{LogStreamNamePrefix: aws.String("web/")}, "web/0 web/1 web/2 web/3 web/4"},
		{cwl.DescribeLogStreamsInput{LogStreamNamePrefix: aws.String("web/"), Descending: aws.Bool(true)}, "web/4 web/3 web/2 web/1 web/0"},
		{cwl.DescribeLogStreamsInput{OrderBy: types.OrderByLastEventTime}, "zzz web/3 web/1 web/4 web/2 web/0"},
		{cwl.DescribeLogStreamsInput{OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)}, "web/0 web/2 web/4 web/1 web/3 zzz"},
	} {
		for _, limit := range []int32{1, 2, 50} {
			in := c.in
			in.LogGroupName, in.Limit = aws.String("g"), &limit
			var names []string
			for pages := cwl.NewDescribeLogStreamsPaginator(l, &in); pages.HasMorePages(); {
				for _, st := range must(pages.NextPage(l.ctx))(t).LogStreams {
					names = append(names, *st.LogStreamName)
				}
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%d at a time: %q, want %q", limit, got, c.want)
			}
		}
	}
	_, err := l.DescribeLogStreams(l.ctx, &cwl.DescribeLogStreamsInput{LogGroupName: aws.String("g"), OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("a")})
	refused(t, err, "InvalidParameterException", "logStreamNamePrefix")
}
