package ecs

import "context"

// DeleteService deletes a service that is scaled to 0, or with force any. It is DRAINING until its last task has stopped.
func (s *Service) DeleteService(ctx context.Context, in *DeleteServiceInput) (*DeleteServiceOutput, error) {
	out := &DeleteServiceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.service(in.Cluster, *in.Service)
		if err != nil {
			return err
		}
		if r.Status == statusActive {
			switch {
			case r.Scheduling == replica && r.Desired > 0 && !truth(in.Force):
				return invalid("The service cannot be stopped while it is scaled above 0.")
			case r.Scheduling == replica && len(r.Deployments) > 1 && !truth(in.Force):
				return invalid("The service cannot be stopped while deployments are active.")
			}
			r.Status, r.Desired = statusDraining, 0
			t.settle(r)
			t.putService(r)
		}
		out.Service = new(t.renderService(r, true))
		return nil
	})
}

// dropHistory removes what an earlier service of the name has left behind.
func (t *txn) dropHistory(r *serviceRecord) {
	for id := range within(t, t.revisions, r.key()+"/") {
		t.revisions.Delete(t.tx, t.sc, id)
	}
	for id := range within(t, t.rollouts, r.key()+"/") {
		t.rollouts.Delete(t.tx, t.sc, id)
	}
}
