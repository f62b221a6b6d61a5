// Package dynamodb is the local cloud's Amazon DynamoDB: tables with local and global secondary indexes, items with DynamoDB's
// types, order, limits and expressions, batches, transactions, time to live and tags.
//
// Items stand in the store under an encoding of their keys that sorts as DynamoDB does, and index entries under one of the
// index's keys, so that a query reads only what it gives back. A scan goes by a hash of the partition key, as on AWS. Every
// acknowledged write is on disk.
//
// Deviations from AWS:
//   - All reads are consistent, and indexes and statuses change within the call.
//   - Item counts and sizes in DescribeTable are exact at once; AWS updates them every six hours.
//   - Time to live deletes an item in the second in which it expires, by the cloud's clock; AWS takes up to days.
//   - Provisioned, on-demand and warm throughput is stored and shown. Capacity is counted, and nothing is ever throttled.
//   - Server-side encryption with a KMS key shows the key, which must exist; the state file is not encrypted with it.
//   - Point-in-time recovery is stored and shown. Restoring is refused, as are backups, exports and imports.
//   - Refused: streams (there is no Streams API to read them by), replicas and global tables, witnesses, resource policies,
//     vector indexes, Kinesis destinations and PartiQL.
package dynamodb
