// Package blueprint carries the Terraform configuration of an environment: ordinary HCL that works with bare terraform
// and with OpenTofu. The files are embedded byte for byte, so that the binary can write them into a project of its
// user, who owns them from then on.
package blueprint

import (
	"embed"
	"io/fs"
)

// The patterns name what belongs to the blueprint and nothing that Terraform leaves in a folder in which it ran, such
// as .terraform, a lock file or a state.
//
//go:embed README.md
//go:embed environment/*.tf environment/*.tfvars environment/tests/*.tftest.hcl
//go:embed modules/*/*.tf modules/*/tests/*.tftest.hcl
var files embed.FS

// FS returns the blueprint's files, read-only. Paths are relative to the blueprint's own folder and slash-separated,
// e.g. "environment/main.tf".
func FS() fs.FS { return files }
