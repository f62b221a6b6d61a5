package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/spf13/cobra"

	"atoll/internal/build"
	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/inspect"
	"atoll/internal/release"
	"atoll/internal/ui"
)

type deployCommand struct {
	environment
	image, repository, builder string
}

func newDeploy(env Env) *cobra.Command {
	var f deployCommand
	cmd := &cobra.Command{
		Use: "deploy ENVIRONMENT", Short: "Put a new image into an environment", Args: cobra.ExactArgs(1),
		Long: `Put a new image into an environment that stands: build the project's image and push it, or take one that is pushed already; run the
migration with it, where there is one (a job with the name migrate); have the services run it, and wait until they do. Terraform is not needed.

Where the new image does not work, ECS goes back to the old one, which serves all the time. Then this says why, with the failing task's
last log lines, and ends with exit code 6. So does Ctrl-C, by which the services go back too.`,
		Example: "  atoll deploy dev\n  atoll deploy prod --image v1.4.2 --target aws",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	f.yesFlag(cmd)
	cmd.Flags().StringVar(&f.image, "image", "", "a pushed image, by tag, digest or whole reference (default: build the project's)")
	cmd.Flags().StringVar(&f.repository, "repository", "", "repository of the environment, where it has several")
	cmd.Flags().StringVar(&f.builder, "builder", "", strings.Join(build.Builders(), ", ")+" (default: the best that works)")
	return cmd
}

// shown shows the steps of a release on a terminal.
type shown struct{ p *ui.Progress }

func (s shown) Step(name string, f func() (string, error)) error { return deploy.Step(s.p, name, f) }
func (s shown) Text(name, text string)                           { s.p.Text(name, text) }

// deployed is what --json prints.
type deployed struct {
	Environment string  `json:"environment"`
	Repository  string  `json:"repository"`
	Image       string  `json:"image"`
	Seconds     float64 `json:"seconds"`
}

func (f *deployCommand) run(ctx context.Context, env Env, name string) error {
	began := time.Now()
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	repository, err := f.repositoryOf(ctx, e, f.repository)
	if err != nil {
		return err
	}
	p := ui.NewProgress(env.Stderr, ui.Detect(env.Stderr))
	defer p.Close()
	image := f.image
	if image == "" {
		if err := f.localRoom(ctx, env); err != nil {
			return err
		}
		image, err = f.buildAndPush(ctx, env, p, e, repository)
	} else {
		image, err = resolve(ctx, e, repository, image)
	}
	if err != nil {
		return err
	}
	if f.target == string(deploy.AWS) {
		if err := f.confirm(env, fmt.Sprintf("This puts %s into %s on AWS.", image, settings.Name), settings.Name); err != nil {
			return err
		}
	}
	if err := release.New(e, shown{p}).Deploy(ctx, repository.Name, image); err != nil {
		return err
	}
	if f.asJSON {
		return writeJSON(env, deployed{name, repository.Name, image, time.Since(began).Seconds()})
	}
	p.Say("%s runs the new image after %s", name, ui.Seconds(time.Since(began)))
	fmt.Fprintln(env.Stdout, image)
	return nil
}

// localRoom refuses to build for a local cloud that has no space to take an image.
func (f *environment) localRoom(ctx context.Context, env Env) error {
	if f.target != string(deploy.Local) {
		return nil
	}
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return err
	}
	info, err := daemon.NewClient(dir).Info(ctx)
	if err != nil {
		return err
	}
	return hasRoom(info, lowDisk)
}

// repositories gives an environment's repositories, by name without its prefix.
func repositories(ctx context.Context, e *inspect.Environment) (map[string]release.Repository, error) {
	found := map[string]release.Repository{}
	var names []string
	for _, arn := range e.Tagged("ecr", "repository/") {
		_, name, _ := strings.Cut(arn, ":repository/")
		names = append(names, name)
	}
	if len(names) == 0 {
		return found, nil
	}
	out, err := ecr.NewFromConfig(e.Config).DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: names})
	if err != nil {
		return nil, fmt.Errorf("looking for the repositories of %s: %w", e.Name, err)
	}
	for _, r := range out.Repositories {
		name := strings.TrimPrefix(aws.ToString(r.RepositoryName), e.Prefix()+"/")
		found[name] = release.Repository{Name: name, URL: aws.ToString(r.RepositoryUri)}
	}
	return found, nil
}

