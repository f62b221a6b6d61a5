package dynamodb_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"atoll/internal/cloud/cloudtest"
)

func TestItemRoundTrip(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.table("things", "id:S")
	want := item{
		"id": str("a"), "n": num("12.50"), "neg": num("-1E-3"), "big": num("1E+20"), "b": bin("\x00\x01\xff"), "empty": str(""), "nothing": bin(""),
		"yes": truth(true), "no": truth(false), "null": &types.AttributeValueMemberNULL{Value: true},
		"ss": strs("x", "y"), "ns": numbers("1", "2.0"), "bs": &types.AttributeValueMemberBS{Value: [][]byte{{0}, {255}}},
		"l": list(str("<é>"), list(), dict(item{})), "m": dict(item{"k": dict(item{"z": num("0")})}),
	}
	h.put("things", want)
	want["n"], want["neg"], want["big"], want["ns"] = num("12.5"), num("-0.001"), num("100000000000000000000"), numbers("1", "2")
	h.same(h.get("things", item{"id": str("a")}), want)
	h.cloud.Restart()
	h.same(h.get("things", item{"id": str("a")}), want)
	if got := h.get("things", item{"id": str("b")}); got != nil {
		t.Errorf("got %s for an item that is not there", show(got))
	}
}

func TestTerraformLock(t *testing.T) {
	h := start(t)
	h.table("locks", "LockID:S")
	lock := func(info string) error {
		_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("locks"), Item: item{"LockID": str("b/k"), "Info": str(info)},
			ConditionExpression: aws.String("attribute_not_exists(LockID)")})
		return err
	}
	h.ok(lock("first"))
	err := lock("second")
	h.fails(err, "ConditionalCheckFailedException", "The conditional request failed")
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item != nil {
		t.Errorf("got %#v", err)
	}
	out, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("locks"), Key: item{"LockID": str("b/k")},
		ProjectionExpression: aws.String("LockID, Info"), ConsistentRead: aws.Bool(true)})
	h.ok(err)
	h.same(out.Item, item{"LockID": str("b/k"), "Info": str("first")})
	_, err = h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("locks"), Key: item{"LockID": str("b/k")}})
	h.ok(err)
	h.ok(lock("third"))
}

func TestOneConditionalWriterWins(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.table("locks", "LockID:S")
	var wg sync.WaitGroup
	results := make([]error, 16)
	for i := range results {
		wg.Go(func() {
			_, results[i] = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("locks"), Item: item{"LockID": str("x")},
				ConditionExpression: aws.String("attribute_not_exists(LockID)")})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else {
			h.fails(err, "ConditionalCheckFailedException", "")
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
}

func TestFailedConditionShowsItem(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	h.put("things", item{"id": str("a"), "v": num("1")})
	_, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("a")}, UpdateExpression: aws.String("SET v = :n"),
		ConditionExpression: aws.String("v = :o"), ExpressionAttributeValues: item{":n": num("3"), ":o": num("2")},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	h.same(failed.Item, item{"id": str("a"), "v": num("1")})
}

func TestKeyChecks(t *testing.T) {
	h := start(t)
	h.table("things", "id:S", "at:N")
	put := func(it item) error {
		_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: it})
		return err
	}
	get := func(it item) error {
		_, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: it})
		return err
	}
	schema := "The provided key element does not match the schema"
	h.invalid(put(item{"id": str("a")}), "One or more parameter values were invalid: Missing the key at in the item")
	h.invalid(put(item{"id": num("1"), "at": num("1")}), "Type mismatch for key id expected: S actual: N")
	h.invalid(put(item{"id": str(""), "at": num("1")}), "The AttributeValue for a key attribute cannot contain an empty string value. Key: id")
	h.invalid(put(item{"id": str(strings.Repeat("x", 2049)), "at": num("1")}), "Size of hashkey has exceeded the maximum size limit of2048 bytes")
	h.invalid(put(item{"id": str("a"), "at": num("x")}), "The parameter cannot be converted to a numeric value: x")
	h.invalid(put(item{"id": str("a"), "at": num("1E+126")}), "Number overflow")
	h.invalid(put(item{"id": str("a"), "at": num("1E-131")}), "Number underflow")
	h.invalid(put(item{"id": str("a"), "at": num(strings.Repeat("1", 39))}), "more than 38 significant digits")
	h.invalid(put(item{"id": str("a"), "at": num("1"), "s": strs()}), "An string set  may not be empty")
	h.invalid(put(item{"id": str("a"), "at": num("1"), "s": strs("x", "x")}), "Input collection [x, x] contains duplicates.")
	h.invalid(put(item{"id": str("a"), "at": num("1"), "s": numbers("1", "1.0")}), "Input collection contains duplicates")
	h.invalid(get(item{"id": str("a")}), schema)
	h.invalid(get(item{"id": str("a"), "at": str("1")}), schema)
	h.invalid(get(item{"id": str("a"), "at": num("1"), "x": num("1")}), schema)
	_, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("others"), Key: item{"id": str("a")}})
	h.fails(err, "ResourceNotFoundException", "Requested resource not found")
}

