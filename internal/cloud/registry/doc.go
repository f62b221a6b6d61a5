// Package registry is the container registries of Amazon ECR as clients such as docker and crane see them: the OCI distribution API on the
// hosts ACCOUNT.dkr.ecr.REGION.amazonaws.com and, without a proxy or TLS, ACCOUNT.dkr.ecr.REGION.localhost.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
//
// Callers show the password of ECR's GetAuthorizationToken. Each request is run as the operations of ECR's API that it is on AWS too, so
// that both see the same repositories, and the audit record shows them; only the bytes of layers take a shorter way.
//
// What differs from AWS:
//   - A layer is sent at once, not by a redirect to S3.
//   - UploadLayerPart is not recorded, the other operations of a push are.
//   - A registry serves its own account's callers alone, whatever repository policies say.
//   - Tags are listed in alphabetical order.
package registry
