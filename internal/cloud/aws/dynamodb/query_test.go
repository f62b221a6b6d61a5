package dynamodb_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"atoll/internal/cloud/cloudtest"
)

// query asks the table things and gives the values of an attribute, all pages together.
func (h *harness) query(in dynamodb.QueryInput, attribute string) []string {
	h.Helper()
	in.TableName = name
	got := []string{}
	pages := dynamodb.NewQueryPaginator(h.Client, &in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		h.ok(err)
		for _, it := range page.Items {
			got = append(got, show(it[attribute]))
		}
	}
	return got
}

func (h *harness) expect(got []string, want ...string) {
	h.Helper()
	if !slices.Equal(got, want) {
		h.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestQueryOrder(t *testing.T) {
	h := start(t)
	h.table("things", "id:S", "pos:N")
	order := []string{"-1000", "-10.5", "-10", "-1", "-0.5", "-0.001", "0", "0.001", "0.5", "1", "2", "10", "10.5", "11", "99", "100", "1000000000000000000000000000000000001"}
	for _, i := range []int{3, 9, 0, 16, 5, 7, 1, 12, 4, 8, 15, 2, 6, 10, 14, 11, 13} {
		h.put("things", item{"id": str("a"), "pos": num(order[i])})
		h.put("things", item{"id": str("ab"), "pos": num(order[i])})
	}
	all := dynamodb.QueryInput{KeyConditionExpression: aws.String("id = :id"), ExpressionAttributeValues: item{":id": str("a")}}
	h.expect(h.query(all, "pos"), order...)
	all.Limit = aws.Int32(4)
	h.expect(h.query(all, "pos"), order...)
	back := slices.Clone(order)
	slices.Reverse(back)
	all.ScanIndexForward = aws.Bool(false)
	h.expect(h.query(all, "pos"), back...)
	for _, c := range []struct {
		condition string
		a, b      string
		want      []string
	}{
		{"id = :id AND pos = :a", "-10", "", []string{"-10"}},
		{"id = :id AND pos < :a", "-10", "", order[:2]},
		{"id = :id AND pos <= :a", "-10", "", order[:3]},
		{":id = id AND :a <= pos", "11", "", order[13:]},
		{"(id = :id) AND (pos > :a)", "11", "", order[14:]},
		{"id = :id AND pos BETWEEN :a AND :b", "-0.5", "0.5", order[4:9]},
		{"pos BETWEEN :a AND :b AND id = :id", "0.0005", "0.0007", nil},
	} {
		values := item{":id": str("a"), ":a": num(c.a)}
		if c.b != "" {
			values[":b"] = num(c.b)
		}
		in := dynamodb.QueryInput{KeyConditionExpression: &c.condition, ExpressionAttributeValues: values}
		h.expect(h.query(in, "pos"), c.want...)
		in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(1)
		back := slices.Clone(c.want)
		slices.Reverse(back)
		h.expect(h.query(in, "pos"), back...)
	}
}

func TestQueryStringsAndBinary(t *testing.T) {
	h := start(t)
	h.table("things", "id:B", "pos:S")
	order := []string{"A", "AA", "B", "a", "a\x00", "a\x01", "a\x02", "a!", "aa", "b", "z", "é", "😀"}
	for i := len(order) - 1; i >= 0; i-- {
		h.put("things", item{"id": bin("\x00\x01\xff"), "pos": str(order[i])})
		h.put("things", item{"id": bin("\x00\x01"), "pos": str(order[i])})
	}
	quoted := func(s []string) []string {
		out := []string{}
		for _, e := range s {
			out = append(out, strconv.Quote(e))
		}
		return out
	}
	query := func(condition string, pos string) []string {
		t.Helper()
		values := item{":id": bin("\x00\x01\xff")}
		if pos != "" {
			values[":pos"] = str(pos)
		}
		return h.query(dynamodb.QueryInput{KeyConditionExpression: &condition, ExpressionAttributeValues: values}, "pos")
	}
	h.expect(query("id = :id", ""), quoted(order)...)
	h.expect(query("id = :id AND begins_with(pos, :pos)", "a"), quoted(order[3:9])...)
	h.expect(query("id = :id AND pos > :pos", "a"), quoted(order[4:])...)
	h.expect(query("id = :id AND pos <= :pos", "a\x01"), quoted(order[:6])...)
}

func TestQueryFaults(t *testing.T) {
	h := start(t)
	h.table("things", "id:S", "pos:N")
	for _, c := range []struct {
		condition, filter string
		values            item
		message           string
	}{
		{"", "", nil, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"pos = :v", "", item{":v": num("1")}, "Query condition missed key schema element: id"},
		{"id > :v", "", item{":v": str("1")}, "Query key condition not supported"},
		{"id = :v", "", item{":v": num("1")}, "Condition parameter type does not match schema type"},
		{"id = :v OR pos = :v", "", item{":v": str("1")}, "Invalid operator used in KeyConditionExpression: OR"},
		{"id <> :v", "", item{":v": str("1")}, "Invalid operator used in KeyConditionExpression: <>"},
		{"contains(id, :v)", "", item{":v": str("1")}, "Invalid operator used in KeyConditionExpression: contains"},
		{"id = :v AND id = :v", "", item{":v": str("1")}, "KeyConditionExpressions must only contain one condition per key"},
		{"id = :v AND x = :v", "", item{":v": str("1")}, "Query condition missed key schema element: pos"},
		{"id = :v AND a.b = :v", "", item{":v": str("1")}, "KeyConditionExpressions cannot have conditions on nested attributes"},
		{"id = pos", "", nil, "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
		{"id = :v", "pos = :v", item{":v": str("1")}, "Filter Expression can only contain non-primary key attributes: Primary key attribute: pos"},
		{"id = :v", "", item{":v": str("1"), ":w": str("1")}, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"},
		{"id = :v AND", "", item{":v": str("1")}, `Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "AND"`},
		{"id = :v AND pos BETWEEN :b AND :a", "", item{":v": str("1"), ":a": num("1"), ":b": num("2")}, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
	} {
		in := dynamodb.QueryInput{TableName: name, ExpressionAttributeValues: c.values}
		if c.condition != "" {
			in.KeyConditionExpression = &c.condition
		}
		if c.filter != "" {
			in.FilterExpression = &c.filter
		}
		_, err := h.Query(ctx, &in)
		h.invalid(err, c.message)
	}
	one := dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("id = :v"), ExpressionAttributeValues: item{":v": str("1")}}
	for _, c := range []struct {
		change  func(in *dynamodb.QueryInput)
		message string
	}{
		{func(in *dynamodb.QueryInput) { in.IndexName = aws.String("none") }, "The table does not have the specified index: none"},
		{func(in *dynamodb.QueryInput) { in.Select = types.SelectSpecificAttributes }, "Must specify the AttributesToGet or ProjectionExpression"},
		{func(in *dynamodb.QueryInput) { in.Select = types.SelectAllProjectedAttributes }, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
		{func(in *dynamodb.QueryInput) { in.Select, in.ProjectionExpression = types.SelectCount, aws.String("a") }, "Cannot specify the ProjectionExpression when choosing to get COUNT"},
		{func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(0) }, "Member must have value greater than or equal to 1"},
		{func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = item{"id": str("1")} }, "The provided starting key is invalid: The provided key element does not match the schema"},
		{func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = item{"id": str("2"), "pos": num("1")} }, "The provided starting key is outside query boundaries based on provided conditions"},
	} {
		in := one
		c.change(&in)
		_, err := h.Query(ctx, &in)
		h.invalid(err, c.message)
	}
}

func TestQueryPages(t *testing.T) {
	h := start(t)
	h.table("things", "id:S", "pos:N")
	for i := range 12 {
		h.put("things", item{"id": str("a"), "pos": num(strconv.Itoa(i)), "x": str(strings.Repeat("x", 200_000)), "odd": truth(i%2 == 1)})
	}
	in := dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("id = :id"), FilterExpression: aws.String("odd = :t"),
		ExpressionAttributeValues: item{":id": str("a"), ":t": truth(true)}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	out, err := h.Query(ctx, &in)
	h.ok(err)
	if out.Count != 2 || out.ScannedCount != 5 || len(out.Items) != 2 || aws.ToFloat64(out.ConsumedCapacity.CapacityUnits) != 122.5 {
		t.Errorf("got %d of %d, %v", out.Count, out.ScannedCount, out.ConsumedCapacity)
	}
	h.same(out.LastEvaluatedKey, item{"id": str("a"), "pos": num("4")})
	in.ProjectionExpression = aws.String("pos")
	h.expect(h.query(in, "pos"), "1", "3", "5", "7", "9", "11")
	in.ProjectionExpression, in.Select, in.ConsistentRead = nil, types.SelectCount, aws.Bool(true)
	out, err = h.Query(ctx, &in)
	h.ok(err)
	if out.Items != nil || out.Count != 2 || aws.ToFloat64(out.ConsumedCapacity.CapacityUnits) != 245 {
		t.Errorf("got %v, %d, %v", out.Items, out.Count, *out.ConsumedCapacity.CapacityUnits)
	}
	legacy := dynamodb.QueryInput{
		KeyConditions: map[string]types.Condition{
			"id":  {ComparisonOperator: types.ComparisonOperatorEq, AttributeValueList: []types.AttributeValue{str("a")}},
			"pos": {ComparisonOperator: types.ComparisonOperatorBetween, AttributeValueList: []types.AttributeValue{num("3"), num("6")}},
		},
		QueryFilter: map[string]types.Condition{"odd": {ComparisonOperator: types.ComparisonOperatorNe, AttributeValueList: []types.AttributeValue{truth(false)}}},
	}
	h.expect(h.query(legacy, "pos"), "3", "5")
}

// indexed makes a table with a local index, and global ones on one and on several attributes.
func (h *harness) indexed() {
	h.Helper()
	defs, schema := definitions("id:S", "pos:N")
	more, _ := definitions("kind:S", "rank:N", "who:S")
	_, local := definitions("id:S", "rank:N")
	_, byKind := definitions("kind:S", "rank:N")
	_, parts := definitions("kind:S", "who:S", "rank:N")
	parts[1].KeyType = types.KeyTypeHash
	_, err := h.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: name, AttributeDefinitions: append(defs, more...), KeySchema: schema, BillingMode: types.BillingModePayPerRequest,
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{IndexName: aws.String("local"), KeySchema: local, Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			{IndexName: aws.String("by-kind"), KeySchema: byKind, Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}}},
			{IndexName: aws.String("parts"), KeySchema: parts, Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}},
		}})
	h.ok(err)
}