func TestItemLimits(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	fill := 400<<10 - len("id") - len("a") - len("x")
	h.put("things", item{"id": str("a"), "x": str(strings.Repeat("x", fill))})
	_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a"), "x": str(strings.Repeat("x", fill+1))}})
	h.invalid(err, "Item size has exceeded the maximum allowed size")
	_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("a")}, UpdateExpression: aws.String("SET y = :y"),
		ExpressionAttributeValues: item{":y": str("y")}})
	h.invalid(err, "Item size to update has exceeded the maximum allowed size")

	deep := list()
	for range 31 {
		deep = list(deep)
	}
	h.put("things", item{"id": str("b"), "deep": deep})
	h.same(h.get("things", item{"id": str("b")})["deep"], deep)
	_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("b"), "deep": list(deep)}})
	h.invalid(err, "Nesting Levels have exceeded supported limits")
	_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("b")}, UpdateExpression: aws.String("SET deep[0] = :d"),
		ExpressionAttributeValues: item{":d": deep}})
	h.invalid(err, "Nesting Levels have exceeded supported limits")
}

func TestUpdateItem(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	key := item{"id": str("a")}
	update := func(expression string, names map[string]string, values item, want types.ReturnValue) (item, error) {
		out, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: &expression,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValues: want})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	}
	got, err := update("SET hits = if_not_exists(hits, :z) + :one, #n = :name ADD tags :t", map[string]string{"#n": "name"},
		item{":z": num("0"), ":one": num("1"), ":name": str("x"), ":t": strs("p")}, types.ReturnValueAllNew)
	h.ok(err)
	h.same(got, item{"id": str("a"), "hits": num("1"), "name": str("x"), "tags": strs("p")})
	got, err = update("SET hits = hits - :d, doc = :doc", nil, item{":d": num("0.25"), ":doc": dict(item{"l": list(num("1"), num("2"), num("3"))})}, types.ReturnValueUpdatedOld)
	h.ok(err)
	h.same(got, item{"hits": num("1")})
	got, err = update("REMOVE doc.l[0], doc.l[2], #n SET doc.k = doc.l, doc.l[7] = :v DELETE tags :t", map[string]string{"#n": "name"},
		item{":v": str("end"), ":t": strs("p", "q")}, types.ReturnValueAllNew)
	h.ok(err)
	h.same(got, item{"id": str("a"), "hits": num("0.75"), "doc": dict(item{"l": list(num("2"), str("end")), "k": list(num("1"), num("2"), num("3"))})})
	got, err = update("SET doc.k = list_append(doc.k, :x)", nil, item{":x": list(num("4"))}, types.ReturnValueUpdatedNew)
	h.ok(err)
	h.same(got, item{"doc": dict(item{"k": list(num("1"), num("2"), num("3"), num("4"))})})

	for _, c := range []struct{ expression, message string }{
		{"SET id = :v", "Cannot update attribute id. This attribute is part of the key"},
		{"SET a.b = :v", "The document path provided in the update expression is invalid for update"},
		{"SET a = absent + :v", "The provided expression refers to an attribute that does not exist in the item"},
		{"SET a = doc + :v", "An operand in the update expression has an incorrect data type"},
		{"SET a = :v, a.b = :v", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"},
		{"SET a = :v b = :v", `Invalid UpdateExpression: Syntax error; token: "b", near: ":v b ="`},
		{"SET a = :v SET b = :v", `The "SET" section can only be used once in an update expression;`},
		{"SET a = :w + :v", "An expression attribute value used in expression is not defined; attribute value: :w"},
		{"SET a = :u", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"},
	} {
		values := item{":v": num("1")}
		if strings.Contains(c.expression, ":u") {
			values[":u"] = num("1")
		}
		_, err := update(c.expression, nil, values, "")
		h.invalid(err, c.message)
	}
	_, err = update("", nil, nil, "")
	h.invalid(err, "Invalid UpdateExpression: The expression can not be empty;")

	// Without any change the item is made.
	_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("new")}})
	h.ok(err)
	h.same(h.get("things", item{"id": str("new")}), item{"id": str("new")})
}

