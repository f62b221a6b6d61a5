package events

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// Limits of a target: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
const (
	maxInput      = 8192
	maxPathLength = 256
	maxPaths      = 100
)

var pathNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// checkTarget checks a target of a rule and fills what AWS fills.
func (t *txn) checkTarget(in *Target, rule string) error {
	if !ruleNames.MatchString(*in.Id) {
		return constraint(*in.Id, "targets.member.id", `Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`)
	}
	arn, ok := parseTarget(*in.Arn)
	if !ok {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *in.Arn)
	}
	if err := checkKind(in, arn); err != nil {
		return err
	}
	if arn.region != t.sc.Region || arn.account != t.sc.Account {
		return wire.NotImplemented("events:PutTargets with targets in other accounts and regions")
	}
	switch {
	case in.DeadLetterConfig != nil && in.DeadLetterConfig.Arn != nil:
		return wire.NotImplemented("events:PutTargets with DeadLetterConfig")
	case in.RoleArn != nil && arn.service != "ecs" && arn.service != "events":
		return invalid("RoleArn is not supported for target %s.", *in.Arn)
	case in.RoleArn == nil && arn.service == "ecs":
		return invalid("RoleArn is required for target %s.", *in.Arn)
	}
	if in.RoleArn != nil {
		if err := t.assumable(*in.RoleArn, rule); err != nil {
			return err
		}
	}
	if err := checkRetry(in.RetryPolicy); err != nil {
		return err
	}
	if arn.service == "ecs" {
		if err := checkECS(in, arn); err != nil {
			return err
		}
	}
	return checkInput(in)
}

// checkKind refuses targets that the cloud does not have, and parameters that are not the target's.
func checkKind(in *Target, arn targetARN) error {
	fits := false
	switch arn.service {
	case "sns":
		fits = !strings.Contains(arn.resource, ":")
	case "logs":
		fits = strings.HasPrefix(arn.resource, "log-group:") && arn.logGroup() != ""
	case "events":
		fits = strings.HasPrefix(arn.resource, "event-bus/")
		if strings.HasPrefix(arn.resource, "api-destination/") {
			return wire.NotImplemented("events:PutTargets with API destinations")
		}
	case "ecs":
		fits = strings.HasPrefix(arn.resource, "cluster/")
	default:
		return wire.NotImplemented("events:PutTargets with targets of " + arn.service)
	}
	if !fits {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *in.Arn)
	}
	other := in.KinesisParameters != nil || in.RunCommandParameters != nil || in.BatchParameters != nil || in.SqsParameters != nil || in.HttpParameters != nil ||
		in.RedshiftDataParameters != nil || in.SageMakerPipelineParameters != nil || in.AppSyncParameters != nil
	if other || in.EcsParameters != nil && arn.service != "ecs" {
		return invalid("Parameter(s) not valid for target %s: they belong to another kind of target.", *in.Id)
	}
	return nil
}

func checkRetry(p *RetryPolicy) error {
	if p == nil {
		return nil
	}
	if n := p.MaximumRetryAttempts; n != nil && (*n < 0 || *n > 185) {
		return invalid("1 validation error detected: Value '%d' at 'targets.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value between 0 and 185", *n)
	}
	if n := p.MaximumEventAgeInSeconds; n != nil && (*n < 60 || *n > 86400) {
		return invalid("1 validation error detected: Value '%d' at 'targets.member.retryPolicy.maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value between 60 and 86400", *n)
	}
	return nil
}

