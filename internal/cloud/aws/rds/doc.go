// Package rds is Amazon RDS: DB instances with their storage, networks, parameters and master users, read replicas, snapshots,
// automated backups and restores, and the groups of subnets and parameters. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
//
// With Deps.Servers, a PostgreSQL instance has a real database server: it is creating until that answers, and modifying, rebooting, stopping
// or deleting until that has followed (server_keeper.go). Snapshots and restores copy data; parameters are applied. Without it,
// instances are records, and changes are final at once: what is created is available, what is deleted is gone. MySQL instances (8.0
// and 8.4) are always records, so that configurations which name them can be planned and applied.
//
// Changes that wait for the maintenance window, daily
// backups and the end of a stop come with the clock: calls see them at their time, and the worker makes them without a call.
//
// What differs from AWS:
//   - Engines other than postgres (13 to 17) and mysql are refused by name. The versions are those of the end of 2025; none is
//     upgraded by itself, and there are no pending maintenance actions.
//   - The server has the major version that was asked for, installed or downloaded (ATOLL-EVENT-0002 tells of a download); where neither is
//     possible it has another one. Its minor version is that which there is. An event (ATOLL-EVENT-0001) tells where major versions differ and why, and
//     which parameters it could not take. Package internal/dataplane/postgres lists what else differs. Minor upgrades restart it,
//     major ones are refused.
//   - An instance is storage-full when the machine's disk is, not when its own storage is; an event (ATOLL-EVENT-0003) tells when there is space again. A
//     new instance that finds no space has failed, and comes up when there is some.
//   - Metrics are CPUUtilization (on Linux), DatabaseConnections, FreeStorageSpace and FreeableMemory, once the instance answers and each minute. The server's log can
//     be exported; the log files themselves are not listed. What is logged while the cloud is down is not there.
//   - Stored, checked and shown without an effect: the other log exports, enhanced monitoring, Performance Insights, IAM authentication, roles,
//     the size and speed of storage and its growth. The less common parameters of MySQL are missing.
//   - DBInstanceClassMemory is all of the class's memory. Without servers, formulas are not evaluated.
//   - A standby of a read replica is a record only. LatestRestorableTime is now: a restore has the source archive what it has.
//   - An instance whose server cannot start tries again every minute.
//   - A reboot makes the parameters of the group take effect, and no pending changes; those wait for the maintenance window.
//   - Master passwords lie in the cloud's state file, which only its owner can read, as they must be known when a database starts.
//     RDS does not rotate those that it manages by itself; RotateMasterUserPassword does.
//   - Backup and maintenance windows that are not given lie between 03:00 and 11:00 UTC in every region.
//   - Storage can be changed again at once, not six hours later.
//   - A deleted source makes its replicas instances of their own, as AWS does for replicas of the same region. Replicas, copies and
//     restores across regions or accounts are refused.
//   - Shared snapshots are marked as such; other accounts cannot restore them.
//   - Option groups' options are stored and do not act. Clusters, proxies, blue/green deployments, domains, dedicated log
//     volumes, processor features and RDS Custom are refused.
//   - Instance classes are the current ones without the oldest (t2, m3, m4, r3, r4); each is orderable in every zone.
package rds
