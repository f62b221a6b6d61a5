package elbv2

import (
	"strconv"
	"strings"
)

// healthCheck is how a group's targets are checked. It is comparable.
type healthCheck struct {
	Enabled            bool
	Protocol           string // empty for Lambda functions, as is Port
	Port               string // a number or traffic-port
	Path               string // of HTTP and HTTPS checks
	Codes              string // of answers that mean health: HTTP's, or gRPC's
	Interval, Timeout  int64  // seconds
	Healthy, Unhealthy int64  // results in a row
}

// healthSettings are what a call says of a health check.
type healthSettings struct {
	Protocol, Port, Path                  *string
	Enabled                               *bool
	Interval, Timeout, Healthy, Unhealthy *int64
	Matcher                               *Matcher
}

const trafficPort = "traffic-port"

// standardHealth gives the check that a group has when nothing is said of it; protocol is the check's own.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
func standardHealth(g *groupRecord, protocol string) healthCheck {
	h := healthCheck{Enabled: true, Protocol: protocol, Port: trafficPort, Interval: 30, Timeout: 5, Healthy: 5, Unhealthy: 2}
	switch {
	case g.TargetType == targetLambda:
		h = healthCheck{Interval: 35, Timeout: 30, Healthy: 5, Unhealthy: 2}
	case g.Protocol == "GENEVE":
		h.Port, h.Interval = "80", 10
	case g.isHTTP():
	case protocol == "HTTP":
		h.Timeout = 6
	default:
		h.Timeout = 10
	}
	if protocol == "TCP" {
		return h
	}
	h.Path = "/"
	switch {
	case g.Version == "GRPC":
		h.Path, h.Codes = "/AWS.ALB/healthcheck", "12"
	case g.isHTTP(), g.TargetType == targetLambda:
		h.Codes = "200"
	default:
		h.Codes = "200-399"
	}
	return h
}

// newHealthCheck checks what is said of a new group's check, and fills in the rest.
func newHealthCheck(g *groupRecord, in *healthSettings) (healthCheck, error) {
	if g.TargetType == targetLambda {
		if in.Protocol != nil || in.Port != nil {
			return healthCheck{}, invalid("Health check protocol and port cannot be specified for target groups with target type 'lambda'")
		}
		return in.over(g, standardHealth(g, ""))
	}
	protocol := "TCP"
	if g.isHTTP() || g.TargetType == targetBalancer {
		protocol = "HTTP"
	}
	if text(in.Protocol) != "" {
		protocol = *in.Protocol
	}
	if err := checkHealthProtocol(g, protocol); err != nil {
		return healthCheck{}, err
	}
	return in.over(g, standardHealth(g, protocol))
}

// changeHealthCheck gives a group's check as it is after a change. With another protocol, path and codes begin anew.
func changeHealthCheck(g *groupRecord, in *healthSettings) (healthCheck, error) {
	h := g.Health
	if p := text(in.Protocol); p != "" && p != h.Protocol {
		if err := checkHealthProtocol(g, *in.Protocol); err != nil {
			return h, err
		}
		standard := standardHealth(g, *in.Protocol)
		h.Protocol = *in.Protocol
		if h.Protocol == "TCP" || h.Path == "" {
			h.Path, h.Codes = standard.Path, standard.Codes
		}
	}
	return in.over(g, h)
}

func checkHealthProtocol(g *groupRecord, protocol string) error {
	if g.TargetType == targetLambda {
		return invalid("Health check protocol cannot be specified for target groups with target type 'lambda'")
	}
	if _, err := oneOf(&protocol, "healthCheckProtocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"); err != nil {
		return err
	}
	allowed := []string{"HTTP", "HTTPS", "TCP"}
	switch {
	case g.isHTTP(), g.TargetType == targetBalancer:
		allowed = allowed[:2]
	}
	for _, a := range allowed {
		if a == protocol {
			return nil
		}
	}
	return invalid("Health check protocol '%s' must be one of '%s' for target groups with protocol '%s'", protocol, strings.Join(allowed, ", "), g.Protocol)
}

