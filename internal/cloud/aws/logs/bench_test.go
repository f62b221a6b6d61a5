package logs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// others has the calls measured beside n events of the same stream and n of another.
func others(b *testing.B, run func(b *testing.B, l *logs)) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("others=%d", n), func(b *testing.B) {
			l := start(b)
			l.stream("g", "other")
			l.fill("g", "s", n)
			l.fill("g", "other", n)
			run(b, l)
		})
	}
}

func BenchmarkPutLogEvents(b *testing.B) {
	for _, lines := range []int{1, 1000} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			others(b, func(b *testing.B, l *logs) {
				events := make([]types.InputLogEvent, lines)
				for i := range events {
					events[i] = event(l.at(time.Duration(lines-i)*time.Millisecond), `{"level":"info","path":"/orders/42","status":200,"ms":13}`)
				}
				for b.Loop() {
					l.put("g", "s", events...)
				}
			})
		})
	}
}

func BenchmarkGetLogEvents(b *testing.B) {
	others(b, func(b *testing.B, l *logs) {
		for b.Loop() {
			l.get(cwl.GetLogEventsInput{Limit: aws.Int32(10)})
		}
	})
}

func BenchmarkFilterLogEvents(b *testing.B) {
	others(b, func(b *testing.B, l *logs) {
		start := aws.Int64(l.at(10 * time.Second))
		for b.Loop() {
			l.filter(cwl.FilterLogEventsInput{StartTime: start, FilterPattern: aws.String("9")})
		}
	})
}
