// Package appautoscaling is Application Auto Scaling: scalable targets, scaling policies and scheduled actions, for services of ECS
// and for tables and indexes of DynamoDB. https://docs.aws.amazon.com/autoscaling/application/APIReference/
//
// A policy acts when one of its alarms goes off, and once a minute while that alarm stays in its state. A target tracking policy sets
// the capacity that would bring its metric to the target value: at a scale-out for the last value of the metric, at a scale-in for the
// largest of those that its alarm has seen. Capacity changes at once; an activity is Successful, or Failed, when it is recorded.
//
// What differs from AWS:
//   - Other service namespaces and predictive scaling are refused.
//   - The service-linked roles are shown and are not made. Roles that are given are ignored, as AWS does for ECS and DynamoDB.
//   - DynamoDB publishes no metrics of what it consumes. The alarms of policies on its use of provisioned units, the two on provisioned
//     capacity among them, follow what is provisioned; they go off only when SetAlarmState says so.
//   - How AWS computes the capacity of target tracking, and when it holds back a scale-in that would lead to a scale-out, is not
//     documented. Here, all target tracking policies of a target must want to scale in, and the one that wants most counts.
//   - A policy that may not scale in has no low alarm.
//   - A target whose resource was deleted is forgotten within a minute.
package appautoscaling
