package elbv2

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

const maxTargets = 1000

// targetRecord is a target of a group.
type targetRecord struct {
	Target     string // an address, or a load balancer's ARN
	Port       int64
	Zone       string // all for an address outside of the VPC
	Registered time.Time
}

func targetID(group, target string, port int64) string {
	return group + "/" + target + "/" + strconv.FormatInt(port, 10)
}

// RegisterTargets adds targets to a group. Those that are registered already stay as they are.
func (s *Service) RegisterTargets(ctx context.Context, in *RegisterTargetsInput) (*RegisterTargetsOutput, error) {
	return &RegisterTargetsOutput{}, s.update(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err != nil {
			return err
		}
		if len(in.Targets) == 0 {
			return invalid("At least one target must be specified")
		}
		for i := range in.Targets {
			if err := t.register(g, &in.Targets[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *txn) register(g *groupRecord, in *TargetDescription) error {
	r, err := t.newTarget(g, in)
	if err != nil {
		return err
	}
	id := targetID(g.ID, r.Target, r.Port)
	if _, ok := t.targets.Get(t.tx, t.sc, id); ok {
		return nil
	}
	n := 0
	for range t.targets.Prefix(t.tx, t.sc, g.ID+"/") {
		n++
	}
	most := maxTargets
	if g.TargetType == targetBalancer {
		most = 1
	}
	if n >= most {
		return wire.Errorf("TooManyTargets", "The maximum number of targets in target group '%s' has been reached", arn(t.sc, kindGroup, g.ID))
	}
	t.targets.Put(t.tx, t.sc, id, r)
	return nil
}

// newTarget checks a target that a group is to have.
func (t *txn) newTarget(g *groupRecord, in *TargetDescription) (*targetRecord, error) {
	if in.QuicServerId != nil {
		return nil, wire.NotImplemented("elasticloadbalancing:RegisterTargets with QuicServerId")
	}
	port, err := within(in.Port, "port", 1, 65535, g.Port)
	if err != nil {
		return nil, err
	}
	r := &targetRecord{Target: *in.Id, Port: port, Registered: t.now}
	switch g.TargetType {
	case targetLambda:
		return nil, wire.NotImplemented("elasticloadbalancing:RegisterTargets with a Lambda function")
	case targetInstance: // the local cloud has no instances
		return nil, invalid("Instance ID '%s' is not valid", *in.Id)
	case targetBalancer:
		return r, t.checkBalancerTarget(g, r)
	}
	return r, t.checkAddress(g, r, in.AvailabilityZone)
}

// checkBalancerTarget checks an application load balancer that is to be a target of a network load balancer's group.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
func (t *txn) checkBalancerTarget(g *groupRecord, r *targetRecord) error {
	b, err := find(t, t.balancers, kindBalancer, &r.Target)
	switch {
	case err != nil:
		return err
	case b.Type != typeApplication || b.VPC != g.VPC:
		return wire.Errorf("InvalidTarget", "The target '%s' must be an Application Load Balancer in the VPC of the target group", r.Target)
	case r.Port != g.Port:
		return invalid("The target port '%d' must match the port of the target group, '%d'", r.Port, g.Port)
	}
	for _, l := range t.listenersOf(b.ID) {
		if l.Port == r.Port {
			return nil
		}
	}
	return badConfiguration("The Application Load Balancer '%s' must have at least one listener that matches the target group port '%d'", r.Target, r.Port)
}

// checkAddress checks the address of a target and finds its zone.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
func (t *txn) checkAddress(g *groupRecord, r *targetRecord, zone *string) error {
	ip, err := netip.ParseAddr(r.Target)
	if err != nil || ip.Is4() != (g.AddrType == "ipv4") {
		return invalid("The IP address '%s' is not a valid %s address", r.Target, strings.Replace(g.AddrType, "ip", "IP", 1))
	}
	home := t.zoneOf(g.VPC, ip)
	if home != "" {
		if zone != nil && *zone != home {
			return invalid("The IP address '%s' is within the VPC, and cannot have its Availability Zone overridden to '%s' from '%s'", ip, *zone, home)
		}
		r.Zone = home
		return nil
	}
	if !privateRange(ip) {
		return invalid("The IP address '%s' must be from a subnet of the VPC of the target group, or from the ranges '10.0.0.0/8', '100.64.0.0/10', "+
			"'172.16.0.0/12' and '192.168.0.0/16'", ip)
	}
	if zone == nil {
		return invalid("The Availability Zone is required for IP address '%s' because it is not in the VPC", ip)
	}
	if *zone != "all" && g.isHTTP() {
		return invalid("The Availability Zone for IP address '%s' must be 'all' for Application Load Balancer target groups, when not within the VPC", ip)
	}
	r.Zone = *zone
	return nil
}

func privateRange(ip netip.Addr) bool {
	return ip.Is4() && (ip.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(ip))
}

// zoneOf gives the zone of the subnet of a VPC that has an address, empty if none has it.
func (t *txn) zoneOf(vpc string, ip netip.Addr) string {
	for _, sub := range t.d.Networks.SubnetsOf(t.tx, t.sc, vpc) {
		for _, cidr := range append([]string{sub.CIDR}, sub.IPv6...) {
			if p, err := netip.ParsePrefix(cidr); err == nil && p.Contains(ip) {
				return sub.Zone
			}
		}
	}
	return ""
}

// DeregisterTargets takes targets from a group. Without a port, a target goes with all of its ports.
func (s *Service) DeregisterTargets(ctx context.Context, in *DeregisterTargetsInput) (*DeregisterTargetsOutput, error) {
	return &DeregisterTargetsOutput{}, s.update(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err != nil {
			return err
		}
		for _, target := range in.Targets {
			t.deregister(g.ID, *target.Id, target.Port)
		}
		return nil
	})
}

func (t *txn) deregister(group, target string, port *int64) {
	for id, r := range t.targets.Prefix(t.tx, t.sc, group+"/"+target+"/") {
		if port == nil || r.Port == *port {
			t.targets.Delete(t.tx, t.sc, id)
		}
	}
}

// DescribeTargetHealth tells of a group's targets, all or those that are asked for.
func (s *Service) DescribeTargetHealth(ctx context.Context, in *DescribeTargetHealthInput) (*DescribeTargetHealthOutput, error) {
	for _, what := range in.Include {
		if _, err := oneOf(&what, "include", "AnomalyDetection", "All"); err != nil {
			return nil, err
		}
	}
	if err := s.Idle(ctx); err != nil { // the data plane knows of what was written before
		return nil, err
	}
	out := &DescribeTargetHealthOutput{TargetHealthDescriptions: []TargetHealthDescription{}}
	return out, s.view(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err != nil {
			return err
		}
		records, err := t.selectTargets(g, in.Targets)
		if err != nil {
			return err
		}
		zones, used := t.zonesOf(g.ID)
		known := s.planeTargets(*in.TargetGroupArn)
		if len(in.Targets) == 0 {
			records = append(records, t.draining(g, known)...)
		}
		for _, r := range records {
			d := describeTarget(g, r)
			d.TargetHealth = health(r, zones, used)
			if now, ok := served(known, r.Target, int(r.Port)); ok && now.State != stateUnused {
				d.TargetHealth = now.health()
			}
			if len(in.Include) > 0 && g.isHTTP() {
				d.AnomalyDetection = &AnomalyDetection{Result: new("normal"), MitigationInEffect: new("no")}
			}
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, d)
		}
		return nil
	})
}

// selectTargets finds the targets that are asked for. One that is not registered has no time of registration.
func (t *txn) selectTargets(g *groupRecord, asked []TargetDescription) ([]*targetRecord, error) {
	var out []*targetRecord
	if len(asked) == 0 {
		for _, r := range t.targets.Prefix(t.tx, t.sc, g.ID+"/") {
			out = append(out, r)
		}
		return out, nil
	}
	for _, a := range asked {
		n := len(out)
		for _, r := range t.targets.Prefix(t.tx, t.sc, g.ID+"/"+*a.Id+"/") {
			if (a.Port == nil || *a.Port == r.Port) && (a.AvailabilityZone == nil || *a.AvailabilityZone == r.Zone) {
				out = append(out, r)
			}
		}
		if len(out) == n {
			port, err := within(a.Port, "port", 1, 65535, g.Port)
			if err != nil {
				return nil, err
			}
			out = append(out, &targetRecord{Target: *a.Id, Port: port, Zone: text(a.AvailabilityZone)})
		}
	}
	return out, nil
}

func describeTarget(g *groupRecord, r *targetRecord) TargetHealthDescription {
	d := TargetHealthDescription{Target: &TargetDescription{Id: new(r.Target), Port: new(r.Port)}, HealthCheckPort: new(g.Health.Port)}
	if r.Zone != "" {
		d.Target.AvailabilityZone = new(r.Zone)
	}
	if g.Health.Port == trafficPort {
		d.HealthCheckPort = new(strconv.FormatInt(r.Port, 10))
	}
	return d
}

// zonesOf gives the zones of the load balancers that forward to a group, and whether there are any.
func (t *txn) zonesOf(group string) (zones []string, used bool) {
	for _, id := range t.balancersOf(group) {
		if b, ok := t.balancers.Get(t.tx, t.sc, id); ok {
			used = true
			for _, z := range b.Zones {
				zones = append(zones, z.Zone)
			}
		}
	}
	return zones, used
}

// health says how a target does. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
func health(r *targetRecord, zones []string, used bool) *TargetHealth {
	told := func(state, reason, description string) *TargetHealth {
		return &TargetHealth{State: new(state), Reason: new(reason), Description: new(description)}
	}
	switch {
	case r.Registered.IsZero():
		return told(stateUnused, reasonNotRegistered, "Target is not registered to the target group")
	case !used:
		return told(stateUnused, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
	case r.Zone != "" && r.Zone != "all" && !slices.Contains(zones, r.Zone):
		return told(stateUnused, "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer")
	}
	return told(stateInitial, "Elb.RegistrationInProgress", "Target registration is in progress")
}
