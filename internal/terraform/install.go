package terraform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"

	"atoll/internal/hint"
	"atoll/internal/machine"
)

// InstalledVersion is the Terraform that InstallEngine installs: the one that atoll is tested with.
const InstalledVersion = "1.11.4"

// installedEngine is where InstallEngine puts Terraform.
func installedEngine(cacheDir string) string {
	name := "terraform"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(cacheDir, "terraform", InstalledVersion, name)
}

// InstallEngine downloads Terraform from releases.hashicorp.com into the cache, where FindEngine finds it. The download's
// signature and checksum are verified. Nothing is done if the cache has it.
func InstallEngine(ctx context.Context, m machine.Machine, cacheDir string) (Engine, error) {
	return install(ctx, m, cacheDir, &releases.ExactVersion{HTTPClient: m.HTTP})
}

func install(ctx context.Context, m machine.Machine, cacheDir string, source *releases.ExactVersion) (Engine, error) {
	path := installedEngine(cacheDir)
	if engine, err := inspect(ctx, m, path); err == nil {
		return engine, nil
	}
	parent := filepath.Dir(filepath.Dir(path))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return Engine{}, fmt.Errorf("installing Terraform: %w", err)
	}
	temp, err := os.MkdirTemp(parent, ".tmp-*")
	if err != nil {
		return Engine{}, fmt.Errorf("installing Terraform: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil {
		return Engine{}, fmt.Errorf("installing Terraform: %w", err)
	}
	source.Product = product.Terraform
	source.Version = version.Must(version.NewVersion(InstalledVersion))
	source.InstallDir = temp
	if _, err := source.Install(ctx); err != nil {
		return Engine{}, hint.Errorf(tryEngine, "installing Terraform %s from releases.hashicorp.com: %w", InstalledVersion, err)
	}
	// What is in the way does not run; or another process has just put it there, and it is as good as ours.
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		return Engine{}, fmt.Errorf("installing Terraform: %w", err)
	}
	if err := os.Rename(temp, filepath.Dir(path)); err != nil {
		return Engine{}, fmt.Errorf("installing Terraform: %w", err)
	}
	return inspect(ctx, m, path)
}
