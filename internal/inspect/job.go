package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Job is a task that an EventBridge rule starts.
type Job struct {
	Name   string // without the environment's prefix
	Rule   string
	State  types.RuleState
	Detail types.EcsParameters
}

// Subnets gives where the job's tasks are put.
func (j *Job) Subnets() []string {
	if n := j.Detail.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		return n.AwsvpcConfiguration.Subnets
	}
	return nil
}

// Groups gives the security groups of the job's tasks.
func (j *Job) Groups() []string {
	if n := j.Detail.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		return n.AwsvpcConfiguration.SecurityGroups
	}
	return nil
}

// PublicIP reports whether its tasks get public addresses.
func (j *Job) PublicIP() bool {
	n := j.Detail.NetworkConfiguration
	return n != nil && n.AwsvpcConfiguration != nil && n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
}

func (e *Environment) loadJobs(ctx context.Context) error {
	rules, err := e.Events.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String(e.Prefix() + "-")})
	if err != nil {
		return fmt.Errorf("listing the rules that start jobs: %w", err)
	}
	for _, r := range rules.Rules {
		name := aws.ToString(r.Name)
		targets, err := e.Events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: r.Name})
		if err != nil {
			return fmt.Errorf("listing what %s starts: %w", name, err)
		}
		for _, t := range targets.Targets {
			if t.EcsParameters != nil {
				e.Jobs = append(e.Jobs, Job{Name: strings.TrimPrefix(name, e.Prefix()+"-"), Rule: name, State: r.State, Detail: *t.EcsParameters})
			}
		}
	}
	slices.SortFunc(e.Jobs, func(a, b Job) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
