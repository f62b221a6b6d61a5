package provider

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Version is the release of hashicorp/aws that Build makes.
const Version = "6.34.0"

const (
	mainPackage = "github.com/hashicorp/terraform-provider-aws"
	forkVersion = "v0.0.0-20260305123303-f7691456b787"
	forkFolder  = "github.com/upbound/terraform-provider-aws@" + forkVersion // in Go's module cache
)

// The files have another name than go.mod, because Go embeds nothing out of a nested module.
//
//go:embed module/go.mod.embed module/go.sum.embed
var module embed.FS

// Hosts lists the registries whose hashicorp/aws the mirror holds: Terraform's and OpenTofu's, in this order.
func Hosts() []string { return []string{"registry.terraform.io", "registry.opentofu.org"} }

// Mirror is the folder for the path of a filesystem_mirror block.
func Mirror(cacheDir string) string { return filepath.Join(cacheDir, "provider") }

// Binary is where a mirror has the provider of a host for this platform, at a version such as "6.34.0".
// See https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror for the layout.
func Binary(mirror, host, version string) string {
	return filepath.Join(mirror, host, "hashicorp", "aws", version, runtime.GOOS+"_"+runtime.GOARCH,
		"terraform-provider-aws_v"+version+executableSuffix())
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// Built tells where the built provider is, and false if it has not been built in this cache yet.
func Built(cacheDir string) (string, bool) {
	path := Binary(Mirror(cacheDir), Hosts()[0], Version)
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// share gives the provider at path to the other hosts of the mirror too. It may run in several processes at once.
func share(cacheDir, path string) error {
	for _, host := range Hosts()[1:] {
		other := Binary(Mirror(cacheDir), host, Version)
		if same(path, other) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
			return err
		}
		if err := link(path, other); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// link makes a hard link, or a symbolic one where the file system has no hard links, and replaces what is there.
func link(from, to string) error {
	for _, makeLink := range []func(from, to string) error{os.Link, os.Symlink} {
		err := makeLink(from, to)
		if errors.Is(err, fs.ErrExist) && !same(from, to) {
			if err = os.Remove(to); err == nil || errors.Is(err, fs.ErrNotExist) {
				err = makeLink(from, to)
			}
		}
		if err == nil || same(from, to) {
			return nil
		}
	}
	return &os.LinkError{Op: "link", Old: from, New: to, Err: errors.New("the file system has neither hard nor symbolic links")}
}
