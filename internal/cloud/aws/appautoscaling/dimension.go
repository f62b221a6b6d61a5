package appautoscaling

import (
	"strings"

	"atoll/internal/cloud/wire"
)

// key names a scalable target.
type key struct{ Namespace, Resource, Dimension string }

// separator stands between the parts of ids; names do not have it.
const separator = "\x01"

func (k key) id() string { return k.Namespace + separator + k.Resource + separator + k.Dimension }

const (
	ecs      = "ecs"
	dynamodb = "dynamodb"

	desiredCount = "ecs:service:DesiredCount"
	tableReads   = "dynamodb:table:ReadCapacityUnits"
	tableWrites  = "dynamodb:table:WriteCapacityUnits"
	indexReads   = "dynamodb:index:ReadCapacityUnits"
	indexWrites  = "dynamodb:index:WriteCapacityUnits"
)

func namespaces() []string {
	return []string{"ecs", "elasticmapreduce", "ec2", "appstream", "dynamodb", "rds", "sagemaker", "custom-resource", "comprehend", "lambda", "cassandra",
		"kafka", "elasticache", "neptune", "workspaces"}
}

// checkNamespace refuses what is no namespace, and those of services that the local cloud lacks.
func checkNamespace(operation, namespace string) error {
	if err := checkEnum(namespace, "serviceNamespace", namespaces()...); err != nil {
		return err
	}
	if namespace != ecs && namespace != dynamodb {
		return wire.NotImplemented("application-autoscaling:" + operation + " for " + namespace)
	}
	return nil
}

// readKey checks the three members that name a scalable target.
func readKey(operation string, namespace, resource, dimension *string) (key, error) {
	k := key{*namespace, *resource, *dimension}
	if err := checkNamespace(operation, k.Namespace); err != nil {
		return k, err
	}
	if k.Resource == "" || len(k.Resource) > 1600 || strings.ContainsAny(k.Resource, separator+"\x00") {
		return k, constraint(k.Resource, "resourceId", "Member must have length between 1 and 1600")
	}
	if err := checkEnum(k.Dimension, "scalableDimension", desiredCount, tableReads, tableWrites, indexReads, indexWrites); err != nil {
		return k, err
	}
	if !strings.HasPrefix(k.Dimension, k.Namespace+":") {
		return k, invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	_, _, ok := k.parts()
	if !ok {
		return k, invalid("Unsupported service namespace, resource type or scalable dimension: the resource ID %s does not fit %s", k.Resource, k.Dimension)
	}
	return k, nil
}

// parts gives the cluster and the service, or the table and the index.
func (k key) parts() (first, second string, ok bool) {
	parts := strings.Split(k.Resource, "/")
	for _, p := range parts {
		if p == "" {
			return "", "", false
		}
	}
	switch k.Dimension {
	case desiredCount:
		if len(parts) == 3 && parts[0] == "service" {
			return parts[1], parts[2], true
		}
	case tableReads, tableWrites:
		if len(parts) == 2 && parts[0] == "table" {
			return parts[1], "", true
		}
	case indexReads, indexWrites:
		if len(parts) == 4 && parts[0] == "table" && parts[2] == "index" {
			return parts[1], parts[3], true
		}
	}
	return "", "", false
}

// capacity gives how much a resource has; 0 of an on-demand table. It errs where there is no such resource.
func (t *txn) capacity(k key) (int64, error) {
	first, second, _ := k.parts()
	if k.Namespace == ecs {
		if t.d.Containers != nil {
			if n, ok := t.d.Containers.DesiredCount(t.tx, t.sc, first, second); ok {
				return int64(n), nil
			}
		}
		return 0, invalid("ECS service doesn't exist: %s", k.Resource)
	}
	read, write, ok := t.d.Tables.Provisioned(t.tx, t.sc, first, second)
	switch {
	case !ok && second != "":
		return 0, invalid("DynamoDB index does not exist: %s", k.Resource)
	case !ok:
		return 0, invalid("DynamoDB table does not exist: %s", k.Resource)
	case k.reads():
		return read, nil
	}
	return write, nil
}

func (k key) reads() bool { return k.Dimension == tableReads || k.Dimension == indexReads }

// setCapacity gives a resource so much.
func (t *txn) setCapacity(k key, n int64) error {
	first, second, _ := k.parts()
	switch {
	case k.Namespace == ecs:
		return t.d.Containers.SetDesiredCount(t.tx, t.sc, first, second, int(n))
	case k.reads():
		return t.d.Tables.SetProvisioned(t.tx, t.sc, first, second, n, 0)
	}
	return t.d.Tables.SetProvisioned(t.tx, t.sc, first, second, 0, n)
}

// unit is what AWS calls the capacity in activities.
func (k key) unit() string {
	switch {
	case k.Namespace == ecs:
		return "desired count"
	case k.reads():
		return "read capacity units"
	}
	return "write capacity units"
}

// least is the smallest minimum that a target may have.
func (k key) least() int64 {
	if k.Namespace == dynamodb {
		return 1
	}
	return 0
}

// cooldown is the number of seconds that a policy waits where it does not say.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
func (k key) cooldown() int64 {
	if k.Namespace == dynamodb {
		return 0
	}
	return 300
}

// role is the service-linked role under which AWS scales. Roles that are given are ignored for these services, as by AWS.
func (k key) role(account string) string {
	name := "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
	if k.Namespace == dynamodb {
		name = "dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
	}
	return "arn:aws:iam::" + account + ":role/aws-service-role/" + name
}

func (k key) missing() error {
	return wire.Errorf("ObjectNotFoundException", "No scalable target registered for service namespace: %s, resource ID: %s, scalable dimension: %s", k.Namespace, k.Resource, k.Dimension)
}
