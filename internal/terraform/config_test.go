//go:build unix

package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/machine"
	"atoll/internal/terraform"
	"atoll/tools/provider"
)

func TestWriteCLIConfig(t *testing.T) {
	mirror := filepath.Join(t.TempDir(), `a "mirror"`)
	p := terraform.Provider{Source: terraform.FromBuild, Mirror: mirror}
	dir := filepath.Join(t.TempDir(), "new")
	if path, err := p.WriteCLIConfig(dir); err == nil {
		t.Errorf("wrote %s for a mirror that is empty", path)
	}
	write := func() (string, os.FileInfo) {
		t.Helper()
		path, err := p.WriteCLIConfig(dir)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content), info
	}

	put(t, provider.Binary(mirror, "registry.terraform.io", "6.34.0"))
	one, before := write()
	if strings.Contains(one, "opentofu") || strings.Count(one, `"registry.terraform.io/hashicorp/aws"`) != 2 {
		t.Errorf("the configuration for Terraform's host is\n%s", one)
	}
	if _, after := write(); !os.SameFile(before, after) {
		t.Error("an unchanged configuration was written anew")
	}
	put(t, provider.Binary(mirror, "registry.opentofu.org", "6.34.0"))
	both, after := write()
	if !strings.Contains(both, `["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]`) {
		t.Errorf("the configuration for both hosts is\n%s", both)
	}
	if os.SameFile(before, after) {
		t.Error("the configuration was changed in place")
	}

	if path, err := (terraform.Provider{Source: terraform.FromRegistry}).WriteCLIConfig(dir); err != nil || path != "" {
		t.Errorf("for a registry, WriteCLIConfig = %q, %v, want none", path, err)
	}
}

// engine gives the machine's own.
func engine(t *testing.T) terraform.Engine {
	t.Helper()
	engine, err := terraform.FindEngine(t.Context(), machine.Real(), cacheDir(t))
	if err != nil {
		t.Skip("this machine has no usable engine: ", err)
	}
	return engine
}

func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := machine.Real().CacheDir()
	if err != nil {
		t.Skip("this machine has no cache folder: ", err)
	}
	return dir
}

const configuration = `
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.34"
    }
  }
}
provider "aws" {
  region = "eu-central-1"
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
`

func TestEngineTakesTheCLIConfig(t *testing.T) {
	engine := engine(t)
	mirror := filepath.Join(t.TempDir(), `a "mirror" of ${x}`)
	put(t, provider.Binary(mirror, engine.Registry(), provider.Version))
	rc, err := terraform.Provider{Mirror: mirror}.WriteCLIConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o644); err != nil {
		t.Fatal(err)
	}
	// init installs the provider without starting it, and so finds the stand-in.
	env := []string{"TF_CLI_CONFIG_FILE=" + rc, "CHECKPOINT_DISABLE=1"}
	out, err := machine.Real().Run(t.Context(), env, engine.Path, "-chdir="+dir, "init", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "Installed hashicorp/aws v"+provider.Version) || strings.Contains(out, "problems with the CLI configuration") {
		t.Errorf("init says:\n%s", out)
	}
}

func TestEngineRunsTheBuiltProvider(t *testing.T) {
	engine, cache := engine(t), cacheDir(t)
	if _, ok := provider.Built(cache); !ok {
		t.Skip("the AWS provider has not been built on this machine. Try: atoll provider ensure")
	}
	rc, err := terraform.Provider{Mirror: provider.Mirror(cache)}.WriteCLIConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"TF_CLI_CONFIG_FILE=" + rc, "CHECKPOINT_DISABLE=1"}
	for _, args := range [][]string{{"init", "-no-color"}, {"validate", "-no-color"}} {
		if _, err := machine.Real().Run(t.Context(), env, append([]string{engine.Path, "-chdir=" + dir}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
}
