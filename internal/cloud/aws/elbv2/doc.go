// Package elbv2 is Elastic Load Balancing v2: load balancers, listeners, rules, target groups and their targets, as Terraform's
// aws_lb resources use them. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
//
// A load balancer has a network interface in each of its subnets, made through EC2, so that subnets, security groups and gateways
// that it uses cannot be deleted under it.
//
// What differs from AWS:
//   - Application load balancers serve where the cloud has an edge; what differs in that is told in internal/dataplane/proxy. Without an
//     edge, and for other types of load balancers, all is checked, stored and shown, and a target is "initial" from the time when a
//     listener uses its group, and gone at once when it is deregistered.
//   - A load balancer is active at once. Capacity is stored and shown.
//   - Interfaces have no IPv6 addresses, also those of dual-stack load balancers. A network load balancer without security groups
//     has the VPC's default group on its interfaces; its description shows none.
//   - Targets of the types instance and lambda are refused, because the local cloud runs neither.
//   - Trust stores are checked, stored and shown, and so is mutual TLS, but no listener with it serves. Their files are read from S3 as the
//     bucket's owner would; giving them back is refused.
//   - Refused as not implemented: IPv6 addresses of subnet mappings; prefixes for IPv6 source NAT; IPAM pools; customer-owned
//     addresses; secondary addresses; QUIC server ids; and the IP address type of rule conditions.
//   - Creating with tags needs no permission of its own.
//   - Certificates are those of ACM; IAM's server certificates are not found.
//   - Load balancers' service-linked role is not made. The bucket of logs is held against its policy as AWS does when logs are
//     turned on, but no test object is written, and its region is not compared.
//   - Web ACLs of AWS WAF judge requests before listeners' rules do, in the same process: waf.fail_open.enabled decides only about requests where
//     that fails by a fault of its own.
//   - A certificate's key type and size are not held against a listener's security policy.
package elbv2
