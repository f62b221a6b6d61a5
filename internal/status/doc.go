// Package status tells how an environment does: its services, tasks and deployments, what its load balancer makes of them, its database, jobs
// and alarms, and in one line whether all is well. It asks AWS's APIs alone, so that it is the same on AWS and on the local cloud.
//
// What counts as a problem, and what does not: judge.go.
package status
