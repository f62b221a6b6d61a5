package ecs

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const statusDeleting = "DELETE_IN_PROGRESS"

// familyRecord counts the revisions of a family; numbers are never given twice.
type familyRecord struct {
	Name   string
	Last   int64
	Active int64 // the newest active revision, 0 for none
}

type definitionRecord struct{ TaskDefinition TaskDefinition }

func definitionKey(family string, revision int64) string {
	return fmt.Sprintf("%s:%010d", family, revision)
}

func (r *definitionRecord) key() string {
	return definitionKey(*r.TaskDefinition.Family, *r.TaskDefinition.Revision)
}

func (r *definitionRecord) arn() string { return *r.TaskDefinition.TaskDefinitionArn }

// container finds a container by name.
func (r *definitionRecord) container(name string) *ContainerDefinition {
	for i, c := range r.TaskDefinition.ContainerDefinitions {
		if *c.Name == name {
			return &r.TaskDefinition.ContainerDefinitions[i]
		}
	}
	return nil
}

func (r *definitionRecord) networkMode() string { return text(r.TaskDefinition.NetworkMode) }

// definition finds a task definition by family, family:revision or ARN. A family means its newest active revision.
func (t *txn) definition(s string) (*definitionRecord, bool) {
	if strings.HasPrefix(s, "arn:") {
		var ok bool
		if s, ok = resourceOf(t.sc, "task-definition", s); !ok {
			return nil, false
		}
	}
	family, number, numbered := strings.Cut(s, ":")
	revision, err := strconv.ParseInt(number, 10, 64)
	if numbered && err != nil {
		return nil, false
	}
	if !numbered {
		f, ok := t.families.Get(t.tx, t.sc, family)
		if !ok || f.Active == 0 {
			return nil, false
		}
		revision = f.Active
	}
	return t.definitions.Get(t.tx, t.sc, definitionKey(family, revision))
}

// usableDefinition finds the active task definition that a service or a task is to be made of.
func (t *txn) usableDefinition(s string) (*definitionRecord, error) {
	r, ok := t.definition(s)
	switch {
	case !ok:
		return nil, refused("TaskDefinition not found.")
	case *r.TaskDefinition.Status != statusActive:
		return nil, refused("TaskDefinition is inactive")
	}
	return r, nil
}

// RegisterTaskDefinition adds a revision to a family.
func (s *Service) RegisterTaskDefinition(ctx context.Context, in *RegisterTaskDefinitionInput) (*RegisterTaskDefinitionOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	d, err := newDefinition(in)
	if err != nil {
		return nil, err
	}
	out := &RegisterTaskDefinitionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		var err error
		for _, role := range []**string{&d.TaskRoleArn, &d.ExecutionRoleArn} {
			if *role, err = t.roleARN(*role); err != nil {
				return err
			}
		}
		f, ok := t.families.Get(t.tx, t.sc, *in.Family)
		if !ok {
			f = &familyRecord{Name: *in.Family}
		}
		f.Last++
		f.Active = f.Last
		t.families.Put(t.tx, t.sc, f.Name, f)
		d.Revision, d.TaskDefinitionArn = new(f.Last), new(arn(t.sc, "task-definition", fmt.Sprintf("%s:%d", f.Name, f.Last)))
		d.RegisteredAt, d.RegisteredBy = new(t.now), new(t.caller)
		r := &definitionRecord{*d}
		t.definitions.Put(t.tx, t.sc, r.key(), r)
		state.SetTags(t.tx, r.arn(), tags)
		out.TaskDefinition = d
		if len(tags) > 0 {
			out.Tags = t.tagList(r.arn())
		}
		return nil
	})
}

// roleARN gives the ARN of a task's role, which may be given by name. AWS checks the role itself when a task starts.
func (t *txn) roleARN(role *string) (*string, error) {
	if text(role) == "" {
		return nil, nil
	}
	if !strings.HasPrefix(*role, "arn:") {
		full := "arn:aws:iam::" + t.sc.Account + ":role/" + *role
		if _, ok := t.d.Roles.Role(t.tx, full); !ok {
			return nil, refused("Role is not valid")
		}
		return new(full), nil
	}
	if !strings.HasPrefix(*role, "arn:aws:iam::"+t.sc.Account+":role/") {
		return nil, refused("Role is not valid")
	}
	return role, nil
}

// DescribeTaskDefinition shows a revision.
func (s *Service) DescribeTaskDefinition(ctx context.Context, in *DescribeTaskDefinitionInput) (*DescribeTaskDefinitionOutput, error) {
	out := &DescribeTaskDefinitionOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, ok := t.definition(*in.TaskDefinition)
		if !ok {
			return refused("Unable to describe task definition.")
		}
		out.TaskDefinition = &r.TaskDefinition
		for _, field := range in.Include {
			if field == "TAGS" {
				out.Tags = t.tagList(r.arn())
			}
		}
		return nil
	})
}

// DeregisterTaskDefinition makes a revision inactive. What uses it goes on.
func (s *Service) DeregisterTaskDefinition(ctx context.Context, in *DeregisterTaskDefinitionInput) (*DeregisterTaskDefinitionOutput, error) {
	if name := last(*in.TaskDefinition); !strings.Contains(name, ":") {
		return nil, invalid("Invalid revision number. Number: %s", name)
	}
	out := &DeregisterTaskDefinitionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, ok := t.definition(*in.TaskDefinition)
		if !ok {
			return refused("The specified task definition does not exist.")
		}
		switch *r.TaskDefinition.Status {
		case statusDeleting:
			return refused("Task definition is in the process of being deleted.")
		case statusActive:
			r.TaskDefinition.Status, r.TaskDefinition.DeregisteredAt = new(statusInactive), new(t.now)
			t.definitions.Put(t.tx, t.sc, r.key(), r)
			t.findActive(*r.TaskDefinition.Family)
		}
		out.TaskDefinition = &r.TaskDefinition
		return nil
	})
}

