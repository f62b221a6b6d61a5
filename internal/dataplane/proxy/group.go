package proxy

import (
	"context"
	"crypto/cipher"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// group is a target group at work. It outlives changes of the configuration.
type group struct {
	p        *Proxy
	id       string
	resource string      // what metrics call it
	seal     cipher.AEAD // of its cookies
	idle     atomic.Int64

	mu      sync.Mutex
	config  *Group
	nodes   []*node
	targets map[netip.AddrPort]*target // those that drain among them
	order   []*target                  // those that are registered
	healthy []*target                  // of these
	turn    int
	silent  bool // it is closed
}

func (p *Proxy) newGroup(c *Group) *group {
	return &group{p: p, id: c.ID, resource: c.Resource, seal: newSeal(c.ID), targets: map[netip.AddrPort]*target{}}
}

// apply has the group work by another configuration. Targets that stay keep their state.
func (g *group) apply(config *Group, nodes []*node, idle time.Duration) {
	g.idle.Store(int64(idle))
	g.mu.Lock()
	defer g.mu.Unlock()
	again := g.config == nil || g.config.Health != config.Health || g.config.Version != config.Version || !slices.Equal(g.nodes, nodes)
	g.config, g.nodes = config, nodes
	g.order = g.order[:0:0]
	keep := map[netip.AddrPort]bool{}
	for i := range config.Targets {
		c := &config.Targets[i]
		keep[c.Address] = true
		t := g.targets[c.Address]
		if t != nil && t.health.State == Draining { // registered again while it drains
			g.end(t)
			t = nil
		}
		if t == nil {
			t = &target{group: g, address: c.Address, transports: map[string]*http.Transport{}, conns: map[*targetConn]struct{}{}}
			g.targets[c.Address] = t
		}
		t.zone = c.Zone
		g.order = append(g.order, t)
		switch used := !c.Unused && config.Refused == ""; {
		case !used && t.health.State != Unused:
			t.halt()
			g.set(t, Health{Unused, "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"})
		case used && (again || t.stop == nil):
			g.check(t)
		}
	}
	for address, t := range g.targets {
		if !keep[address] && t.health.State != Draining {
			g.drain(t)
		}
	}
	g.sort()
}

// set gives a target a state and tells of it. The lock is held.
func (g *group) set(t *target, h Health) {
	if t.health == h {
		return
	}
	if h.State == Healthy && t.health.State != Healthy {
		t.healthy = g.p.clock.Now()
	}
	t.health = h
	if !g.silent {
		g.p.tell(Change{Group: g.id, Target: t.address, Health: h})
	}
	g.sort()
}

// sort finds the targets that are healthy. The lock is held.
func (g *group) sort() {
	g.healthy = g.healthy[:0:0]
	for _, t := range g.order {
		if t.health.State == Healthy {
			g.healthy = append(g.healthy, t)
		}
	}
}

// halt ends a target's checks. The lock is held.
func (t *target) halt() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
}

// drain ends a target: at once where nothing is in flight, else after the delay or the last request. The lock is held.
func (g *group) drain(t *target) {
	t.halt()
	if t.inFlight == 0 {
		g.end(t)
		return
	}
	g.set(t, Health{Draining, "Target.DeregistrationInProgress", "Target deregistration is in progress"})
	ended := make(chan struct{})
	t.ended = ended
	until := g.p.clock.Now().Add(g.config.Delay)
	ctx, cancel := context.WithCancel(g.p.ctx)
	t.stop = cancel
	g.p.running.Go(func() {
		defer cancel()
		timeUp := make(chan struct{})
		g.p.running.Go(func() {
			if g.p.clock.Wait(ctx, until) == nil {
				close(timeUp)
			}
		})
		select {
		case <-ctx.Done(): // the target is registered again, or the proxy ends
		case <-timeUp:
		case <-ended:
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if t.health.State == Draining {
			g.end(t)
		}
	})
}

// end forgets a target and cuts what is left of its connections. The lock is held.
func (g *group) end(t *target) {
	t.halt()
	if g.targets[t.address] == t {
		delete(g.targets, t.address)
	}
	g.set(t, Health{State: Gone})
	conns := make([]*targetConn, 0, len(t.conns))
	for c := range t.conns {
		conns = append(conns, c)
	}
	g.p.running.Go(func() { t.cut(conns) }) // closing takes the lock
}

// close ends the group, to which nothing forwards any more. Requests under way go on, as on deregistration; nobody is told of that.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.order = nil
	for _, t := range g.targets {
		g.p.tell(Change{Group: g.id, Target: t.address, Health: Health{State: Gone}})
	}
	g.silent = true
	for _, t := range g.targets {
		if t.health.State != Draining {
			g.drain(t)
		}
	}
}

// Health gives the states of a group's targets, those that drain among them; nil where the group is not served.
func (p *Proxy) Health(id string) map[netip.AddrPort]Health {
	p.mu.Lock()
	g := p.groups[id]
	p.mu.Unlock()
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[netip.AddrPort]Health{}
	for address, t := range g.targets {
		out[address] = t.health
	}
	return out
}
