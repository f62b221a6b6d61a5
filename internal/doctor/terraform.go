package doctor

import (
	"context"
	"fmt"
	"strings"

	"atoll/internal/terraform"
	"atoll/tools/provider"
)

// doctor holds what several checks look at.
type doctor struct {
	Options

	engine      terraform.Engine
	engineErr   error
	provider    terraform.Provider
	providerErr error
}

func (d *doctor) findEngine(ctx context.Context) (terraform.Engine, error) {
	return terraform.FindEngine(ctx, d.Machine, d.CacheDir)
}

func (d *doctor) findProvider(ctx context.Context) (terraform.Provider, error) {
	return terraform.FindProvider(ctx, terraform.ProviderOptions{Machine: d.Machine, Engine: d.engine, CacheDir: d.CacheDir})
}

func (d *doctor) checkEngine(context.Context) Check {
	if d.engineErr != nil {
		return fail("engine", d.engineErr)
	}
	return ok("engine", d.engine.String())
}

// mustBuild says whether the provider has to be built before anything can be applied.
func (d *doctor) mustBuild() bool { return d.providerErr == nil && !d.provider.Ready }

func (d *doctor) checkProvider(context.Context) Check {
	const name = "provider"
	p := d.provider
	switch {
	case d.providerErr != nil:
		return fail(name, d.providerErr)
	case d.mustBuild():
		return warn(name,
			fmt.Sprintf("hashicorp/aws %s is not built yet: %s", p.Version, p.Why),
			"atoll provider ensure      (builds it, once, in about half an hour on two cores)")
	case p.Source == terraform.FromRegistry:
		return ok(name, "hashicorp/aws comes from the registry: "+p.Why)
	case p.Source == terraform.FromBuild:
		return ok(name, fmt.Sprintf("hashicorp/aws %s was built on this machine: %s", p.Version, p.Why))
	default:
		return ok(name, fmt.Sprintf("hashicorp/aws %s: %s", p.Version, p.Why))
	}
}

func (d *doctor) checkGo(ctx context.Context) Check {
	const name = "go"
	version, err := d.version(ctx, "go", "version")
	version = strings.TrimPrefix(version, "go version ")
	switch {
	case err == nil && d.mustBuild():
		return ok(name, version+", for the build of the provider")
	case err == nil:
		return ok(name, version+", not needed")
	case d.mustBuild():
		return Check{Name: name, Status: Fail, Detail: "the provider must be built, and " + err.Error(),
			Try: "install Go " + provider.GoVersion + " or newer from https://go.dev/dl/"}
	default:
		return ok(name, "not found, and not needed")
	}
}

// Free space, in bytes: for a build of the provider with cold caches, and for images, databases and logs.
const (
	gigabyte   = 1 << 30
	buildSpace = 11 * gigabyte
	workSpace  = 2 * gigabyte
)

func (d *doctor) checkDisk(context.Context) Check {
	const name = "disk"
	space, err := d.Machine.Free(d.CacheDir)
	if err != nil {
		return fail(name, err)
	}
	need, what := uint64(workSpace), "images, databases and logs"
	if d.mustBuild() {
		need, what = buildSpace, "the build of the provider"
	}
	detail := fmt.Sprintf("%.1f GB are free for %s", float64(space.Free)/gigabyte, d.CacheDir)
	if space.Free < need {
		return warn(name, fmt.Sprintf("%s, and %s want %.0f GB", detail, what, float64(need)/gigabyte),
			"free some, or set ATOLL_CACHE_DIR to a folder on a larger disk")
	}
	return ok(name, detail)
}
