package cli

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

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
	found, err := inspect.Load(ctx, clients, e.Project, e.Name)
	if err != nil {
		return nil, e, err
	}
	if found.Empty() {
		where, up := "the local cloud", "atoll up "+name
		if f.target == string(deploy.AWS) {
			where, up = "AWS, in "+e.Region, "atoll up "+name+" --target aws"
		}
		return nil, e, advise(fmt.Errorf("nothing of %s stands on %s", name, where), "%s", up)
	}
	return found, e, nil
}

// clients gives the clients of AWS's APIs for an environment's account and region, with what its tfvars file says.
func (f *environment) clients(ctx context.Context, env Env, name string) (*inspect.Clients, config.Environment, error) {
	if err := f.checkTarget(); err != nil {
		return nil, config.Environment{}, err
	}
	project, err := f.project()
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
	settings, err := cloudSettings(ctx, env, dir, account, e.Region)
	if err != nil {
		return nil, e, err
	}
	set := map[string]string{}
	for _, s := range settings {
		set[s.name] = s.value
	}
	return inspect.NewClients(aws.Config{
		Region: set["AWS_REGION"], BaseEndpoint: aws.String(set["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], ""),
	}), e, nil
}

func (f *environment) checkTarget() error {
	if target := deploy.Target(f.target); target != deploy.Local && target != deploy.AWS {
		return &problem{err: fmt.Errorf("--target %s is not known", f.target), try: "--target local or --target aws", code: exitUsage}
	}
	return nil
}
