package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func bin(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }
func truth(b bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: b} }
func list(v ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: v}
}
func dict(m item) types.AttributeValue         { return &types.AttributeValueMemberM{Value: m} }
func strs(s ...string) types.AttributeValue    { return &types.AttributeValueMemberSS{Value: s} }
func numbers(s ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: s} }

// show renders values for messages and comparisons.
func show(v any) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberL:
		parts := make([]string, len(v.Value))
		for i, e := range v.Value {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		return show(v.Value)
	case item:
		parts := []string{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+":"+show(v[k]))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return fmt.Sprintf("%v", reflect.Indirect(reflect.ValueOf(v)))
}

type harness struct {
	testing.TB
	*dynamodb.Client
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *harness {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	return &harness{t, dynamodb.NewFromConfig(c.Config()), c}
}

var ctx = context.Background()

// definitions gives the attributes of "name:type" pairs, and a key schema of them.
func definitions(keys ...string) ([]types.AttributeDefinition, []types.KeySchemaElement) {
	var defs []types.AttributeDefinition
	var schema []types.KeySchemaElement
	for i, k := range keys {
		name, typ, _ := strings.Cut(k, ":")
		defs = append(defs, types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeType(typ)})
		kind := types.KeyTypeHash
		if i > 0 {
			kind = types.KeyTypeRange
		}
		schema = append(schema, types.KeySchemaElement{AttributeName: &name, KeyType: kind})
	}
	return defs, schema
}

// table makes an on-demand table with the keys "name:type".
func (h *harness) table(name string, keys ...string) {
	h.Helper()
	defs, schema := definitions(keys...)
	_, err := h.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: &name, AttributeDefinitions: defs, KeySchema: schema, BillingMode: types.BillingModePayPerRequest})
	h.ok(err)
}

func (h *harness) put(table string, it item) {
	h.Helper()
	_, err := h.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: it})
	h.ok(err)
}

func (h *harness) get(table string, key item) item {
	h.Helper()
	out, err := h.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key})
	h.ok(err)
	return out.Item
}

func (h *harness) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *harness) same(got, want any) {
	h.Helper()
	if show(got) != show(want) {
		h.Errorf("got  %s\nwant %s", show(got), show(want))
	}
}

// fails checks an error's code and a part of its message.
func (h *harness) fails(err error, code, message string) {
	h.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		h.Errorf("got the error %v, want %s", err, code)
		return
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		h.Errorf("got  %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

func (h *harness) invalid(err error, message string) {
	h.Helper()
	h.fails(err, "ValidationException", message)
}

var name = aws.String("things")
