// Package budgets is AWS Budgets: budgets, their notifications and who gets these.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
//
// What differs from AWS:
//   - The local cloud costs nothing: the actual spend of each budget is zero, and there is no forecast. A notification's state follows
//     from that (one for "less than" is in alarm); none is sent.
//   - Auto-adjusting budgets are refused, since they need a history of spend, and so are budget actions and the performance history.
//   - Metrics and filter expressions are checked and stored. ShowFilterExpression is not needed to see an expression, and one that
//     asks for the expression of a budget with cost filters is refused, since AWS's translation is not known.
//   - An account's billing views other than the primary one do not exist.
package budgets
