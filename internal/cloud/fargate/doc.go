// Package fargate runs the tasks of ECS: what AWS Fargate does between the API and the containers. It is ECS's Runtime.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
//
// A task gets a network namespace behind its network interface, a control group of its size, its secrets and parameters with the
// permissions of its execution role, its images with the same, credentials of its task role and the metadata endpoint of version 4 at 169.254.170.2, and
// its containers' output in CloudWatch Logs. It ends with its first essential container. Reasons are worded as AWS words them. Each minute CloudWatch is
// told what CPU and memory the tasks of services use, as their control groups have it.
//
// Tasks do not outlive the cloud: when it ends they are stopped, and those that a killed cloud has left are ended at the next start; services start others.
//
// What differs from AWS:
//   - Tasks with the PID mode task, whose containers share their processes, are not started.
//   - Containers that want environment files, FireLens, other log drivers than awslogs, EFS volumes, system controls, restart policies, or registries
//     with credentials of their own are not started; the task's stopped reason says so.
//   - Images are pulled, secrets read and logs written by the cloud itself, not through the task's network interface: a task without a way
//     to AWS's endpoints starts all the same.
//   - A flow to a task's port comes from the task's own address, not from the load balancer's, unless a container engine runs the task.
//   - With a container engine the task's size is the limit of each of its containers, and what they use is measured up to the last question before their end.
//   - A task is measured from its first full minute on, or from its first 20 seconds. Where the machine lets nobody change control groups, nothing is measured.
//   - The metadata endpoint tells no statistics (/stats, /task/stats), and of tags none.
//   - Task storage is as large as the machine's disk.
package fargate
