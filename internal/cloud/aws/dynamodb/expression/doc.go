// Package expression parses and evaluates DynamoDB's expressions: conditions, filters, key conditions, projections and updates.
// It knows nothing of the wire. Its errors carry DynamoDB's messages, each for one ValidationException.
//
// A request's expressions share one Context, which holds the names and values that they may refer to and remembers which of
// them were used: those that were not are an error.
//
// Grammar: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
package expression
