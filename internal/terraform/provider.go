package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"atoll/internal/machine"
	"atoll/tools/provider"
)

// Source is where a provider comes from.
type Source string

// The sources of a provider.
const (
	FromRegistry Source = "registry" // Terraform downloads it at init
	FromBuild    Source = "build"    // built on this machine from source
	FromPath     Source = "path"     // ATOLL_PROVIDER names it
)

// Provider is the hashicorp/aws that the engine will use.
type Provider struct {
	Source  Source `json:"source"`
	Why     string `json:"why"`               // the reason for the source, as a clause
	Version string `json:"version,omitempty"` // empty where the registry and the configuration decide
	Mirror  string `json:"mirror,omitempty"`  // a folder for filesystem_mirror; empty for FromRegistry
	Ready   bool   `json:"ready"`             // false where it must be built first
}

// ProviderOptions says for what a provider is looked for.
type ProviderOptions struct {
	Machine  machine.Machine
	Engine   Engine
	CacheDir string               // as Machine.CacheDir gives it
	Progress func(provider.Event) // told how a build goes; nil for none
}

// FindProvider decides where the provider comes from, and builds nothing. Without ATOLL_PROVIDER it is the engine's
// registry where that answers, else a build.
func FindProvider(ctx context.Context, opts ProviderOptions) (Provider, error) {
	switch given := opts.Machine.Getenv("ATOLL_PROVIDER"); given {
	case "":
	case string(FromRegistry):
		return Provider{Source: FromRegistry, Why: "ATOLL_PROVIDER asks for it", Ready: true}, nil
	case string(FromBuild):
		return built(opts.CacheDir, "ATOLL_PROVIDER asks for it"), nil
	default:
		return providerAt(opts.CacheDir, given)
	}
	host := opts.Engine.Registry()
	if err := reach(ctx, opts.Machine.HTTP, host); err != nil {
		if ctx.Err() != nil {
			return Provider{}, fmt.Errorf("looking for the AWS provider: %w", machine.Ended(ctx))
		}
		return built(opts.CacheDir, fmt.Sprintf("%s cannot be reached (%v)", host, err)), nil
	}
	return Provider{Source: FromRegistry, Why: host + " can be reached", Ready: true}, nil
}

// EnsureProvider is FindProvider, and builds the provider where that is due. The first build takes half an hour, see
// provider.Build; later calls take what it made.
func EnsureProvider(ctx context.Context, opts ProviderOptions) (Provider, error) {
	p, err := FindProvider(ctx, opts)
	if err != nil || p.Source != FromBuild {
		return p, err
	}
	if _, err := provider.Build(ctx, provider.Options{CacheDir: opts.CacheDir, Progress: opts.Progress, Free: opts.Machine.Free}); err != nil {
		return Provider{}, fmt.Errorf("%s: %w", p.Why, err)
	}
	p.Ready = true
	return p, nil
}

func built(cacheDir, why string) Provider {
	_, ready := provider.Built(cacheDir)
	return Provider{Source: FromBuild, Why: why, Version: provider.Version, Mirror: provider.Mirror(cacheDir), Ready: ready}
}

const (
	// registryTimeout is what a registry has to answer. Behind a firewall that drops packets, each command waits this long.
	registryTimeout = 3 * time.Second
	discoveryLimit  = 64 << 10 // bytes
)

// reach asks a host whether it is a provider registry.
// See https://developer.hashicorp.com/terraform/internals/remote-service-discovery.
func reach(ctx context.Context, client *http.Client, host string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, registryTimeout, fmt.Errorf("no answer in %s", registryTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/.well-known/terraform.json", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return machine.Ended(ctx)
		}
		if e, ok := errors.AsType[*url.Error](err); ok {
			return e.Err // without the address, which the caller tells
		}
		return err
	}
	defer response.Body.Close()
	var services struct {
		Providers string `json:"providers.v1"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, discoveryLimit)).Decode(&services)
	if response.StatusCode != http.StatusOK || err != nil || services.Providers == "" {
		return fmt.Errorf("%s answers %s, and not as a registry", request.URL, response.Status)
	}
	return nil
}
