package proxy

import (
	"crypto/cipher"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// snapshot is what is served at a moment. It does not change.
type snapshot struct {
	balancers map[string]*balancer // by id
	hosts     map[string]*balancer // by host name in lower case
}

// balancer is a load balancer as it is configured at a moment.
type balancer struct {
	*Balancer
	*lasting
	nodes     []*node
	listeners []*listener // by port
}

// lasting is what of a load balancer outlives changes of the configuration.
type lasting struct {
	seal  cipher.AEAD
	turn  atomic.Uint32
	nodes map[string]*node // by interface
}

// node is a load balancer in a zone.
type node struct {
	Node
	meter *meter
	log   *logBuffer
	stop  func() // ends what Network.Serve began
}

// listener is a listener as it is configured at a moment.
type listener struct {
	*Listener
	balancer *balancer
	rules    []*rule
	port     string
}

// Apply has the proxy serve a configuration instead of the one before. Requests under way go on; connections stay.
func (p *Proxy) Apply(c Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &snapshot{balancers: map[string]*balancer{}, hosts: map[string]*balancer{}}
	used := map[string]bool{}
	for i := range c.Balancers {
		b := p.newBalancer(&c.Balancers[i], used)
		next.balancers[b.ID] = b
		for _, name := range b.hostNames() {
			next.hosts[name] = b
		}
	}
	p.now.Store(next)
	for id, g := range p.groups {
		if !used[id] {
			g.close()
			delete(p.groups, id)
		}
	}
	for id, l := range p.lasting {
		b := next.balancers[id]
		for iface, n := range l.nodes {
			if b == nil || !slices.Contains(b.nodes, n) {
				n.stop()
				delete(l.nodes, iface)
				p.deliver(id, n)
			}
		}
		if b == nil {
			delete(p.lasting, id)
		}
	}
	p.pruneTLS(next)
}

// newBalancer makes a load balancer ready to serve, and its groups, whose ids are put into used. The lock is held.
func (p *Proxy) newBalancer(c *Balancer, used map[string]bool) *balancer {
	l := p.lasting[c.ID]
	if l == nil {
		l = &lasting{seal: newSeal(c.ID), nodes: map[string]*node{}}
		p.lasting[c.ID] = l
	}
	b := &balancer{Balancer: c, lasting: l}
	if c.Refused != "" {
		return b
	}
	for _, want := range c.Nodes {
		n := l.nodes[want.Interface]
		if n == nil || n.Node != want {
			if n != nil {
				n.stop()
			}
			n = &node{Node: want, meter: newMeter(), log: &logBuffer{}}
			n.stop = p.network.Serve(want.Interface, p.accept(c.ID, n))
			l.nodes[want.Interface] = n
		}
		b.nodes = append(b.nodes, n)
	}
	groups := map[string]*group{}
	for i := range c.Groups {
		config := &c.Groups[i]
		g := p.groups[config.ID]
		if g == nil {
			g = p.newGroup(config)
			p.groups[config.ID] = g
		}
		used[config.ID] = true
		groups[config.ID] = g
		g.apply(config, b.nodes, c.Settings.IdleTimeout)
	}
	for i := range c.Listeners {
		b.listeners = append(b.listeners, p.newListener(b, &c.Listeners[i], groups))
	}
	return b
}

func (p *Proxy) newListener(b *balancer, c *Listener, groups map[string]*group) *listener {
	l := &listener{Listener: c, balancer: b, port: strconv.Itoa(c.Port)}
	for i := range c.Rules {
		r, err := newRule(&c.Rules[i], groups)
		if err != nil {
			p.logger.Warn("a rule cannot be served", "listener", c.ID, "priority", c.Rules[i].Priority, "err", err)
			r = &rule{Rule: &Rule{Priority: c.Rules[i].Priority, Refused: "the rule of priority " + strconv.Itoa(c.Rules[i].Priority) + ": " + err.Error()}}
		}
		l.rules = append(l.rules, r)
	}
	return l
}

// localDomain ends the names under which clients reach the edge without DNS: every resolver leads those under localhost to this machine.
const localDomain = ".localhost"

// Local gives the name under which what has a name on AWS is reached at the edge without DNS: .localhost in place of .amazonaws.com, and after
// names of other domains.
func Local(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".amazonaws.com") + localDomain
}

// known gives the name that a client of the edge means, as AWS has it.
func (b *balancer) known(host string) string {
	name, ok := strings.CutSuffix(strings.ToLower(host), localDomain)
	switch {
	case !ok:
		return host
	case Local(b.DNSName) == name+localDomain:
		return b.DNSName
	}
	return name
}

func (b *balancer) hostNames() []string {
	if b.DNSName == "" {
		return nil
	}
	return []string{strings.ToLower(b.DNSName), Local(b.DNSName)}
}

// at gives the listener on a port, nil without one.
func (b *balancer) at(port int) *listener {
	for _, l := range b.listeners {
		if l.Port == port {
			return l
		}
	}
	return nil
}

// current gives a listener as it is configured now, nil if it is gone.
func (p *Proxy) current(l *listener) *listener {
	b := p.now.Load().balancers[l.balancer.ID]
	if b == nil {
		return nil
	}
	return b.at(l.Port)
}

// standard gives the listener for clients that name no port: that on 80 or 443, or the only one of the protocol.
func (b *balancer) standard(secure bool) *listener {
	port := 80
	if secure {
		port = 443
	}
	var found []*listener
	for _, l := range b.listeners {
		if l.Secure != secure {
			continue
		}
		if l.Port == port {
			return l
		}
		found = append(found, l)
	}
	if len(found) == 1 {
		return found[0]
	}
	return nil
}
