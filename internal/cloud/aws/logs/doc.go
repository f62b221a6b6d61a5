// Package logs is Amazon CloudWatch Logs: log groups, streams and events, filter patterns, metric filters and resource
// policies. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
//
// Events lie in segments: each PutLogEvents call adds records of up to 256 events and 10 seconds, keyed by their stream and first
// timestamp, so that a write costs the same however much a stream holds, and a read touches its own time range only.
//
// What differs from AWS:
//   - Events can be read at once; tokens do not end after 24 hours.
//   - Retention hides an event at the moment it expires. The bytes that it takes, and a group's storedBytes, are given back by the
//     next write to its stream, or when the retention changes. storedBytes counts messages and 26 bytes for each, uncompressed.
//   - A KMS key must exist and be enabled when it is associated. Its key policy is not asked whether CloudWatch Logs may use it,
//     and events are not encrypted one by one: all of the cloud's state is in one file that only its owner can read.
//   - What metric filters find is in CloudWatch at once. A filter's default value is published for each minute in which the events of one
//     call have none that matches, even if those of another call have. An event that lacks a dimension's field gives no value.
//   - The embedded metric format is not looked for.
//   - FilterLogEvents looks through all streams that it is asked for, so it gives no page without events before the last.
//   - Queries of Logs Insights can be saved and cannot be run.
//   - Linked accounts, transformers, field selection criteria and the class ESSENTIALS are refused. The entity that an agent sends
//     with its events is rejected in the answer, as AWS does with entities that it cannot use; the events are stored.
package logs
