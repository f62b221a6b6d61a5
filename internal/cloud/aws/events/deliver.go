package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/task"
)

// principal is EventBridge as resource policies name it.
const principal = "events.amazonaws.com"

// deliver gives an event to a target. Its errors are final.
func (s *Service) deliver(ctx context.Context, j *jobRecord) error {
	arn, ok := parseTarget(*j.Target.Arn)
	if !ok {
		return errors.New("the target has no ARN")
	}
	o := &occurrence{rule: ruleARN(j.Scope, j.Bus, j.Rule), name: j.Rule, ingested: j.Ingested.UTC().Format("2006-01-02T15:04:05Z"), event: j.Event}
	input, err := o.input(&j.Target)
	if err != nil {
		return fmt.Errorf("making the target's input: %w", err)
	}
	switch arn.service {
	case "sns":
		return s.d.Topics.DeliverFor(ctx, j.Scope, *j.Target.Arn, principal, o.rule, "", input)
	case "logs":
		return s.d.Logs.PutAs(ctx, j.Scope, principal, o.rule, arn.logGroup(), streamOf(o.rule), input, j.Ingested)
	case "events":
		return s.forward(ctx, j, strings.TrimPrefix(arn.resource, "event-bus/"))
	case "ecs":
		return s.run(ctx, j, input)
	}
	return fmt.Errorf("targets of %s are not implemented", arn.service)
}

// streamOf gives the log stream of a rule, in the form of a UUID as EventBridge's streams have.
func streamOf(rule string) string {
	sum := sha256.Sum256([]byte(rule))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// forward puts an event on another bus of the same account and region.
func (s *Service) forward(ctx context.Context, j *jobRecord, bus string) error {
	if j.Forwarded {
		return errors.New("the event has come from another bus already")
	}
	var e envelope
	if err := json.Unmarshal([]byte(j.Event), &e); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: j.Scope, now: s.d.Clock.Now()}
		b, err := t.bus(&bus)
		if err != nil {
			return err
		}
		return t.route(b.Name, &e, true)
	})
}

// run runs an ECS task by the target's role.
func (s *Service) run(ctx context.Context, j *jobRecord, input string) error {
	if s.d.Tasks == nil {
		return errors.New("this cloud has no ECS")
	}
	err := s.d.Store.View(func(tx *state.Tx) error { return s.mayRun(tx, j) })
	if err != nil {
		return err
	}
	request := taskRequest(j)
	if j.Target.Input != nil || j.Target.InputPath != nil || j.Target.InputTransformer != nil {
		request.OverridesJSON = input // a whole event is no overrides
	}
	return s.d.Tasks.RunFor(ctx, j.Scope, request)
}

func taskRequest(j *jobRecord) task.Request {
	p := j.Target.EcsParameters
	const longest = 36 // of startedBy
	started := "events-rule/" + j.Rule
	r := task.Request{
		Cluster: *j.Target.Arn, Definition: *p.TaskDefinitionArn, LaunchType: text(p.LaunchType), Count: int(*p.TaskCount), PlatformVersion: text(p.PlatformVersion),
		Group: text(p.Group), StartedBy: started[:min(len(started), longest)], PropagateTags: text(p.PropagateTags),
		ManagedTags: flag(p.EnableECSManagedTags), EnableExec: flag(p.EnableExecuteCommand), Tags: map[string]string{},
	}
	if p.NetworkConfiguration != nil && p.NetworkConfiguration.AwsvpcConfiguration != nil {
		vpc := p.NetworkConfiguration.AwsvpcConfiguration
		r.Subnets, r.Groups, r.AssignPublicIP = vpc.Subnets, vpc.SecurityGroups, text(vpc.AssignPublicIp) == "ENABLED"
	}
	for _, c := range p.CapacityProviderStrategy {
		provider := task.CapacityProvider{Name: *c.CapacityProvider}
		if c.Weight != nil {
			provider.Weight = int(*c.Weight)
		}
		if c.Base != nil {
			provider.Base = int(*c.Base)
		}
		r.CapacityProviders = append(r.CapacityProviders, provider)
	}
	for _, tag := range p.Tags {
		r.Tags[*tag.Key] = *tag.Value
	}
	return r
}

// mayRun says whether the target's role may be taken and allows the task.
func (s *Service) mayRun(tx *state.Tx, j *jobRecord) error {
	t := &txn{Service: s, tx: tx, sc: j.Scope, now: s.d.Clock.Now()}
	role := text(j.Target.RoleArn)
	if err := t.assumable(role, ruleARN(j.Scope, j.Bus, j.Rule)); err != nil {
		return err
	}
	definition, ok := s.d.Tasks.Definition(tx, j.Scope, *j.Target.EcsParameters.TaskDefinitionArn)
	if !ok {
		return fmt.Errorf("there is no active task definition %s", *j.Target.EcsParameters.TaskDefinitionArn)
	}
	r, _ := s.d.Roles.Role(tx, role)
	who := auth.Principal{Account: r.Account, ARN: role, UserID: r.ID + ":events", Role: role}
	permissions, ok := s.d.Roles.Permissions(tx, who)
	context := who.Context(t.now)
	context.Set("ecs:cluster", *j.Target.Arn)
	request := &auth.Request{Caller: who.Caller(), Action: "ecs:RunTask", Resource: definition, Context: context}
	if !ok || permissions.Evaluate(request) != auth.Allowed {
		return fmt.Errorf("the role %s does not allow ecs:RunTask on %s", role, request.Resource)
	}
	return nil
}
