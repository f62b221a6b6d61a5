package dynamodb_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"atoll/internal/cloud/cloudtest"
)

func TestTransaction(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.table("things", "id:S")
	h.table("others", "id:S")
	h.put("things", item{"id": str("money"), "n": num("10")})
	write := func(token string, items ...types.TransactWriteItem) error {
		in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
		if token != "" {
			in.ClientRequestToken = &token
		}
		_, err := h.TransactWriteItems(ctx, in)
		return err
	}
	spend := func(n string) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{TableName: name, Key: item{"id": str("money")}, UpdateExpression: aws.String("SET n = n - :n"),
			ConditionExpression: aws.String("n >= :n"), ExpressionAttributeValues: item{":n": num(n)}, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}}
	}
	buy := func(id string) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: aws.String("others"), Item: item{"id": str(id)}, ConditionExpression: aws.String("attribute_not_exists(id)")}}
	}
	check := types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: name, Key: item{"id": str("absent")}, ConditionExpression: aws.String("attribute_not_exists(id)")}}
	h.ok(write("", spend("4"), buy("cup"), check))
	h.same(h.get("things", item{"id": str("money")}), item{"id": str("money"), "n": num("6")})

	err := write("", buy("cup"), buy("pot"), spend("7"))
	h.fails(err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None, ConditionalCheckFailed]")
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || len(canceled.CancellationReasons) != 3 {
		t.Fatalf("got %v", err)
	}
	r := canceled.CancellationReasons
	if aws.ToString(r[0].Code) != "ConditionalCheckFailed" || aws.ToString(r[0].Message) != "The conditional request failed" || r[0].Item != nil || aws.ToString(r[1].Code) != "None" {
		t.Errorf("got %+v", r)
	}
	h.same(r[2].Item, item{"id": str("money"), "n": num("6")})
	if h.get("others", item{"id": str("pot")}) != nil {
		t.Error("a part of a cancelled transaction was carried out")
	}

	h.invalid(write("", spend("1"), types.TransactWriteItem{Delete: &types.Delete{TableName: name, Key: item{"id": str("money")}}}), "Transaction request cannot include multiple operations on one item")
	h.invalid(write("", types.TransactWriteItem{}), "TransactItems can only contain one of Check, Put, Update or Delete")
	err = write("", types.TransactWriteItem{Update: &types.Update{TableName: name, Key: item{"id": str("money")}, UpdateExpression: aws.String("SET n = id + :n"), ExpressionAttributeValues: item{":n": num("1")}}})
	h.fails(err, "TransactionCanceledException", "[ValidationError]")

	// The same token carries a transaction out once.
	h.ok(write("token", spend("1")))
	h.ok(write("token", spend("1")))
	h.cloud.Restart()
	h.ok(write("token", spend("1")))
	h.fails(write("token", spend("2")), "IdempotentParameterMismatchException", "same client token")
	h.same(h.get("things", item{"id": str("money")}), item{"id": str("money"), "n": num("5")})
	h.cloud.Clock.Advance(11 * time.Minute)
	h.ok(write("token", spend("2")))

	out, err := h.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal, TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: name, Key: item{"id": str("money")}, ProjectionExpression: aws.String("n")}},
		{Get: &types.Get{TableName: name, Key: item{"id": str("absent")}}},
		{Get: &types.Get{TableName: aws.String("others"), Key: item{"id": str("cup")}}},
	}})
	h.ok(err)
	h.same(out.Responses[0].Item, item{"n": num("3")})
	if out.Responses[1].Item != nil || len(out.ConsumedCapacity) != 2 || *out.ConsumedCapacity[1].CapacityUnits != 4 {
		t.Errorf("got %+v", out.ConsumedCapacity)
	}
	h.same(out.Responses[2].Item, item{"id": str("cup")})
}

func TestBatch(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	h.table("others", "id:S")
	putRequest := func(id string) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: item{"id": str(id), "x": str("v")}}}
	}
	deleteRequest := func(id string) types.WriteRequest {
		return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: item{"id": str(id)}}}
	}
	write := func(m map[string][]types.WriteRequest) error {
		out, err := h.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: m})
		if err == nil && (out.UnprocessedItems == nil || len(out.UnprocessedItems) != 0) {
			t.Errorf("got %+v", out.UnprocessedItems)
		}
		return err
	}
	h.ok(write(map[string][]types.WriteRequest{"things": {putRequest("a"), putRequest("b")}, "others": {putRequest("c")}}))
	h.ok(write(map[string][]types.WriteRequest{"things": {deleteRequest("a"), deleteRequest("never")}}))
	h.invalid(write(map[string][]types.WriteRequest{"things": {putRequest("a"), deleteRequest("a")}}), "Provided list of item keys contains duplicates")
	h.invalid(write(map[string][]types.WriteRequest{"things": {{}}}), "Supplied AttributeValue is empty")
	var many []types.WriteRequest
	for i := range 26 {
		many = append(many, putRequest(strconv.Itoa(i)))
	}
	h.invalid(write(map[string][]types.WriteRequest{"things": many}), "Too many items requested for the BatchWriteItem call")
	h.fails(write(map[string][]types.WriteRequest{"nothing": {putRequest("a")}}), "ResourceNotFoundException", "Requested resource not found")
	if h.get("things", item{"id": str("a")}) != nil {
		t.Error("a refused batch was carried out")
	}
	get := func(m map[string]types.KeysAndAttributes) (*dynamodb.BatchGetItemOutput, error) {
		return h.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: m})
	}
	keys := func(ids ...string) (out []item) {
		for _, id := range ids {
			out = append(out, item{"id": str(id)})
		}
		return out
	}
	out, err := get(map[string]types.KeysAndAttributes{"things": {Keys: keys("a", "b")}, "others": {Keys: keys("c"), ProjectionExpression: aws.String("x")}})
	h.ok(err)
	if len(out.Responses["things"]) != 1 || len(out.UnprocessedKeys) != 0 {
		t.Errorf("got %+v", out)
	}
	h.same(out.Responses["others"][0], item{"x": str("v")})
	_, err = get(map[string]types.KeysAndAttributes{"things": {Keys: keys("a", "a")}})
	h.invalid(err, "Provided list of item keys contains duplicates")

	// An answer is bounded: the rest is left to be asked for again.
	var ids []string
	for i := range 50 {
		ids = append(ids, strconv.Itoa(i))
		h.put("things", item{"id": str(strconv.Itoa(i)), "x": str(strings.Repeat("x", 400_000))})
	}
	out, err = get(map[string]types.KeysAndAttributes{"things": {Keys: keys(ids...), ProjectionExpression: aws.String("id")}})
	h.ok(err)
	if got, left := len(out.Responses["things"]), len(out.UnprocessedKeys["things"].Keys); got != 41 || left != 9 {
		t.Errorf("got %d items, %d left", got, left)
	}
}
