// Package e2e holds the tests that use atoll as a user does: the built binary, the real Terraform with the real AWS provider, and
// the AWS CLI. They need these tools and run under the build tag e2e: make e2e.
package e2e
