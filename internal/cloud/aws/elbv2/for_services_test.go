package elbv2

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
)

// neighbours stand for EC2 and for the data plane.
type neighbours struct {
	Networks
	Interfaces
	SecurityGroups
	targets []ServedTarget
	given   chan []Serving
}

func (n *neighbours) SubnetsOf(*state.Tx, state.Scope, string) []network.Subnet {
	return []network.Subnet{{Zone: "us-east-1a", CIDR: "10.0.0.0/24"}}
}

func (n *neighbours) Interface(_ *state.Tx, _ state.Scope, id string) (network.Interface, bool) {
	v := network.Interface{ID: id, PrivateIP: "10.0.0.5"}
	if id == "eni-2" {
		v.PrivateIP, v.PublicIP = "10.0.1.5", "52.0.0.5"
	}
	return v, true
}

func (n *neighbours) Serve(all []Serving) { n.given <- all }

func (n *neighbours) Targets(string) ([]ServedTarget, bool) { return n.targets, true }

func TestForServices(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	n := &neighbours{given: make(chan []Serving, 10)}
	bus := new(event.Bus)
	var told []event.Event
	bus.Subscribe(func(_ context.Context, e event.Event) { told = append(told, e) })
	d := Deps{Store: store, Clock: clock.System{}, IDs: id.Source{}, Logger: slog.New(slog.DiscardHandler), Networks: n, Interfaces: n, Bus: bus, Plane: n}
	s := New(d)
	sc := state.Scope{Account: "111111111111", Region: "us-east-1"}
	group := arn(sc, kindGroup, "g/1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ctx) }()
	go func() { ended <- bus.Run(ctx) }()
	defer func() { cancel(); <-ended; <-ended }()
	if all := <-n.given; len(all) != 0 {
		t.Errorf("at the start: %+v", all)
	}
	update := func(f func(tx *state.Tx)) {
		t.Helper()
		if err := store.Update(t.Context(), func(tx *state.Tx) error { f(tx); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *state.Tx) {
		s.groups.Put(tx, sc, "g/1", &groupRecord{ID: "g/1", Name: "g", TargetType: targetIP, Protocol: "HTTP", Port: 80, AddrType: "ipv4"})
		zones := []zoneRecord{{Zone: "us-east-1a", Subnet: "subnet-1", Interface: "eni-1"}, {Zone: "us-east-1b", Subnet: "subnet-2", Interface: "eni-2"}}
		s.balancers.Put(tx, sc, "app/b/1", &balancerRecord{ID: "app/b/1", Type: typeApplication, Scheme: schemePublic, DNSName: "B-1.elb.amazonaws.com", Zones: zones})
		s.balancers.Put(tx, sc, "app/i/1", &balancerRecord{ID: "app/i/1", Type: typeApplication, Scheme: schemeInternal, DNSName: "internal-i-1.elb.amazonaws.com", Zones: zones})
		s.listeners.Put(tx, sc, "app/b/1/1", &listenerRecord{ID: "app/b/1/1", Protocol: "HTTP", Port: 80, Actions: []Action{{Type: new(actForward),
			ForwardConfig: &ForwardActionConfig{TargetGroups: []TargetGroupTuple{{TargetGroupArn: &group, Weight: new(int64(1))}}}}}})
		if err := s.RegisterTarget(tx, sc, group, "10.0.0.9", 0); err != nil {
			t.Error(err)
		}
	})
	given := <-n.given
	if len(given) != 2 || len(given[0].Groups) != 1 || given[0].Groups[0].Targets[0].Target != "10.0.0.9" {
		t.Errorf("the data plane is given %+v", given)
	}
	_ = store.View(func(tx *state.Tx) error {
		for name, want := range map[string][]string{"b-1.ELB.amazonaws.com.": {"10.0.0.5", "52.0.0.5"}, "internal-i-1.elb.amazonaws.com": {"10.0.0.5", "10.0.1.5"}} {
			var got []string
			addrs, ok := s.ResolveName(tx, name)
			for _, a := range addrs {
				got = append(got, a.String())
			}
			if !ok || !slices.Equal(got, want) {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if _, ok := s.ResolveName(tx, "other.elb.amazonaws.com"); ok {
			t.Error("an unknown name leads somewhere")
		}
		is := func(want, reason, target string) {
			t.Helper()
			if got, why := s.TargetState(tx, sc, group, target, 80); got != want || why != reason {
				t.Errorf("%s is %s (%s), want %s (%s)", target, got, why, want, reason)
			}
		}
		is("initial", "Elb.RegistrationInProgress", "10.0.0.9")
		n.targets = []ServedTarget{{"10.0.0.9", 80, "unhealthy", "Target.Timeout", "Request timed out"}, {"10.0.0.8", 80, "draining", "Target.DeregistrationInProgress", ""}}
		is("unhealthy", "Target.Timeout", "10.0.0.9")
		is("draining", "Target.DeregistrationInProgress", "10.0.0.8")
		is("unused", "", "10.0.0.7")
		s.d.Plane = nil
		is("healthy", "", "10.0.0.9")
		is("unused", "", "10.0.0.8")
		s.d.Plane = n
		return nil
	})
	if err := s.TargetChanged(t.Context(), group, n.targets[0]); err != nil {
		t.Fatal(err)
	}
	if err := bus.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Scope != sc || told[0].Detail != (network.TargetHealth{TargetGroup: group, Target: "10.0.0.9", Port: 80, State: "unhealthy", Reason: "Target.Timeout"}) {
		t.Errorf("told %+v", told)
	}
	update(func(tx *state.Tx) { s.DeregisterTarget(tx, sc, group, "10.0.0.9", 0) })
	if given := <-n.given; len(given[0].Groups[0].Targets) != 0 {
		t.Errorf("the data plane is given %+v", given[0].Groups)
	}
}
