package proxy

import "time"

// pick chooses a target for a request that came to a node, and counts the request as in flight until release. wanted, where it is
// not nil, is the target that the client sticks to. nil: there is none.
func (g *group) pick(n *node, wanted func(t *target) bool) *target {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.candidates(n)
	if len(from) == 0 {
		return nil
	}
	chosen := (*target)(nil)
	if wanted != nil {
		for _, t := range from {
			if wanted(t) {
				chosen = t
				break
			}
		}
	}
	if chosen == nil {
		chosen = g.choose(from)
	}
	chosen.inFlight++
	return chosen
}

// pickOther is pick for a request that some targets have refused.
func (g *group) pickOther(n *node, refused map[*target]bool) *target {
	g.mu.Lock()
	defer g.mu.Unlock()
	var from []*target
	for _, t := range g.candidates(n) {
		if !refused[t] {
			from = append(from, t)
		}
	}
	if len(from) == 0 {
		return nil
	}
	chosen := g.choose(from)
	chosen.inFlight++
	return chosen
}

// candidates gives the healthy targets or, where they are too few, all that are in use.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-health
func (g *group) candidates(n *node) []*target {
	from := g.healthy
	if g.config.ZonesOnly {
		from = inZone(from, n.Zone)
	}
	all := len(g.order)
	if len(from) >= max(1, g.config.MinHealthyCount) && len(from)*100 >= g.config.MinHealthyPercent*all {
		return from
	}
	from = nil
	for _, t := range g.order {
		if t.health.State != Unused {
			from = append(from, t)
		}
	}
	if g.config.ZonesOnly {
		from = inZone(from, n.Zone)
	}
	return from
}

func inZone(all []*target, zone string) []*target {
	var out []*target
	for _, t := range all {
		if t.zone == zone || t.zone == "" || t.zone == "all" {
			out = append(out, t)
		}
	}
	return out
}

// choose takes one of several targets by the group's algorithm.
func (g *group) choose(from []*target) *target {
	switch g.config.Algorithm {
	case "weighted_random":
		return from[int(g.p.random()*float64(len(from)))]
	case "least_outstanding_requests":
		g.turn++
		best := from[g.turn%len(from)] // so that equals take turns
		for _, t := range from {
			if t.inFlight < best.inFlight {
				best = t
			}
		}
		return best
	}
	for range from {
		g.turn++
		t := from[g.turn%len(from)]
		if g.config.SlowStart == 0 || g.warm(t, from) {
			return t
		}
	}
	return from[g.turn%len(from)]
}

// warm says whether a target that is new takes this request: its share grows in a line over the time of the slow start. Where all
// targets are new, none is slow. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#slow-start-mode
func (g *group) warm(t *target, from []*target) bool {
	now := g.p.clock.Now()
	age := func(t *target) time.Duration { return now.Sub(t.healthy) }
	if age(t) >= g.config.SlowStart {
		return true
	}
	for _, other := range from {
		if age(other) >= g.config.SlowStart {
			return g.p.random() < float64(age(t))/float64(g.config.SlowStart)
		}
	}
	return true
}

// release ends a request that pick began.
func (t *target) release() {
	t.group.mu.Lock()
	defer t.group.mu.Unlock()
	t.inFlight--
	if t.inFlight == 0 && t.ended != nil {
		close(t.ended)
		t.ended = nil
	}
}
