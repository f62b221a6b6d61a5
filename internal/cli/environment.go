package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/terraform"
	"atoll/internal/ui"
	"atoll/tools/provider"
)

// environment has the flags of the commands that work on an environment.
type environment struct {
	infra, target, cloudDir string
	faithful, yes, asJSON   bool
	parallelism             int
}

// flags adds those that all of the commands have.
func (f *environment) flags(cmd *cobra.Command, env Env) {
	cmd.Flags().StringVar(&f.infra, "infra", "", "the project's Terraform folder, as 'atoll init' writes it (default: looked for here and upwards)")
	cmd.Flags().StringVar(&f.target, "target", string(deploy.Local), "where: local (the local cloud) or aws")
	cmd.Flags().StringVar(&f.cloudDir, "dir", "", "directory that holds the local cloud (default "+defaultDirHelp(env)+"; $ATOLL_CLOUD_DIR overrides it)")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON on stdout")
}

// runFlags adds those of the commands that run plans.
func (f *environment) runFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.faithful, "faithful", false, "local: keep the waits that the AWS provider has for AWS, such as 80 s for a database")
	cmd.Flags().IntVar(&f.parallelism, "parallelism", 0, "resources at once (default 40 on local, 20 on aws)")
}

// yesFlag adds --yes.
func (f *environment) yesFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
}

// opened is an environment that is ready, and how its work is shown.
type opened struct {
	*deploy.Session
	environment config.Environment
	target      deploy.Target
	progress    *ui.Progress
	account     string // "" where it is not known
	project     config.Project
	settings    []string // local: what points tools at the cloud, as "A=b"
	edge        string   // local: where load balancers answer, as host:port
	cloud       daemon.Info
}

// with opens an environment for f. The first steps are shown as they go.
func (f *environment) with(ctx context.Context, env Env, name string, do func(o *opened) error) error {
	if err := f.checkTarget(); err != nil {
		return err
	}
	target := deploy.Target(f.target)
	if f.parallelism < 0 {
		return &problem{err: fmt.Errorf("--parallelism %d is below 0", f.parallelism), try: "a number from 1 on", code: exitUsage}
	}
	project, err := f.project(env)
	if err != nil {
		return err
	}
	e, err := project.Load(name)
	if err != nil {
		return err
	}
	options, err := providerOptions(ctx, env)
	if err != nil {
		return err
	}
	p := ui.NewProgress(env.Stderr, ui.Detect(env.Stderr))
	defer p.Close()
	c := deploy.Config{Project: project, Environment: e, Target: target, Engine: options.Engine, Faithful: f.faithful, Parallelism: f.parallelism, Progress: p}
	o := &opened{environment: e, target: target, progress: p, account: e.Account, project: project}
	if target == deploy.Local {
		if o.account == "" {
			o.account = localAccount(name)
		}
		p.Say("%s on the local cloud: account %s, %s", name, o.account, e.Region)
		if err := f.local(ctx, env, &c, options, o); err != nil {
			return err
		}
	} else {
		if err := awsSettings(env); err != nil {
			return err
		}
		p.Say("%s on AWS: %s", name, strings.Join(known(e.Account, e.Region), ", "))
	}
	if o.Session, err = deploy.Open(ctx, c); err != nil {
		return err
	}
	return f.onFullDisk(ctx, o, located(do(o), e))
}

// onFullDisk adds to an error that the disk of the local cloud is full, where it is: the error itself may come of that and not say so.
func (f *environment) onFullDisk(ctx context.Context, o *opened, err error) error {
	if err == nil || ctx.Err() != nil || o.target != deploy.Local || isFull(err) {
		return err
	}
	info, infoErr := daemon.NewClient(daemon.Dir(o.cloud.Dir)).Info(ctx)
	if infoErr != nil || info.Free >= lowDisk {
		return err
	}
	p := *advised(err)
	p.err = fmt.Errorf("%w\nThe disk of the local cloud is full: %d MB are free where %s lies", p.err, info.Free>>20, info.Dir)
	p.try = "free space there, and run the same again: it carries on where this ended"
	return &p
}

// located adds to a failure of Terraform the settings that its text names.
func located(err error, e config.Environment) error {
	failure, ok := errors.AsType[*terraform.Failure](err)
	if !ok || errors.Is(err, context.Canceled) {
		return err
	}
	var text strings.Builder // without the addresses, which have names of services
	for _, d := range failure.Diagnostics {
		text.WriteString(d.Summary + " " + d.Detail + "\n")
	}
	lines := e.Mentions(text.String())
	if len(lines) == 0 {
		return err
	}
	return advise(err, "mend what it names, and run the same again: what is made already stays\nsettings that it names:\n  %s", strings.Join(lines, "\n  "))
}

func known(account, region string) []string {
	if account == "" {
		return []string{"the account of the shell's credentials", region}
	}
	return []string{"account " + account, region}
}

