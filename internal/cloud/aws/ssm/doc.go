// Package ssm is the Parameter Store of AWS Systems Manager: parameters in hierarchies with their history, labels, tiers and policies.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
//
// A parameter is one record that has its current version in it, so that a read touches one record; each version is also a record of
// its own, for the history. Secure strings are encrypted by KMS, with the parameter's ARN as encryption context.
//
// What differs from AWS:
//   - AWS's public parameters (/aws/service/…) are not there. Reading one by name finds nothing; listing them is refused.
//   - Secrets cannot be read through /aws/reference/secretsmanager/….
//   - The policy Expiration acts; ExpirationNotification and NoChangeNotification are refused.
//   - The data type aws:ec2:image is refused. aws:ssm:integration is stored; nothing uses it.
//   - The default tier of the account is Standard. Throughput is not limited.
//   - Secure strings of both tiers are encrypted directly; AWS puts an envelope around those of the advanced tier.
//   - Parameters are not shared between accounts: Shared gives none.
//   - Tags of other resources of Systems Manager, and all other parts of it, are refused.
package ssm
