package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"atoll/internal/build"
	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/terraform"
	"atoll/internal/ui"
)

type up struct {
	environment
	builder string
	noBuild bool
}

// rehearsed is the environment that is meant where none is named.
const rehearsed = "dev"

func newUp(env Env) *cobra.Command {
	var f up
	cmd := &cobra.Command{
		Use: "up [ENVIRONMENT]", Short: "Make an environment, or bring it to what its files say", Args: cobra.MaximumNArgs(1),
		Long: `Make an environment, or bring it to what its Terraform files say: dev, if none is named. The first time the project's image is built, and
pushed while Terraform works, so that the app runs at the end; from then on 'atoll deploy' changes it. In a folder without a project,
'atoll up' alone brings up an example: a guestbook with a PostgreSQL.

On the local cloud it goes right ahead; on AWS it shows the plan and asks first. Ctrl-C ends it cleanly: what is being made is finished, and
the next run carries on.

On the local cloud each environment has an account of its own: account_id of its tfvars file, else one by its name. Terraform works in a
copy of the folder, infra/.atoll/local/ENVIRONMENT, where the state lies too; terraform works there by itself just as well.`,
		Example: "  atoll up\n  atoll up staging\n  atoll up prod --target aws",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if err := f.writeExample(env); err != nil {
					return err
				}
			}
			return f.run(cmd.Context(), env, append(args, rehearsed)[0])
		},
	}
	f.flags(cmd, env)
	f.runFlags(cmd)
	f.yesFlag(cmd)
	cmd.Flags().StringVar(&f.builder, "builder", "", strings.Join(build.Builders(), ", ")+" (default: the best that works)")
	cmd.Flags().BoolVar(&f.noBuild, "no-build", false, "build no image; the services run registry.first_image until 'atoll deploy'")
	return cmd
}

func (f *up) run(ctx context.Context, env Env, name string) error {
	began := time.Now()
	return f.with(ctx, env, name, func(o *opened) error {
		if err := canRun(ctx, env, o); err != nil {
			return err
		}
		first, err := f.firstImage(ctx, env, o)
		if err != nil {
			return err
		}
		defer first.close()
		first.pushMeanwhile(ctx)
		summary, err := f.apply(ctx, env, o)
		if failure := (*terraform.Failure)(nil); errors.As(err, &failure) {
			f.databasesFailed(ctx, env, o)
		}
		if err := first.pushed(err); err != nil {
			return err
		}
		outputs, err := o.Outputs(ctx)
		if err != nil {
			return err
		}
		if err := first.deploy(ctx); err != nil {
			return err
		}
		if err := f.settle(ctx, env, o); err != nil {
			return err
		}
		url := o.reachable(outputs)
		status := "nothing runs behind it: the cloud keeps records"
		if o.cloud.Runtime != daemon.None {
			if status, err = f.tryURL(ctx, env, o, url); err != nil {
				return err
			}
		}
		if f.asJSON {
			all := values(outputs, false)
			if url != "" {
				all["url"] = url
			}
			return writeJSON(env, all)
		}
		if summary.Empty() {
			o.progress.Say("%s is as its files say, after %s", name, ui.Seconds(time.Since(began)))
		} else {
			o.progress.Say("%s is up after %s", name, ui.Seconds(time.Since(began)))
		}
		o.progress.Close()
		writeOutputs(env, outputs, url)
		if err := f.whatNext(env, o, url, status); err != nil || o.target != deploy.Local {
			return err
		}
		dir, err := cloudDir(env, f.cloudDir)
		if err != nil {
			return err
		}
		info, err := daemon.NewClient(dir).Info(ctx)
		if err == nil {
			writeUnjudged(env.Stderr, info, o.account)
		}
		return err
	})
}

// databasesFailed tells why databases do not answer: Terraform names their state alone.
func (f *up) databasesFailed(ctx context.Context, env Env, o *opened) {
	e, _, err := f.inspect(context.WithoutCancel(ctx), env, o.environment.Name)
	if err != nil {
		return // there is an error to tell already
	}
	for i := range e.Databases {
		d := &e.Databases[i]
		if state := aws.ToString(d.Detail.DBInstanceStatus); !d.Answers() && state != "creating" && state != "deleting" {
			why, _ := e.Why(context.WithoutCancel(ctx), d)
			o.progress.Say("The database %s is %s: %s", d.ID, state, why)
		}
	}
}