// findActive finds the newest active revision of a family anew.
func (t *txn) findActive(family string) {
	f, _ := t.families.Get(t.tx, t.sc, family)
	f.Active = 0
	for _, r := range within(t, t.definitions, family+":") {
		if *r.TaskDefinition.Status == statusActive {
			f.Active = *r.TaskDefinition.Revision
		}
	}
	t.families.Put(t.tx, t.sc, family, f)
}

// DeleteTaskDefinitions deletes inactive revisions. One that is in use is shown as DELETE_IN_PROGRESS until it no longer is.
func (s *Service) DeleteTaskDefinitions(ctx context.Context, in *DeleteTaskDefinitionsInput) (*DeleteTaskDefinitionsOutput, error) {
	if len(in.TaskDefinitions) == 0 || len(in.TaskDefinitions) > 10 {
		return nil, invalid("You can delete between 1 and 10 task definitions at a time.")
	}
	out := &DeleteTaskDefinitionsOutput{TaskDefinitions: []TaskDefinition{}, Failures: []Failure{}}
	return out, s.update(ctx, func(t *txn) error {
		for _, name := range in.TaskDefinitions {
			r, ok := t.definition(name)
			if ok && !strings.Contains(last(name), ":") {
				ok = false
			}
			switch {
			case !ok:
				out.Failures = append(out.Failures, Failure{Arn: new(arn(t.sc, "task-definition", last(name))), Reason: new("TASK_DEFINITION_NOT_FOUND"),
					Detail: new("The specified task definition does not exist. Specify a valid account, family, revision and try again.")})
				continue
			case *r.TaskDefinition.Status == statusActive:
				out.Failures = append(out.Failures, Failure{Arn: new(r.arn()), Reason: new("TASK_DEFINITION_ACTIVE"),
					Detail: new("The specified task definition is still in ACTIVE status. Please deregister the target and try again.")})
				continue
			}
			if r.TaskDefinition.DeleteRequestedAt == nil {
				r.TaskDefinition.Status, r.TaskDefinition.DeleteRequestedAt = new(statusDeleting), new(t.now)
			}
			out.TaskDefinitions = append(out.TaskDefinitions, r.TaskDefinition)
			if t.definitionUsed(r.arn()) {
				t.definitions.Put(t.tx, t.sc, r.key(), r)
			} else {
				t.definitions.Delete(t.tx, t.sc, r.key())
			}
		}
		return nil
	})
}

// definitionUsed says whether a service or a task still needs a revision.
func (t *txn) definitionUsed(arn string) bool {
	for _, r := range t.services.All(t.tx, t.sc) {
		if r.Status == statusInactive {
			continue
		}
		for _, d := range r.Deployments {
			if t.revision(r, d.Revision).TaskDefinition == arn {
				return true
			}
		}
	}
	for _, r := range t.tasks.All(t.tx, t.sc) {
		if !r.stopped() && *r.Task.TaskDefinitionArn == arn {
			return true
		}
	}
	return false
}

// ListTaskDefinitions lists the ARNs of revisions, by family and number.
func (s *Service) ListTaskDefinitions(ctx context.Context, in *ListTaskDefinitionsInput) (*ListTaskDefinitionsOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	if err := oneOf("sort", in.Sort, "ASC", "DESC"); err != nil {
		return nil, err
	}
	if err := oneOf("status", in.Status, statusActive, statusInactive, statusDeleting); err != nil {
		return nil, err
	}
	status, prefix := statusActive, ""
	if in.Status != nil {
		status = *in.Status
	}
	if in.FamilyPrefix != nil {
		prefix = *in.FamilyPrefix + ":" // a whole family's name, in spite of the member's
	}
	out := &ListTaskDefinitionsOutput{TaskDefinitionArns: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		var arns []string
		for _, r := range within(t, t.definitions, prefix) {
			if *r.TaskDefinition.Status == status {
				arns = append(arns, r.arn())
			}
		}
		if text(in.Sort) == "DESC" {
			for i, j := 0, len(arns)-1; i < j; i, j = i+1, j-1 {
				arns[i], arns[j] = arns[j], arns[i]
			}
		}
		arns, out.NextToken = listed(arns, p)
		out.TaskDefinitionArns = append(out.TaskDefinitionArns, arns...)
		return nil
	})
}

// ListTaskDefinitionFamilies lists families by name.
func (s *Service) ListTaskDefinitionFamilies(ctx context.Context, in *ListTaskDefinitionFamiliesInput) (*ListTaskDefinitionFamiliesOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	if err := oneOf("status", in.Status, statusActive, statusInactive, "ALL"); err != nil {
		return nil, err
	}
	out := &ListTaskDefinitionFamiliesOutput{Families: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := tablePage(t, t.families, text(in.FamilyPrefix), p, func(f *familyRecord) bool {
			switch text(in.Status) {
			case "", "ALL":
				return true
			case statusActive:
				return f.Active > 0
			}
			return f.Active == 0
		})
		for _, f := range found {
			out.Families = append(out.Families, f.Name)
		}
		out.NextToken = next
		return nil
	})
}

// unable refuses what ECS has and the local cloud lacks.
func unable(operation, what string) error {
	return wire.NotImplemented("ecs:" + operation + " with " + what)
}
