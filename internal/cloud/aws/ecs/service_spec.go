package ecs

import (
	"slices"
	"strings"
)

// spec is what CreateService and UpdateService say of a service's tasks, with a service's present revision beneath it.
type spec struct {
	operation  string
	cluster    *clusterRecord
	definition *definitionRecord
	revision   revisionRecord
}

// checkUnsupported refuses what needs services that the local cloud lacks.
func checkUnsupported(operation string, registries []ServiceRegistry, connect *ServiceConnectConfiguration, lattice []VpcLatticeConfiguration,
	connectors []GatewayConnector, monitoring *MonitoringConfiguration) error {
	switch {
	case len(registries) > 0:
		return unable(operation, "serviceRegistries, which need AWS Cloud Map")
	case connect != nil && *connect.Enabled:
		return unable(operation, "serviceConnectConfiguration, which needs AWS Cloud Map")
	case len(lattice) > 0:
		return unable(operation, "vpcLatticeConfigurations")
	case len(connectors) > 0:
		return unable(operation, "gatewayConnectors")
	case monitoring != nil && len(monitoring.MetricConfigurations) > 0:
		return unable(operation, "monitoring")
	}
	return nil
}

// checkVolumes refuses volumes of EBS, after AWS's own checks.
func (p *spec) checkVolumes(volumes []string) error {
	launched := ""
	for _, v := range p.definition.TaskDefinition.Volumes {
		if truth(v.ConfiguredAtLaunch) {
			launched = *v.Name
		}
	}
	if i := slices.IndexFunc(volumes, func(name string) bool { return name != launched }); i >= 0 {
		return invalid("The volume name '%s' does not match a volume that is configured at launch in the task definition.", volumes[i])
	}
	switch {
	case len(volumes) > 0:
		return unable(p.operation, "volumeConfigurations, since there are no EBS volumes")
	case launched != "":
		return invalid("The task definition is configured to use a volume at launch, and a volume configuration for '%s' must be provided.", launched)
	}
	return nil
}

// setLaunch decides on what the tasks run: a launch type, a strategy, the cluster's default strategy, or EC2.
func (p *spec) setLaunch(launchType *string, strategy []CapacityProviderStrategyItem) error {
	if err := oneOf("launchType", launchType, ec2, "EXTERNAL", fargate, "MANAGED_INSTANCES"); err != nil {
		return err
	}
	switch {
	case text(launchType) == "EXTERNAL" || text(launchType) == "MANAGED_INSTANCES":
		return unable(p.operation, "the launch type "+*launchType)
	case launchType != nil && len(strategy) > 0:
		return invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case launchType != nil:
		p.revision.LaunchType, p.revision.Strategy = *launchType, nil
	case len(strategy) > 0:
		if err := checkStrategy(strategy, p.cluster.Providers); err != nil {
			return err
		}
		p.revision.LaunchType, p.revision.Strategy = "", strategyWithDefaults(strategy)
	case len(p.cluster.Strategy) > 0:
		p.revision.LaunchType, p.revision.Strategy = "", p.cluster.Strategy
	default:
		p.revision.LaunchType, p.revision.Strategy = ec2, nil
	}
	return nil
}

// setDefinition takes the task definition, which must suit the launch type.
func (p *spec) setDefinition(t *txn, name string) error {
	r, err := t.usableDefinition(name)
	if err != nil {
		return err
	}
	p.definition, p.revision.TaskDefinition = r, r.arn()
	return nil
}

func (p *spec) checkDefinition() error {
	if p.revision.onFargate() && !slices.Contains(p.definition.TaskDefinition.Compatibilities, fargate) {
		return invalid("Task definition does not support launch_type FARGATE.")
	}
	if c := p.definition.TaskDefinition.RequiresCompatibilities; p.revision.LaunchType == ec2 && len(c) > 0 && !slices.Contains(c, ec2) && !slices.Contains(c, fargate) {
		return invalid("Task definition does not support launch_type EC2.")
	}
	return nil
}

// setPlatform takes the platform version, which only Fargate has.
func (p *spec) setPlatform(version *string) error {
	if !p.revision.onFargate() {
		if text(version) != "" {
			return invalid("The platform version must be null when specifying an EC2 launch type.")
		}
		p.revision.Platform, p.revision.Family = "", ""
		return nil
	}
	p.revision.Family = platformFamily(&p.definition.TaskDefinition)
	switch v := text(version); v {
	case "":
		if p.revision.Platform == "" {
			p.revision.Platform = "LATEST"
		}
	case "LATEST", "1.4.0", "1.3.0", "1.0.0":
		p.revision.Platform = v
	default:
		return platformUnknown()
	}
	return nil
}