// repositoryOf gives the repository that is meant: the only one, if none is named.
func (f *environment) repositoryOf(ctx context.Context, e *inspect.Environment, name string) (release.Repository, error) {
	found, err := repositories(ctx, e)
	if err != nil {
		return release.Repository{}, err
	}
	r, ok := found[name]
	switch {
	case ok:
		return r, nil
	case len(found) == 0:
		return r, advise(fmt.Errorf("%s has no repository", e.Name), "atoll up %s", e.Name)
	case name == "" && len(found) == 1:
		return slices.Collect(maps.Values(found))[0], nil
	case name == "":
		err = fmt.Errorf("%s has several repositories", e.Name)
	default:
		err = fmt.Errorf("%s has no repository %q", e.Name, name)
	}
	return r, advise(err, "--repository %s", strings.Join(slices.Sorted(maps.Keys(found)), ", or "))
}

// resolve gives the reference by digest of an image that is pushed already.
func resolve(ctx context.Context, e *inspect.Environment, repository release.Repository, image string) (string, error) {
	if strings.Contains(image, "/") {
		return image, nil
	}
	id := types.ImageIdentifier{ImageTag: &image}
	if strings.HasPrefix(image, "sha256:") {
		id = types.ImageIdentifier{ImageDigest: &image}
	}
	_, path, _ := strings.Cut(repository.URL, "/")
	client := ecr.NewFromConfig(e.Config)
	out, err := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &path, ImageIds: []types.ImageIdentifier{id}})
	if none := (*types.ImageNotFoundException)(nil); errors.As(err, &none) {
		return "", advise(fmt.Errorf("the repository %s has no image %s", repository.Name, image), "one of its tags: %s", strings.Join(tags(ctx, client, path), ", "))
	}
	if err != nil {
		return "", fmt.Errorf("looking for the image %s: %w", image, err)
	}
	return repository.URL + "@" + aws.ToString(out.ImageDetails[0].ImageDigest), nil
}

// tags gives some tags of a repository, for advice.
func tags(ctx context.Context, client *ecr.Client, repository string) []string {
	out, err := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &repository, MaxResults: aws.Int32(20)})
	if err != nil {
		return nil
	}
	var all []string
	for _, d := range out.ImageDetails {
		all = append(all, d.ImageTags...)
	}
	return all
}

// buildAndPush builds the project's image and pushes it.
func (f *deployCommand) buildAndPush(ctx context.Context, env Env, p *ui.Progress, e *inspect.Environment, repository release.Repository) (reference string, err error) {
	project, err := f.project(env)
	if err != nil {
		return "", err
	}
	image, err := buildProject(ctx, env, p, project, f.builder)
	if image != nil {
		defer func() { err = errors.Join(err, image.Close()) }()
	}
	if err != nil {
		return "", err
	}
	return pushImage(ctx, p, e.Config, repository.URL, image)
}

// source is the folder of a project's app: the one that its Terraform folder lies in.
func source(project config.Project) string { return filepath.Dir(project.Root) }

// buildProject builds the image of a project's app.
func buildProject(ctx context.Context, env Env, p *ui.Progress, project config.Project, builder string) (image *build.Built, err error) {
	err = deploy.Step(p, "build", func() (string, error) {
		image, err = build.Image(ctx, source(project), build.Options{Machine: env.Machine, Builder: builder, Note: p.Say})
		if err != nil {
			return "", err
		}
		done, err := describe(image)
		return fmt.Sprintf("%s, %s, %.1f MB, by %s", done.Digest[:19], done.Platform, float64(done.Size)/1e6, builderName(done.Builder)), err
	})
	return image, err
}

// pushImage pushes an image, and gives its reference by digest.
func pushImage(ctx context.Context, p *ui.Progress, settings aws.Config, address string, image *build.Built) (reference string, err error) {
	err = deploy.Step(p, "push", func() (string, error) {
		repo, err := build.ECR(ctx, settings, address)
		if err != nil {
			return "", err
		}
		reference, err = repo.Push(ctx, image, nil, func(done, of int64) {
			p.Text("push", fmt.Sprintf("push: %.1f of %.1f MB", float64(done)/1e6, float64(of)/1e6))
		})
		return address, err
	})
	return reference, err
}