func TestIndexes(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.indexed()
	for i := range 6 {
		h.put("things", item{"id": str("a"), "pos": num(strconv.Itoa(i)), "kind": str([]string{"x", "y"}[i%2]), "rank": num(strconv.Itoa(i / 2)),
			"who": str("w" + strconv.Itoa(i%3)), "note": str("n"), "more": str("m")})
	}
	h.put("things", item{"id": str("b"), "pos": num("0"), "kind": str("x"), "rank": num("1")})
	h.put("things", item{"id": str("b"), "pos": num("1"), "kind": str("x")}) // without a rank: in no index
	h.cloud.Restart()
	byKind := dynamodb.QueryInput{IndexName: aws.String("by-kind"), KeyConditionExpression: aws.String("kind = :k"), ExpressionAttributeValues: item{":k": str("x")}}
	h.expect(h.query(byKind, "rank"), "0", "1", "1", "2")
	byKind.Limit = aws.Int32(1)
	h.expect(h.query(byKind, "rank"), "0", "1", "1", "2")
	byKind.ScanIndexForward = aws.Bool(false)
	h.expect(h.query(byKind, "rank"), "2", "1", "1", "0")
	out, err := h.Query(ctx, &dynamodb.QueryInput{TableName: name, IndexName: aws.String("by-kind"), Limit: aws.Int32(1), KeyConditionExpression: aws.String("kind = :k AND #r >= :r"),
		ExpressionAttributeNames: map[string]string{"#r": "rank"}, ExpressionAttributeValues: item{":k": str("x"), ":r": num("2")}})
	h.ok(err)
	h.same(out.Items[0], item{"id": str("a"), "pos": num("4"), "kind": str("x"), "rank": num("2"), "note": str("n")})
	h.same(out.LastEvaluatedKey, item{"id": str("a"), "pos": num("4"), "kind": str("x"), "rank": num("2")})

	local := dynamodb.QueryInput{IndexName: aws.String("local"), KeyConditionExpression: aws.String("id = :i"), ExpressionAttributeValues: item{":i": str("a")}, ConsistentRead: aws.Bool(true)}
	h.expect(h.query(local, "rank"), "0", "0", "1", "1", "2", "2")
	h.expect(h.query(local, "more"), "<invalid reflect.Value>", "<invalid reflect.Value>", "<invalid reflect.Value>", "<invalid reflect.Value>", "<invalid reflect.Value>", "<invalid reflect.Value>")
	local.Select = types.SelectAllAttributes
	h.expect(h.query(local, "more"), `"m"`, `"m"`, `"m"`, `"m"`, `"m"`, `"m"`)

	parts := dynamodb.QueryInput{IndexName: aws.String("parts"), KeyConditionExpression: aws.String("kind = :k AND who = :w AND #r < :r"),
		ExpressionAttributeNames: map[string]string{"#r": "rank"}, ExpressionAttributeValues: item{":k": str("x"), ":w": str("w1"), ":r": num("5")}}
	h.expect(h.query(parts, "pos"), "4")
	parts.TableName = name
	parts.KeyConditionExpression, parts.ExpressionAttributeNames, parts.ExpressionAttributeValues = aws.String("kind = :k"), nil, item{":k": str("x")}
	_, err = h.Query(ctx, &parts)
	h.invalid(err, "Query condition missed key schema element: who")

	byKind.TableName, byKind.ConsistentRead = name, aws.Bool(true)
	_, err = h.Query(ctx, &byKind)
	h.invalid(err, "Consistent reads are not supported on global secondary indexes")
	byKind.ConsistentRead, byKind.Select = nil, types.SelectAllAttributes
	_, err = h.Query(ctx, &byKind)
	h.invalid(err, "Select type ALL_ATTRIBUTES is not supported for global secondary index by-kind because its projection type is not ALL")
	byKind.Select, byKind.ProjectionExpression = "", aws.String("more")
	_, err = h.Query(ctx, &byKind)
	h.invalid(err, "Global secondary index by-kind does not project [more]")

	_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a"), "pos": num("0"), "rank": str("x")}})
	h.invalid(err, "One or more parameter values were invalid: Type mismatch for Index Key rank Expected: N Actual: S IndexName: local")
	_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a"), "pos": num("0"), "kind": str("")}})
	h.invalid(err, "cannot contain an empty string value. IndexName: by-kind, IndexKey: kind")

	for _, g := range h.describe().GlobalSecondaryIndexes {
		want := map[string]int64{"by-kind": 7, "parts": 6}[*g.IndexName]
		if aws.ToInt64(g.ItemCount) != want || g.IndexStatus != types.IndexStatusActive || g.WarmThroughput.Status != types.IndexStatusActive {
			t.Errorf("got %d items in %s, want %d", *g.ItemCount, *g.IndexName, want)
		}
	}
	// An item that changes its index key moves.
	change, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("a"), "pos": num("0")}, UpdateExpression: aws.String("SET kind = :k"),
		ExpressionAttributeValues: item{":k": str("z")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes, ReturnItemCollectionMetrics: types.ReturnItemCollectionMetricsSize})
	h.ok(err)
	if c := change.ConsumedCapacity; *c.CapacityUnits != 6 || *c.Table.CapacityUnits != 1 || *c.GlobalSecondaryIndexes["by-kind"].CapacityUnits != 2 || *c.LocalSecondaryIndexes["local"].CapacityUnits != 1 {
		t.Errorf("got %+v", c)
	}
	h.same(change.ItemCollectionMetrics.ItemCollectionKey, item{"id": str("a")})
	byKind = dynamodb.QueryInput{IndexName: aws.String("by-kind"), KeyConditionExpression: aws.String("kind = :k"), ExpressionAttributeValues: item{":k": str("z")}}
	h.expect(h.query(byKind, "pos"), "0")
}

