package trail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is what a stored event says, as far as it is looked up by.
type Event struct {
	ID, Name, Source, Region, Account string
	Time                              time.Time
	ReadOnly                          bool
	AccessKey, Username, UserARN      string
	ErrorCode                         string
	Resources                         []Resource
}

// Resource is a resource that an event speaks of.
type Resource struct{ Type, Name string }

type stored struct {
	UserIdentity struct {
		Type, ARN, UserName, AccessKeyID string
	}
	EventTime                                                      time.Time
	EventSource, EventName, AwsRegion, EventID, RecipientAccountID string
	ErrorCode                                                      string
	ReadOnly                                                       bool
	RequestParameters, ResponseElements                            map[string]any
	Resources                                                      []struct{ Type, ARN string }
}

// Parse reads a stored event.
func Parse(line []byte) (Event, error) {
	var s stored
	if err := json.Unmarshal(line, &s); err != nil {
		return Event{}, fmt.Errorf("reading an event of the audit record: %w", err)
	}
	e := Event{ID: s.EventID, Name: s.EventName, Source: s.EventSource, Region: s.AwsRegion, Account: s.RecipientAccountID, Time: s.EventTime,
		ReadOnly: s.ReadOnly, AccessKey: s.UserIdentity.AccessKeyID, Username: s.UserIdentity.UserName, UserARN: s.UserIdentity.ARN, ErrorCode: s.ErrorCode}
	switch s.UserIdentity.Type {
	case "Root":
		e.Username = "root"
	case "AssumedRole":
		e.Username = s.UserIdentity.ARN[strings.LastIndexByte(s.UserIdentity.ARN, '/')+1:]
	}
	for _, r := range s.Resources {
		e.add(r.Type, r.ARN)
	}
	service, _, _ := strings.Cut(s.EventSource, ".")
	e.find(service, s.RequestParameters)
	e.find(service, s.ResponseElements)
	return e, nil
}

func (e *Event) add(kind, name string) {
	if r := (Resource{kind, name}); name != "" && !slices.Contains(e.Resources, r) {
		e.Resources = append(e.Resources, r)
	}
}

// members are the parameters that name a resource, by service or, with "*", of all services.
var members = map[string]string{
	"ec2.vpcId": "AWS::EC2::VPC", "ec2.subnetId": "AWS::EC2::Subnet", "ec2.groupId": "AWS::EC2::SecurityGroup", "ec2.internetGatewayId": "AWS::EC2::InternetGateway",
	"ec2.routeTableId": "AWS::EC2::RouteTable", "ec2.natGatewayId": "AWS::EC2::NatGateway", "ec2.allocationId": "AWS::EC2::EIP", "ec2.networkAclId": "AWS::EC2::NetworkAcl",
	"ec2.networkInterfaceId": "AWS::EC2::NetworkInterface", "ec2.vpcEndpointId": "AWS::EC2::VPCEndpoint", "ec2.instanceId": "AWS::EC2::Instance",
	"iam.roleName": "AWS::IAM::Role", "iam.userName": "AWS::IAM::User", "iam.policyArn": "AWS::IAM::Policy", "iam.accessKeyId": "AWS::IAM::AccessKey",
	"iam.instanceProfileName": "AWS::IAM::InstanceProfile", "sts.roleArn": "AWS::IAM::Role",
	"s3.bucketName": "AWS::S3::Bucket", "kms.keyId": "AWS::KMS::Key", "kms.aliasName": "AWS::KMS::Alias", "logs.logGroupName": "AWS::Logs::LogGroup",
	"dynamodb.tableName": "AWS::DynamoDB::Table", "ecs.cluster": "AWS::ECS::Cluster", "ecs.clusterName": "AWS::ECS::Cluster", "ecs.service": "AWS::ECS::Service",
	"ecs.serviceName": "AWS::ECS::Service", "ecs.taskDefinition": "AWS::ECS::TaskDefinition", "ecr.repositoryName": "AWS::ECR::Repository",
	"rds.dBInstanceIdentifier": "AWS::RDS::DBInstance", "rds.dBSubnetGroupName": "AWS::RDS::DBSubnetGroup", "rds.dBSnapshotIdentifier": "AWS::RDS::DBSnapshot",
	"rds.dBParameterGroupName": "AWS::RDS::DBParameterGroup", "elasticloadbalancing.loadBalancerArn": "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"elasticloadbalancing.targetGroupArn": "AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing.listenerArn": "AWS::ElasticLoadBalancingV2::Listener",
	"secretsmanager.secretId": "AWS::SecretsManager::Secret", "sns.topicArn": "AWS::SNS::Topic", "acm.certificateArn": "AWS::CertificateManager::Certificate",
	"cloudtrail.trailARN": "AWS::CloudTrail::Trail", "cloudtrail.trailName": "AWS::CloudTrail::Trail", "cloudtrail.s3BucketName": "AWS::S3::Bucket",
	"route53.hostedZoneId": "AWS::Route53::HostedZone", "monitoring.alarmName": "AWS::CloudWatch::Alarm",
}

// find adds the resources that parameters name.
func (e *Event) find(service string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			if text, ok := item.(string); ok {
				if kind := members[service+"."+name]; kind != "" {
					e.add(kind, text)
				}
				continue
			}
			e.find(service, item)
		}
	case []any:
		for _, item := range v {
			e.find(service, item)
		}
	}
}
