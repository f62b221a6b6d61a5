package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"golang.org/x/sync/errgroup"
)

// Environment is what stands of an environment at one time. Details are the APIs' own answers.
type Environment struct {
	*Clients
	Project, Name string
	ARNs          []string // of everything that carries the environment's tags
	Clusters      []string // names
	Services      []Service
	Jobs          []Job
	LoadBalancer  *LoadBalancer // nil without one
	Databases     []Database    // the primary one first, then replicas
}

// Prefix is how the names of the environment's resources begin.
func (e *Environment) Prefix() string { return e.Project + "-" + e.Name }

// Empty reports whether nothing of the environment stands.
func (e *Environment) Empty() bool {
	return len(e.ARNs) == 0 && len(e.Clusters) == 0 && e.LoadBalancer == nil && len(e.Databases) == 0
}

// Service gives a service by its name.
func (e *Environment) Service(name string) (*Service, bool) {
	for i := range e.Services {
		if e.Services[i].Name == name {
			return &e.Services[i], true
		}
	}
	return nil, false
}

// Job gives a scheduled job by its name.
func (e *Environment) Job(name string) (*Job, bool) {
	for i := range e.Jobs {
		if e.Jobs[i].Name == name {
			return &e.Jobs[i], true
		}
	}
	return nil, false
}

// Database gives the primary database, nil without one.
func (e *Environment) Database() *Database {
	if len(e.Databases) == 0 {
		return nil
	}
	return &e.Databases[0]
}

// ServiceNames gives the names of the services.
func (e *Environment) ServiceNames() []string {
	var out []string
	for _, s := range e.Services {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return out
}

// Load finds what stands of an environment.
func Load(ctx context.Context, c *Clients, project, name string) (*Environment, error) {
	e := &Environment{Clients: c, Project: project, Name: name}
	var err error
	if e.ARNs, err = tagged(ctx, c, project, name); err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.loadContainers(ctx) })
	g.Go(func() error { return e.loadJobs(ctx) })
	g.Go(func() error { return e.loadBalancer(ctx) })
	g.Go(func() error { return e.loadDatabases(ctx) })
	return e, g.Wait()
}

func tagged(ctx context.Context, c *Clients, project, name string) ([]string, error) {
	var out []string
	pages := tagging.NewGetResourcesPaginator(c.Tagging, &tagging.GetResourcesInput{TagFilters: []types.TagFilter{
		{Key: aws.String("Project"), Values: []string{project}}, {Key: aws.String("Environment"), Values: []string{name}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for what carries the tags of %s: %w", name, err)
		}
		for _, r := range page.ResourceTagMappingList {
			out = append(out, aws.ToString(r.ResourceARN))
		}
	}
	return out, nil
}

// Tagged gives the ARNs of one kind of resource among those that carry the environment's tags: kind is how the part behind the account
// begins, such as "db:", of the service.
func (e *Environment) Tagged(service, kind string) []string {
	var out []string
	for _, arn := range e.ARNs {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[2] == service && strings.HasPrefix(parts[5], kind) {
			out = append(out, arn)
		}
	}
	return out
}

// last gives what follows the last slash or colon of an ARN.
func last(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] }
