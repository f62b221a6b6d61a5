// Package logs reads the logs of an environment's services, jobs and databases from CloudWatch Logs, merged by time, and follows them.
//
// Where a task's log is, its task definition says: the options of the awslogs driver. A database's is what RDS exports.
//
// Following asks again and again for what is new. CloudWatch Logs has no order of arrival: an event may come later than others with a later time.
// So each look begins a little before the newest event that is known (see lateness), and passes over events that were given already, by their ids.
// An event that arrives later than that is lost to a follower; reading finds it.
package logs
