package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"atoll/internal/build"
	"atoll/internal/deploy"
	"atoll/internal/ui"
)

type buildCommand struct {
	environment
	file, main, platform, builder, output string
	push, repository                      string
	tags                                  []string
}

func newBuild(env Env) *cobra.Command {
	var f buildCommand
	cmd := &cobra.Command{
		Use: "build [DIR]", Short: "Make a container image of a folder, and push it", Args: cobra.MaximumNArgs(1),
		Long: `Make a container image of a folder. A Dockerfile is built by docker, podman or buildah, the first that works; where none does, or without
a Dockerfile, a Go main package becomes an image without them: the program, certificates, time zones, and a user that is not root.

--push sends it to a repository in ECR: to the one of an environment, or to an address. On the target local that is the local cloud's. The
reference that is printed names the image by its digest. Without --tag it gets a tag of its own, build-…: an image without a tag is deleted
after a day.`,
		Example: "  atoll build\n  atoll build --push dev\n  atoll build app --file app/Dockerfile.prod --platform linux/arm64 --output image.tar",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, append(args, ".")[0])
		},
	}
	f.flags(cmd, env)
	cmd.Flags().StringVar(&f.file, "file", "", "Dockerfile (default: DIR/Dockerfile or DIR/Containerfile, if there is one)")
	cmd.Flags().StringVar(&f.main, "main", "", "folder of the Go main package, from DIR (default: the only one)")
	cmd.Flags().StringVar(&f.platform, "platform", "", "linux/amd64 or linux/arm64 (default: this machine's)")
	cmd.Flags().StringVar(&f.builder, "builder", "", strings.Join(build.Builders(), ", ")+" (default: the best that works)")
	cmd.Flags().StringVar(&f.output, "output", "", "write the image as an OCI layout: into a folder, or a file that ends in .tar")
	cmd.Flags().StringVar(&f.push, "push", "", "environment, or address of a repository in ECR, to push to")
	cmd.Flags().StringVar(&f.repository, "repository", "", "repository of the environment, where it has several")
	cmd.Flags().StringArrayVar(&f.tags, "tag", nil, "tag for the pushed image; may be given several times")
	return cmd
}

