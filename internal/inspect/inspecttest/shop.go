// Package inspecttest makes an environment in a test's local cloud, with the names, tags, networks and rules that the blueprint gives it,
// in the time of some calls instead of a run of Terraform.
package inspecttest

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"atoll/internal/inspect"
)

// Project and Environment are the tags, Prefix the beginning of all names.
const (
	Project     = "shop"
	Environment = "dev"
	Prefix      = Project + "-" + Environment
)

// Shop is the environment: a load balancer in public subnets, the services web (behind it) and worker, the job report and a database in
// private ones, a NAT gateway. Only web may reach the database.
type Shop struct {
	*inspect.Clients
	VPC             string
	Public, Private []string          // subnets, two of each
	Groups          map[string]string // security groups: web, worker, report, load-balancer, database
	TargetGroup     string            // ARN
	PrivateTable    string            // the private subnets' route table

	t T
}

// T is what is used of a test: a testing.TB, or a script's.
type T interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

// Must gives a function that ends the test if a call failed, and gives its output if not.
func Must[O any](out O, err error) func(t T) O {
	return func(t T) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// New makes the environment.
func New(t T, cfg aws.Config) *Shop {
	t.Helper()
	s := &Shop{Clients: inspect.NewClients(cfg), t: t, Groups: map[string]string{}}
	s.network()
	s.groups()
	s.balancer()
	s.database()
	s.containers()
	return s
}

func (s *Shop) tags(kind ec2types.ResourceType, name string) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: []ec2types.Tag{{Key: new("Project"), Value: new(Project)}, {Key: new("Environment"), Value: new(Environment)},
		{Key: new("Name"), Value: new(Prefix + name)}}}}
}

func (s *Shop) network() {
	t, ctx := s.t, s.t.Context()
	s.VPC = *Must(s.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), TagSpecifications: s.tags("vpc", "")}))(t).Vpc.VpcId
	for i, cidr := range []string{"10.0.0.0/24", "10.0.1.0/24", "10.0.128.0/20", "10.0.144.0/20"} {
		to, kind := &s.Public, "-public-"
		if i > 1 {
			to, kind = &s.Private, "-private-"
		}
		zone := string(rune('a' + i%2))
		*to = append(*to, *Must(s.EC2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &s.VPC, CidrBlock: &cidr, AvailabilityZone: new(s.Config.Region + zone),
			TagSpecifications: s.tags("subnet", kind+zone)}))(t).Subnet.SubnetId)
	}
	gateway := Must(s.EC2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: s.tags("internet-gateway", "")}))(t).InternetGateway.InternetGatewayId
	Must(s.EC2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: &s.VPC}))(t)
	address := Must(s.EC2.AllocateAddress(ctx, &ec2.AllocateAddressInput{}))(t).AllocationId
	nat := Must(s.EC2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &s.Public[0], AllocationId: address, TagSpecifications: s.tags("natgateway", "-a")}))(t).NatGateway.NatGatewayId
	public := s.table("-public", s.Public)
	s.PrivateTable = s.table("-private", s.Private)
	Must(s.EC2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &public, DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: gateway}))(t)
	Must(s.EC2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &s.PrivateTable, DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: nat}))(t)
}

func (s *Shop) table(name string, subnets []string) string {
	ctx := s.t.Context()
	id := *Must(s.EC2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &s.VPC, TagSpecifications: s.tags("route-table", name)}))(s.t).RouteTable.RouteTableId
	for _, sub := range subnets {
		Must(s.EC2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &id, SubnetId: &sub}))(s.t)
	}
	return id
}

func (s *Shop) groups() {
	ctx := s.t.Context()
	for _, name := range []string{"web", "worker", "report", "load-balancer", "database"} {
		id := *Must(s.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &s.VPC, GroupName: new(Prefix + "-" + name), Description: new(name),
			TagSpecifications: s.tags("security-group", "-"+name)}))(s.t).GroupId
		s.Groups[name] = id
		Must(s.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, IpPermissions: []ec2types.IpPermission{{IpProtocol: new("-1"),
			IpRanges: []ec2types.IpRange{{CidrIp: new("0.0.0.0/0")}}}}}))(s.t)
	}
	for _, name := range []string{"web", "worker", "report"} {
		s.Out(name, 443, "0.0.0.0/0")
	}
	s.In("load-balancer", 80, "0.0.0.0/0")
	s.Out("load-balancer", 8080, "web")
	s.In("web", 8080, "load-balancer")
	s.Out("web", 5432, "database")
	s.In("database", 5432, "web")
}

// permission is TCP to or from a group of the shop, or a block.
func (s *Shop) permission(port int32, peer string) []ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: new("tcp"), FromPort: &port, ToPort: &port}
	if strings.Contains(peer, "/") {
		p.IpRanges = []ec2types.IpRange{{CidrIp: &peer}}
	} else {
		p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: new(s.Groups[peer])}}
	}
	return []ec2types.IpPermission{p}
}

// In lets a group, or a block, reach a port of a group.
func (s *Shop) In(group string, port int32, from string) {
	s.t.Helper()
	Must(s.EC2.AuthorizeSecurityGroupIngress(s.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: new(s.Groups[group]), IpPermissions: s.permission(port, from)}))(s.t)
}

// Out lets a group reach a port of a group or of a block.
func (s *Shop) Out(group string, port int32, to string) {
	s.t.Helper()
	Must(s.EC2.AuthorizeSecurityGroupEgress(s.t.Context(), &ec2.AuthorizeSecurityGroupEgressInput{GroupId: new(s.Groups[group]), IpPermissions: s.permission(port, to)}))(s.t)
}

