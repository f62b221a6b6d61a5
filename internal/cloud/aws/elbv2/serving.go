package elbv2

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"atoll/internal/cloud/state"
)

// Plane is a data plane, which has load balancers serve.
type Plane interface {
	// Serve has all load balancers served as they are here, instead of what was served before.
	Serve(all []Serving)
	// Targets gives the states of the targets of a group, those that drain among them; served is false where no load balancer that is
	// served forwards to the group.
	Targets(groupARN string) (all []ServedTarget, served bool)
}

// Serving is a load balancer, with all that serving it takes.
type Serving struct {
	Scope         state.Scope
	ID, ARN, Name string // ID is such as app/web/50dc6c495c0c9188
	Type, DNSName string
	Zones         []ServingZone
	Attributes    map[string]string // all that it supports, as they are set or by default
	Listeners     []ServingListener
	Groups        []ServingGroup // those that listeners and rules forward to
}

// ServingZone is a load balancer's interface in a zone.
type ServingZone struct{ Zone, Interface, PrivateIP string }

// ServingListener is a listener. Its default rule is the last one.
type ServingListener struct {
	ARN          string
	Protocol     string
	Port         int
	Certificates []string // ARNs, the default one first
	Protocols    []string // of the security policy, such as TLSv1.2
	Ciphers      []string // of the security policy, as OpenSSL names them
	Mutual       string   // the mode of mutual TLS
	Attributes   map[string]string
	Rules        []Rule
}

// ServingGroup is a target group.
type ServingGroup struct {
	ARN, Resource string // Resource is such as targetgroup/web/73e2d6bc24d8a067
	TargetType    string
	Protocol      string
	Version       string
	Health        ServingCheck
	Attributes    map[string]string
	Targets       []ServingTarget
}

// ServingCheck is a target group's health check.
type ServingCheck struct {
	Protocol, Path, Codes string
	Port                  int // 0: that of the target
	Interval, Timeout     time.Duration
	Healthy, Unhealthy    int
}

// ServingTarget is a target.
type ServingTarget struct {
	Target string
	Port   int
	Zone   string
	Unused bool // it lies in a zone that the load balancer is not in
}

// ServedTarget is what the data plane knows of a target.
type ServedTarget struct {
	Target                     string
	Port                       int
	State, Reason, Description string
}

// stir has the data plane told of what a transaction writes.
func (t *txn) stir() {
	if t.d.Plane != nil {
		t.changes.Stir(t.tx)
	}
}

// Run gives the data plane all load balancers, and again after each change, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.d.Plane == nil {
		return nil
	}
	s.changes.Run(ctx, func() {
		var all []Serving
		_ = s.d.Store.View(func(tx *state.Tx) error { all = s.serving(tx); return nil }) // it does not fail
		s.d.Plane.Serve(all)
	})
	return nil
}

// Idle waits until the data plane has been given all that was written before.
func (s *Service) Idle(ctx context.Context) error {
	if s.d.Plane == nil {
		return nil
	}
	return s.changes.Idle(ctx)
}

// serving gives the load balancers of all accounts and regions.
func (s *Service) serving(tx *state.Tx) []Serving {
	var out []Serving
	for _, sc := range s.balancers.Scopes(tx) {
		t := s.in(tx, sc)
		for _, b := range s.balancers.All(tx, sc) {
			out = append(out, t.servingOf(b))
		}
	}
	return out
}

func (t *txn) servingOf(b *balancerRecord) Serving {
	out := Serving{Scope: t.sc, ID: b.ID, ARN: arn(t.sc, kindBalancer, b.ID), Name: b.Name, Type: b.Type, DNSName: b.DNSName, Attributes: t.balancerAttributes(b)}
	var zones []string
	for _, z := range b.Zones {
		eni, _ := t.d.Interfaces.Interface(t.tx, t.sc, z.Interface)
		out.Zones = append(out.Zones, ServingZone{z.Zone, z.Interface, eni.PrivateIP})
		zones = append(zones, z.Zone)
	}
	if b.Type != typeApplication {
		return out
	}
	for _, l := range t.listenersOf(b.ID) {
		out.Listeners = append(out.Listeners, t.servingListener(l))
	}
	for _, id := range t.groupsOfBalancer(b.ID) {
		if g, ok := t.groups.Get(t.tx, t.sc, id); ok {
			out.Groups = append(out.Groups, t.servingGroup(g, zones))
		}
	}
	return out
}

func (t *txn) servingListener(l *listenerRecord) ServingListener {
	out := ServingListener{ARN: arn(t.sc, kindListener, l.ID), Protocol: l.Protocol, Port: int(l.Port), Mutual: cmp.Or(l.Mutual, mutualOff),
		Attributes: values(attributesOfListener(l), l.Attributes)}
	if l.Certificate != "" {
		out.Certificates = append([]string{l.Certificate}, slices.DeleteFunc(slices.Clone(l.Others), func(c string) bool { return c == l.Certificate })...)
	}
	if p, ok := policyOf(l.Policy); ok {
		d := p.describe()
		out.Protocols = d.SslProtocols
		for _, c := range d.Ciphers {
			out.Ciphers = append(out.Ciphers, *c.Name)
		}
	}
	for _, r := range t.rulesOf(l.ID) {
		out.Rules = append(out.Rules, t.describeRule(r))
	}
	return out
}

func (t *txn) servingGroup(g *groupRecord, zones []string) ServingGroup {
	h := g.Health
	port, _ := strconv.Atoi(h.Port) // 0 for traffic-port
	out := ServingGroup{ARN: arn(t.sc, kindGroup, g.ID), Resource: string(kindGroup) + "/" + g.ID, TargetType: g.TargetType, Protocol: g.Protocol, Version: g.Version,
		Attributes: values(attributesOfGroup(g), g.Attributes),
		Health: ServingCheck{Protocol: h.Protocol, Path: h.Path, Codes: h.Codes, Port: port, Interval: time.Duration(h.Interval) * time.Second,
			Timeout: time.Duration(h.Timeout) * time.Second, Healthy: int(h.Healthy), Unhealthy: int(h.Unhealthy)}}
	for _, r := range t.targets.Prefix(t.tx, t.sc, g.ID+"/") {
		out.Targets = append(out.Targets, ServingTarget{Target: r.Target, Port: int(r.Port), Zone: r.Zone, Unused: *health(r, zones, true).State == stateUnused})
	}
	return out
}
