package elbv2

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
)

const (
	keySticky     = "stickiness.enabled"
	keyStickyType = "stickiness.type"
	keyAlgorithm  = "load_balancing.algorithm.type"
	keyAnomaly    = "load_balancing.algorithm.anomaly_mitigation"
	keySlowStart  = "slow_start.duration_seconds"

	keyTermination = "target_health_state.unhealthy.connection_termination.enabled"
	keyDraining    = "target_health_state.unhealthy.draining_interval_seconds"

	week = 604800
)

func groupHealthAttributes() []attribute {
	const most = 1000 // targets in a group
	percentage := either(isOneOf("off"), isNumber(1, 100))
	return []attribute{
		{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", isOneOf("true", "false", "use_load_balancer_configuration")},
		{"target_group_health.dns_failover.minimum_healthy_targets.count", "1", either(isOneOf("off"), isNumber(1, most))},
		{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", percentage},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", isNumber(1, most)},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", percentage},
	}
}

// attributesOfGroup gives what a target group can be set to.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
func attributesOfGroup(g *groupRecord) []attribute {
	if g.TargetType == targetLambda {
		return append([]attribute{{"lambda.multi_value_headers.enabled", "false", isBool}}, groupHealthAttributes()...)
	}
	out := []attribute{
		{keySticky, "false", isBool},
		{keyStickyType, stickyTypes(g)[0], isOneOf("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto")},
		{"deregistration_delay.timeout_seconds", "300", isNumber(0, 3600)},
	}
	if g.Protocol == "GENEVE" {
		return append(out,
			attribute{"target_failover.on_deregistration", "no_rebalance", isOneOf("rebalance", "no_rebalance")},
			attribute{"target_failover.on_unhealthy", "no_rebalance", isOneOf("rebalance", "no_rebalance")})
	}
	out = append(out, groupHealthAttributes()...)
	if g.isHTTP() {
		return append(out,
			attribute{"stickiness.lb_cookie.duration_seconds", "86400", isNumber(1, week)},
			attribute{"stickiness.app_cookie.cookie_name", "", isCookieName},
			attribute{"stickiness.app_cookie.duration_seconds", "86400", isNumber(1, week)},
			attribute{keySlowStart, "0", either(isOneOf("0"), isNumber(30, 900))},
			attribute{keyAlgorithm, "round_robin", isOneOf("round_robin", "least_outstanding_requests", "weighted_random")},
			attribute{keyAnomaly, "off", isOneOf("on", "off")})
	}
	// Traffic over UDP keeps its source address, and its flows are ended on deregistration.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
	datagrams := g.Protocol != "TCP" && g.Protocol != "TLS"
	out = append(out,
		attribute{"deregistration_delay.connection_termination.enabled", strconv.FormatBool(datagrams), isBool},
		attribute{"preserve_client_ip.enabled", strconv.FormatBool(datagrams || g.TargetType != targetIP), isBool},
		attribute{"proxy_protocol_v2.enabled", "false", isBool})
	if !datagrams {
		out = append(out,
			attribute{keyTermination, "true", isBool},
			attribute{keyDraining, "0", isNumber(0, 360000)})
	}
	return out
}

func isCookieName(v string) bool { return len(v) <= 4096 && !strings.HasPrefix(v, "AWSALB") }

// stickyTypes gives the types of stickiness that a group can have, the default first.
func stickyTypes(g *groupRecord) []string {
	switch {
	case g.isHTTP():
		return []string{"lb_cookie", "app_cookie"}
	case g.Protocol == "GENEVE":
		return []string{"source_ip_dest_ip_proto", "source_ip_dest_ip"}
	default:
		return []string{"source_ip"}
	}
}

func knownGroupAttributes() []attribute {
	return slices.Concat(attributesOfGroup(&groupRecord{Protocol: "HTTP"}), attributesOfGroup(&groupRecord{Protocol: "TCP"}),
		attributesOfGroup(&groupRecord{Protocol: "GENEVE"}), attributesOfGroup(&groupRecord{TargetType: targetLambda}))
}

// checkGroupAttributes holds attributes against each other.
func checkGroupAttributes(g *groupRecord) error {
	if g.TargetType == targetLambda {
		return nil
	}
	now := values(attributesOfGroup(g), g.Attributes)
	sticky := now[keySticky] == "true"
	switch kind := now[keyStickyType]; {
	case sticky && g.Protocol == "TLS":
		return badConfiguration("You cannot enable stickiness on target groups with the TLS protocol")
	case !slices.Contains(stickyTypes(g), kind):
		return badConfiguration("Stickiness type '%s' is not supported for target groups with the %s protocol", kind, g.Protocol)
	case sticky && kind == "app_cookie" && now["stickiness.app_cookie.cookie_name"] == "":
		return badConfiguration("You must specify an application cookie name to enable stickiness of the type 'app_cookie'")
	}
	if v, ok := now[keyDraining]; ok && v != "0" && now[keyTermination] == "true" {
		return badConfiguration("You cannot set a draining interval while connections to unhealthy targets are terminated")
	}
	switch now[keyAlgorithm] {
	case "weighted_random":
		if sticky {
			return badConfiguration("You cannot have both stickiness and weighted random algorithm enabled on the same target group.")
		}
		if now[keySlowStart] != "0" {
			return badConfiguration("You cannot enable both slow start and weighted random algorithm on a target group")
		}
	case "least_outstanding_requests":
		if now[keySlowStart] != "0" {
			return badConfiguration("You cannot enable both slow start and least outstanding requests algorithm on a target group")
		}
		if now[keyAnomaly] == "on" {
			return badConfiguration("You cannot enable both anomaly mitigation and least outstanding requests algorithm on a target group")
		}
	case "round_robin":
		if now[keyAnomaly] == "on" {
			return badConfiguration("You cannot enable both anomaly mitigation and round robin algorithm on a target group")
		}
	}
	return nil
}

func describeGroupAttributes(g *groupRecord) []TargetGroupAttribute {
	supported := attributesOfGroup(g)
	all := values(supported, g.Attributes)
	out := make([]TargetGroupAttribute, 0, len(all))
	for _, a := range supported {
		out = append(out, TargetGroupAttribute{Key: new(a.key), Value: new(all[a.key])})
	}
	return out
}

// DescribeTargetGroupAttributes gives all attributes of a target group.
func (s *Service) DescribeTargetGroupAttributes(ctx context.Context, in *DescribeTargetGroupAttributesInput) (*DescribeTargetGroupAttributesOutput, error) {
	out := &DescribeTargetGroupAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err == nil {
			out.Attributes = describeGroupAttributes(g)
		}
		return err
	})
}

// ModifyTargetGroupAttributes sets attributes of a target group.
func (s *Service) ModifyTargetGroupAttributes(ctx context.Context, in *ModifyTargetGroupAttributesInput) (*ModifyTargetGroupAttributesOutput, error) {
	var changes []pair
	for _, a := range in.Attributes {
		changes = append(changes, pair{a.Key, a.Value})
	}
	out := &ModifyTargetGroupAttributesOutput{}
	return out, s.update(ctx, func(t *txn) error {
		g, err := find(t, t.groups, kindGroup, in.TargetGroupArn)
		if err != nil {
			return err
		}
		on := "target groups with protocol '" + g.Protocol + "'"
		if g.TargetType == targetLambda {
			on = "target groups with target type 'lambda'"
		}
		next, err := set("Target group", on, attributesOfGroup(g), knownGroupAttributes(), g.Attributes, changes)
		if next != nil {
			g.Attributes = next
			err = cmp.Or(checkGroupAttributes(g), err)
		}
		if err != nil {
			return err
		}
		t.groups.Put(t.tx, t.sc, g.ID, g)
		out.Attributes = describeGroupAttributes(g)
		return nil
	})
}
