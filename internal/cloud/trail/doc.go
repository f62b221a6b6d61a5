// Package trail is the audit record of the cloud's calls, in the form of CloudTrail's events.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
//
// A call costs its caller an entry in a queue. A goroutine renders the entries, in their order, and appends them as lines of JSON to
// the day's file, several times a second. Files are cut at 8 MiB and counted through; together they take 256 MiB at most and hold 90
// days, the oldest ones go first. Where the latest events stand is kept in memory. A clean end writes all events; a killed process loses
// those of the last tenth of a second.
//
// What differs from AWS: only management events are recorded, data events are not. Parameters have the API's member names with
// a small first letter, where AWS has other names for some (EC2's lists, S3's sub-resources).
package trail
