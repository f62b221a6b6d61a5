package cloudwatch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// others has the calls measured beside n data of the same metric, a second apart, and n of other metrics.
func others(b *testing.B, run func(b *testing.B, w *watch)) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("others=%d", n), func(b *testing.B) {
			w := start(b)
			for first := 0; first < n; first += 500 {
				var data []types.MetricDatum
				for i := first; i < min(n, first+500); i++ {
					data = append(data,
						types.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(float64(i)), Timestamp: aws.Time(w.now().Add(-time.Duration(i) * time.Second))},
						types.MetricDatum{MetricName: aws.String("o"), Value: aws.Float64(1), Dimensions: dims("id", fmt.Sprint(i))})
				}
				w.data(data...)
			}
			run(b, w)
		})
	}
}

func BenchmarkPutMetricData(b *testing.B) {
	others(b, func(b *testing.B, w *watch) {
		for b.Loop() {
			w.put(0, 1)
		}
	})
}

func BenchmarkGetMetricStatistics(b *testing.B) {
	others(b, func(b *testing.B, w *watch) {
		for b.Loop() {
			w.statistics(5, 60, types.StatisticSum)
		}
	})
}
