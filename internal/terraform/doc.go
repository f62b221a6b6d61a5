// Package terraform finds or installs what a configuration runs on: the engine, which is Terraform or OpenTofu, and the
// provider hashicorp/aws, which comes from a registry, from a build on this machine, or from where the user says.
//
// Environment:
//
//	ATOLL_TERRAFORM  the engine to use, a path or a name on PATH
//	ATOLL_PROVIDER   "registry", "build", or the path of a provider's binary or of a mirror that holds one
//	ATOLL_CACHE_DIR  where the built provider and an installed engine are kept
package terraform
