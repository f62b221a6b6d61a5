// Package cloudwatch is Amazon CloudWatch: metrics, metric math, alarms and dashboards. It speaks AWS Query, RPC v2 CBOR and JSON 1.0.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
//
// A metric's data lies in chunks: records with up to 30 data points of one unit and resolution, keyed by the metric and their time, so
// that a datum costs the same however much there is, and a query reads its own time range only. Data is as durable as any other write:
// what PutMetricData has acknowledged is on disk. An hourly pass puts old data together in coarser points, and so bounds what there is.
//
// What differs from AWS:
//   - Data is kept for 3 hours at 1 second, 3 days at 1 minute, 15 days at 5 minutes and 63 days at 1 hour; AWS keeps it for 3 hours,
//     15, 63 and 455 days.
//   - Up to 150 distinct values of a period are kept exactly for percentiles; AWS always gathers them in buckets. A percentile is a
//     value that came, not one between two. As on AWS, statistic sets of different values and negative values have none.
//   - An alarm looks two periods further back than it evaluates, for data in place of missing data; AWS's number is not documented.
//   - Anomaly detection, PromQL and log alarms, Metrics Insights queries, SEARCH, SLICE, SORT and other functions that look metrics up,
//     dynamic labels, entities, wall clock windows, warm-ups, propagation of tags and metrics of other accounts are refused.
//   - The actions that are carried out are notifications of SNS topics and those of scaling policies. An action of another kind is
//     stored and shown; an alarm that would take it writes into its history that it failed.
//   - A composite alarm is evaluated when it is made and whenever an alarm in its rule changes. A rule that leads back to its own alarm
//     is refused; AWS takes it, and never evaluates it. While actions are suppressed the alarm may change back and forth: at the end
//     it acts for the state that it is in, unless it has acted for it last.
//   - Of a dashboard's body the layout and the required properties of widgets are checked. There are no validation messages that let a
//     body pass.
//   - Configuration changes of alarms are not published as events.
package cloudwatch
