package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/hint"
	"atoll/internal/inspect"
)

// Database names the databases' logs where a service or a job could be named.
const Database = "db"

// Source is a log group, or a part of one.
type Source struct {
	Name   string // of the service, the job, or the database
	Group  string
	Prefix string // of the streams' names: awslogs-stream-prefix with a slash; empty takes all
}

// Sources gives where the logs of a part of an environment are: of a service, a job, the databases (db), or, with an empty name, of all services
// and jobs.
func Sources(ctx context.Context, e *inspect.Environment, part string) ([]Source, error) {
	if part == Database {
		return databases(e)
	}
	definitions := map[string]*string{}
	for _, s := range e.Services {
		definitions[s.Name] = s.Detail.TaskDefinition
	}
	for _, j := range e.Jobs {
		definitions[j.Name] = j.Detail.TaskDefinitionArn
	}
	if part != "" {
		d, ok := definitions[part]
		if !ok {
			return nil, unknown(e, definitions, part)
		}
		definitions = map[string]*string{part: d}
	}
	var out []Source
	for name, d := range definitions {
		found, err := e.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: d})
		if err != nil {
			return nil, fmt.Errorf("reading the task definition of %s: %w", name, err)
		}
		out = append(out, tasks(name, found.TaskDefinition)...)
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Prefix, b.Prefix)) })
	if len(out) == 0 {
		if part == "" {
			part = e.Name
		}
		return nil, fmt.Errorf("%s has no logs in CloudWatch Logs: no task definition there has the log driver awslogs", part)
	}
	return slices.Compact(out), nil
}

func unknown(e *inspect.Environment, definitions map[string]*string, part string) error {
	var names []string
	for name := range definitions {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(e.Databases) > 0 {
		names = append(names, Database)
	}
	return hint.Errorf("one of: "+strings.Join(names, ", "), "%s has no service or job %q", e.Name, part)
}

func tasks(name string, d *ecstypes.TaskDefinition) []Source {
	var out []Source
	for _, c := range d.ContainerDefinitions {
		if l := c.LogConfiguration; l != nil && l.LogDriver == ecstypes.LogDriverAwslogs {
			s := Source{Name: name, Group: l.Options["awslogs-group"]}
			if p := l.Options["awslogs-stream-prefix"]; p != "" {
				s.Prefix = p + "/" // PREFIX/CONTAINER/TASK
			}
			out = append(out, s)
		}
	}
	return out
}

// databases gives the log groups that RDS exports to.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.overview.parameter-groups.html
func databases(e *inspect.Environment) ([]Source, error) {
	if len(e.Databases) == 0 {
		return nil, fmt.Errorf("%s has no database", e.Name)
	}
	var out []Source
	for _, d := range e.Databases {
		if slices.Contains(d.Detail.EnabledCloudwatchLogsExports, "postgresql") {
			out = append(out, Source{Name: d.ID, Group: "/aws/rds/instance/" + d.ID + "/postgresql"})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the database %s exports no log to CloudWatch Logs: its EnabledCloudwatchLogsExports lacks postgresql", aws.ToString(e.Databases[0].Detail.DBInstanceIdentifier))
	}
	return out, nil
}
