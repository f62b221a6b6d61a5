package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/terraform"
	"atoll/tools/provider"
)

func newProvider(env Env) *cobra.Command {
	return group("provider", "Get the AWS provider that Terraform needs",
		`Terraform gets the provider hashicorp/aws from its registry. Where the registry cannot be reached, atoll builds the provider
`+provider.Version+` from the Go module proxy, once for this machine: about half an hour, 10 GB of disk, and Go. ATOLL_PROVIDER overrides the
choice: registry, build, or the path of a provider's binary.`,
		newProviderEnsure(env), newProviderStatus(env))
}

func newProviderEnsure(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "ensure", Short: "See that the provider is there; build it if that is the only way", Args: cobra.NoArgs,
		Long: "See that Terraform can get the AWS provider; build it if that is the only way. A build that is interrupted goes on where it was; two at once make one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := providerOptions(cmd.Context(), env)
			if err != nil {
				return err
			}
			options.Progress = func(e provider.Event) { say(env, "%s", e) }
			p, err := terraform.EnsureProvider(cmd.Context(), options)
			if err != nil {
				return err
			}
			return printProvider(env, p, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newProviderStatus(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show where the provider comes from", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := providerOptions(cmd.Context(), env)
			if err != nil {
				return err
			}
			p, err := terraform.FindProvider(cmd.Context(), options)
			if err != nil {
				return err
			}
			return printProvider(env, p, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func providerOptions(ctx context.Context, env Env) (terraform.ProviderOptions, error) {
	cache, err := env.Machine.CacheDir()
	if err != nil {
		return terraform.ProviderOptions{}, err
	}
	engine, err := terraform.FindEngine(ctx, env.Machine, cache)
	return terraform.ProviderOptions{Machine: env.Machine, Engine: engine, CacheDir: cache}, err
}

func printProvider(env Env, p terraform.Provider, asJSON bool) error {
	switch {
	case asJSON:
		return writeJSON(env, p)
	case p.Source == terraform.FromRegistry:
		fmt.Fprintf(env.Stdout, "hashicorp/aws comes from the registry: %s\n", p.Why)
	case p.Ready:
		fmt.Fprintf(env.Stdout, "hashicorp/aws %s is in %s: %s\n", p.Version, p.Mirror, p.Why)
	default:
		fmt.Fprintf(env.Stdout, "hashicorp/aws %s must be built: %s\n", p.Version, p.Why)
		say(env, "Try:   atoll provider ensure")
	}
	return nil
}

// terraformConfig gives the path for TF_CLI_CONFIG_FILE, or "" where Terraform needs none. It builds nothing; what is missing it
// says on stderr, since the AWS CLI and the SDKs work without Terraform.
func terraformConfig(ctx context.Context, env Env, dir daemon.Dir) (string, error) {
	cache, err := env.Machine.CacheDir()
	if err != nil {
		return "", err
	}
	p := terraform.Provider{Source: terraform.FromBuild, Mirror: provider.Mirror(cache), Ready: true}
	if _, built := provider.Built(cache); !built || env.Machine.Getenv("ATOLL_PROVIDER") != "" {
		options, err := providerOptions(ctx, env)
		if err != nil {
			say(env, "Note: %v", err)
			return "", ctx.Err()
		}
		if p, err = terraform.FindProvider(ctx, options); err != nil {
			return "", err
		}
	}
	if !p.Ready {
		say(env, "Note: Terraform cannot get the AWS provider yet: %s.\nTry:   atoll provider ensure      (builds it, once, in about half an hour)", p.Why)
		return "", nil
	}
	return p.WriteCLIConfig(string(dir))
}
