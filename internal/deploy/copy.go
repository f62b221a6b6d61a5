package deploy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"atoll/internal/disk"
)

// backendOverride keeps the rehearsal's state beside the copy, whatever backend the project has.
// https://developer.hashicorp.com/terraform/language/files/override
const backendOverride = `# Written by atoll: the rehearsal keeps its state here.
terraform {
  backend "local" {}
}
`

const overrideName = "atoll_backend_override.tf"

// mirror makes the folder to a copy of the project's root: new and changed files are written, files that the project no longer has
// are removed. What Terraform writes into the copy stays, above all its state.
func mirror(root, to string) error {
	want := map[string]bool{filepath.Join("environment", overrideName): true}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (d.Name() == ".terraform" || d.Name() == ".atoll" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir(), written(d.Name()):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want[rel] = true
		_, err = disk.Write(filepath.Join(to, rel), content, 0o644)
		return err
	})
	if err != nil {
		return fmt.Errorf("copying the project to %s: %w", to, err)
	}
	if _, err := disk.Write(filepath.Join(to, "environment", overrideName), []byte(backendOverride), 0o644); err != nil {
		return fmt.Errorf("copying the project to %s: %w", to, err)
	}
	return prune(to, want)
}

// written reports whether Terraform writes files of this name by itself.
func written(name string) bool {
	return name == ".terraform.lock.hcl" || strings.HasPrefix(name, "terraform.tfstate") || strings.HasPrefix(name, ".terraform.tfstate") ||
		strings.HasSuffix(name, ".tfplan") || name == initMark
}

func prune(dir string, want map[string]bool) error {
	var gone []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".terraform":
			return fs.SkipDir
		case !d.IsDir() && !want[rel] && !written(d.Name()):
			gone = append(gone, path)
		}
		return nil
	})
	for _, path := range gone {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("cleaning the copy %s: %w", dir, err)
	}
	return nil
}

// hasBackend reports whether the root module says where its state lives.
func hasBackend(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.tf"))
	return slices.ContainsFunc(files, func(path string) bool {
		source, err := os.ReadFile(path)
		return err == nil && backendBlock.Match(source)
	})
}
