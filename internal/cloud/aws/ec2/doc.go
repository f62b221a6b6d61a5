// Package ec2 is the local cloud's Amazon VPC: networks and all that stands in them, as records with AWS's checks.
//
// Covered: VPCs, subnets, route tables, internet, egress-only and NAT gateways, Elastic IPs, security groups and their rules,
// network ACLs, VPC endpoints, flow logs, network interfaces, prefix lists, DHCP options, tags, zones and regions. Each account
// has a default VPC in each region, made when the region is first used. Groups, ACLs, routes and gateways decide over the flows that
// the data plane carries (Decide, by package reach).
//
// Deviations: everything reaches its final state at once. There are no instances and no images: DescribeInstances and
// DescribeImages truthfully answer with none. IPv6 blocks come from a pool of the local cloud's own, under 2600:1f00::/24.
// Settings that need IPAM, Outposts, BYOIP, Local Zones or VPC peering are refused by name. Client tokens do not expire.
// Flow logs to CloudWatch Logs have what the data plane tells of (LogFlow), for the interfaces at a flow's ends and not for NAT gateways'
// on its way, without NODATA records; a kill of the cloud loses the intervals that are open. Those to S3 are records only. Of AWS's
// quotas, those of a resource's parts are held (rules, groups of an interface, blocks of a VPC, tags), those of an account are not.
package ec2
