// Package explain answers whether one part of an environment reaches another, by which hops, and what to do where it does not. It asks
// AWS's APIs for the network and leaves the judgement to package reach, so that the answer is the same kind on AWS and on the local cloud,
// where the data plane judges each flow by the same package.
//
// A part is a service or a job, the load balancer, the database, the internet, an address, or a network interface. Of a service with
// several tasks, and of a load balancer with several interfaces, all pairs that differ in their subnets or security groups are looked at.
package explain