func checkECS(in *Target, arn targetARN) error {
	p := in.EcsParameters
	if p == nil {
		return invalid("EcsParameters is required for target %s.", *in.Id)
	}
	definition, ok := parseTarget(*p.TaskDefinitionArn)
	if !ok || definition.service != "ecs" || !strings.HasPrefix(definition.resource, "task-definition/") || definition.account != arn.account {
		return invalid("TaskDefinitionArn for target %s is invalid.", *in.Id)
	}
	if p.TaskCount == nil {
		p.TaskCount = new(int64(1))
	}
	vpc := &AwsVpcConfiguration{}
	if p.NetworkConfiguration != nil && p.NetworkConfiguration.AwsvpcConfiguration != nil {
		vpc = p.NetworkConfiguration.AwsvpcConfiguration
	}
	one := func(v *string, of ...string) bool { return v == nil || slices.Contains(of, *v) }
	switch {
	case *p.TaskCount < 1:
		return invalid("TaskCount for target %s must be at least 1.", *in.Id)
	case !one(p.LaunchType, "EC2", "FARGATE", "EXTERNAL"):
		return constraint(*p.LaunchType, "targets.member.ecsParameters.launchType", "Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL]")
	case p.LaunchType != nil && len(p.CapacityProviderStrategy) > 0:
		return invalid("LaunchType and CapacityProviderStrategy cannot both be specified for target %s.", *in.Id)
	case p.PlatformVersion != nil && text(p.LaunchType) != "FARGATE" && len(p.CapacityProviderStrategy) == 0:
		return invalid("PlatformVersion for target %s is supported only with the launch type FARGATE.", *in.Id)
	case text(p.LaunchType) == "FARGATE" && len(vpc.Subnets) == 0:
		return invalid("NetworkConfiguration is required for target %s with the launch type FARGATE.", *in.Id)
	case len(vpc.Subnets) > 16 || len(vpc.SecurityGroups) > 5:
		return invalid("NetworkConfiguration for target %s has too many subnets or security groups.", *in.Id)
	case !one(vpc.AssignPublicIp, "ENABLED", "DISABLED"):
		return constraint(*vpc.AssignPublicIp, "targets.member.ecsParameters.networkConfiguration.awsvpcConfiguration.assignPublicIp", "Member must satisfy enum value set: [ENABLED, DISABLED]")
	case !one(p.PropagateTags, "TASK_DEFINITION"):
		return constraint(*p.PropagateTags, "targets.member.ecsParameters.propagateTags", "Member must satisfy enum value set: [TASK_DEFINITION]")
	case p.ReferenceId != nil:
		return wire.NotImplemented("events:PutTargets with a ReferenceId for ECS")
	}
	for _, c := range p.PlacementConstraints {
		if !one(c.Type, "distinctInstance", "memberOf") {
			return constraint(*c.Type, "targets.member.ecsParameters.placementConstraints.member.type", "Member must satisfy enum value set: [distinctInstance, memberOf]")
		}
	}
	for _, c := range p.PlacementStrategy {
		if !one(c.Type, "random", "spread", "binpack") {
			return constraint(*c.Type, "targets.member.ecsParameters.placementStrategy.member.type", "Member must satisfy enum value set: [random, spread, binpack]")
		}
	}
	_, err := readTags(p.Tags)
	return err
}

// checkInput checks what a target is to get in place of the event.
func checkInput(in *Target) error {
	given := 0
	for _, set := range []bool{in.Input != nil, in.InputPath != nil, in.InputTransformer != nil} {
		if set {
			given++
		}
	}
	if given > 1 {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *in.Id)
	}
	if in.Input != nil {
		if len(*in.Input) > maxInput {
			return constraint(*in.Input, "targets.member.input", "Member must have length less than or equal to 8192")
		}
		if !json.Valid([]byte(*in.Input)) {
			return invalid("JSON syntax error in input for target %s.", *in.Id)
		}
	}
	if in.InputPath != nil {
		if _, err := parsePath(*in.InputPath); err != nil || len(*in.InputPath) > maxPathLength {
			return invalid("Invalid InputPath for target %s.", *in.Id)
		}
	}
	if in.InputTransformer == nil {
		return nil
	}
	for name, path := range in.InputTransformer.InputPathsMap {
		if !pathNames.MatchString(name) || strings.HasPrefix(strings.ToUpper(name), "AWS.") {
			return invalid("Invalid variable name %s in InputPathsMap for target %s.", name, *in.Id)
		}
		if _, err := parsePath(path); err != nil || len(path) > maxPathLength {
			return invalid("Invalid InputPath %s for target %s.", path, *in.Id)
		}
	}
	if n := len(in.InputTransformer.InputPathsMap); n > maxPaths {
		return invalid("InputPathsMap for target %s has more than %d entries.", *in.Id, maxPaths)
	}
	return checkTemplate(in.InputTransformer, *in.Id)
}
