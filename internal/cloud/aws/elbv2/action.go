package elbv2

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

const (
	actForward  = "forward"
	actRedirect = "redirect"
	actFixed    = "fixed-response"
	actOIDC     = "authenticate-oidc"
	actCognito  = "authenticate-cognito"
	actJWT      = "jwt-validation"

	maxForwardGroups = 5
)

// groupsOf gives the ARNs of the target groups that actions forward to.
func groupsOf(actions []Action) []string {
	var out []string
	for _, a := range actions {
		if a.ForwardConfig == nil {
			continue
		}
		for _, g := range a.ForwardConfig.TargetGroups {
			out = append(out, *g.TargetGroupArn)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// newActions checks the actions of a listener or rule, and completes them as AWS shows them.
func (t *txn) newActions(b *balancerRecord, protocol string, in []Action) ([]Action, error) {
	if len(in) == 0 {
		return nil, invalid("At least one action must be specified")
	}
	var out []Action
	orders := map[int64]bool{}
	for _, a := range in {
		if len(in) > 1 && a.Order == nil {
			return nil, invalid("An order must be specified for each action when there is more than one")
		}
		if a.Order != nil {
			if *a.Order < 1 || *a.Order > 50000 {
				return nil, invalid("The order '%d' of an action must be within '1-50000' inclusive", *a.Order)
			}
			if orders[*a.Order] {
				return nil, invalid("The order '%d' of an action is already in use", *a.Order)
			}
			orders[*a.Order] = true
		}
		done, err := t.newAction(b, protocol, a)
		if err != nil {
			return nil, err
		}
		out = append(out, done)
	}
	slices.SortStableFunc(out, func(x, y Action) int { return cmp.Compare(order(x), order(y)) })
	for i, a := range out {
		if final(a) != (i == len(out)-1) {
			return nil, wire.Errorf("InvalidLoadBalancerAction",
				"Exactly one action of the type 'forward', 'redirect' or 'fixed-response' must be specified, and it must be the last to be performed")
		}
	}
	if len(out) > 2 {
		return nil, wire.Errorf("TooManyActions", "A rule can have no more than one action that authenticates or validates")
	}
	return out, nil
}

func order(a Action) int64 {
	if a.Order == nil {
		return 0
	}
	return *a.Order
}

// final says whether an action answers the request.
func final(a Action) bool {
	return *a.Type == actForward || *a.Type == actRedirect || *a.Type == actFixed
}

func (t *txn) newAction(b *balancerRecord, protocol string, a Action) (Action, error) {
	kind, err := exactly(a.Type, "type", actForward, actOIDC, actCognito, actRedirect, actFixed, actJWT)
	if err != nil {
		return a, err
	}
	if kind != actForward && b.Type != typeApplication {
		return a, wire.Errorf("InvalidLoadBalancerAction", "Actions of type '%s' are not supported on load balancers with type '%s'", kind, b.Type)
	}
	if !final(a) && protocol != "HTTPS" {
		return a, wire.Errorf("InvalidLoadBalancerAction", "Actions of type '%s' are supported only on HTTPS listeners", kind)
	}
	for config, given := range map[string]bool{
		actForward: a.ForwardConfig != nil || a.TargetGroupArn != nil, actRedirect: a.RedirectConfig != nil, actFixed: a.FixedResponseConfig != nil,
		actOIDC: a.AuthenticateOidcConfig != nil, actCognito: a.AuthenticateCognitoConfig != nil, actJWT: a.JwtValidationConfig != nil,
	} {
		if given != (config == kind) {
			return a, wire.Errorf("InvalidLoadBalancerAction", "An action of type '%s' must be specified with the configuration of that type, and no other", kind)
		}
	}
	out := Action{Type: a.Type, Order: a.Order}
	if b.Type == typeGateway {
		out.Order = nil // gateway load balancers have one action, and tell no order
	}
	switch kind {
	case actForward:
		out.ForwardConfig, out.TargetGroupArn, err = t.newForward(b, protocol, a)
	case actRedirect:
		out.RedirectConfig, err = newRedirect(a.RedirectConfig)
	case actFixed:
		out.FixedResponseConfig, err = newFixedResponse(a.FixedResponseConfig)
	case actOIDC:
		out.AuthenticateOidcConfig, err = newOIDC(a.AuthenticateOidcConfig)
	case actCognito:
		out.AuthenticateCognitoConfig, err = newCognito(a.AuthenticateCognitoConfig)
	case actJWT:
		out.JwtValidationConfig, err = newJWT(a.JwtValidationConfig)
	}
	return out, err
}

// newForward checks where an action forwards to. AWS shows a single group twice: by itself, and in the configuration.
func (t *txn) newForward(b *balancerRecord, protocol string, a Action) (*ForwardActionConfig, *string, error) {
	config := a.ForwardConfig
	if config == nil {
		config = &ForwardActionConfig{TargetGroups: []TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn}}}
	} else if a.TargetGroupArn != nil && (len(config.TargetGroups) != 1 || text(config.TargetGroups[0].TargetGroupArn) != *a.TargetGroupArn) {
		return nil, nil, invalid("You can specify both a target group ARN and a forward configuration only if the configuration has the same target group and no other")
	}
	most := maxForwardGroups
	if b.Type == typeGateway {
		most = 1
	}
	switch n := len(config.TargetGroups); {
	case n == 0:
		return nil, nil, invalid("At least one target group must be specified in a forward action")
	case n > most:
		return nil, nil, wire.Errorf("TooManyTargetGroups", "A forward action can have no more than %d target groups", most)
	}
	out := &ForwardActionConfig{TargetGroupStickinessConfig: &TargetGroupStickinessConfig{Enabled: new(false)}}
	seen := map[string]bool{}
	for _, g := range config.TargetGroups {
		if err := t.checkGroup(b, protocol, g.TargetGroupArn); err != nil {
			return nil, nil, err
		}
		if seen[*g.TargetGroupArn] {
			return nil, nil, invalid("The target group '%s' cannot be specified more than once in an action", *g.TargetGroupArn)
		}
		seen[*g.TargetGroupArn] = true
		weight, err := within(g.Weight, "weight", 0, 999, 1)
		if err != nil {
			return nil, nil, err
		}
		out.TargetGroups = append(out.TargetGroups, TargetGroupTuple{TargetGroupArn: g.TargetGroupArn, Weight: new(weight)})
	}
	if s := config.TargetGroupStickinessConfig; s != nil {
		enabled := s.Enabled != nil && *s.Enabled
		if s.DurationSeconds == nil && enabled || s.DurationSeconds != nil && (*s.DurationSeconds < 1 || *s.DurationSeconds > week) {
			return nil, nil, invalid("Target group stickiness duration must be between 1 and %d seconds", week)
		}
		out.TargetGroupStickinessConfig = &TargetGroupStickinessConfig{Enabled: &enabled, DurationSeconds: s.DurationSeconds}
	}
	if len(out.TargetGroups) == 1 {
		return out, out.TargetGroups[0].TargetGroupArn, nil
	}
	return out, nil, nil
}

// checkGroup says whether a listener of a load balancer can forward to a group.
func (t *txn) checkGroup(b *balancerRecord, protocol string, text *string) error {
	if text == nil {
		return invalid("A target group ARN must be specified")
	}
	g, err := find(t, t.groups, kindGroup, text)
	if err != nil {
		return err
	}
	if g.TargetType == targetLambda {
		if b.Type != typeApplication {
			return badConfiguration("Target groups with target type 'lambda' are not supported on load balancers with type '%s'", b.Type)
		}
	} else if g.VPC != b.VPC {
		return badConfiguration("The following target groups are in a different VPC than load balancer '%s': %s", arn(t.sc, kindBalancer, b.ID), *text)
	}
	if g.TargetType != targetLambda && !slices.Contains(groupProtocols(protocol), g.Protocol) {
		return wire.Errorf("IncompatibleProtocols", "The listener and its associated target group '%s' have incompatible protocols: '%s' and '%s'",
			*text, protocol, g.Protocol)
	}
	for _, other := range t.balancersOf(g.ID) {
		if other != b.ID {
			return wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", *text)
		}
	}
	return nil
}

// groupProtocols gives the protocols of the groups that a listener's protocol goes with.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html#target-group-routing-configuration
func groupProtocols(listener string) []string {
	switch listener {
	case "HTTP", "HTTPS":
		return []string{"HTTP", "HTTPS"}
	case "TCP":
		return []string{"TCP", "TCP_UDP"}
	case "UDP":
		return []string{"UDP", "TCP_UDP"}
	case "TLS":
		return []string{"TCP", "TLS"}
	case "QUIC":
		return []string{"QUIC", "TCP_QUIC"}
	default: // TCP_UDP, TCP_QUIC, GENEVE
		return []string{listener}
	}
}

// newRedirect completes a redirect: what it does not name stays as in the request.
func newRedirect(in *RedirectActionConfig) (*RedirectActionConfig, error) {
	if _, err := exactly(in.StatusCode, "statusCode", "HTTP_301", "HTTP_302"); err != nil {
		return nil, err
	}
	keep := func(v *string, standard string) *string {
		if v == nil {
			return new(standard)
		}
		return v
	}
	out := &RedirectActionConfig{
		StatusCode: in.StatusCode, Protocol: keep(in.Protocol, "#{protocol}"), Port: keep(in.Port, "#{port}"),
		Host: keep(in.Host, "#{host}"), Path: keep(in.Path, "/#{path}"), Query: keep(in.Query, "#{query}"),
	}
	if !slices.Contains([]string{"HTTP", "HTTPS", "#{protocol}"}, *out.Protocol) {
		return nil, invalid("The protocol '%s' of a redirect must be one of 'HTTP, HTTPS, #{protocol}'", *out.Protocol)
	}
	if n, err := strconv.Atoi(*out.Port); *out.Port != "#{port}" && (err != nil || n < 1 || n > 65535) {
		return nil, invalid("The port '%s' of a redirect must be '#{port}' or within '1-65535' inclusive", *out.Port)
	}
	switch {
	case len(*out.Host) < 1 || len(*out.Host) > 128:
		return nil, invalid("The host of a redirect must have between 1 and 128 characters")
	case len(*out.Path) > 128 || !strings.HasPrefix(*out.Path, "/"):
		return nil, invalid("The path '%s' of a redirect must begin with a '/' character, and can have a maximum of 128 characters", *out.Path)
	case len(*out.Query) > 128 || strings.HasPrefix(*out.Query, "?"):
		return nil, invalid("The query '%s' of a redirect cannot begin with a '?' character, and can have a maximum of 128 characters", *out.Query)
	}
	if *out.Protocol == "#{protocol}" && *out.Port == "#{port}" && *out.Host == "#{host}" && *out.Path == "/#{path}" {
		return nil, wire.Errorf("InvalidLoadBalancerAction",
			"The RedirectConfig values must change at least one of the following components to avoid a redirect loop: protocol, port, hostname or path")
	}
	return out, nil
}

func newFixedResponse(in *FixedResponseActionConfig) (*FixedResponseActionConfig, error) {
	code := text(in.StatusCode)
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" || !strings.Contains("245", code[:1]) {
		return nil, invalid("The status code '%s' of a fixed response must be of the form 2XX, 4XX or 5XX", code)
	}
	if len(text(in.MessageBody)) > 1024 {
		return nil, invalid("The message body of a fixed response can have a maximum of 1024 characters")
	}
	if in.ContentType != nil {
		if _, err := oneOf(in.ContentType, "contentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json"); err != nil {
			return nil, err
		}
	}
	return &FixedResponseActionConfig{StatusCode: in.StatusCode, MessageBody: in.MessageBody, ContentType: in.ContentType}, nil
}