// NotIn takes back what In made.
func (s *Shop) NotIn(group string, port int32, from string) {
	s.t.Helper()
	Must(s.EC2.RevokeSecurityGroupIngress(s.t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: new(s.Groups[group]), IpPermissions: s.permission(port, from)}))(s.t)
}

func (s *Shop) balancer() {
	t, ctx := s.t, s.t.Context()
	tags := []elbtypes.Tag{{Key: new("Project"), Value: new(Project)}, {Key: new("Environment"), Value: new(Environment)}}
	s.TargetGroup = *Must(s.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{Name: new(Prefix + "-web"), VpcId: &s.VPC, Port: new(int32(8080)), Protocol: "HTTP",
		TargetType: "ip", Tags: tags}))(t).TargetGroups[0].TargetGroupArn
	lb := Must(s.ELB.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: new(Prefix), Subnets: s.Public, SecurityGroups: []string{s.Groups["load-balancer"]}, Tags: tags}))(t)
	Must(s.ELB.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Port: new(int32(80)), Protocol: "HTTP",
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: &s.TargetGroup}}}))(t)
}

func (s *Shop) database() {
	ctx := s.t.Context()
	tags := []rdstypes.Tag{{Key: new("Project"), Value: new(Project)}, {Key: new("Environment"), Value: new(Environment)}}
	Must(s.RDS.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: new(Prefix), DBSubnetGroupDescription: new("private"), SubnetIds: s.Private, Tags: tags}))(s.t)
	Must(s.RDS.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: new(Prefix), DBInstanceClass: new("db.t4g.micro"), Engine: new("postgres"),
		AllocatedStorage: new(int32(20)), DBName: new("app"), MasterUsername: new("app"), ManageMasterUserPassword: new(true), DBSubnetGroupName: new(Prefix),
		VpcSecurityGroupIds: []string{s.Groups["database"]}, PubliclyAccessible: new(false), EnableCloudwatchLogsExports: []string{"postgresql"}, Tags: tags}))(s.t)
}

func (s *Shop) containers() {
	t, ctx := s.t, s.t.Context()
	tags := []ecstypes.Tag{{Key: new("Project"), Value: new(Project)}, {Key: new("Environment"), Value: new(Environment)}}
	execution := s.role("-execution", "ecs-tasks")
	cluster := Must(s.ECS.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: new(Prefix), Tags: tags}))(t).Cluster.ClusterArn
	for _, name := range []string{"web", "worker", "report"} {
		container := ecstypes.ContainerDefinition{Name: &name, Image: new("app:1"), LogConfiguration: &ecstypes.LogConfiguration{LogDriver: ecstypes.LogDriverAwslogs,
			Options: map[string]string{"awslogs-group": "/" + Prefix + "/" + name, "awslogs-region": s.Config.Region, "awslogs-stream-prefix": name}}}
		if name == "web" {
			container.PortMappings = []ecstypes.PortMapping{{ContainerPort: new(int32(8080))}}
		}
		definition := Must(s.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: new(Prefix + "-" + name), Cpu: new("256"), Memory: new("512"),
			NetworkMode: "awsvpc", ExecutionRoleArn: execution, RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"}, ContainerDefinitions: []ecstypes.ContainerDefinition{container}}))(t).TaskDefinition
		if name == "report" {
			s.job(*cluster, *definition.TaskDefinitionArn)
			continue
		}
		in := &ecs.CreateServiceInput{Cluster: new(Prefix), ServiceName: &name, TaskDefinition: definition.TaskDefinitionArn, DesiredCount: new(int32(2)), LaunchType: "FARGATE", Tags: tags,
			NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: s.Private, SecurityGroups: []string{s.Groups[name]}}}}
		if name == "web" {
			in.LoadBalancers = []ecstypes.LoadBalancer{{TargetGroupArn: &s.TargetGroup, ContainerName: &name, ContainerPort: new(int32(8080))}}
		}
		Must(s.ECS.CreateService(ctx, in))(t)
	}
}

// role makes a role for a service of AWS.
func (s *Shop) role(name, service string) *string {
	return Must(iam.NewFromConfig(s.Config).CreateRole(s.t.Context(), &iam.CreateRoleInput{RoleName: new(Prefix + name), AssumeRolePolicyDocument: new(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(s.t).Role.Arn
}

func (s *Shop) job(cluster, definition string) {
	ctx := s.t.Context()
	role := s.role("-report-start", "events")
	Must(s.Events.PutRule(ctx, &eventbridge.PutRuleInput{Name: new(Prefix + "-report"), ScheduleExpression: new("rate(1 day)")}))(s.t)
	Must(s.Events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: new(Prefix + "-report"), Targets: []eventtypes.Target{{Id: new("report"), Arn: &cluster, RoleArn: role,
		EcsParameters: &eventtypes.EcsParameters{TaskDefinitionArn: &definition, LaunchType: "FARGATE", NetworkConfiguration: &eventtypes.NetworkConfiguration{
			AwsvpcConfiguration: &eventtypes.AwsVpcConfiguration{Subnets: s.Private, SecurityGroups: []string{s.Groups["report"]}}}}}}}))(s.t)
}

// Scale sets how many tasks a service has.
func (s *Shop) Scale(service string, n int32) {
	s.t.Helper()
	Must(s.ECS.UpdateService(s.t.Context(), &ecs.UpdateServiceInput{Cluster: new(Prefix), Service: &service, DesiredCount: &n}))(s.t)
}
