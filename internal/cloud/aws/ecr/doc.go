// Package ecr is Amazon Elastic Container Registry: repositories with their policies and tags, images, and the layers that they are
// made of. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/
//
// The content of layers is in files named by its SHA-256, once for all repositories; a record counts the repositories that have it.
// Manifests are in the image's record. Uploads under way are known to the process alone and end with it.
//
// What differs from AWS:
//   - Package registry serves docker push and pull. The URLs of GetDownloadUrlForLayer are the cloud's own, and end when it is restarted.
//   - Lifecycle policies act when they are put, and then with the first call on the repository's images an hour or more after they
//     last did; AWS takes up to a day. The archive storage class (the action transition, sinceImageTransitioned) is refused.
//   - Images are not scanned: DescribeImages shows, for a repository with scan on push, a scan that failed and says why. Scans and their
//     findings cannot be asked for.
//   - A KMS key must exist and be enabled when a repository is made with it. Layers are not encrypted one by one: they are in files
//     that only their owner can read.
//   - Repository policies are checked and stored. Roles that they name must exist; users and other accounts are not looked up.
//   - Repositories of other accounts' registries cannot be reached. The registry's settings are checked, stored and shown, and do not
//     act: its policy, how it scans, where it is replicated to, its pull through cache rules (whose secrets are not looked up) and the
//     account's settings. Templates for repositories are refused.
package ecr
