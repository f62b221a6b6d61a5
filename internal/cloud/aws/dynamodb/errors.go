package dynamodb

import (
	"errors"

	"atoll/internal/cloud/aws/dynamodb/expression"
	"atoll/internal/cloud/wire"
)

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}

// invalidValue is the fault of a value that can be read and may not be.
func invalidValue(format string, args ...any) *wire.Error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// asInvalid turns the faults of expressions into the service's.
func asInvalid(err error) error {
	var e *expression.Error
	if errors.As(err, &e) {
		return invalid("%s", e.Message)
	}
	return err
}

func notFound(name string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
}

func isNotFound(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == "ResourceNotFoundException"
}

// conditionFailed is the modelled error of a condition that did not hold, with the item that it was held against.
type conditionFailed struct {
	_    struct{}                  `aws:"ConditionalCheckFailedException"`
	Item map[string]AttributeValue `aws:"Item"`
}

const conditionMessage = "The conditional request failed"

func errCondition(item map[string]AttributeValue) *wire.Error {
	e := wire.Errorf("ConditionalCheckFailedException", conditionMessage)
	if item != nil {
		e.Detail = &conditionFailed{Item: item}
	}
	return e
}

// transactionCanceled is the modelled error of a transaction that was not carried out.
type transactionCanceled struct {
	_                   struct{}             `aws:"TransactionCanceledException"`
	CancellationReasons []cancellationReason `aws:"CancellationReasons"`
}

type cancellationReason struct {
	_       struct{}                  `aws:"CancellationReason"`
	Item    map[string]AttributeValue `aws:"Item"`
	Code    *string                   `aws:"Code"`
	Message *string                   `aws:"Message"`
}