func TestLegacyParameters(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	key := item{"id": str("a")}
	h.put("things", item{"id": str("a"), "n": num("1"), "s": strs("x", "y"), "gone": num("1"), "l": list(num("1"))})
	out, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, ReturnValues: types.ReturnValueAllNew,
		AttributeUpdates: map[string]types.AttributeValueUpdate{
			"n": {Action: types.AttributeActionAdd, Value: num("2")}, "s": {Action: types.AttributeActionDelete, Value: strs("x")},
			"gone": {Action: types.AttributeActionDelete}, "p": {Value: str("v")}, "l": {Action: types.AttributeActionAdd, Value: list(num("2"))},
		},
		Expected: map[string]types.ExpectedAttributeValue{"n": {Value: num("1")}, "q": {Exists: aws.Bool(false)}}})
	h.ok(err)
	h.same(out.Attributes, item{"id": str("a"), "n": num("3"), "s": strs("y"), "p": str("v"), "l": list(num("1"), num("2"))})
	_, err = h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("none")},
		AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {Action: types.AttributeActionDelete}}})
	h.ok(err)
	if got := h.get("things", item{"id": str("none")}); got != nil {
		t.Errorf("a deletion made %s", show(got))
	}
	_, err = h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key,
		Expected: map[string]types.ExpectedAttributeValue{"n": {ComparisonOperator: types.ComparisonOperatorLt, AttributeValueList: []types.AttributeValue{num("3")}}}})
	h.fails(err, "ConditionalCheckFailedException", "")
	_, err = h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key, ConditionalOperator: types.ConditionalOperatorOr,
		Expected: map[string]types.ExpectedAttributeValue{"n": {Value: num("4")}, "p": {ComparisonOperator: types.ComparisonOperatorNotNull}}})
	h.ok(err)
	_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: key, ConditionExpression: aws.String("a = :v"),
		Expected: map[string]types.ExpectedAttributeValue{"n": {Exists: aws.Bool(false)}}})
	h.invalid(err, "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}")
	got, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key, AttributesToGet: []string{"n"}})
	h.ok(err)
	if got.Item != nil {
		t.Errorf("got %s", show(got.Item))
	}
}

func TestPlaceholders(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	get := func(projection *string, names map[string]string) error {
		_, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: item{"id": str("a")}, ProjectionExpression: projection, ExpressionAttributeNames: names})
		return err
	}
	h.invalid(get(nil, map[string]string{"#a": "a"}), "ExpressionAttributeNames can only be specified when using expressions")
	h.invalid(get(aws.String("a"), map[string]string{"#a": "a"}), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}")
	h.invalid(get(aws.String("#b"), map[string]string{"#a": "a"}), "An expression attribute name used in the document path is not defined; attribute name: #b")
	h.invalid(get(aws.String("name"), nil), "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name")
	h.invalid(get(aws.String("a"), map[string]string{}), "ExpressionAttributeNames must not be empty")
	h.invalid(get(aws.String("a"), map[string]string{"a": "a"}), `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`)
	_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a")}, ExpressionAttributeValues: item{":v": num("1")}})
	h.invalid(err, "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null")
}

func TestReturns(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	out, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a"), "x": str(strings.Repeat("x", 1500))},
		ReturnValues: types.ReturnValueAllOld, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})
	h.ok(err)
	if out.Attributes != nil || aws.ToFloat64(out.ConsumedCapacity.CapacityUnits) != 2 || aws.ToString(out.ConsumedCapacity.TableName) != "things" {
		t.Errorf("got %v, %+v", out.Attributes, out.ConsumedCapacity)
	}
	old, err := h.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: item{"id": str("a")}, ReturnValues: types.ReturnValueAllOld})
	h.ok(err)
	if len(old.Attributes) != 2 {
		t.Errorf("got %s", show(old.Attributes))
	}
	_, err = h.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item{"id": str("a")}, ReturnValues: types.ReturnValueAllNew})
	h.invalid(err, "ReturnValues can only be ALL_OLD or NONE")
	got, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: item{"id": str("a")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})
	h.ok(err)
	if aws.ToFloat64(got.ConsumedCapacity.CapacityUnits) != 0.5 {
		t.Errorf("got %+v", got.ConsumedCapacity)
	}
}
