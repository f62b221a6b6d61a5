package ecs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/task"
	"atoll/internal/cloud/wire"
)

// Definition gives the ARN with a revision of the task definition that an ARN or a family means: its latest active one if it names none.
func (s *Service) Definition(tx *state.Tx, sc state.Scope, definition string) (string, bool) {
	r, ok := (&txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}).definition(definition)
	if !ok {
		return "", false
	}
	return r.arn(), true
}

// RunFor runs tasks for a service, such as EventBridge, in an account and region. Its errors are those of ecs:RunTask. It must not be
// called within a transaction.
func (s *Service) RunFor(ctx context.Context, sc state.Scope, r task.Request) error {
	in, err := runTaskInput(r)
	if err != nil {
		return err
	}
	call := &wire.Call{Principal: auth.Principal{Account: sc.Account}, Region: sc.Region, Time: s.d.Clock.Now()}
	out, err := s.RunTask(wire.WithCall(ctx, call), in)
	if err != nil {
		return err
	}
	for _, f := range out.Failures {
		return fmt.Errorf("%s: %s %s", text(f.Arn), text(f.Reason), text(f.Detail))
	}
	return nil
}

func runTaskInput(r task.Request) (*RunTaskInput, error) {
	in := &RunTaskInput{
		Cluster: &r.Cluster, TaskDefinition: &r.Definition, Count: new(int64(r.Count)), EnableECSManagedTags: &r.ManagedTags, EnableExecuteCommand: &r.EnableExec,
	}
	for member, value := range map[**string]string{
		&in.LaunchType: r.LaunchType, &in.PlatformVersion: r.PlatformVersion, &in.Group: r.Group, &in.StartedBy: r.StartedBy, &in.PropagateTags: r.PropagateTags,
	} {
		if value != "" {
			*member = &value
		}
	}
	if len(r.Subnets) > 0 {
		vpc := &AwsVpcConfiguration{Subnets: r.Subnets, SecurityGroups: r.Groups, AssignPublicIp: new("DISABLED")}
		if r.AssignPublicIP {
			vpc.AssignPublicIp = new("ENABLED")
		}
		in.NetworkConfiguration = &NetworkConfiguration{AwsvpcConfiguration: vpc}
	}
	for _, p := range r.CapacityProviders {
		in.CapacityProviderStrategy = append(in.CapacityProviderStrategy, CapacityProviderStrategyItem{
			CapacityProvider: new(p.Name), Weight: new(int64(p.Weight)), Base: new(int64(p.Base)),
		})
	}
	for k, v := range r.Tags {
		in.Tags = append(in.Tags, Tag{Key: new(k), Value: new(v)})
	}
	if r.OverridesJSON == "" {
		return in, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(r.OverridesJSON)))
	d.DisallowUnknownFields()
	in.Overrides = &TaskOverride{} // its members' names differ from the JSON's in case alone
	if err := d.Decode(in.Overrides); err != nil {
		return nil, invalid("Overrides is not valid: %s", err)
	}
	return in, nil
}
