// Package firewall judges HTTP requests by web ACLs, as AWS WAF does in front of an application load balancer:
// https://docs.aws.amazon.com/waf/latest/developerguide/
//
// A WebACL is plain data; Compile makes an ACL of it, which judges requests, counts and samples them, and passes its memory on to the ACL
// that takes its place. The package knows no service of the cloud, opens no connection and starts nothing.
//
// A statement that cannot be judged here is neither true nor false: a NOT of it is not true either, and a rule whose statement
// ends so does not match. What an ACL cannot judge is told by ACL.Unjudged.
//
// What differs from AWS:
//   - Managed rule groups, and labels of theirs; countries and autonomous systems; SQL injection and cross-site scripting; TLS fingerprints; the
//     order of headers; URI fragments; and rules with the actions CAPTCHA and Challenge cannot be judged.
//   - Regular expressions are Go's. One that Go does not take cannot be judged.
//   - Rates are counted for each request, in steps of 10 seconds, and act at once; AWS estimates them with a delay.
//   - Of the many requests of a second, the first ones are sampled; the 500 last samples of each rule are kept.
//   - Text that is not valid in its encoding is left as it is, or is decoded as far as it is valid: AWS does not say what happens to it. A plus
//     sign decodes to a space.
package firewall
