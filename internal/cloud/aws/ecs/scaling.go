package ecs

import "atoll/internal/cloud/state"

// What Application Auto Scaling asks of ECS, within a transaction of its own.

// DesiredCount gives a service's desired count; ok is false unless the service is active.
func (s *Service) DesiredCount(tx *state.Tx, sc state.Scope, cluster, service string) (n int, ok bool) {
	r, err := s.in(tx, sc).activeService(&cluster, service)
	if err != nil {
		return 0, false
	}
	return int(r.Desired), true
}

// SetDesiredCount scales a service. Its errors are UpdateService's, such as ServiceNotFoundException.
func (s *Service) SetDesiredCount(tx *state.Tx, sc state.Scope, cluster, service string, n int) error {
	t := s.in(tx, sc)
	r, err := t.activeService(&cluster, service)
	switch {
	case err != nil:
		return err
	case n < 0:
		return invalid("Desired count must not be negative.")
	case r.Scheduling == daemon:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again")
	}
	r.Desired, r.Steady = int64(n), false
	t.settle(r)
	t.putService(r)
	return nil
}
