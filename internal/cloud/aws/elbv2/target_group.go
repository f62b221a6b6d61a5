package elbv2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	targetInstance = "instance"
	targetIP       = "ip"
	targetLambda   = "lambda"
	targetBalancer = "alb"

	maxGroups = 3000
)

// groupRecord is a target group.
type groupRecord struct {
	ID          string // such as web/73e2d6bc24d8a067
	Name        string
	TargetType  string
	Protocol    string // empty for Lambda functions, as are the members up to VPC
	Version     string // HTTP1, HTTP2 or GRPC, of HTTP and HTTPS
	Port        int64
	VPC         string
	AddrType    string // ipv4 or ipv6
	ControlPort int64  // 0: none
	Health      healthCheck
	Attributes  map[string]string // those that were set
}

// isHTTP says whether application load balancers forward to the group, functions aside.
func (g *groupRecord) isHTTP() bool { return g.Protocol == "HTTP" || g.Protocol == "HTTPS" }

// CreateTargetGroup makes a target group. The same name with the same settings gives the one that is there.
func (s *Service) CreateTargetGroup(ctx context.Context, in *CreateTargetGroupInput) (*CreateTargetGroupOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateTargetGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := t.newGroup(in)
		if err != nil {
			return err
		}
		for _, old := range t.groups.By(t.tx, t.sc, "name", g.Name) {
			g.ID, g.Attributes = old.ID, old.Attributes
			if !sameGroup(g, old) || !maps.Equal(state.Tags(t.tx, arn(t.sc, kindGroup, old.ID)), tags) {
				return wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", g.Name)
			}
			out.TargetGroups = []TargetGroup{t.describeGroup(old)}
			return nil
		}
		if t.groups.Len(t.tx, t.sc) >= maxGroups {
			return wire.Errorf("TooManyTargetGroups", "The maximum number of target groups has been reached on this account")
		}
		g.ID = g.Name + "/" + t.d.IDs.Hex(16)
		t.groups.Put(t.tx, t.sc, g.ID, g)
		state.SetTags(t.tx, arn(t.sc, kindGroup, g.ID), tags)
		out.TargetGroups = []TargetGroup{t.describeGroup(g)}
		return nil
	})
}

func sameGroup(a, b *groupRecord) bool {
	return a.TargetType == b.TargetType && a.Protocol == b.Protocol && a.Version == b.Version && a.Port == b.Port && a.VPC == b.VPC &&
		a.AddrType == b.AddrType && a.ControlPort == b.ControlPort && a.Health == b.Health
}

// newGroup checks the settings of a new target group.
func (t *txn) newGroup(in *CreateTargetGroupInput) (*groupRecord, error) {
	if err := checkName(kindGroup, *in.Name); err != nil {
		return nil, err
	}
	g := &groupRecord{Name: *in.Name, AddrType: "ipv4"}
	var err error
	if g.TargetType, err = oneOf(in.TargetType, "targetType", targetInstance, targetIP, targetLambda, targetBalancer); err != nil {
		return nil, err
	}
	if g.TargetType == targetLambda {
		for what, given := range map[string]bool{"Protocol": in.Protocol != nil, "Port": in.Port != nil, "VPC ID": in.VpcId != nil,
			"Protocol version": in.ProtocolVersion != nil, "Target control port": in.TargetControlPort != nil} {
			if given {
				return nil, invalid("%s cannot be specified for target groups with target type 'lambda'", what)
			}
		}
	} else if err := t.reach(g, in); err != nil {
		return nil, err
	}
	g.Health, err = newHealthCheck(g, &healthSettings{
		Protocol: in.HealthCheckProtocol, Port: in.HealthCheckPort, Path: in.HealthCheckPath, Enabled: in.HealthCheckEnabled,
		Interval: in.HealthCheckIntervalSeconds, Timeout: in.HealthCheckTimeoutSeconds,
		Healthy: in.HealthyThresholdCount, Unhealthy: in.UnhealthyThresholdCount, Matcher: in.Matcher,
	})
	return g, err
}

