package cloud

import (
	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/acm"
	"atoll/internal/cloud/aws/appautoscaling"
	"atoll/internal/cloud/aws/budgets"
	"atoll/internal/cloud/aws/cloudtrail"
	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/aws/dynamodb"
	"atoll/internal/cloud/aws/ec2"
	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/aws/elbv2"
	"atoll/internal/cloud/aws/events"
	"atoll/internal/cloud/aws/iam"
	"atoll/internal/cloud/aws/kms"
	"atoll/internal/cloud/aws/logs"
	"atoll/internal/cloud/aws/rds"
	"atoll/internal/cloud/aws/route53"
	"atoll/internal/cloud/aws/s3"
	"atoll/internal/cloud/aws/s3control"
	"atoll/internal/cloud/aws/secretsmanager"
	"atoll/internal/cloud/aws/sns"
	"atoll/internal/cloud/aws/ssm"
	"atoll/internal/cloud/aws/sts"
	"atoll/internal/cloud/aws/tagging"
	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
)

// services makes every service of the cloud, over one store. What one needs of another it is given here.
func (c *Cloud) services(store *state.Store, keys *auth.Keys, bus *event.Bus, audit *trail.Log) (*plane, []wire.Service, error) {
	objects, err := s3.New(s3.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, ObjectsDir: objectsDir(c.config.Dir),
		Ephemeral: c.config.Ephemeral})
	if err != nil {
		return nil, nil, err
	}
	directory := iam.New(iam.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keys, HTTP: c.config.HTTP})
	keyring := kms.New(kms.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger})
	topics := sns.New(sns.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring, Roles: directory, HTTP: c.config.HTTP})
	monitor := cloudwatch.New(cloudwatch.Deps{Store: store, Clock: c.config.Clock, Logger: c.config.Logger, Bus: bus, Topics: topics})
	groups := logs.New(logs.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring, Metrics: monitor})
	networks := ec2.New(ec2.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Logs: groups, Roles: directory})
	names := route53.New(route53.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Networks: networks, Logs: groups})
	certificates := acm.New(acm.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Records: names})
	balancers := elbv2.New(elbv2.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Networks: networks, SecurityGroups: networks,
		Interfaces: networks, Buckets: objects, Certificates: certificates, Bus: bus, Plane: c.plane()})
	issuer := newIssuer(certificates, c.config.Clock)
	if c.balancing != nil {
		c.balancing.peers.Store(&balancingPeers{store, balancers, certificates, issuer, names, monitor, groups})
	}
	secrets := secretsmanager.New(secretsmanager.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring, Roles: directory, Regions: networks})
	registry, err := ecr.New(ecr.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring, Roles: directory,
		ImagesDir: imagesDir(c.config.Dir), Ephemeral: c.config.Ephemeral})
	if err != nil {
		return nil, nil, err
	}
	c.images = registry
	tables := dynamodb.New(dynamodb.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring})
	parameters := ssm.New(ssm.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring})
	sessions := sts.New(sts.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keys, Roles: directory, Policies: directory, Providers: directory, HTTP: c.config.HTTP})
	live, err := c.newPlane(planeParts{store: store, networks: networks, directory: directory, sessions: sessions, secrets: secrets, parameters: parameters, groups: groups, monitor: monitor, registry: registry, certificates: certificates, issuer: issuer, keyring: keyring})
	if err != nil {
		return nil, nil, err
	}
	containers := ecs.New(ecs.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Bus: bus, Network: networks, Roles: directory, TargetGroups: balancers,
		TargetHealth: live.targetHealth(balancers), Runtime: live.runtime(), Commands: live.commands()})
	instances := c.databases.serve(certificates, rds.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Bus: bus, Keys: keyring, Roles: directory,
		Subnets: networks, SecurityGroups: networks, Interfaces: networks, Zones: networks, Secrets: secrets, Metrics: monitor, Logs: groups, Topics: topics, Network: c.flows()})
	c.instances = instances
	live.begin(c.carrier, containers, balancers, instances)
	return live, []wire.Service{
		appautoscaling.New(appautoscaling.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Bus: bus,
			Alarms: scalingAlarms{monitor}, Tables: tables, Balancers: balancers, Containers: containers}),
		certificates,
		budgets.New(budgets.Deps{Store: store, Clock: c.config.Clock, Logger: c.config.Logger}),
		monitor,
		cloudtrail.New(cloudtrail.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Events: audit, Buckets: objects,
			Groups: groups, Roles: directory, Keys: keyring, Topics: topics}),
		keyring,
		events.New(events.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, Keys: keyring, Roles: directory, Topics: topics, Logs: groups, Tasks: containers, Bus: bus}),
		groups,
		tables,
		names,
		networks,
		balancers,
		instances,
		registry,
		containers,
		directory,
		sessions,
		objects,
		s3control.New(s3control.Deps{Buckets: objects}),
		secrets,
		topics,
		parameters,
		tagging.New(tagging.Deps{Store: store, Buckets: objects}),
		wafv2.New(wafv2.Deps{Store: store, Clock: c.config.Clock, IDs: c.config.IDs, Logger: c.config.Logger, LoadBalancers: balancers, Plane: c.guard(), Buckets: objects, Logs: groups}),
	}, nil
}
