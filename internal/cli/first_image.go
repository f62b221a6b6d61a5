package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"atoll/internal/build"
	"atoll/internal/cloud/daemon"
	"atoll/internal/deploy"
	"atoll/internal/hint"
	"atoll/internal/inspect"
	"atoll/internal/release"
)

// mainRepository is the repository that environments have unless their settings say otherwise.
const mainRepository = "app"

// firstImage is the image that an environment's services are to run first. A nil one does nothing.
type firstImage struct {
	o       *opened
	clients *inspect.Clients
	image   *build.Built
	name    string // of the repository, with its prefix
	address string // of the repository
	ref     string
	late    bool // the parameter is there already, and names another image: the app is deployed after all else

	push  sync.WaitGroup
	err   error
	ended context.CancelFunc
}

// firstImage builds the project's image where none of it runs yet, and tells Terraform of it.
func (f *up) firstImage(ctx context.Context, env Env, o *opened) (*firstImage, error) {
	if f.noBuild {
		return nil, nil
	}
	dir := source(o.project)
	if !hasApp(dir) {
		o.progress.Say("%s has neither a Dockerfile nor a Go module: services run a stand-in until 'atoll deploy'", dir)
		return nil, nil
	}
	if _, set := o.environment.Setting("registry", "repositories"); set {
		o.progress.Say("registry.repositories is set: 'atoll build %s --push %s' and 'atoll deploy' put images into them", dir, o.environment.Name)
		return nil, nil
	}
	clients, e, err := f.clients(ctx, env, o.environment.Name)
	if err != nil {
		return nil, err
	}
	prefix := e.Project + "-" + e.Name
	first := &firstImage{o: o, clients: clients, name: prefix + "/" + mainRepository}
	runs, err := imageOf(ctx, clients, "/"+prefix+"/image/"+mainRepository)
	if err != nil || strings.Contains(runs, ".dkr.ecr.") {
		return nil, err
	}
	first.late = runs != ""
	account := o.account
	if account == "" {
		who, err := sts.NewFromConfig(clients.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, fmt.Errorf("asking AWS for the account: %w", err)
		}
		account = aws.ToString(who.Account)
	}
	first.address = account + ".dkr.ecr." + clients.Config.Region + ".amazonaws.com/" + first.name
	if first.image, err = buildProject(ctx, env, o.progress, o.project, f.builder); err != nil {
		return nil, err
	}
	digest, err := first.image.Digest()
	if err != nil {
		return nil, err
	}
	first.ref = first.address + "@" + digest.String()
	if !first.late {
		o.Set("first_image", first.ref)
	}
	return first, nil
}

// hasApp says whether a folder holds what an image can be made of.
func hasApp(dir string) bool {
	for _, name := range []string{"Dockerfile", "Containerfile", "go.mod"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func (f *firstImage) close() {
	if f != nil {
		_ = f.image.Close() // in the system's folder for temporary files
	}
}

// lookPause is how long to wait between two looks for the repository.
const lookPause = 300 * time.Millisecond

// pushMeanwhile pushes as soon as Terraform has made the repository: services that need the image come much later.
func (f *firstImage) pushMeanwhile(ctx context.Context) {
	if f == nil {
		return
	}
	ctx, f.ended = context.WithCancel(ctx)
	f.push.Go(func() {
		if f.err = f.awaitRepository(ctx); f.err == nil {
			_, f.err = pushImage(ctx, f.o.progress, f.clients.Config, f.address, f.image)
		}
	})
}

func (f *firstImage) awaitRepository(ctx context.Context) error {
	client := ecr.NewFromConfig(f.clients.Config)
	for {
		_, err := client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{f.name}})
		if none := (*ecrtypes.RepositoryNotFoundException)(nil); err == nil || !errors.As(err, &none) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookPause):
		}
	}
}

// pushed waits for the push's end, and gives what has failed: applied is how Terraform ended.
func (f *firstImage) pushed(applied error) error {
	if f == nil {
		return applied
	}
	if applied != nil {
		f.ended()
	}
	f.push.Wait()
	f.ended()
	switch {
	case applied != nil && f.err != nil && !errors.Is(f.err, context.Canceled):
		return errors.Join(applied, f.err)
	case applied != nil:
		return applied
	case f.err != nil:
		return hint.Errorf("run the same again: what is made already stays", "%w", f.err)
	}
	return nil
}

// deploy puts the image into services that run another one so far.
func (f *firstImage) deploy(ctx context.Context) error {
	if f == nil || !f.late {
		return nil
	}
	e, err := inspect.Load(ctx, f.clients, f.o.environment.Project, f.o.environment.Name)
	if err != nil {
		return err
	}
	return release.New(e, shown{f.o.progress}).Deploy(ctx, mainRepository, f.ref)
}

// settle waits until the services run: Terraform does not. Those that run a stand-in are not waited for.
func (f *up) settle(ctx context.Context, env Env, o *opened) error {
	if o.target == deploy.Local && o.cloud.Runtime == daemon.None {
		return nil
	}
	e, _, err := f.inspect(ctx, env, o.environment.Name)
	if err != nil {
		return err
	}
	runs, err := imageOf(ctx, e.Clients, "/"+e.Prefix()+"/image/"+mainRepository)
	if err != nil || runs != "" && !strings.Contains(runs, ".dkr.ecr.") {
		return err
	}
	return release.New(e, shown{o.progress}).Settle(ctx)
}

// imageOf gives the value of a parameter; empty where it is not there.
func imageOf(ctx context.Context, c *inspect.Clients, parameter string) (string, error) {
	out, err := ssm.NewFromConfig(c.Config).GetParameter(ctx, &ssm.GetParameterInput{Name: &parameter})
	if none := (*ssmtypes.ParameterNotFound)(nil); errors.As(err, &none) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("asking which image runs: %w", err)
	}
	return aws.ToString(out.Parameter.Value), nil
}
