package ecs

import (
	"slices"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	replica = "REPLICA"
	daemon  = "DAEMON"

	controllerECS        = "ECS"
	controllerCodeDeploy = "CODE_DEPLOY"
	controllerExternal   = "EXTERNAL"
)

// serviceRecord is an ECS service. What starting tasks takes is in its revisions.
type serviceRecord struct {
	Cluster, Name string
	Status        string
	Input         string // digest of what it was made from, for repeated calls
	Created       time.Time
	CreatedBy     string
	Deleted       time.Time

	Desired             int64
	Scheduling          string
	Controller          string
	Launch              string // FARGATE or EC2, of the present revision; empty with the controller EXTERNAL
	Role                string
	Config              DeploymentConfiguration
	GracePeriod         *int64
	PlacementConstraint []PlacementConstraint
	PlacementStrategy   []PlacementStrategy
	ManagedTags         bool
	PropagateTags       string
	ExecuteCommand      bool
	Rebalancing         string

	Revision    string // id of the one that the service is to run
	LastGood    string // id of the last one whose deployment was completed
	Deployments []deployment
	Rollout     string // id of the service deployment under way or last ended
	Events      []ServiceEvent
	Steady      bool // the event of the steady state has been told since the last change

	Up, FreshUp int       // tasks that served when the scheduler last looked: of all revisions, and of the present one
	Failures    int       // tasks that have failed in a row
	NextStart   time.Time // no task is started before, after failures
}

// deployment is the tasks of one revision within a service.
type deployment struct {
	Revision string
	Status   string // PRIMARY, ACTIVE or INACTIVE
	Desired  int64
	Failed   int64 // tasks that did not stay up
	Created  time.Time
	Updated  time.Time
	State    string // IN_PROGRESS, COMPLETED or FAILED
	Reason   string
}

// id is a deployment's, such as ecs-svc/1234567890123456789.
func (d *deployment) id() string { return "ecs-svc/" + d.Revision }

// revisionRecord is what the tasks of a service are made of. It never changes.
type revisionRecord struct {
	ID             string
	TaskDefinition string // ARN
	LaunchType     string // empty with a strategy
	Strategy       []CapacityProviderStrategyItem
	Platform       string // as asked for: LATEST or a version; empty on EC2
	Family         string // Linux or a kind of Windows; empty on EC2
	Network        *NetworkConfiguration
	LoadBalancers  []LoadBalancer
	Connect        *ServiceConnectConfiguration
	Created        time.Time
}

func (r *serviceRecord) key() string { return r.Cluster + "/" + r.Name }

func (r *serviceRecord) arn(sc state.Scope) string { return arn(sc, "service", r.key()) }

// primary gives the deployment that the service is to become; there is none before the first and with the controller EXTERNAL.
func (r *serviceRecord) primary() *deployment {
	for i := range r.Deployments {
		if r.Deployments[i].Status == "PRIMARY" {
			return &r.Deployments[i]
		}
	}
	return nil
}

func (r *serviceRecord) deployment(revision string) *deployment {
	i := slices.IndexFunc(r.Deployments, func(d deployment) bool { return d.Revision == revision })
	if i < 0 {
		return nil
	}
	return &r.Deployments[i]
}

// launch gives the launch type under which the service's tasks count.
func (r *serviceRecord) launch() string {
	if r.Launch == "" {
		return ec2
	}
	return r.Launch
}

// revision gives a revision of a service; each deployment's is there.
func (t *txn) revision(r *serviceRecord, id string) *revisionRecord {
	v, ok := t.revisions.Get(t.tx, t.sc, r.key()+"/"+id)
	if !ok {
		return &revisionRecord{ID: id}
	}
	return v
}

// onFargate says whether tasks of the revision need no instances.
func (v *revisionRecord) onFargate() bool { return v.LaunchType == fargate || len(v.Strategy) > 0 }

func (t *txn) putService(r *serviceRecord) { t.services.Put(t.tx, t.sc, r.key(), r) }

func errNoService() error { return wire.Errorf("ServiceNotFoundException", "Service not found.") }

// service finds a service by its name or ARN, a deleted one too for a while.
func (t *txn) service(cluster *string, service string) (*serviceRecord, error) {
	c, err := t.cluster(cluster)
	if err != nil {
		return nil, err
	}
	r, ok := t.serviceIn(c.Name, service)
	if !ok {
		return nil, errNoService()
	}
	return r, nil
}

func (t *txn) serviceIn(cluster, service string) (*serviceRecord, bool) {
	name := serviceName(service)
	r, ok := t.services.Get(t.tx, t.sc, cluster+"/"+name)
	if !ok || r.Status == statusInactive && t.now.Sub(r.Deleted) >= kept {
		return nil, false
	}
	if service != name && service != r.arn(t.sc) && service != arn(t.sc, "service", name) {
		return nil, false
	}
	return r, true
}

// activeService finds a service that can be changed.
func (t *txn) activeService(cluster *string, service string) (*serviceRecord, error) {
	r, err := t.service(cluster, service)
	if err != nil {
		return nil, err
	}
	if r.Status != statusActive {
		return nil, wire.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	return r, nil
}

// mostEvents is how many of a service's events AWS keeps.
const mostEvents = 100

// tell adds to a service's events, the newest first. What was told last is not told again.
func (t *txn) tell(r *serviceRecord, message string) {
	message = "(service " + r.Name + ")" + message
	if len(r.Events) > 0 && *r.Events[0].Message == message {
		return
	}
	e := ServiceEvent{Id: new(t.d.IDs.UUID()), CreatedAt: new(t.now), Message: &message}
	r.Events = slices.Insert(r.Events, 0, e)
	r.Events = r.Events[:min(len(r.Events), mostEvents)]
}
