// Package state is the local cloud's store: one transactional store for all services, memory first, durable through bbolt.
//
// All records stand decoded in one immutable radix tree. A View reads a snapshot of it without any lock; Updates run one at a
// time on a copy, which replaces the tree when they succeed. What an Update wrote is on disk when it returns: a single committer
// gathers the writes of all waiting Updates into one bbolt transaction with one fsync. A View may see a write some
// milliseconds before it is on disk; no caller is told of it earlier.
//
// Records are kept as JSON, in a bucket per table, under account, region and id. Indexes, the ARN index among them, are rebuilt
// when a table is opened. Tags belong to ARNs and go with the record that has the ARN.
package state
