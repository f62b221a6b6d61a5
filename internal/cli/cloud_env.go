package cli

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
	"atoll/internal/disk"
)

// defaultRegion is what `atoll cloud env` sets where neither --region nor AWS_REGION names one.
const defaultRegion = "us-east-1"

type cloudEnv struct {
	dir, region, account, shell string
	unset, asJSON, asAWS        bool
}

func newCloudEnv(env Env) *cobra.Command {
	var f cloudEnv
	cmd := &cobra.Command{
		Use: "env", Short: "Print the settings that point Terraform, the AWS CLI and SDKs at the local cloud", Args: cobra.NoArgs,
		Long: `Print shell lines for eval. With them, this shell's Terraform, AWS CLI and every AWS SDK talk to the local cloud:

  AWS_ENDPOINT_URL         where the cloud listens
  AWS_ACCESS_KEY_ID, …     its root user's keys, which work nowhere else
  AWS_REGION               --region, else the region that is set, else us-east-1
  HTTP_PROXY, http_proxy   the cloud too: S3 Control puts the account in front of the host name, as 111111111111.127.0.0.1, which
                           no resolver knows; clients send such requests to the proxy. It passes on what is for
                           its load balancers, and nothing to other hosts.
  TF_CLI_CONFIG_FILE       where Terraform finds the AWS provider, if it was built on this machine ('atoll provider --help')

AWS_PROFILE and AWS_SESSION_TOKEN are unset. Where the AWS CLI is installed, a shell function of the name aws gives it --endpoint-url,
since versions before 2.13, such as Debian 12's, do not know AWS_ENDPOINT_URL. --unset prints the lines that take all of this back.

With --as-aws, programs need not know of an endpoint: the cloud answers for *.amazonaws.com itself, as it does within tasks.

  HTTPS_PROXY, https_proxy  the cloud, which answers for AWS's host names and connects to all others
  AWS_CA_BUNDLE             a file in the cloud's directory with the certificate of the authority that signs for those names

AWS_ENDPOINT_URL and the function aws are taken away. Programs that use no AWS SDK, such as curl and AWS's Session Manager plugin, have to be given that
certificate in a way of their own. The keys work nowhere but in the cloud, and with AWS_CA_BUNDLE no SDK talks to AWS itself.`,
		Example: "  eval \"$(atoll cloud env)\"\n  eval \"$(atoll cloud env --as-aws)\"\n  atoll cloud env --shell fish | source\n  eval \"$(atoll cloud env --unset)\"",
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), env) },
	}
	dirFlagVar(cmd, env, &f.dir)
	cmd.Flags().StringVar(&f.region, "region", "", "AWS region")
	cmd.Flags().StringVar(&f.account, "account", cloud.DefaultAccount, "account, as 12 digits or as the name of an environment")
	cmd.Flags().StringVar(&f.shell, "shell", "sh", "write for sh (also bash, zsh), fish or powershell")
	cmd.Flags().BoolVar(&f.asAWS, "as-aws", false, "reach the cloud by AWS's own host names, through a proxy")
	cmd.Flags().BoolVar(&f.unset, "unset", false, "print the lines that take the settings back")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

// setting is one variable; an empty value unsets it.
type setting struct{ name, value string }

func (f *cloudEnv) run(ctx context.Context, env Env) error {
	write, err := shellWriter(f.shell)
	if err != nil {
		return err
	}
	define, remove := awsFunction(f.shell)
	if f.unset {
		names := []string{"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION",
			"AWS_EC2_METADATA_DISABLED", "HTTP_PROXY", "http_proxy", "TF_CLI_CONFIG_FILE"}
		if f.asAWS {
			names = append(names, "HTTPS_PROXY", "https_proxy", "AWS_CA_BUNDLE")
		}
		for _, name := range names {
			fmt.Fprintln(env.Stdout, write(setting{name, ""}))
		}
		fmt.Fprintln(env.Stdout, remove)
		return nil
	}
	dir, err := cloudDir(env, f.dir)
	if err != nil {
		return err
	}
	settings, err := cloudSettings(ctx, env, dir, f.account, f.region)
	if err != nil {
		return err
	}
	if f.asAWS {
		if settings, err = asAWS(ctx, env, dir, settings); err != nil {
			return err
		}
	}
	config, err := terraformConfig(ctx, env, dir)
	if err != nil {
		return err
	}
	if config != "" {
		settings = append(settings, setting{"TF_CLI_CONFIG_FILE", config})
	}
	if f.asJSON {
		set := map[string]string{}
		for _, s := range settings {
			if s.value != "" {
				set[s.name] = s.value
			}
		}
		return writeJSON(env, set)
	}
	for _, s := range settings {
		fmt.Fprintln(env.Stdout, write(s))
	}
	switch _, err := env.Machine.LookPath("aws"); {
	case f.asAWS && f.shell != "fish": // fish complains of a function that is not there
		fmt.Fprintln(env.Stdout, remove)
	case f.asAWS:
		fmt.Fprintln(env.Stdout, "functions -q aws; and "+remove)
	case err == nil:
		fmt.Fprintln(env.Stdout, define)
	}
	return nil
}

