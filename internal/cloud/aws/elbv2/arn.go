package elbv2

import (
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// kind is a kind of resource, as its ARN has it.
type kind string

const (
	kindBalancer kind = "loadbalancer"
	kindGroup    kind = "targetgroup"
	kindListener kind = "listener"
	kindRule     kind = "listener-rule"

	kindTrustStore kind = "truststore"
)

// words gives what messages call a resource of the kind, and the error code for one that does not exist.
func (k kind) words() (name, missing string) {
	switch k {
	case kindBalancer:
		return "load balancer", "LoadBalancerNotFound"
	case kindGroup:
		return "target group", "TargetGroupNotFound"
	case kindListener:
		return "listener", "ListenerNotFound"
	case kindTrustStore:
		return "trust store", "TrustStoreNotFound"
	default:
		return "listener rule", "RuleNotFound"
	}
}

// parts says how many parts, divided by slashes, the ids of a kind have.
func (k kind) parts() int {
	switch k {
	case kindBalancer:
		return 3
	case kindGroup, kindTrustStore:
		return 2
	case kindListener:
		return 4
	default:
		return 5
	}
}

func arn(sc state.Scope, k kind, id string) string {
	return "arn:aws:elasticloadbalancing:" + sc.Region + ":" + sc.Account + ":" + string(k) + "/" + id
}

// identify takes the record's id out of an ARN of the kind. Another region's or account's ARN names nothing here.
func (t *txn) identify(k kind, text string) (string, error) {
	name, missing := k.words()
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "elasticloadbalancing" {
		return "", invalid("'%s' is not a valid %s ARN", text, name)
	}
	found, id, _ := strings.Cut(parts[5], "/")
	if kind(found) != k || strings.Count(id, "/") != k.parts()-1 {
		return "", invalid("'%s' is not a valid %s ARN", text, name)
	}
	if arn(t.sc, k, id) != text {
		return "", wire.Errorf(missing, "%s '%s' not found", capital(name), text)
	}
	return id, nil
}

// find gets the record behind an ARN of the kind.
func find[T any](t *txn, table state.Table[T], k kind, text *string) (*T, error) {
	id, err := t.identify(k, *text)
	if err != nil {
		return nil, err
	}
	v, ok := table.Get(t.tx, t.sc, id)
	if !ok {
		name, missing := k.words()
		return nil, wire.Errorf(missing, "%s '%s' not found", capital(name), *text)
	}
	return v, nil
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// parent cuts the last part off an id: a rule's listener, a listener's load balancer.
func parent(id string) string { return id[:strings.LastIndexByte(id, '/')] }
