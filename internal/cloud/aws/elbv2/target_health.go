package elbv2

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
)

const (
	stateUnused  = "unused"
	stateInitial = "initial"
	stateHealthy = "healthy"

	reasonNotRegistered = "Target.NotRegistered"
)

// served gives what the data plane knows of a group's target.
func served(all []ServedTarget, target string, port int) (ServedTarget, bool) {
	i := slices.IndexFunc(all, func(s ServedTarget) bool { return s.Target == target && s.Port == port })
	if i < 0 {
		return ServedTarget{}, false
	}
	return all[i], true
}

func (s ServedTarget) health() *TargetHealth {
	out := &TargetHealth{State: new(s.State)}
	if s.Reason != "" {
		out.Reason, out.Description = new(s.Reason), new(s.Description)
	}
	return out
}

// draining gives the targets of a group that are registered no more, but still finish requests.
func (t *txn) draining(g *groupRecord, all []ServedTarget) []*targetRecord {
	var out []*targetRecord
	for _, s := range all {
		if _, there := t.targets.Get(t.tx, t.sc, targetID(g.ID, s.Target, int64(s.Port))); !there && s.State == "draining" {
			out = append(out, &targetRecord{Target: s.Target, Port: int64(s.Port)})
		}
	}
	return out
}

// planeTargets gives what the data plane knows of a group's targets, nil without one.
func (s *Service) planeTargets(groupARN string) []ServedTarget {
	if s.d.Plane == nil {
		return nil
	}
	all, _ := s.d.Plane.Targets(groupARN)
	return all
}

// TargetState gives the state of a target, such as healthy, and the reason for it as DescribeTargetHealth tells it. One that is not
// registered is unused, without a reason, unless it drains. Without a data plane nobody checks: all targets count as healthy.
func (s *Service) TargetState(tx *state.Tx, sc state.Scope, groupARN, target string, port int) (state, reason string) {
	t := s.in(tx, sc)
	g, err := find(t, t.groups, kindGroup, &groupARN)
	if err != nil {
		return stateUnused, ""
	}
	if port == 0 {
		port = int(g.Port)
	}
	known, ok := served(s.planeTargets(groupARN), target, port)
	r, registered := t.targets.Get(tx, sc, targetID(g.ID, target, int64(port)))
	switch {
	case !registered && ok && known.State == "draining":
		return known.State, known.Reason
	case !registered:
		return stateUnused, ""
	case s.d.Plane == nil:
		return stateHealthy, ""
	case ok && known.State != "draining":
		return known.State, known.Reason
	}
	zones, used := t.zonesOf(g.ID)
	h := health(r, zones, used)
	return *h.State, *h.Reason
}

// TargetChanged tells other services of a target's new state. The data plane calls it; a target that is gone is unused.
func (s *Service) TargetChanged(ctx context.Context, groupARN string, to ServedTarget) error {
	parts := strings.SplitN(groupARN, ":", 6)
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		if s.d.Bus != nil {
			s.d.Bus.Publish(tx, event.Event{
				Scope: state.Scope{Region: parts[3], Account: parts[4]}, Source: network.TargetHealthSource, DetailType: network.TargetHealthType,
				Resources: []string{groupARN}, Time: s.d.Clock.Now(),
				Detail: network.TargetHealth{TargetGroup: groupARN, Target: to.Target, Port: to.Port, State: to.State, Reason: to.Reason},
			})
		}
		return nil
	})
}
