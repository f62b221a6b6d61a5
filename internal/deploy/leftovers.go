package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// Leftover is a resource of an environment that still stands after its destruction.
type Leftover struct {
	ARN string `json:"arn"`
	Why string `json:"why"`
}

// Leftovers lists what still carries the tags that every resource of the environment has.
func (s *Session) Leftovers(ctx context.Context) ([]Leftover, error) {
	cfg, err := s.sdk(ctx)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	e := s.c.Environment
	pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(cfg), &tagging.GetResourcesInput{TagFilters: []types.TagFilter{
		{Key: aws.String("Project"), Values: []string{e.Project}}, {Key: aws.String("Environment"), Values: []string{e.Name}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for what is left: %w", err)
		}
		for _, r := range page.ResourceTagMappingList {
			out = append(out, Leftover{ARN: *r.ResourceARN, Why: why(*r.ResourceARN)})
		}
	}
	return out, nil
}

// revision is what the ARN of a task definition has, and no other.
const revision = ":task-definition/"

// Deregister takes away the revisions of task definitions among what is left: deployments have registered them, so that Terraform does
// not know them. It gives the others.
func (s *Session) Deregister(ctx context.Context, left []Leftover) (others []Leftover, err error) {
	cfg, err := s.sdk(ctx)
	if err != nil {
		return nil, err
	}
	client := ecs.NewFromConfig(cfg)
	for _, l := range left {
		if !strings.Contains(l.ARN, revision) {
			others = append(others, l)
			continue
		}
		if _, err := client.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &l.ARN}); err != nil {
			return nil, fmt.Errorf("deregistering %s: %w", l.ARN, err)
		}
	}
	return others, nil
}

// why says what keeps a resource of this kind after a destroy.
func why(arn string) string {
	for _, c := range []struct{ part, why string }{
		{":snapshot:", "the database's final snapshot, kept since the environment is protected"},
		{":auto-backup:", "automatic backups, kept until they expire since the environment is protected"},
		{":kms:", "a KMS key that is scheduled for deletion"},
		{":secret:", "a secret that is scheduled for deletion"},
		{":s3:::", "a bucket that holds objects"},
		{":repository/", "a repository that holds images"},
	} {
		if strings.Contains(arn, c.part) {
			return c.why
		}
	}
	return "not in the state, or made outside of Terraform with the environment's tags"
}

// sdk gives the settings by which AWS's SDK reaches the same target as Terraform.
func (s *Session) sdk(ctx context.Context) (aws.Config, error) {
	if s.c.Target == AWS {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.c.Environment.Region))
		if err != nil {
			return cfg, fmt.Errorf("reading the AWS settings: %w", err)
		}
		return cfg, nil
	}
	set := map[string]string{}
	for _, e := range s.c.Settings {
		name, value, _ := strings.Cut(e, "=")
		set[name] = value
	}
	return aws.Config{
		Region: s.c.Environment.Region, BaseEndpoint: aws.String(set["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], ""),
	}, nil
}
