package cli

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/inspect"
)

// inspect finds what stands of an environment, for the commands that need AWS's APIs and no Terraform. It starts no cloud.
func (f *environment) inspect(ctx context.Context, env Env, name string) (*inspect.Environment, config.Environment, error) {
	clients, e, err := f.clients(ctx, env, name)
	if err != nil {
		return nil, e, err
	}
	found, err := f.standing(ctx, clients, e)
	return found, e, err
}

// standing finds what stands of an environment, by clients that are there already.
func (f *environment) standing(ctx context.Context, clients *inspect.Clients, e config.Environment) (*inspect.Environment, error) {
	found, err := inspect.Load(ctx, clients, e.Project, e.Name)
	if err != nil {
		return nil, err
	}
	if found.Empty() {
		where, up := "the local cloud", "atoll up "+e.Name
		if f.target == string(deploy.AWS) {
			where, up = "AWS, in "+e.Region, "atoll up "+e.Name+" --target aws"
		}
		return nil, advise(fmt.Errorf("nothing of %s stands on %s", e.Name, where), "%s", up)
	}
	return found, nil
}

// more is what commands for the same target that are advised end with.
func (f *environment) more() string {
	if f.target == string(deploy.AWS) {
		return " --target aws"
	}
	return ""
}

// clients gives the clients of AWS's APIs for an environment's account and region, with what its tfvars file says.
func (f *environment) clients(ctx context.Context, env Env, name string) (*inspect.Clients, config.Environment, error) {
	if err := f.checkTarget(); err != nil {
		return nil, config.Environment{}, err
	}
	project, err := f.project(env)
	if err != nil {
		return nil, config.Environment{}, err
	}
	e, err := project.Load(name)
	if err != nil {
		return nil, e, err
	}
	if f.target == string(deploy.AWS) {
		if err := awsSettings(env); err != nil {
			return nil, e, err
		}
		cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(e.Region))
		if err != nil {
			return nil, e, fmt.Errorf("reading the AWS settings: %w", err)
		}
		return inspect.NewClients(cfg), e, nil
	}
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return nil, e, err
	}
	account := e.Account
	if account == "" {
		account = localAccount(name)
	}
	cfg, err := localConfig(ctx, env, dir, account, e.Region)
	if err != nil {
		return nil, e, err
	}
	return inspect.NewClients(cfg), e, nil
}

// localConfig gives the settings of clients for an account of the running cloud.
func localConfig(ctx context.Context, env Env, dir daemon.Dir, account, region string) (aws.Config, error) {
	settings, err := cloudSettings(ctx, env, dir, account, region)
	if err != nil {
		return aws.Config{}, err
	}
	set := map[string]string{}
	for _, s := range settings {
		set[s.name] = s.value
	}
	return aws.Config{
		Region: set["AWS_REGION"], BaseEndpoint: aws.String(set["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], ""),
	}, nil
}

func (f *environment) checkTarget() error {
	if target := deploy.Target(f.target); target != deploy.Local && target != deploy.AWS {
		return &problem{err: fmt.Errorf("--target %s is not known", f.target), try: "--target local or --target aws", code: exitUsage}
	}
	return nil
}