// platformFamily words a definition's operating system as services and tasks show it.
func platformFamily(d *TaskDefinition) string {
	if d.RuntimePlatform == nil || d.RuntimePlatform.OperatingSystemFamily == nil || *d.RuntimePlatform.OperatingSystemFamily == "LINUX" {
		return "Linux"
	}
	words := strings.Split(strings.ToLower(*d.RuntimePlatform.OperatingSystemFamily), "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "_")
}

// platformVersion gives the version that LATEST stands for.
func platformVersion(v *revisionRecord) string {
	switch {
	case v.Platform != "LATEST":
		return v.Platform
	case v.Family == "Linux":
		return "1.4.0"
	}
	return "1.0.0"
}

// setNetwork takes the subnets and security groups of tasks with network interfaces of their own.
func (p *spec) setNetwork(t *txn, n *NetworkConfiguration) error {
	own := p.definition.networkMode() == "awsvpc"
	switch {
	case own && (n == nil || n.AwsvpcConfiguration == nil):
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case !own && n != nil && n.AwsvpcConfiguration != nil:
		return invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	case !own:
		p.revision.Network = nil
		return nil
	}
	a := *n.AwsvpcConfiguration
	if err := oneOf("networkConfiguration.awsvpcConfiguration.assignPublicIp", a.AssignPublicIp, "DISABLED", "ENABLED"); err != nil {
		return err
	}
	if a.AssignPublicIp == nil {
		a.AssignPublicIp = new("DISABLED")
	}
	switch {
	case *a.AssignPublicIp == "ENABLED" && !p.revision.onFargate():
		return invalid("Assign public IP is not supported for this launch type.")
	case len(a.Subnets) == 0:
		return invalid("subnets can not be empty.")
	case len(a.Subnets) > 16:
		return invalid("subnets can have at most 16 items.")
	case len(a.SecurityGroups) > 5:
		return invalid("securityGroups can have at most 5 items.")
	}
	if err := t.checkNetwork(&a); err != nil {
		return err
	}
	a.SecurityGroups = append([]string{}, a.SecurityGroups...)
	p.revision.Network = &NetworkConfiguration{AwsvpcConfiguration: &a}
	return nil
}

// checkNetwork finds the subnets and groups, which must be of one VPC.
func (t *txn) checkNetwork(a *AwsVpcConfiguration) error {
	vpc, first := "", ""
	for _, id := range a.Subnets {
		sub, ok := t.d.Network.Subnet(t.tx, t.sc, id)
		switch {
		case !ok:
			return invalid("Error retrieving subnet information for [%s]: The subnet ID '%s' does not exist (ErrorCode: InvalidSubnetID.NotFound)", strings.Join(a.Subnets, ", "), id)
		case vpc != "" && sub.VPC != vpc:
			return invalid("Subnets must be in the same VPC: %s and %s are not.", first, id)
		}
		vpc, first = sub.VPC, id
	}
	for _, id := range a.SecurityGroups {
		group, ok := t.d.Network.SecurityGroup(t.tx, t.sc, id)
		switch {
		case !ok:
			return invalid("Error retrieving security group information for [%s]: The security group '%s' does not exist (ErrorCode: InvalidGroup.NotFound)", strings.Join(a.SecurityGroups, ", "), id)
		case group.VPC != vpc:
			return invalid("Security group %s and subnet %s belong to different networks.", id, first)
		}
	}
	return nil
}

// vpc gives the VPC of the tasks' network interfaces, empty without any.
func (t *txn) vpcOf(v *revisionRecord) string {
	if v.Network == nil {
		return ""
	}
	sub, _ := t.d.Network.Subnet(t.tx, t.sc, v.Network.AwsvpcConfiguration.Subnets[0])
	return sub.VPC
}

// setLoadBalancers takes the target groups that the tasks are to be registered in.
func (p *spec) setLoadBalancers(t *txn, given []LoadBalancer) error {
	if len(given) > 5 {
		return invalid("A service can have at most 5 target groups.")
	}
	var out []LoadBalancer
	for _, lb := range given {
		switch {
		case text(lb.LoadBalancerName) != "":
			return unable(p.operation, "a Classic Load Balancer")
		case lb.AdvancedConfiguration != nil:
			return unable(p.operation, "advancedConfiguration of a load balancer")
		case text(lb.TargetGroupArn) == "":
			return invalid("Both targetGroup and loadBalancerName cannot be null.")
		}
		if err := p.checkPort(&lb); err != nil {
			return err
		}
		if err := p.checkTargetGroup(t, *lb.TargetGroupArn); err != nil {
			return err
		}
		out = append(out, lb)
	}
	p.revision.LoadBalancers = out
	return nil
}

func (p *spec) checkPort(lb *LoadBalancer) error {
	if text(lb.ContainerName) == "" || lb.ContainerPort == nil {
		return invalid("containerName and containerPort must not be null for a target group.")
	}
	c := p.definition.container(*lb.ContainerName)
	if c == nil {
		return invalid("The container %s does not exist in the task definition.", *lb.ContainerName)
	}
	if !slices.ContainsFunc(c.PortMappings, func(m PortMapping) bool { return number(m.ContainerPort) == *lb.ContainerPort }) {
		return invalid("The container %s did not have a container port %d defined.", *lb.ContainerName, *lb.ContainerPort)
	}
	return nil
}

func (p *spec) checkTargetGroup(t *txn, arn string) error {
	if t.d.TargetGroups == nil {
		return unable(p.operation, "loadBalancers")
	}
	group, ok := t.d.TargetGroups.TargetGroup(t.tx, t.sc, arn)
	mode := p.definition.networkMode()
	if mode == "" {
		mode = "bridge"
	}
	fits := "instance"
	if mode == "awsvpc" {
		fits = "ip"
	}
	switch {
	case !ok:
		return invalid("The specified target group %s does not exist.", arn)
	case group.TargetType != fits:
		return invalid("The provided target group %s has target type %s, which is incompatible with the %s network mode specified in the task definition.", arn, group.TargetType, mode)
	case len(group.LoadBalancers) == 0:
		return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", arn)
	case mode == "awsvpc" && group.VPC != t.vpcOf(&p.revision):
		return invalid("The target group %s is in a VPC other than that of the service's subnets.", arn)
	}
	return nil
}
