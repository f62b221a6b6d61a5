// Package inspect finds what stands of an environment: its ECS cluster, services, tasks and jobs, its load balancer with listeners and
// targets, its databases. It asks AWS's APIs alone, so that it is the same on AWS and on the local cloud, and needs no Terraform.
//
// An environment's resources are found by the tags Project and Environment, which the blueprint gives to each, and where the tagging API
// does not know them yet (it lags behind on AWS) by the names that the blueprint gives: PREFIX is PROJECT-ENVIRONMENT, the cluster, the
// load balancer and the database have it as their name.
package inspect
