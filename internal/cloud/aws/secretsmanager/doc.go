// Package secretsmanager is AWS Secrets Manager: secrets with their versions and staging labels, replicas in other regions, resource
// policies, deletion with a recovery window, and random passwords. https://docs.aws.amazon.com/secretsmanager/latest/apireference/
//
// A secret is one record; each version is a record of its own, so that a new version costs the same however many there are. A replica
// is a secret in the other region that follows its primary in the same transaction.
//
// What differs from AWS:
//   - A KMS key must exist and be enabled where a secret is given it, and where a version under it is written or read. Its key policy
//     is not asked, and values are not encrypted one by one: all of the cloud's state is in one file that only its owner can read.
//   - Secrets can be listed at once. A deleted secret is gone at the moment its recovery window ends, and at once when forced.
//   - There is no Lambda: RotateSecret is refused, also for secrets that another service manages, and these show no rotation.
//   - A secret that another service manages can be read, tagged and given a policy; its value, its description and its life belong to
//     that service.
//   - Resource policies are checked and stored. Roles that they name must exist; users and other accounts are not looked up.
//   - Secrets of other accounts cannot be reached, whatever their policy says.
//   - Managed external secrets (Type and what goes with it) are refused.
package secretsmanager
