// Package wafv2 is AWS WAF: web ACLs, rule groups, IP sets, regex pattern sets, and which load balancers a web ACL protects.
// https://docs.aws.amazon.com/waf/latest/APIReference/
//
// Rules are checked as AWS checks them, and their capacity (WCU) is counted as AWS documents it: a text transformation of a request
// component counts once in a web ACL or rule group, however often it is used.
//
// Where load balancers serve, an associated web ACL judges each of their requests, from the commit of a change on (Plane): it blocks, with
// custom responses; counts; adds labels and headers; limits rates. Its metrics, samples and its log in CloudWatch Logs tell of that. How it is done, and
// what differs there, is told in internal/dataplane/firewall.
//
// What differs from AWS:
//   - These are taken and shown, but never match, also not within NOT: AWS's managed rule groups, whose rules are not published (their names,
//     actions and capacities are there), and their labels; countries and autonomous systems; SQL injection and cross-site scripting; TLS
//     fingerprints; the order of headers; URI fragments; rules with the actions CAPTCHA and Challenge. The cloud's log names what of a web
//     ACL that is in use cannot be judged. Groups of sellers in the AWS Marketplace are unknown.
//   - Without an edge, web ACLs are records.
//   - Clients at the edge of the local cloud have the address by which they come to it, such as 127.0.0.1.
//   - Samples, and the counts of rates, are lost with the process, and once a web ACL protects nothing. Data protection acts on neither samples nor logs. Logs to S3 are not written.
//     Entries of logs do not tell the keys of rates. There are no metrics of labels, and no country in samples and logs.
//   - Web ACLs protect Application Load Balancers only. Other resources are refused, as are logs to Firehose, monetization, Firewall
//     Manager, API keys and the mobile SDK. ApplicationIntegrationURL is never given. Protection against DDoS attacks is stored and shown.
//   - Regular expressions are checked for their length only. Those that Go does not take never match.
//   - A new resource can be used at once: there is no WAFUnavailableEntityException.
package wafv2