// reach checks how targets that have addresses are reached.
func (t *txn) reach(g *groupRecord, in *CreateTargetGroupInput) error {
	var err error
	if text(in.Protocol) == "" {
		return invalid("A protocol must be specified")
	}
	if g.Protocol, err = oneOf(in.Protocol, "protocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"); err != nil {
		return err
	}
	if g.TargetType == targetBalancer && g.Protocol != "TCP" {
		return badConfiguration("Target groups with target type 'alb' support only the protocol 'TCP'")
	}
	if in.Port == nil {
		return invalid("A port must be specified")
	}
	if g.Port, err = within(in.Port, "port", 1, 65535, 0); err != nil {
		return err
	}
	if g.Protocol == "GENEVE" && g.Port != 6081 {
		return invalid("The port for target groups with the GENEVE protocol must be '6081'")
	}
	if g.isHTTP() {
		if g.Version, err = oneOf(in.ProtocolVersion, "protocolVersion", "HTTP1", "HTTP2", "GRPC"); err != nil {
			return err
		}
	} else if text(in.ProtocolVersion) != "" {
		return badConfiguration("Protocol version cannot be specified for target groups with protocol '%s'", g.Protocol)
	}
	if text(in.VpcId) == "" {
		return invalid("A VPC ID must be specified")
	}
	if _, ok := t.d.Networks.VPC(t.tx, t.sc, *in.VpcId); !ok {
		return invalid("The VPC ID '%s' is not found", *in.VpcId)
	}
	g.VPC = *in.VpcId
	if g.AddrType, err = oneOf(in.IpAddressType, "ipAddressType", "ipv4", "ipv6"); err != nil {
		return err
	}
	if in.TargetControlPort != nil && (!g.isHTTP() || g.TargetType == targetBalancer) {
		return badConfiguration("Target control port cannot be specified for target groups with protocol '%s'", g.Protocol)
	}
	g.ControlPort, err = within(in.TargetControlPort, "targetControlPort", 1, 65535, 0)
	return err
}

// DescribeTargetGroups lists target groups: all, those of a load balancer, or those with the given ARNs or names.
func (s *Service) DescribeTargetGroups(ctx context.Context, in *DescribeTargetGroupsInput) (*DescribeTargetGroupsOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	ways := 0
	for _, given := range []bool{in.LoadBalancerArn != nil, len(in.TargetGroupArns) > 0, len(in.Names) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, invalid("Only one of a load balancer ARN, target group names and target group ARNs can be specified")
	}
	out := &DescribeTargetGroupsOutput{TargetGroups: []TargetGroup{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next, err := t.selectGroups(in, limit, after)
		if err != nil {
			return err
		}
		for _, g := range found {
			out.TargetGroups = append(out.TargetGroups, t.describeGroup(g))
		}
		out.NextMarker = state.Token(next)
		return nil
	})
}

func (t *txn) selectGroups(in *DescribeTargetGroupsInput, limit int, after string) (found []*groupRecord, next string, err error) {
	switch {
	case len(in.TargetGroupArns) > 0:
		for i := range in.TargetGroupArns {
			g, err := find(t, t.groups, kindGroup, &in.TargetGroupArns[i])
			if err != nil {
				return nil, "", oneOrMore(err, "TargetGroupNotFound", "target groups")
			}
			found = append(found, g)
		}
		return found, "", nil
	case len(in.Names) > 0:
		for _, name := range in.Names {
			n := len(found)
			for _, g := range t.groups.By(t.tx, t.sc, "name", name) {
				found = append(found, g)
			}
			if len(found) == n {
				return nil, "", wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
			}
		}
		return found, "", nil
	case in.LoadBalancerArn != nil:
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return nil, "", err
		}
		for _, id := range t.groupsOfBalancer(b.ID) {
			if g, ok := t.groups.Get(t.tx, t.sc, id); ok {
				found = append(found, g)
			}
		}
		page, _ := pageBy(found, func(g *groupRecord) string { return g.ID }, limit, after)
		if n := len(page); n > 0 && page[n-1] != found[len(found)-1] {
			next = page[n-1].ID
		}
		return page, next, nil
	}
	found, next = state.Page(t.groups.From(t.tx, t.sc, after), limit, nil)
	return found, next, nil
}

