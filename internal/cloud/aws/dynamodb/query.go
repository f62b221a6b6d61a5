package dynamodb

import (
	"context"
	"maps"
	"slices"

	"atoll/internal/cloud/aws/dynamodb/expression"
)

// Query reads the items with one partition key, in the order of their sort key.
func (s *Service) Query(ctx context.Context, in *QueryInput) (*QueryOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, nil); err != nil {
		return nil, err
	}
	c, err := parameters{
		expressions: []named{expr(expression.ProjectionExpression, in.ProjectionExpression), expr(expression.FilterExpression, in.FilterExpression),
			expr(expression.KeyConditionExpression, in.KeyConditionExpression)},
		legacy: []named{{"AttributesToGet", in.AttributesToGet != nil}, {"QueryFilter", in.QueryFilter != nil},
			{"ConditionalOperator", in.ConditionalOperator != nil}, {"KeyConditions", in.KeyConditions != nil}},
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}.context()
	if err != nil {
		return nil, err
	}
	conditions, err := keyConditions(c, in)
	if err != nil {
		return nil, err
	}
	keep, err := filter(c, in.FilterExpression, in.QueryFilter, in.ConditionalOperator)
	if err != nil {
		return nil, err
	}
	out := &QueryOutput{}
	return out, s.view(ctx, func(t *txn) error {
		q, err := t.search(selection{table: in.TableName, index: in.IndexName, choose: in.Select, attributes: in.AttributesToGet,
			paths: in.ProjectionExpression, consistent: in.ConsistentRead, limit: in.Limit, context: c})
		if err != nil {
			return err
		}
		if err := c.Unused(); err != nil {
			return asInvalid(err)
		}
		q.filter, q.reverse = keep, in.ScanIndexForward != nil && !*in.ScanIndexForward
		if err := q.checkFilter(); err != nil {
			return err
		}
		if err := q.narrow(conditions); err != nil {
			return err
		}
		if inside, err := q.start(in.ExclusiveStartKey); err != nil {
			return err
		} else if !inside {
			return invalid("The provided starting key is outside query boundaries based on provided conditions")
		}
		p := t.run(q)
		*out = QueryOutput{Items: p.items, Count: &p.count, ScannedCount: &p.scanned, LastEvaluatedKey: p.last,
			ConsumedCapacity: p.used.show(in.ReturnConsumedCapacity, false)}
		return nil
	})
}

// checkFilter refuses a query's filter on the attributes by which the query goes.
func (q *search) checkFilter() error {
	if q.filter == nil {
		return nil
	}
	keys := q.table.Keys
	if q.index != nil {
		keys = q.index.Keys
	}
	for _, name := range q.filter.Names() {
		if slices.ContainsFunc(keys, func(k keyElement) bool { return k.Name == name }) {
			return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
		}
	}
	return nil
}

// keyConditions takes a query's conditions from its expression or from KeyConditions.
func keyConditions(c *expression.Context, in *QueryInput) ([]expression.KeyCondition, error) {
	if in.KeyConditionExpression != nil {
		out, err := c.KeyConditions(*in.KeyConditionExpression)
		return out, asInvalid(err)
	}
	if in.KeyConditions == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	operators := map[string]string{"EQ": "=", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "BEGINS_WITH": "begins_with", "BETWEEN": "BETWEEN"}
	var out []expression.KeyCondition
	for _, name := range slices.Sorted(maps.Keys(in.KeyConditions)) {
		k := in.KeyConditions[name]
		if _, err := comparison(name, *k.ComparisonOperator, k.AttributeValueList); err != nil { // for the number and types of the values
			return nil, err
		}
		operator, ok := operators[*k.ComparisonOperator]
		if !ok {
			return nil, invalid("Attempted conditional constraint is not an indexable operation")
		}
		values, err := readList(k.AttributeValueList)
		if err != nil {
			return nil, err
		}
		out = append(out, expression.KeyCondition{Name: name, Operator: operator, Values: values})
	}
	return out, nil
}

// Scan reads all items of a table or index, or of a segment.
func (s *Service) Scan(ctx context.Context, in *ScanInput) (*ScanOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, nil); err != nil {
		return nil, err
	}
	segment, total, err := segments(in)
	if err != nil {
		return nil, err
	}
	c, err := parameters{
		expressions: []named{expr(expression.ProjectionExpression, in.ProjectionExpression), expr(expression.FilterExpression, in.FilterExpression)},
		legacy: []named{{"AttributesToGet", in.AttributesToGet != nil}, {"ScanFilter", in.ScanFilter != nil},
			{"ConditionalOperator", in.ConditionalOperator != nil}},
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}.context()
	if err != nil {
		return nil, err
	}
	keep, err := filter(c, in.FilterExpression, in.ScanFilter, in.ConditionalOperator)
	if err != nil {
		return nil, err
	}
	out := &ScanOutput{}
	return out, s.view(ctx, func(t *txn) error {
		q, err := t.search(selection{table: in.TableName, index: in.IndexName, choose: in.Select, attributes: in.AttributesToGet,
			paths: in.ProjectionExpression, consistent: in.ConsistentRead, limit: in.Limit, context: c})
		if err != nil {
			return err
		}
		if err := c.Unused(); err != nil {
			return asInvalid(err)
		}
		q.filter = keep
		q.everything(segment, total)
		if inside, err := q.start(in.ExclusiveStartKey); err != nil {
			return err
		} else if !inside {
			return invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", total, segment)
		}
		p := t.run(q)
		*out = ScanOutput{Items: p.items, Count: &p.count, ScannedCount: &p.scanned, LastEvaluatedKey: p.last,
			ConsumedCapacity: p.used.show(in.ReturnConsumedCapacity, false)}
		return nil
	})
}

const maxSegments = 1_000_000

func segments(in *ScanInput) (segment, total int64, err error) {
	switch {
	case in.Segment == nil && in.TotalSegments == nil:
		return 0, 1, nil
	case in.TotalSegments == nil:
		return 0, 0, invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.Segment == nil:
		return 0, 0, invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	}
	segment, total = *in.Segment, *in.TotalSegments
	switch {
	case total < 1 || total > maxSegments:
		return 0, 0, invalid("1 validation error detected: Value '%d' at 'totalSegments' failed to satisfy constraint: Member must have value between 1 and 1000000", total)
	case segment < 0:
		return 0, 0, invalid("1 validation error detected: Value '%d' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0", segment)
	case segment >= total:
		return 0, 0, invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", segment, total)
	}
	return segment, total, nil
}
