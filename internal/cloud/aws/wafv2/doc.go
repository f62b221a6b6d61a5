// Package wafv2 is AWS WAF: web ACLs, rule groups, IP sets, regex pattern sets, and which load balancers a web ACL protects.
// https://docs.aws.amazon.com/waf/latest/APIReference/
//
// Rules are checked as AWS checks them, and their capacity (WCU) is counted as AWS documents it: a text transformation of a request
// component counts once in a web ACL or rule group, however often it is used.
//
// What differs from AWS:
//   - Rules do not inspect requests yet, so nothing is blocked, counted, sampled or logged. Logging configurations are stored and shown.
//   - The rules inside AWS's managed rule groups are not there; their names, actions and capacities are. Groups of sellers in the AWS
//     Marketplace are unknown.
//   - Web ACLs protect Application Load Balancers only. Other resources are refused, as are logs to Firehose, monetization, Firewall
//     Manager, API keys and the mobile SDK. ApplicationIntegrationURL is never given.
//   - Regular expressions are checked for their length only.
//   - A new resource can be used at once: there is no WAFUnavailableEntityException.
package wafv2
