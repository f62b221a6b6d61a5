//go:build unix

package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/hint"
	"atoll/internal/machine"
	"atoll/internal/terraform"
)

// program writes an executable shell script.
func program(t *testing.T, path, script string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const warned = "echo; echo 'Warning: Unable to open CLI configuration file' >&2\n"

func TestFindEngine(t *testing.T) {
	const installed = "cache/terraform/1.11.4/terraform"
	for _, test := range []struct {
		name     string
		programs map[string]string // by path below a folder whose bin is on PATH
		given    string            // ATOLL_TERRAFORM
		want     terraform.Engine  // with a path below that folder
		errors   []string          // parts of the error
	}{
		{
			name: "terraform before tofu",
			programs: map[string]string{
				"bin/terraform": warned + "echo Terraform v1.11.4; echo on linux_amd64",
				"bin/tofu":      "echo OpenTofu v1.12.6",
			},
			want: terraform.Engine{Name: "Terraform", Version: "1.11.4", Path: "bin/terraform"},
		},
		{
			name:     "tofu where terraform is too old",
			programs: map[string]string{"bin/terraform": "echo Terraform v1.8.5", "bin/tofu": "echo OpenTofu v1.9.0"},
			want:     terraform.Engine{Name: "OpenTofu", Version: "1.9.0", Path: "bin/tofu"},
		},
		{
			name:     "the installed one where terraform is too old",
			programs: map[string]string{"bin/terraform": "echo Terraform v1.8.5", "bin/tofu": "echo OpenTofu v1.9.0", installed: "echo Terraform v1.11.4"},
			want:     terraform.Engine{Name: "Terraform", Version: "1.11.4", Path: installed},
		},
		{
			name:   "none",
			errors: []string{"looking for terraform: ", "looking for tofu: "},
		},
		{
			name:     "none that fits",
			programs: map[string]string{"bin/terraform": "echo Terraform v1.9.0-rc2", "bin/tofu": "echo no library >&2; exit 127"},
			errors:   []string{"Terraform 1.9.0-rc2 at ", " is older than 1.9.0; ", "/tofu version: exit status 127\n    no library"},
		},
		{
			name:     "not an engine",
			programs: map[string]string{"bin/terraform": "echo hello"},
			errors:   []string{`is neither Terraform nor OpenTofu: its version command says "hello\n"`},
		},
		{
			name:     "given",
			programs: map[string]string{"bin/terraform": "echo Terraform v1.11.4", "other/engine": "echo OpenTofu v1.10.0"},
			given:    "other/engine",
			want:     terraform.Engine{Name: "OpenTofu", Version: "1.10.0", Path: "other/engine"},
		},
		{
			name:     "given and too old",
			programs: map[string]string{"bin/terraform": "echo Terraform v1.11.4", "other/engine": "echo OpenTofu v1.6.0"},
			given:    "other/engine",
			errors:   []string{"ATOLL_TERRAFORM: OpenTofu 1.6.0 at ", " is older than 1.9.0"},
		},
		{
			name:   "given and absent",
			given:  "other/engine",
			errors: []string{"ATOLL_TERRAFORM: looking for ", "no such file"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for path, script := range test.programs {
				program(t, filepath.Join(dir, path), script)
			}
			t.Setenv("PATH", filepath.Join(dir, "bin"))
			t.Setenv("ATOLL_TERRAFORM", "")
			if test.given != "" {
				t.Setenv("ATOLL_TERRAFORM", filepath.Join(dir, test.given))
			}
			engine, err := terraform.FindEngine(t.Context(), machine.Real(), filepath.Join(dir, "cache"))
			if test.errors == nil {
				test.want.Path = filepath.Join(dir, test.want.Path)
				if err != nil || engine != test.want {
					t.Errorf("FindEngine = %v, %v, want %v", engine, err, test.want)
				}
				return
			}
			if err == nil {
				t.Fatalf("FindEngine = %v, want an error", engine)
			}
			message, try := hint.Split(err)
			for _, part := range test.errors {
				if !strings.Contains(message, part) {
					t.Errorf("error = %q, want %q in it", message, part)
				}
			}
			if !strings.Contains(try, "ATOLL_TERRAFORM") {
				t.Errorf("hint = %q", try)
			}
		})
	}
}

func TestFindRealEngine(t *testing.T) {
	engine, err := terraform.FindEngine(t.Context(), machine.Real(), t.TempDir())
	if err != nil {
		t.Skip("this machine has no usable engine: ", err)
	}
	if _, err := os.Stat(engine.Path); err != nil {
		t.Errorf("%v: %v", engine, err)
	}
}

func TestRegistry(t *testing.T) {
	for name, want := range map[string]string{"Terraform": "registry.terraform.io", "OpenTofu": "registry.opentofu.org"} {
		if got := (terraform.Engine{Name: name}).Registry(); got != want {
			t.Errorf("the registry of %s is %s, want %s", name, got, want)
		}
	}
}