// groupsOfBalancer gives the ids of the groups that a load balancer's listeners and rules forward to, in order.
func (t *txn) groupsOfBalancer(balancer string) []string {
	used := map[string]bool{}
	for _, l := range t.listenersOf(balancer) {
		for _, text := range groupsOf(l.Actions) {
			used[groupID(text)] = true
		}
	}
	for _, r := range t.rules.Prefix(t.tx, t.sc, balancer+"/") {
		for _, text := range groupsOf(r.Actions) {
			used[groupID(text)] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// groupID takes the id out of the ARN of a group that exists.
func groupID(arn string) string {
	_, id, _ := strings.Cut(arn, ":"+string(kindGroup)+"/")
	return id
}

// balancersOf gives the ids of the load balancers that forward to a group, in order.
func (t *txn) balancersOf(group string) []string {
	used := map[string]bool{}
	text := arn(t.sc, kindGroup, group)
	for id := range t.listeners.By(t.tx, t.sc, "group", text) {
		used[parent(id)] = true
	}
	for id := range t.rules.By(t.tx, t.sc, "group", text) {
		used[parent(parent(id))] = true
	}
	return slices.Sorted(maps.Keys(used))
}

func (t *txn) balancerARNs(group string) []string {
	out := []string{}
	for _, id := range t.balancersOf(group) {
		out = append(out, arn(t.sc, kindBalancer, id))
	}
	return out
}

func (t *txn) describeGroup(g *groupRecord) TargetGroup {
	h := g.Health
	out := TargetGroup{
		TargetGroupArn: new(arn(t.sc, kindGroup, g.ID)), TargetGroupName: new(g.Name), TargetType: new(g.TargetType), IpAddressType: new(g.AddrType),
		LoadBalancerArns: t.balancerARNs(g.ID), HealthCheckEnabled: new(h.Enabled), HealthCheckIntervalSeconds: new(h.Interval),
		HealthCheckTimeoutSeconds: new(h.Timeout), HealthyThresholdCount: new(h.Healthy), UnhealthyThresholdCount: new(h.Unhealthy),
	}
	if g.TargetType != targetLambda {
		out.Protocol, out.Port, out.VpcId = new(g.Protocol), new(g.Port), new(g.VPC)
		out.HealthCheckProtocol, out.HealthCheckPort = new(h.Protocol), new(h.Port)
	}
	if g.Version != "" {
		out.ProtocolVersion = new(g.Version)
	}
	if g.ControlPort != 0 {
		out.TargetControlPort = new(g.ControlPort)
	}
	if h.Path != "" {
		out.HealthCheckPath = new(h.Path)
	}
	switch {
	case h.Codes == "":
	case g.Version == "GRPC":
		out.Matcher = &Matcher{GrpcCode: new(h.Codes)}
	default:
		out.Matcher = &Matcher{HttpCode: new(h.Codes)}
	}
	return out
}

// ModifyTargetGroup changes a group's health check; nothing else of a group can change but its attributes.
func (s *Service) ModifyTargetGroup(ctx context.Context, in *ModifyTargetGroupInput) (*ModifyTargetGroupOutput, error) {
	out := &ModifyTargetGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err != nil {
			return err
		}
		g.Health, err = changeHealthCheck(g, &healthSettings{
			Protocol: in.HealthCheckProtocol, Port: in.HealthCheckPort, Path: in.HealthCheckPath, Enabled: in.HealthCheckEnabled,
			Interval: in.HealthCheckIntervalSeconds, Timeout: in.HealthCheckTimeoutSeconds,
			Healthy: in.HealthyThresholdCount, Unhealthy: in.UnhealthyThresholdCount, Matcher: in.Matcher,
		})
		if err != nil {
			return err
		}
		t.groups.Put(t.tx, t.sc, g.ID, g)
		out.TargetGroups = []TargetGroup{t.describeGroup(g)}
		return nil
	})
}

// DeleteTargetGroup removes a group that no listener and no rule forwards to, with its targets. One that does not exist is no error.
func (s *Service) DeleteTargetGroup(ctx context.Context, in *DeleteTargetGroupInput) (*DeleteTargetGroupOutput, error) {
	return &DeleteTargetGroupOutput{}, s.update(ctx, func(t *txn) error {
		id, err := t.identify(kindGroup, *in.TargetGroupArn)
		if err != nil {
			return err
		}
		if len(t.balancersOf(id)) > 0 {
			return wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", *in.TargetGroupArn)
		}
		for target := range t.targets.Prefix(t.tx, t.sc, id+"/") {
			t.targets.Delete(t.tx, t.sc, target)
		}
		t.groups.Delete(t.tx, t.sc, id)
		return nil
	})
}