func TestGlobalIndexLater(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	for i := range 20 {
		h.put("things", item{"id": str(strconv.Itoa(i)), "kind": str("k"), "rank": num(strconv.Itoa(100 - i))})
	}
	h.put("things", item{"id": str("other"), "kind": num("1"), "rank": num("1")})
	defs, schema := definitions("kind:S", "rank:N")
	update := func(u ...types.GlobalSecondaryIndexUpdate) error {
		_, err := h.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: name, AttributeDefinitions: defs, GlobalSecondaryIndexUpdates: u})
		return err
	}
	create := types.GlobalSecondaryIndexUpdate{Create: &types.CreateGlobalSecondaryIndexAction{IndexName: aws.String("ranks"), KeySchema: schema, Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}}}
	remove := types.GlobalSecondaryIndexUpdate{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("ranks")}}
	h.fails(update(create, remove), "LimitExceededException", "Only 1 online index can be created or deleted simultaneously per table")
	h.fails(update(remove), "ResourceNotFoundException", "")
	in := dynamodb.QueryInput{IndexName: aws.String("ranks"), KeyConditionExpression: aws.String("kind = :k"), ExpressionAttributeValues: item{":k": str("k")}, Limit: aws.Int32(7)}
	for range 2 {
		h.ok(update(create))
		h.invalid(update(create), "Duplicate index name: ranks")
		got := h.query(in, "id")
		if len(got) != 20 || got[0] != `"19"` || got[19] != `"0"` {
			t.Errorf("got %q", got)
		}
		if d := h.describe(); len(d.AttributeDefinitions) != 3 || aws.ToInt64(d.GlobalSecondaryIndexes[0].ItemCount) != 20 {
			t.Errorf("got %+v", d)
		}
		h.ok(update(remove))
		if d := h.describe(); len(d.AttributeDefinitions) != 1 || d.GlobalSecondaryIndexes != nil {
			t.Errorf("got %+v", d)
		}
	}
	// The type of a key attribute binds again once the index is there; without it anything goes.
	h.put("things", item{"id": str("x"), "kind": num("1")})
}

