// Package provider builds the Terraform provider hashicorp/aws from source, for machines that cannot reach a Terraform
// registry but can reach a Go module proxy. The result is kept in a folder outside of any repository, laid out as
// Terraform's filesystem_mirror takes it, and is built once per machine.
//
// The upstream module cannot be fetched from a proxy under its own path, because its tags are v6 and its path has no /v6.
// The module in module/ therefore takes the fork that Crossplane builds on, at the commit that equals release 6.34.0. Its
// go.sum is complete, so that the checksum database is not asked.
//
// A cold build takes half an hour of two cores, and 9 GB of memory and of disk; one with a warm Go build cache takes a
// minute. Cgo is left as the environment has it, which by default is on where there is a C compiler and off elsewhere: both
// give a working provider, but a change of it compiles nearly every package anew.
package provider
