package terraform

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"atoll/internal/hint"
	"atoll/internal/machine"
)

// MinimumVersion is the oldest engine that runs the blueprint, for Terraform and for OpenTofu.
const MinimumVersion = "1.9.0"

const tryEngine = "install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu " +
	"(https://opentofu.org/docs/intro/install/), " + MinimumVersion + " or newer, or set ATOLL_TERRAFORM to the path of one"

// Engine is a program that applies Terraform configurations.
type Engine struct {
	Name    string `json:"name"` // "Terraform" or "OpenTofu"
	Version string `json:"version"`
	Path    string `json:"path"`
}

func (e Engine) String() string { return e.Name + " " + e.Version + " at " + e.Path }

// Registry is the host that the engine takes "hashicorp/aws" from.
func (e Engine) Registry() string {
	if e.Name == "OpenTofu" {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

// FindEngine gives ATOLL_TERRAFORM if it is set; else the first that is new enough of terraform on PATH, the one that
// InstallEngine put into the cache, and tofu on PATH. Its error says what was found, and carries a hint.
func FindEngine(ctx context.Context, m machine.Machine, cacheDir string) (Engine, error) {
	if given := m.Getenv("ATOLL_TERRAFORM"); given != "" {
		engine, err := inspect(ctx, m, given)
		if err != nil {
			return Engine{}, hint.Errorf(tryEngine, "ATOLL_TERRAFORM: %w", err)
		}
		return engine, nil
	}
	var found []string
	for _, candidate := range []string{"terraform", installedEngine(cacheDir), "tofu"} {
		engine, err := inspect(ctx, m, candidate)
		if err == nil {
			return engine, nil
		}
		if ctx.Err() != nil {
			return Engine{}, err
		}
		if _, absent := errors.AsType[*absentError](err); !absent || candidate != installedEngine(cacheDir) {
			found = append(found, err.Error())
		}
	}
	return Engine{}, hint.Errorf(tryEngine, "no usable Terraform or OpenTofu: %s", strings.Join(found, "; "))
}

type absentError struct{ err error }

func (e *absentError) Error() string { return e.err.Error() }
func (e *absentError) Unwrap() error { return e.err }

// versionTimeout is what an engine has to tell its version. It takes tens of milliseconds.
const versionTimeout = 20 * time.Second

// An engine's first line, such as "Terraform v1.11.4"; warnings may come before it.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// inspect asks a program for its name and version, and refuses one that is too old.
func inspect(ctx context.Context, m machine.Machine, program string) (Engine, error) {
	path, err := m.LookPath(program)
	if err != nil {
		return Engine{}, &absentError{fmt.Errorf("looking for %s: %w", program, err)}
	}
	if path, err = filepath.Abs(path); err != nil {
		return Engine{}, fmt.Errorf("looking for %s: %w", program, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, versionTimeout, fmt.Errorf("no answer in %s", versionTimeout))
	defer cancel()
	out, err := m.Run(ctx, []string{"CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=", "TF_CLI_ARGS_version="}, path, "version")
	if err != nil {
		return Engine{}, fmt.Errorf("asking for a version: %w", err)
	}
	line := versionLine.FindStringSubmatch(out)
	if line == nil {
		return Engine{}, fmt.Errorf("%s is neither Terraform nor OpenTofu: its version command says %q", path, out)
	}
	engine := Engine{Name: line[1], Version: line[2], Path: path}
	v, err := version.NewVersion(engine.Version)
	if err != nil {
		return Engine{}, fmt.Errorf("%s: %w", engine, err)
	}
	if v.LessThan(version.Must(version.NewVersion(MinimumVersion))) {
		return Engine{}, fmt.Errorf("%s is older than %s", engine, MinimumVersion)
	}
	return engine, nil
}