// canRun says what the machine lacks to run an environment, before anything is made. A cloud that was started to keep records needs nothing.
func canRun(ctx context.Context, env Env, o *opened) error {
	switch {
	case o.target != deploy.Local || o.cloud.Runtime == daemon.None && !o.cloud.Wants:
		return nil
	case o.cloud.Runtime == daemon.None:
		return advise(fmt.Errorf("tasks cannot run on this machine: %s", strings.ReplaceAll(o.cloud.Lacks, "\n", "; ")),
			"start Docker or Podman, then atoll cloud stop, and the same again\nor, as root on Linux: atoll cloud stop, then sudo atoll cloud start --detach\nor ATOLL_RUNTIME=none atoll cloud start --detach, to rehearse Terraform alone: nothing runs then")
	}
	if err := hasRoom(o.cloud, roomFor); err != nil {
		return err
	}
	if none, set := o.environment.Setting("database"); set && none.Value.IsNull() {
		return nil
	}
	return canServe(ctx, env)
}

// hasRoom refuses to begin what would end on a full disk.
func hasRoom(cloud daemon.Info, needed uint64) error {
	if cloud.Free >= needed {
		return nil
	}
	return advise(fmt.Errorf("the disk of the local cloud is full: %d MB are free where %s lies, and this takes up to %d MB: %w", cloud.Free>>20, cloud.Dir, needed>>20, syscall.ENOSPC),
		"free space there, and run the same again; nothing was changed\nor ATOLL_CLOUD_DIR=DIR, on another disk, for a cloud of its own")
}

// writeExample lays out the example app where the current folder has no project.
func (f *up) writeExample(env Env) error {
	if _, err := f.project(env); err == nil || f.infra != "" || f.target != string(deploy.Local) {
		return nil // an error is told by those who need the project
	}
	dir, err := f.exampleDir(env)
	if err != nil {
		return err
	}
	say(env, "There is no project here: the example app is brought up, a guestbook with a PostgreSQL.")
	say(env, "It lies in %s; 'atoll init' in a folder of yours begins your own.", dir)
	if err := build.Example(dir); err != nil {
		return err
	}
	i := initProject{infra: filepath.Join(dir, config.Folder), project: "guestbook", region: cmp.Or(env.Machine.Getenv("AWS_REGION"), defaultRegion)}
	files, err := i.files()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := writeNew(filepath.Join(i.infra, filepath.FromSlash(file.name)), file.content); err != nil && !isExist(err) {
			return fmt.Errorf("writing the example: %w", err)
		}
	}
	if _, err := env.Machine.LookPath("go"); err == nil && f.builder == "" {
		f.builder = build.Go // at once, where the Dockerfile's base images come from the internet
	}
	return nil
}

func (f *up) apply(ctx context.Context, env Env, o *opened) (*deploy.Summary, error) {
	if o.target == deploy.Local {
		return o.Up(ctx)
	}
	p, err := o.Plan(ctx, false)
	if err != nil {
		return nil, err
	}
	defer p.Remove()
	if p.Empty() {
		return p.Summary, nil
	}
	p.Write(env.Stderr)
	if err := f.confirm(env, "This changes "+o.environment.Name+" on AWS: "+p.Line()+".", o.environment.Name); err != nil {
		return nil, err
	}
	return p.Summary, o.Apply(ctx, p)
}

// whatNext says what can be done with an environment that is up.
func (f *up) whatNext(env Env, o *opened, url, status string) error {
	name, more := o.environment.Name, f.more()
	say(env, "")
	if url != "" {
		say(env, "Open           %s   (%s)", url, status)
	}
	if o.signs(url) {
		dir, err := cloudDir(env, f.cloudDir)
		if err != nil {
			return err
		}
		say(env, "Trust          %s   (its certificate is the local cloud's own: curl --cacert)", dir.Authority())
	}
	for _, line := range [][2]string{
		{"See", "atoll status " + name}, {"Read", "atoll logs " + name + " --follow"}, {"Change", "edit the app, then atoll deploy " + name},
		{"Ask", "atoll explain " + name + " web db"}, {"Take down", "atoll destroy " + name},
	} {
		say(env, "%-14s %s%s", line[0], line[1], more)
	}
	return nil
}

func isExist(err error) bool { return errors.Is(err, fs.ErrExist) }

// values gives the outputs' values; sensitive ones only if asked for.
func values(outputs map[string]terraform.Output, sensitive bool) map[string]any {
	all := map[string]any{}
	for name, o := range outputs {
		if !o.Sensitive || sensitive {
			all[name] = o.Value
		}
	}
	return all
}

// writeOutputs prints the outputs that are texts, numbers or truth values, one to a line; url is what is reached from here.
func writeOutputs(env Env, outputs map[string]terraform.Output, url string) {
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		text, ok := scalar(outputs[name])
		if name == "url" && url != "" {
			text = url
		}
		if ok {
			fmt.Fprintf(env.Stdout, "%-22s %s\n", name, text)
		}
	}
}
