// Package ecs is Amazon ECS: clusters, task definitions, services, their deployments, and tasks.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/
//
// A service's tasks are made of a revision, which never changes; an update that asks for other tasks makes a new revision and deploys
// it. The scheduler (scheduler.go) brings the tasks' records towards what the service is to be, within the bounds of the deployment
// configuration. Tasks run behind Runtime, which tells what becomes of them; the health of their targets counts too (attention.go). Without a Runtime
// nothing runs: what is started counts as running, so that a service is steady when the call that changed it returns.
//
// What differs from AWS:
//   - Tasks run on Fargate only. There are no container instances: services with the launch type EC2 are made and wait, as on AWS, for
//     instances to place their tasks on; a daemon's tasks are none. Capacity providers other than FARGATE and FARGATE_SPOT, external
//     instances and managed instances are refused. A task of FARGATE_SPOT is never interrupted.
//   - Deployments roll. The strategies BLUE_GREEN, LINEAR and CANARY, bake times and lifecycle hooks are refused. A service with the
//     deployment controller CODE_DEPLOY or EXTERNAL can be made; the first has one task set, and there are no operations on task sets.
//   - After tasks have failed in a row, the next one waits 1, 2, 4… seconds, a minute at most; AWS's pauses grow to 27 minutes. A task
//     that cannot be placed at all is tried again once a minute, or with the circuit breaker as often as its threshold has it, at once.
//   - The circuit breaker counts every task that ends by itself, also one that was RUNNING; AWS counts those that never get there or fail health
//     checks. It counts anew when a task's container health check succeeds; that a task answers its load balancer does not count.
//   - Tasks end with the local cloud; services start others when it is there again. Those of RunTask are not run again.
//   - Deployment alarms end a deployment that is under way. AWS goes on to watch them for a time after the tasks have been replaced.
//   - Service Connect, service discovery, default namespaces, VPC Lattice, EBS volumes, Classic Load Balancers, GPUs and inference
//     accelerators, port ranges and gMSA credential specs are refused, since what they need is not there.
//   - ECS Exec: the agent of a container with a read-only root file system does not run. Sessions that are logged to
//     S3 are refused. Output is logged, line by line, when a session ends.
//   - Container Insights, volumes of EFS and FSx, rebalancing over zones, the account settings and App Mesh are checked, kept and shown, and do not act.
//     What of a container's settings acts is said in internal/cloud/fargate.
//   - Deleted services and clusters are shown as INACTIVE for an hour. A deleted task definition is gone as soon as nothing uses it.
//   - The service-linked role is named where AWS names it, but is not made.
//   - A task that has stopped and a task definition that is deregistered lose their tags: nothing of a destroyed environment is found by
//     its tags.
package ecs
