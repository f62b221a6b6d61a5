// Package provider builds the Terraform provider hashicorp/aws from source, for machines that cannot reach a Terraform
// registry but can reach a Go module proxy. The result is kept in a folder outside of any repository, laid out as
// Terraform's filesystem_mirror takes it, and is built once per machine.
//
// The upstream module cannot be fetched from a proxy under its own path, because its tags are v6 and its path has no /v6.
// The module in module/ therefore takes the fork that Crossplane builds on, at release 6.34.0 plus one exported package. Its
// go.sum is complete, so that the checksum database is not asked.
//
// A cold build takes half an hour of two cores, and 9 GB of memory and of disk; one with a warm Go build cache takes a
// minute. Cgo is left as the environment has it, which by default is on where there is a C compiler and off elsewhere: both
// give a working provider, but a change of it compiles nearly every package anew.
//
// For another release: put the files of module/ into an empty folder as go.mod and go.sum, change the version in go.mod, run
// `GONOSUMDB=github.com/upbound/terraform-provider-aws go mod tidy` there, copy both back, and change the constants here.
package provider
