// Package route53 is Amazon Route 53: hosted zones, their records, and health checks.
// https://docs.aws.amazon.com/Route53/latest/APIReference/
//
// Names are kept as Route 53 gives them: in lower case, with a final dot, and with every character but letters, digits, hyphens and
// underscores written as an escape code, such as \052 for an asterisk. Records are keyed by their name with its labels reversed,
// which is the order in which they are listed.
//
// What differs from AWS:
//   - Changes are INSYNC when they are answered. They can be asked for by their ids for a day.
//   - No DNS server answers for the zones. TestDNSAnswer and other services of the cloud, such as ACM, read the records. It takes
//     the first of several records with a routing policy that has a weight other than 0, and it refuses aliases that lead out of
//     the zone.
//   - An alias to a load balancer, an S3 website, CloudFront or Global Accelerator must have the form of the names in the zone that
//     it gives; that the target exists is not checked. Targets in other zones of AWS are kept unchecked.
//   - Health checks are kept and not run: they count as healthy. Those of alarms do not look at the alarm, and do not
//     show its settings. Names such as example.com, which AWS reserves, can be used.
//   - Deleting a VPC does not take it from its private zones. VPCs of other accounts, for which AWS wants an authorisation first,
//     are refused.
//   - Query logging is checked, kept and shown. As nothing is asked of the zones by DNS, nothing is logged.
//   - Traffic policies, DNSSEC signing and accelerated recovery are refused. Quotas on the number of zones and records are not counted.
package route53