// project finds the project: the one around the current folder, or the example app's where there is none and the example has been brought up.
func (f *environment) project(env Env) (config.Project, error) {
	from := f.infra
	if from == "" {
		from = "."
	}
	p, err := config.Find(from)
	if err != nil && f.infra == "" {
		if dir, dirErr := f.exampleDir(env); dirErr == nil {
			if example, exampleErr := config.At(filepath.Join(dir, config.Folder)); exampleErr == nil {
				return example, nil
			}
		}
	}
	if err == nil && f.infra != "" {
		if abs, absErr := filepath.Abs(f.infra); absErr == nil && p.Root != abs && p.Root != filepath.Join(abs, config.Folder) {
			return p, &problem{err: fmt.Errorf("%s holds no folder environment with Terraform files", f.infra), try: "atoll init --infra " + f.infra, code: exitFailed}
		}
	}
	return p, err
}

// exampleDir is where the example app lies, with the cloud that it is rehearsed on.
func (f *environment) exampleDir(env Env) (string, error) {
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return "", err
	}
	return filepath.Join(string(dir), "guestbook"), nil
}

// local starts the cloud if it does not run, sees that the provider is there, and fills in what a run on the local cloud needs.
func (f *environment) local(ctx context.Context, env Env, c *deploy.Config, options terraform.ProviderOptions, o *opened) error {
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return err
	}
	err = deploy.Step(c.Progress, "local cloud", func() (string, error) {
		info, err := startedCloud(ctx, env, dir)
		o.edge, o.cloud = info.Edge, info
		return info.Endpoint, err
	})
	if err != nil {
		return err
	}
	settings, err := cloudSettings(ctx, env, dir, o.account, c.Environment.Region)
	if err != nil {
		return err
	}
	for _, s := range settings {
		c.Settings = append(c.Settings, s.name+"="+s.value)
	}
	o.settings = slices.Clone(c.Settings)
	const key = "AWS provider"
	err = deploy.Step(c.Progress, key, func() (string, error) {
		options.Progress = func(e provider.Event) { c.Progress.Text(key, key+": "+e.String()) }
		p, err := ensuredProvider(ctx, options)
		if err != nil {
			return "", err
		}
		rc, err := p.WriteCLIConfig(string(dir))
		if err != nil {
			return "", err
		}
		if rc != "" {
			c.Settings = append(c.Settings, "TF_CLI_CONFIG_FILE="+rc)
		}
		return strings.TrimSpace("hashicorp/aws " + p.Version), nil
	})
	c.Work, err = filepath.Join(c.Project.Root, ".atoll", workName(env, dir), c.Environment.Name), errors.Join(err)
	return err
}

// workName names the rehearsals of a cloud: a state belongs to the cloud that holds its resources.
func workName(env Env, dir daemon.Dir) string {
	if usual, err := cloudDir(env, ""); err == nil && usual == dir {
		return "local"
	}
	sum := sha256.Sum256([]byte(dir))
	return "local-" + hex.EncodeToString(sum[:4])
}

// ensuredProvider is terraform.EnsureProvider without asking the registry when a build is there already: where it was needed once it
// will be again.
func ensuredProvider(ctx context.Context, options terraform.ProviderOptions) (terraform.Provider, error) {
	if _, built := provider.Built(options.CacheDir); built && options.Machine.Getenv("ATOLL_PROVIDER") == "" {
		return terraform.Provider{Source: terraform.FromBuild, Version: provider.Version, Mirror: provider.Mirror(options.CacheDir), Ready: true}, nil
	}
	return terraform.EnsureProvider(ctx, options)
}

// startedCloud gives the cloud that runs on a directory, or starts one, on a free port where another program has the usual one.
func startedCloud(ctx context.Context, env Env, dir daemon.Dir) (daemon.Info, error) {
	info, err := daemon.NewClient(dir).Info(ctx)
	if !errors.Is(err, daemon.ErrNotRunning) {
		return info, err
	}
	start := cloudStart{dir: string(dir), port: defaultPort, edge: -1}
	info, err = start.spawn(ctx, env, dir)
	if p := (*problem)(nil); errors.As(err, &p) && strings.Contains(p.Error(), "another program listens") {
		start.port = 0
		info, err = start.spawn(ctx, env, dir)
	}
	return info, err
}

// awsSettings refuses to work on AWS with credentials that nobody chose.
func awsSettings(env Env) error {
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		if env.Machine.Getenv(name) != "" {
			return nil
		}
	}
	return advise(errors.New("--target aws needs credentials that are chosen explicitly, and none are set"),
		"export AWS_PROFILE=NAME, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; nothing was touched")
}

// confirm asks the user to type the environment's name.
func (f *environment) confirm(env Env, what, name string) error {
	if f.yes {
		return nil
	}
	fmt.Fprintf(env.Stderr, "\n%s\nType %s to go on: ", what, name)
	var line string
	_, err := fmt.Fscanln(env.Stdin, &line)
	if err != nil && errors.Is(err, io.EOF) {
		fmt.Fprintln(env.Stderr)
		return advise(errors.New("nobody is there to confirm"), "--yes goes on without asking; nothing was changed")
	}
	if line != name {
		return advise(errors.New("not confirmed"), "nothing was changed")
	}
	return nil
}

// workDir is where the command was called.
func workDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}
