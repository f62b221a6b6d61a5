package ecs

import (
	"context"
	"time"
)

// UpdateTaskProtection protects tasks of services from being stopped first when the service scales in or deploys.
func (s *Service) UpdateTaskProtection(ctx context.Context, in *UpdateTaskProtectionInput) (*UpdateTaskProtectionOutput, error) {
	minutes := int64(120)
	if in.ExpiresInMinutes != nil {
		minutes = *in.ExpiresInMinutes
	}
	switch {
	case minutes < 1 || minutes > 2880:
		return nil, invalid("expiresInMinutes must be between 1 and 2880.")
	case len(in.Tasks) == 0 || len(in.Tasks) > 10:
		return nil, invalid("You can specify between 1 and 10 tasks.")
	}
	out := &UpdateTaskProtectionOutput{ProtectedTasks: []ProtectedTask{}, Failures: []Failure{}}
	return out, s.update(ctx, func(t *txn) error {
		var err error
		out.ProtectedTasks, out.Failures, err = t.protections(in.Cluster, in.Tasks, func(r *taskRecord) {
			r.Guarded, r.GuardedTill = *in.ProtectionEnabled, nil
			if r.Guarded {
				r.GuardedTill = new(t.now.Add(time.Duration(minutes) * time.Minute))
			}
			t.tasks.Put(t.tx, t.sc, r.key(), r)
		})
		return err
	})
}

// GetTaskProtection shows the protection of tasks; without tasks, of all in the cluster.
func (s *Service) GetTaskProtection(ctx context.Context, in *GetTaskProtectionInput) (*GetTaskProtectionOutput, error) {
	out := &GetTaskProtectionOutput{ProtectedTasks: []ProtectedTask{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		tasks := in.Tasks
		if len(tasks) == 0 {
			for _, r := range within(t, t.tasks, clusterName(in.Cluster)+"/") {
				if r.Service != "" && !r.stopped() {
					tasks = append(tasks, r.ID)
				}
			}
		}
		var err error
		out.ProtectedTasks, out.Failures, err = t.protections(in.Cluster, tasks, func(*taskRecord) {})
		return err
	})
}

func (t *txn) protections(cluster *string, tasks []string, do func(r *taskRecord)) ([]ProtectedTask, []Failure, error) {
	c, err := t.cluster(cluster)
	if err != nil {
		return nil, nil, err
	}
	found, failures := []ProtectedTask{}, []Failure{}
	for _, name := range tasks {
		r, ok := t.task(c.Name, name)
		switch {
		case !ok:
			failures = append(failures, missing(arn(t.sc, "task", c.Name+"/"+last(name))))
			continue
		case r.Service == "" || r.stopped():
			failures = append(failures, Failure{Arn: r.Task.TaskArn, Reason: new("TASK_NOT_VALID"),
				Detail: new("The task is not part of a service, or it is stopped.")})
			continue
		}
		do(r)
		p := ProtectedTask{TaskArn: r.Task.TaskArn, ProtectionEnabled: new(r.protected(t.now))}
		if *p.ProtectionEnabled {
			p.ExpirationDate = r.GuardedTill
		}
		found = append(found, p)
	}
	return found, failures, nil
}
