// Package events is Amazon EventBridge: event buses, rules with event patterns or schedules, and the delivery of events to targets.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/
//
// The default bus gets the events of the cloud's other services. Deliveries and schedules stand in the store, so a restart loses none.
//
// What differs from AWS:
//   - Targets are SNS topics, log groups of CloudWatch Logs, event buses of the same account and region, and ECS clusters. Others are
//     refused, and so are dead-letter queues. What one target refuses is refused for good here, so retry policies are stored and shown
//     only; a failed delivery is written to the cloud's log.
//   - An ECS target's role must allow ecs:RunTask on the task definition. iam:PassRole is not asked.
//   - An event that came from another bus is not sent on to a third one.
//   - A schedule that was due more than once while the cloud did not run, or while its clock moved on, fires once.
//   - Partner event sources, buses of other accounts and regions, replays, pipes, API destinations and global endpoints are not
//     there. LogConfig of a bus is stored and shown.
//   - Archives count the events that they take, and their sizes, by days; the events themselves are not kept. There are no rules
//     Events-Archive-NAME.
//   - Rules apply at once.
package events
