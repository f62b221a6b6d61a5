// Package cloudtrail is AWS CloudTrail: trails, their delivery, and the history of calls.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
//
// The calls themselves are recorded by package trail. Every five minutes of the clock a worker reads what each trail has logged since
// the last time and puts it into the trail's bucket, its log group and, as a notice, its topic. For trails with log file validation
// it signs a digest each hour, in the form that `aws cloudtrail validate-logs` checks. Where delivery fails, the status says why, and
// the events are tried again the next time. What a closed cloud did not deliver it delivers after its next start.
//
// What differs from AWS:
//   - Only management events are recorded. Selectors of data events and of network activity are checked, stored and shown; such
//     events are not delivered. Insight selectors too: no insights are found.
//   - Log files and digests come at the full five minutes and the full hour, with no delay. After a time in which the cloud was
//     closed one digest covers the whole of it.
//   - A KMS key must exist and be enabled; its key policy is not asked. Files are marked as encrypted with it, not encrypted.
//   - Each account has one signing key in a region, which does not end.
//   - Topics of other accounts and regions are refused.
//   - Organization trails are refused as in an account that is in no organization. Event data stores, channels, queries, imports,
//     dashboards and RecursiveLogging are not there.
package cloudtrail