// over checks the settings and puts them over a check.
func (in *healthSettings) over(g *groupRecord, h healthCheck) (healthCheck, error) {
	if in.Enabled != nil {
		h.Enabled = *in.Enabled
	}
	if !h.Enabled && g.TargetType != targetLambda {
		return h, badConfiguration("Health check enabled must be true for target groups with target type '%s'", g.TargetType)
	}
	var err error
	for _, n := range []struct {
		to          *int64
		from        *int64
		member      string
		least, most int64
	}{
		{&h.Interval, in.Interval, "healthCheckIntervalSeconds", 5, 300},
		{&h.Timeout, in.Timeout, "healthCheckTimeoutSeconds", 2, 120},
		{&h.Healthy, in.Healthy, "healthyThresholdCount", 2, 10},
		{&h.Unhealthy, in.Unhealthy, "unhealthyThresholdCount", 2, 10},
	} {
		if *n.to, err = within(n.from, n.member, n.least, n.most, *n.to); err != nil {
			return h, err
		}
	}
	if h.Timeout > h.Interval || h.Timeout == h.Interval && (g.isHTTP() || g.TargetType == targetLambda) {
		return h, invalid("Health check interval must be greater than the timeout.")
	}
	if text(in.Port) != "" {
		if n, err := strconv.Atoi(*in.Port); *in.Port != trafficPort && (err != nil || n < 1 || n > 65535) {
			return h, invalid("Health check port '%s' must be '%s' or within '1-65535' inclusive", *in.Port, trafficPort)
		}
		h.Port = *in.Port
	}
	if err := in.answers(g, &h); err != nil {
		return h, err
	}
	return h, nil
}

// answers checks the path and the codes that mean health.
func (in *healthSettings) answers(g *groupRecord, h *healthCheck) error {
	if h.Protocol == "TCP" {
		if text(in.Path) != "" {
			return badConfiguration("You cannot specify a health check path for target groups with health check protocol 'TCP'")
		}
		if in.Matcher != nil && text(in.Matcher.HttpCode)+text(in.Matcher.GrpcCode) != "" {
			return badConfiguration("You cannot specify a matcher for target groups with health check protocol 'TCP'")
		}
		return nil
	}
	if text(in.Path) != "" {
		if len(*in.Path) > 1024 || !strings.HasPrefix(*in.Path, "/") {
			return invalid("Health check path '%s' must begin with a '/' character, and can have a maximum of 1024 characters", *in.Path)
		}
		h.Path = *in.Path
	}
	if in.Matcher == nil || text(in.Matcher.HttpCode)+text(in.Matcher.GrpcCode) == "" {
		return nil
	}
	if g.Version == "GRPC" {
		if text(in.Matcher.HttpCode) != "" {
			return invalid("A GRPC code must be specified for target groups with protocol version 'GRPC'")
		}
		h.Codes = *in.Matcher.GrpcCode
		return checkCodes("GRPC", h.Codes, 0, 99)
	}
	if text(in.Matcher.GrpcCode) != "" {
		return invalid("An HTTP code must be specified for target groups that do not have the protocol version 'GRPC'")
	}
	h.Codes = *in.Matcher.HttpCode
	most := 599
	if g.isHTTP() || g.TargetType == targetLambda {
		most = 499
	}
	return checkCodes("HTTP", h.Codes, 200, most)
}

// checkCodes checks codes such as "200", "200,202" and "200-299".
func checkCodes(protocol, codes string, least, most int) error {
	for part := range strings.SplitSeq(codes, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		low, err := strconv.Atoi(first)
		high, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || low > high {
			return invalid("Health check matcher %s code '%s' is not valid", protocol, codes)
		}
		if low < least || high > most {
			return invalid("Health check matcher %s code '%s' must be within '%d-%d' inclusive", protocol, part, least, most)
		}
	}
	return nil
}
