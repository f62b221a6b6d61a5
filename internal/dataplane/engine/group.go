package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// group is what containers have in common; engines know of no such thing.
type group struct {
	limits  container.Limits
	ended   time.Duration            // CPU time of containers that have ended
	used    map[string]time.Duration // of those that run, when they were last asked
	volumes map[string]bool
}

// Group makes a group with limits.
func (e *Engine) Group(id string, l container.Limits) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.groups[id] = &group{limits: l, used: map[string]time.Duration{}, volumes: map[string]bool{}}
	return nil
}

// RemoveGroup removes a group without containers, and its volumes.
func (e *Engine) RemoveGroup(id string) error {
	e.mu.Lock()
	g := e.groups[id]
	delete(e.groups, id)
	e.mu.Unlock()
	if g == nil || len(g.volumes) == 0 {
		return nil
	}
	return e.removeVolumes(context.Background(), client.Filters{}.Add("label", labelGroup+"="+id))
}

// Usage tells what a group has used. Of a container that has ended between two questions, what it used after the first is not counted.
func (e *Engine) Usage(id string) (container.Usage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e.mu.Lock()
	g := e.groups[id]
	var all []*process
	for _, p := range e.running {
		if p.spec.Group == id {
			all = append(all, p)
		}
	}
	e.mu.Unlock()
	if g == nil {
		return container.Usage{}, fmt.Errorf("there is no group %s", id)
	}
	var out container.Usage
	for _, p := range all {
		cpu, memory, err := e.stats(ctx, p.id)
		if err != nil {
			return container.Usage{}, err
		}
		out.Memory += memory
		e.mu.Lock()
		if _, runs := e.running[p.id]; runs {
			g.used[p.id] = max(cpu, g.used[p.id])
		}
		e.mu.Unlock()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out.CPU = g.ended
	for _, cpu := range g.used {
		out.CPU += cpu
	}
	return out, nil
}

// stats gives the CPU time and the memory of a container, without what is only cached.
// https://docs.docker.com/reference/cli/docker/container/stats/
func (e *Engine) stats(ctx context.Context, id string) (cpu time.Duration, memory int64, err error) {
	answer, err := e.client.ContainerStats(ctx, id, client.ContainerStatsOptions{})
	if err != nil {
		return 0, 0, err
	}
	var s containerapi.StatsResponse
	err = json.NewDecoder(answer.Body).Decode(&s)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return 0, 0, fmt.Errorf("reading what a container uses: %w", err)
	}
	cached := s.MemoryStats.Stats["inactive_file"] // control groups of version 2
	if v, ok := s.MemoryStats.Stats["total_inactive_file"]; ok {
		cached = v
	}
	return time.Duration(s.CPUStats.CPUUsage.TotalUsage), int64(s.MemoryStats.Usage - min(cached, s.MemoryStats.Usage)), nil
}

// limits are those of a container: its own, and at most its group's.
func (e *Engine) limits(s *container.Spec) containerapi.Resources {
	e.mu.Lock()
	l := s.Limits
	if g := e.groups[s.Group]; g != nil {
		l.CPUs, l.Memory = tighter(l.CPUs, g.limits.CPUs), tighter(l.Memory, g.limits.Memory)
	}
	e.mu.Unlock()
	const period, leastQuota, leastMemory = 100_000, 1000, 6 << 20
	var r containerapi.Resources
	if l.CPUs > 0 && e.info.CPUCfsQuota {
		r.CPUPeriod, r.CPUQuota = period, max(int64(l.CPUs*period), leastQuota)
	}
	if l.Shares > 0 && e.info.CPUShares {
		r.CPUShares = max(l.Shares, 2)
	}
	if l.Memory > 0 && e.info.MemoryLimit {
		r.Memory = max(l.Memory, leastMemory)
		if e.info.SwapLimit {
			r.MemorySwap = r.Memory // none, as on Fargate
		}
	}
	return r
}

// tighter gives the smaller of two limits, of which zero is none.
func tighter[N int64 | float64](a, b N) N {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