func TestScan(t *testing.T) {
	h := start(t)
	h.indexed()
	want := map[string]bool{}
	for i := range 50 {
		h.put("things", item{"id": str(fmt.Sprint("p", i/5)), "pos": num(strconv.Itoa(i)), "kind": str("k"), "rank": num("1")})
		want[strconv.Itoa(i)] = true
	}
	for _, index := range []*string{nil, aws.String("by-kind")} {
		for _, total := range []int32{1, 2, 3, 16} {
			seen := map[string]bool{}
			for segment := range total {
				pages := dynamodb.NewScanPaginator(h.Client, &dynamodb.ScanInput{TableName: name, IndexName: index, Segment: &segment, TotalSegments: &total, Limit: aws.Int32(3)})
				for pages.HasMorePages() {
					page, err := pages.NextPage(ctx)
					h.ok(err)
					for _, it := range page.Items {
						if seen[show(it["pos"])] {
							t.Errorf("%s came twice in %d segments", show(it["pos"]), total)
						}
						seen[show(it["pos"])] = true
					}
				}
			}
			if len(seen) != len(want) {
				t.Errorf("%d items in %d segments", len(seen), total)
			}
		}
	}
	out, err := h.Scan(ctx, &dynamodb.ScanInput{TableName: name, FilterExpression: aws.String("pos IN (:a, :b) AND attribute_not_exists(nope)"),
		ExpressionAttributeValues: item{":a": num("7"), ":b": num("8")}, Select: types.SelectCount})
	h.ok(err)
	if out.Count != 2 || out.ScannedCount != 50 || out.LastEvaluatedKey != nil {
		t.Errorf("got %+v", out)
	}
	legacy, err := h.Scan(ctx, &dynamodb.ScanInput{TableName: name, ConditionalOperator: types.ConditionalOperatorOr, ScanFilter: map[string]types.Condition{
		"pos":  {ComparisonOperator: types.ComparisonOperatorLt, AttributeValueList: []types.AttributeValue{num("3")}},
		"kind": {ComparisonOperator: types.ComparisonOperatorNull}}})
	h.ok(err)
	if legacy.Count != 3 {
		t.Errorf("got %+v", legacy)
	}
	_, err = h.Scan(ctx, &dynamodb.ScanInput{TableName: name, Segment: aws.Int32(2), TotalSegments: aws.Int32(2)})
	h.invalid(err, "Segment: 2 is not less than TotalSegments: 2")
	_, err = h.Scan(ctx, &dynamodb.ScanInput{TableName: name, Segment: aws.Int32(2)})
	h.invalid(err, "The TotalSegments parameter is required")
}
