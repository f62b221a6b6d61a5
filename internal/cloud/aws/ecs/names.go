package ecs

import (
	"regexp"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// The statuses that clusters, services and task definitions share.
const (
	statusActive   = "ACTIVE"
	statusInactive = "INACTIVE"
	statusDraining = "DRAINING"
)

const (
	fargate     = "FARGATE"
	fargateSpot = "FARGATE_SPOT"
	ec2         = "EC2"
)

var names = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func truth(b *bool) bool { return b != nil && *b }

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

// refused is the code that ECS has for most of what is wrong with a task definition.
func refused(format string, args ...any) error {
	return wire.Errorf("ClientException", format, args...)
}

// oneOf checks an enumerated member, where it is given.
func oneOf(member string, value *string, values ...string) error {
	if value == nil {
		return nil
	}
	for _, v := range values {
		if v == *value {
			return nil
		}
	}
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		*value, member, strings.Join(values, ", "))
}

func arn(sc state.Scope, kind, rest string) string {
	return "arn:aws:ecs:" + sc.Region + ":" + sc.Account + ":" + kind + "/" + rest
}

func clusterARN(sc state.Scope, name string) string { return arn(sc, "cluster", name) }

// resourceOf gives what follows "kind/" in an ECS ARN of the account and region; ok is false for other ARNs.
func resourceOf(sc state.Scope, kind, s string) (rest string, ok bool) {
	return strings.CutPrefix(s, arn(sc, kind, ""))
}

// last gives what follows the last slash, as in the id of a task's ARN.
func last(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// clusterName gives the name in a cluster's name or ARN; none means the default cluster.
func clusterName(cluster *string) string {
	if text(cluster) == "" {
		return "default"
	}
	return last(*cluster)
}

// serviceName gives the name in a service's name or ARN, of either format.
func serviceName(service string) string { return last(service) }
