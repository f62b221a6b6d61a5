package cloud

import (
	"context"
	"strings"

	"atoll/internal/cloud/aws/acm"
	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/aws/ec2"
	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/aws/elbv2"
	"atoll/internal/cloud/aws/iam"
	"atoll/internal/cloud/aws/kms"
	"atoll/internal/cloud/aws/logs"
	"atoll/internal/cloud/aws/secretsmanager"
	"atoll/internal/cloud/aws/ssm"
	"atoll/internal/cloud/aws/sts"
	"atoll/internal/cloud/fargate"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/image"
)

// plane is the data plane of an open cloud; its members are nil where the cloud has records only.
type plane struct {
	agent    *fargate.Agent
	metadata *fargate.Metadata
	meter    *fargate.Meter
	sessions *commands
	images   *unpacked
	peers    *carrierPeers // nil without a data plane
	endpoint *endpoint     // always there
}

// planeParts are the services that the data plane asks.
type planeParts struct {
	store        *state.Store
	networks     *ec2.Service
	directory    *iam.Service
	sessions     *sts.Service
	secrets      *secretsmanager.Service
	parameters   *ssm.Service
	groups       *logs.Service
	monitor      *cloudwatch.Service
	registry     *ecr.Service
	certificates *acm.Service
	issuer       *issuer
	keyring      *kms.Service
}

// taskRoles joins what IAM knows of roles.
type taskRoles struct{ *iam.Service }

func (c *Cloud) newPlane(p planeParts) (*plane, error) {
	out := &plane{endpoint: newEndpoint(c, p.issuer, c.config.Logger)}
	if c.config.DataPlane == nil {
		return out, nil
	}
	out.peers = &carrierPeers{store: p.store, networks: p.networks, endpoint: out.endpoint, flows: newFlowCounter(p.networks, c.config.Clock)}
	if c.config.DataPlane.Containers == nil {
		return out, nil
	}
	if err := removeTasks(tasksDir(c.config.Dir)); err != nil {
		return nil, err
	}
	store, err := image.Open(unpackedDir(c.config.Dir), image.Options{Volatile: true})
	if err != nil {
		return nil, err
	}
	out.images = newUnpacked(store, c.config.Clock, c.config.Logger)
	networks := fargate.Network(c.carrier.fabric)
	if e := c.config.DataPlane.Engine; e != nil {
		networks = engineNetworks{e, c.carrier.fabric}
		out.images.engine = e
	}
	out.agent = fargate.New(fargate.Deps{
		Dir: tasksDir(c.config.Dir), Store: p.store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Runtime: c.config.DataPlane.Containers,
		Network: networks, Subnets: p.networks, Roles: taskRoles{p.directory}, Sessions: p.sessions, Logs: p.groups,
		Images: taskImages{out.images, &image.Registries{Owns: ownRegistry, Own: registryPuller{p.store, p.registry}, Others: &image.Remote{}}, c.config.DataPlane.Engine},
		Trust:  func(ctx context.Context) ([]byte, error) { return p.certificates.Authority(ctx, c.config.Clock.Now()) },
		Values: values{c.config.Clock, p.secrets, p.parameters},
	})
	out.metadata = fargate.NewMetadata(out.agent)
	out.meter = fargate.NewMeter(out.agent, p.monitor)
	out.sessions = newCommands(out.agent, p.groups, p.keyring, p.store, &c.config, c.carrier.reaches)
	out.peers.metadata = out.metadata
	return out, nil
}

func ownRegistry(host string) bool {
	return strings.Contains(host, ".dkr.ecr.") && strings.HasSuffix(host, ".amazonaws.com")
}

// runtime is what ECS runs tasks with; nil for records.
func (p *plane) runtime() ecs.Runtime {
	if p.agent == nil {
		return nil
	}
	return p.agent
}

// commands is what ECS begins sessions with; nil for records.
func (p *plane) commands() ecs.Commands {
	if p.sessions == nil {
		return nil
	}
	return p.sessions
}

// targetHealth is what tells ECS of its tasks' targets: nothing where tasks are records, which are healthy.
func (p *plane) targetHealth(balancers *elbv2.Service) ecs.TargetHealth {
	if p.agent == nil {
		return nil
	}
	return balancers
}

// begin lets flows and names through, and tells ECS of its tasks.
func (p *plane) begin(c *carrier, tasks *ecs.Service, names ...named) {
	if p.agent != nil {
		p.agent.ReportTo(tasks.Report)
	}
	if c != nil {
		p.peers.names = names
		c.peers.Store(p.peers)
	}
}

// workers run from the cloud's start to its end.
func (p *plane) workers() []worker {
	out := []worker{p.endpoint}
	if p.peers != nil {
		out = append(out, p.peers.flows)
	}
	if p.agent != nil {
		out = append(out, p.agent, p.metadata, p.meter, p.sessions, p.images)
	}
	return out
}
