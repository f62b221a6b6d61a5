package dynamodb_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"atoll/internal/cloud/cloudtest"
)

// TestCountsAgree makes random changes and compares what DescribeTable counts with what scans find.
func TestCountsAgree(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.indexed()
	r := rand.New(rand.NewPCG(3, 4))
	n := func(below int) string { return strconv.Itoa(r.IntN(below)) }
	for range 300 {
		key := item{"id": str("p" + n(4)), "pos": num(n(10))}
		var err error
		switch r.IntN(4) {
		case 0:
			_, err = h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key})
		case 1:
			_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("SET kind = :k REMOVE who"),
				ExpressionAttributeValues: item{":k": str("k" + n(3))}})
		case 2:
			_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("SET #r = :r, note = :n, who = :n"),
				ExpressionAttributeNames: map[string]string{"#r": "rank"}, ExpressionAttributeValues: item{":r": num(n(5)), ":n": str("note" + n(1000))}})
		default:
			key["kind"], key["rank"] = str("k"+n(3)), num(n(5))
			_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: key})
		}
		h.ok(err)
	}
	h.cloud.Restart()
	scan := func(index *string) (count int64) {
		t.Helper()
		pages := dynamodb.NewScanPaginator(h.Client, &dynamodb.ScanInput{TableName: name, IndexName: index, Limit: aws.Int32(7)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			h.ok(err)
			count += int64(page.Count)
		}
		return count
	}
	d := h.describe()
	if got := scan(nil); got != *d.ItemCount || got == 0 {
		t.Errorf("found %d items of %d", got, *d.ItemCount)
	}
	for _, g := range d.GlobalSecondaryIndexes {
		if got := scan(g.IndexName); got != *g.ItemCount || got == 0 {
			t.Errorf("found %d items of %d in %s", got, *g.ItemCount, *g.IndexName)
		}
	}
	for _, l := range d.LocalSecondaryIndexes {
		if got := scan(l.IndexName); got != *l.ItemCount || got == 0 {
			t.Errorf("found %d items of %d in %s", got, *l.ItemCount, *l.IndexName)
		}
	}
	var all []item
	pages := dynamodb.NewScanPaginator(h.Client, &dynamodb.ScanInput{TableName: name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		h.ok(err)
		all = append(all, page.Items...)
	}
	for _, it := range all {
		_, err := h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: item{"id": it["id"], "pos": it["pos"]}})
		h.ok(err)
	}
	d = h.describe()
	if *d.ItemCount != 0 || *d.TableSizeBytes != 0 || *d.GlobalSecondaryIndexes[0].IndexSizeBytes != 0 || *d.LocalSecondaryIndexes[0].ItemCount != 0 {
		t.Errorf("an empty table has %d items of %d bytes, %+v", *d.ItemCount, *d.TableSizeBytes, d.GlobalSecondaryIndexes)
	}
}

func TestConcurrentCounters(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.table("things", "id:S")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				_, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("a")}, UpdateExpression: aws.String("ADD n :one"),
					ExpressionAttributeValues: item{":one": num("1")}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.same(h.get("things", item{"id": str("a")}), item{"id": str("a"), "n": num("80")})
}

func TestExpiredItemsAreGoneForConditions(t *testing.T) {
	h := start(t)
	h.indexed()
	_, err := h.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ends"), Enabled: aws.Bool(true)}})
	h.ok(err)
	lock := func() error {
		_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, ConditionExpression: aws.String("attribute_not_exists(id)"), Item: item{
			"id": str("lock"), "pos": num("0"), "kind": str("k"), "rank": num("1"), "ends": num(strconv.FormatInt(h.cloud.Clock.Now().Unix()+30, 10))}})
		return err
	}
	h.ok(lock())
	h.fails(lock(), "ConditionalCheckFailedException", "")
	h.cloud.Clock.Advance(31 * time.Second)
	in := dynamodb.QueryInput{IndexName: aws.String("by-kind"), KeyConditionExpression: aws.String("kind = :k"), ExpressionAttributeValues: item{":k": str("k")}}
	h.expect(h.query(in, "id"))
	h.ok(lock())
	h.expect(h.query(in, "id"), `"lock"`)
}
