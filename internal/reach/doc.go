// Package reach says whether a flow gets through Amazon VPC networks, and what decides over it: security groups, network ACLs, route
// tables, NAT and internet gateways, gateway endpoints. It works on plain data, whether from AWS or from the local cloud, and does
// no I/O.
//
// Covered: flows of TCP, UDP and ICMP echo over IPv4 and IPv6, between network interfaces of a VPC, to and from the internet, from
// one VPC to another over public addresses, to AWS services over gateway endpoints. Security groups are stateful
// (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-connection-tracking.html), so that only a flow's first packet is
// held against their rules; network ACLs are stateless (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html), so
// that the answer is held against their entries too, with its ephemeral destination port.
//
// Not modelled, and answered with Unknown, never with a guess: VPC peering, transit and virtual private gateways, routes through
// appliances (a network interface, an instance, a Gateway Load Balancer), and route tables of gateways.
//
// Where a flow's source port is not given, all ports that the source may choose from must get through: an ACL that lets only some of
// them through makes connections fail now and then on AWS, and counts as blocking here. Rules that name a group of a peered VPC or of
// another account match nothing. What a host does with a flow that reaches it is not asked.
package reach