// asAWS gives settings by which the cloud is reached by AWS's own host names. It puts the authority's certificate into the cloud's directory.
func asAWS(ctx context.Context, env Env, dir daemon.Dir, settings []setting) ([]setting, error) {
	if _, err := authority(ctx, dir); err != nil {
		return nil, err
	}
	var out []setting
	proxy := ""
	for _, s := range settings {
		switch s.name {
		case "AWS_ENDPOINT_URL":
			proxy = s.value
			out = append(out, setting{s.name, ""})
		case "HTTP_PROXY", "http_proxy": // what it is for goes over TLS now
		default:
			out = append(out, s)
		}
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if old := env.Machine.Getenv(name); old != "" && !isLoopback(old) {
			say(env, "Note: this replaces %s=%s; the local cloud connects to other hosts itself.", name, old)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		if v := env.Machine.Getenv(name); strings.Contains(v, "amazonaws.com") || v == "*" {
			say(env, "Note: %s=%s keeps programs from the local cloud.", name, v)
		}
	}
	return append(out, setting{"HTTPS_PROXY", proxy}, setting{"https_proxy", proxy}, setting{"AWS_CA_BUNDLE", dir.Authority()}), nil
}

// authority gives the certificate of the cloud's authority in PEM, and puts it into the cloud's directory, for programs that are to trust it.
func authority(ctx context.Context, dir daemon.Dir) (string, error) {
	a, err := daemon.NewClient(dir).Authority(ctx)
	if err != nil {
		return "", err
	}
	if _, err := disk.Write(dir.Authority(), []byte(a.Certificate), 0o644); err != nil {
		return "", fmt.Errorf("writing the authority's certificate: %w", err)
	}
	return a.Certificate, nil
}

// cloudSettings gives the variables by which an account of the running cloud is used, and warns of what they replace. account is an id,
// or an environment's name. region may be empty.
func cloudSettings(ctx context.Context, env Env, dir daemon.Dir, account, region string) ([]setting, error) {
	client := daemon.NewClient(dir)
	info, err := client.Info(ctx)
	if err != nil {
		return nil, err
	}
	if strings.Trim(account, "0123456789") != "" {
		account = localAccount(account)
	}
	keys, err := client.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region == "" {
			region = env.Machine.Getenv(name)
		}
	}
	if region == "" {
		region = defaultRegion
	}
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		if old := env.Machine.Getenv(name); old != "" && !isLoopback(old) {
			say(env, "Note: this replaces %s=%s; the local cloud forwards nothing to other hosts.", name, old)
		}
	}
	return []setting{
		{"AWS_ENDPOINT_URL", info.Endpoint},
		{"AWS_ACCESS_KEY_ID", keys.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey},
		{"AWS_SESSION_TOKEN", ""},
		{"AWS_PROFILE", ""},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"HTTP_PROXY", info.Endpoint},
		{"http_proxy", info.Endpoint},
	}, nil
}

// localAccount gives the account in the local cloud of an environment whose tfvars file names none: the default account for dev, one
// of its own for each other name.
func localAccount(environment string) string {
	switch environment {
	case "dev":
		return cloud.DefaultAccount
	case "staging":
		return "222222222222"
	case "prod":
		return "333333333333"
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(environment)) // never fails, by its contract
	return fmt.Sprintf("4%011d", h.Sum64()%1e11)
}

func isLoopback(proxy string) bool {
	u, err := url.Parse(proxy)
	return err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
}

// shellWriter gives how a shell sets a variable.
func shellWriter(shell string) (func(setting) string, error) {
	switch shell {
	case "sh", "bash", "zsh":
		return func(s setting) string {
			if s.value == "" {
				return "unset " + s.name
			}
			return "export " + s.name + "='" + strings.ReplaceAll(s.value, "'", `'\''`) + "'"
		}, nil
	case "fish":
		return func(s setting) string {
			if s.value == "" {
				return "set -e " + s.name
			}
			return "set -gx " + s.name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.value) + "'"
		}, nil
	case "powershell", "pwsh":
		return func(s setting) string {
			if s.value == "" {
				return "Remove-Item -ErrorAction SilentlyContinue Env:" + s.name
			}
			return "$Env:" + s.name + " = '" + strings.ReplaceAll(s.value, "'", "''") + "'"
		}, nil
	}
	return nil, &problem{err: fmt.Errorf("--shell %s is not known", shell), try: "sh, fish or powershell", code: exitUsage}
}

// awsFunction gives the lines that define a function which gives the AWS CLI its endpoint, and those that remove it. bash hands
// the function on to scripts.
func awsFunction(shell string) (define, remove string) {
	switch shell {
	case "fish":
		return "function aws; command aws --endpoint-url $AWS_ENDPOINT_URL $argv; end", "functions -e aws"
	case "powershell", "pwsh":
		return "function aws { & (Get-Command aws -CommandType Application)[0] --endpoint-url $Env:AWS_ENDPOINT_URL @args }",
			"Remove-Item -ErrorAction SilentlyContinue Function:aws"
	}
	return `aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
if [ -n "${BASH_VERSION-}" ]; then export -f aws; fi`, "unset -f aws"
}
