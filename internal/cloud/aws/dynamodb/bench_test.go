package dynamodb_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"atoll/internal/cloud/cloudtest"
)

// sized runs a benchmark with a table that has n items. The cost of a call must not depend on it.
func sized(b *testing.B, run func(b *testing.B, h *harness, n int)) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n, "items"), func(b *testing.B) {
			h := start(b)
			h.table("things", "id:S", "pos:N")
			for i := range n {
				h.put("things", element(i))
			}
			b.ReportAllocs()
			b.ResetTimer()
			run(b, h, n)
		})
	}
}

func element(i int) item {
	return item{"id": str("p" + strconv.Itoa(i%10)), "pos": num(strconv.Itoa(i)), "name": str("a thing"), "size": num("12.5")}
}

func BenchmarkPutItem(b *testing.B) {
	sized(b, func(b *testing.B, h *harness, n int) {
		for i := range b.N {
			h.put("things", element(i%n))
		}
	})
}

func BenchmarkGetItem(b *testing.B) {
	sized(b, func(b *testing.B, h *harness, n int) {
		for i := range b.N {
			it := element(i % n)
			h.get("things", item{"id": it["id"], "pos": it["pos"]})
		}
	})
}

func BenchmarkQueryLast(b *testing.B) {
	sized(b, func(b *testing.B, h *harness, _ int) {
		in := &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("id = :id"), ExpressionAttributeValues: item{":id": str("p3")},
			ScanIndexForward: aws.Bool(false), Limit: aws.Int32(1)}
		for range b.N {
			if out, err := h.Query(ctx, in); err != nil || out.Count != 1 {
				b.Fatal(out, err)
			}
		}
	})
}

// BenchmarkDurablePutItem has many writers share the fsyncs of the store's group commit.
func BenchmarkDurablePutItem(b *testing.B) {
	h := start(b, cloudtest.Durable())
	h.table("things", "id:S", "pos:N")
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: element(i)}); err != nil {
				b.Error(err)
			}
		}
	})
}
