package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/inspect"
)

// migrate runs the migration with the new image, if there is one, and waits for its end.
func (r *Release) migrate(ctx context.Context, units []*unit) error {
	i := slices.IndexFunc(units, func(u *unit) bool { return u.job != nil && u.name == Migration })
	if i < 0 {
		return nil
	}
	return r.Shown.Step("migration", func() (string, error) { return "", r.runMigration(ctx, units[i]) })
}

func (r *Release) runMigration(ctx context.Context, u *unit) error {
	public := types.AssignPublicIpDisabled
	if u.job.PublicIP() {
		public = types.AssignPublicIpEnabled
	}
	cluster := r.Prefix()
	if len(r.Clusters) > 0 {
		cluster = r.Clusters[0]
	}
	out, err := r.ECS.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: &cluster, TaskDefinition: &u.next, LaunchType: types.LaunchTypeFargate, StartedBy: aws.String("atoll deploy"),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: u.job.Subnets(), SecurityGroups: u.job.Groups(), AssignPublicIp: public,
		}},
	})
	if err != nil {
		return fmt.Errorf("starting the migration: %w", err)
	}
	if len(out.Tasks) == 0 {
		return fmt.Errorf("starting the migration: %s", reasonOf(out.Failures))
	}
	arn := aws.ToString(out.Tasks[0].TaskArn)
	for {
		if err := r.wait(ctx); err != nil {
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
			defer cancel()
			_, stopErr := r.ECS.StopTask(late, &ecs.StopTaskInput{Cluster: &cluster, Task: &arn, Reason: aws.String("The deployment was interrupted.")})
			return errors.Join(err, stopErr)
		}
		described, err := r.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: []string{arn}})
		if err != nil {
			return fmt.Errorf("asking for the migration: %w", err)
		}
		if len(described.Tasks) == 0 {
			return errors.New("the migration's task is gone")
		}
		t := described.Tasks[0]
		r.Shown.Text("migration", "migration: "+aws.ToString(t.LastStatus))
		if aws.ToString(t.LastStatus) != "STOPPED" {
			continue
		}
		for _, c := range t.Containers {
			if c.ExitCode == nil || *c.ExitCode != 0 {
				return r.failure(ctx, "the migration failed; no service was changed", u, inspect.Task{ID: arn[len(arn)-32:], Detail: t})
			}
		}
		return nil
	}
}

func reasonOf(failures []types.Failure) string {
	for _, f := range failures {
		return aws.ToString(f.Reason) + " " + aws.ToString(f.Detail)
	}
	return "ECS started no task, and gave no reason"
}