// builtImage is what --json prints.
type builtImage struct {
	Digest    string   `json:"digest"`
	Size      int64    `json:"size"` // bytes, compressed
	Platform  string   `json:"platform"`
	Builder   string   `json:"builder"`
	Revision  string   `json:"revision,omitempty"` // Git commit
	Reference string   `json:"reference,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	Output    string   `json:"output,omitempty"`
}

func (f *buildCommand) run(ctx context.Context, env Env, dir string) (err error) {
	options := build.Options{Machine: env.Machine, File: f.file, Main: f.main, Builder: f.builder}
	if err := f.check(&options); err != nil {
		return err
	}
	p := ui.NewProgress(env.Stderr, ui.Detect(env.Stderr))
	defer p.Close()
	options.Note = p.Say
	var push func(*build.Built) (string, error) // found before the build, which may take long
	if f.push != "" {
		if push, err = f.destination(ctx, env, p); err != nil {
			return err
		}
	}
	var image *build.Built
	var done builtImage
	err = deploy.Step(p, "build", func() (string, error) {
		if image, err = build.Image(ctx, dir, options); err != nil {
			return "", err
		}
		done, err = describe(image)
		return fmt.Sprintf("%s, %s, %.1f MB, by %s", done.Digest[:19], done.Platform, float64(done.Size)/1e6, builderName(done.Builder)), err
	})
	if image != nil {
		defer func() { err = errors.Join(err, image.Close()) }()
	}
	if err != nil {
		return err
	}
	if f.output != "" {
		if err := build.Write(image, image.Platform, f.output); err != nil {
			return err
		}
		done.Output = f.output
	}
	if push != nil {
		if done.Reference, err = push(image); err != nil {
			return err
		}
		done.Tags = f.tags
		if digest, err := image.Digest(); err == nil && len(f.tags) == 0 {
			done.Tags = []string{build.Tag(digest)}
		}
	}
	if f.asJSON {
		return writeJSON(env, done)
	}
	fmt.Fprintln(env.Stdout, firstOf(done.Reference, done.Digest))
	return nil
}

func firstOf(list ...string) string {
	return list[slices.IndexFunc(list, func(s string) bool { return s != "" })]
}

func builderName(name string) string {
	if name == build.Go {
		return "the Go toolchain"
	}
	return name
}

// check reads the flags.
func (f *buildCommand) check(o *build.Options) error {
	if err := f.checkTarget(); err != nil {
		return err
	}
	if f.platform != "" {
		platform, err := v1.ParsePlatform(f.platform)
		if err != nil || platform.Architecture == "" {
			return &problem{err: fmt.Errorf("--platform %s is no platform", f.platform), try: "linux/amd64 or linux/arm64", code: exitUsage}
		}
		o.Platform = platform
	}
	if f.push == "" && (len(f.tags) > 0 || f.repository != "") {
		return &problem{err: errors.New("--tag and --repository are for an image that is pushed"), try: "add --push ENVIRONMENT, or leave them out", code: exitUsage}
	}
	return nil
}

// describe tells of an image.
func describe(image *build.Built) (builtImage, error) {
	digest, err := image.Digest()
	if err != nil {
		return builtImage{}, fmt.Errorf("reading the image: %w", err)
	}
	size, err := image.Bytes()
	return builtImage{Digest: digest.String(), Size: size, Platform: image.Platform.String(), Builder: image.Builder, Revision: image.Revision}, err
}

// destination finds where to push to, and gives the function that does it.
func (f *buildCommand) destination(ctx context.Context, env Env, p *ui.Progress) (func(*build.Built) (string, error), error) {
	config, address, err := f.where(ctx, env)
	if err != nil {
		return nil, err
	}
	repo, err := build.ECR(ctx, config, address)
	if err != nil {
		return nil, err
	}
	return func(image *build.Built) (reference string, err error) {
		err = deploy.Step(p, "push", func() (string, error) {
			reference, err = repo.Push(ctx, image, f.tags, func(done, of int64) {
				p.Text("push", fmt.Sprintf("push: %.1f of %.1f MB", float64(done)/1e6, float64(of)/1e6))
			})
			return address, err
		})
		return reference, err
	}, nil
}

// where gives the settings of ECR's client, and the address of the repository.
func (f *buildCommand) where(ctx context.Context, env Env) (aws.Config, string, error) {
	if !strings.ContainsAny(f.push, "./:") {
		return f.ofEnvironment(ctx, env)
	}
	account, region, ok := build.ECRAccount(f.push)
	if !ok {
		return aws.Config{}, "", &problem{err: fmt.Errorf("%s is neither an environment nor a repository in ECR", f.push),
			try: "--push dev, or --push 111111111111.dkr.ecr.REGION.amazonaws.com/REPOSITORY\n--output image.tar      (for other registries' tools)", code: exitUsage}
	}
	if f.target == string(deploy.AWS) {
		if err := awsSettings(env); err != nil {
			return aws.Config{}, "", err
		}
		config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
		if err != nil {
			return config, "", fmt.Errorf("reading the AWS settings: %w", err)
		}
		return config, f.push, nil
	}
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return aws.Config{}, "", err
	}
	config, err := localConfig(ctx, env, dir, account, region)
	return config, f.push, err
}

// ofEnvironment finds the repository of an environment among what carries its tags.
func (f *buildCommand) ofEnvironment(ctx context.Context, env Env) (aws.Config, string, error) {
	e, _, err := f.inspect(ctx, env, f.push)
	if err != nil {
		return aws.Config{}, "", err
	}
	r, err := f.repositoryOf(ctx, e, f.repository)
	return e.Config, r.URL, err
}
