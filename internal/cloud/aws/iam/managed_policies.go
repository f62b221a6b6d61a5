package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"time"
)

// managedPolicy is a policy that AWS manages, in its default version.
type managedPolicy struct {
	name, path string
	version    string
	created    string // when the version was made, RFC 3339
	document   string
}

func (p *managedPolicy) arn() string { return "arn:aws:iam::aws:policy" + p.path + p.name }

// record gives the policy as one of the account's own looks.
func (p *managedPolicy) record() *policyRecord {
	sum := sha256.Sum256([]byte(p.arn()))
	made, err := time.Parse(time.RFC3339, p.created)
	if err != nil {
		panic("iam: the date of " + p.name + ": " + err.Error()) // a constant below is wrong
	}
	return &policyRecord{
		Name: p.name, Path: p.path, ID: "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17], Created: made, Updated: made,
		Versions: []policyVersion{{ID: p.version, Document: p.document, Created: made}}, Default: p.version,
	}
}

// awsPolicy gives a policy that AWS manages.
func awsPolicy(arn string) (*policyRecord, bool) {
	for i := range awsPolicies {
		if awsPolicies[i].arn() == arn {
			return awsPolicies[i].record(), true
		}
	}
	return nil, false
}

// awsPolicies are the policies that AWS manages and the local cloud knows, by AWS's own publication.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
var awsPolicies = []managedPolicy{
	{name: "AdministratorAccess", path: "/", version: "v1", created: "2015-02-06T18:39:46Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	{name: "PowerUserAccess", path: "/", version: "v12", created: "2026-02-12T17:59:14Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetGovCloudAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}`},
	{name: "IAMReadOnlyAccess", path: "/", version: "v4", created: "2018-01-25T19:11:27Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}`},
	{name: "IAMFullAccess", path: "/", version: "v2", created: "2019-06-21T19:40:00Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}`},
	{name: "AWSDenyAll", path: "/", version: "v2", created: "2023-12-18T16:42:05Z", document: `{"Version":"2012-10-17","Statement":[{"Sid":"DenyAll","Effect":"Deny","Action":["*"],"Resource":"*"}]}`},
	{name: "AmazonS3ReadOnlyAccess", path: "/", version: "v3", created: "2023-08-10T21:31:39Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}`},
	{name: "AmazonS3FullAccess", path: "/", version: "v2", created: "2021-09-27T20:16:37Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}`},
	{name: "CloudWatchLogsFullAccess", path: "/", version: "v3", created: "2025-05-20T17:07:06Z", document: `{"Version":"2012-10-17","Statement":[{"Sid":"CloudWatchLogsFullAccess","Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery","cloudwatch:GenerateQueryResultsSummary"],"Resource":"*"}]}`},
	{name: "AmazonSSMManagedInstanceCore", path: "/", version: "v2", created: "2019-05-23T16:54:21Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:DescribeAssociation","ssm:GetDeployablePatchSnapshotForInstance","ssm:GetDocument","ssm:DescribeDocument","ssm:GetManifest","ssm:GetParameter","ssm:GetParameters","ssm:ListAssociations","ssm:ListInstanceAssociations","ssm:PutInventory","ssm:PutComplianceItems","ssm:PutConfigurePackageResult","ssm:UpdateAssociationStatus","ssm:UpdateInstanceAssociationStatus","ssm:UpdateInstanceInformation"],"Resource":"*"},{"Effect":"Allow","Action":["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],"Resource":"*"},{"Effect":"Allow","Action":["ec2messages:AcknowledgeMessage","ec2messages:DeleteMessage","ec2messages:FailMessage","ec2messages:GetEndpoint","ec2messages:GetMessages","ec2messages:SendReply"],"Resource":"*"}]}`},
	{name: "AmazonEC2ContainerRegistryReadOnly", path: "/", version: "v3", created: "2019-12-10T20:56:32Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]}`},
	{name: "AmazonEC2ContainerRegistryPowerUser", path: "/", version: "v3", created: "2019-12-10T20:48:08Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}]}`},
	{name: "AmazonEC2ContainerRegistryPullOnly", path: "/", version: "v1", created: "2024-10-04T16:58:49Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchImportUpstreamImage"],"Resource":"*"}]}`},
	{name: "AmazonSNSFullAccess", path: "/", version: "v1", created: "2015-02-06T18:41:05Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sns:*"],"Resource":"*"}]}`},
	{name: "AmazonSQSFullAccess", path: "/", version: "v1", created: "2015-02-06T18:41:07Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*"],"Resource":"*"}]}`},
	{name: "SecretsManagerReadWrite", path: "/", version: "v6", created: "2026-08-25T23:37:10Z", document: `{"Version":"2012-10-17","Statement":[{"Sid":"BasePermissions","Effect":"Allow","Action":["secretsmanager:*","cloudformation:CreateChangeSet","cloudformation:DescribeChangeSet","cloudformation:DescribeStackResource","cloudformation:DescribeStacks","cloudformation:ExecuteChangeSet","docdb-elastic:GetCluster","docdb-elastic:ListClusters","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","rds:DescribeDBClusters","rds:DescribeDBInstances","redshift:DescribeClusters","redshift-serverless:ListWorkgroups","redshift-serverless:GetNamespace","tag:GetResources"],"Resource":"*"},{"Sid":"LambdaPermissions","Effect":"Allow","Action":["lambda:AddPermission","lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],"Resource":"arn:aws:lambda:*:*:function:SecretsManager*"},{"Sid":"SARPermissions","Effect":"Allow","Action":["serverlessrepo:CreateCloudFormationChangeSet","serverlessrepo:GetApplication"],"Resource":"arn:aws:serverlessrepo:*:*:applications/SecretsManager*"},{"Sid":"S3Permissions","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::awsserverlessrepo-changesets*","arn:aws:s3:::secrets-manager-rotation-apps-*/*"]},{"Sid":"CloudFormationTagOnCreate","Effect":"Allow","Action":["cloudformation:TagResource","cloudformation:UntagResource"],"Resource":"*","Condition":{"StringEquals":{"cloudformation:CreateAction":["CreateChangeSet","ExecuteChangeSet"]}}}]}`},
	{name: "AmazonECSTaskExecutionRolePolicy", path: "/service-role/", version: "v1", created: "2017-11-16T18:48:22Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`},
	{name: "AmazonEC2ContainerServiceforEC2Role", path: "/service-role/", version: "v7", created: "2023-03-06T22:19:04Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeTags","ecs:CreateCluster","ecs:DeregisterContainerInstance","ecs:DiscoverPollEndpoint","ecs:Poll","ecs:RegisterContainerInstance","ecs:StartTelemetrySession","ecs:UpdateContainerInstancesState","ecs:Submit*","ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"},{"Effect":"Allow","Action":"ecs:TagResource","Resource":"*","Condition":{"StringEquals":{"ecs:CreateAction":["CreateCluster","RegisterContainerInstance"]}}}]}`},
	{name: "AmazonEC2ContainerServiceRole", path: "/service-role/", version: "v2", created: "2016-08-11T13:08:01Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:AuthorizeSecurityGroupIngress","ec2:Describe*","elasticloadbalancing:DeregisterInstancesFromLoadBalancer","elasticloadbalancing:DeregisterTargets","elasticloadbalancing:Describe*","elasticloadbalancing:RegisterInstancesWithLoadBalancer","elasticloadbalancing:RegisterTargets"],"Resource":"*"}]}`},
	{name: "AWSLambdaBasicExecutionRole", path: "/service-role/", version: "v1", created: "2015-04-09T15:03:43Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`},
	{name: "AmazonRDSEnhancedMonitoringRole", path: "/service-role/", version: "v1", created: "2015-11-11T19:58:29Z", document: `{"Version":"2012-10-17","Statement":[{"Sid":"EnableCreationAndManagementOfRDSCloudwatchLogGroups","Effect":"Allow","Action":["logs:CreateLogGroup","logs:PutRetentionPolicy"],"Resource":["arn:aws:logs:*:*:log-group:RDS*"]},{"Sid":"EnableCreationAndManagementOfRDSCloudwatchLogStreams","Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogStreams","logs:GetLogEvents"],"Resource":["arn:aws:logs:*:*:log-group:RDS*:log-stream:*"]}]}`},
	{name: "AmazonRDSDirectoryServiceAccess", path: "/service-role/", version: "v2", created: "2019-05-15T16:51:50Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ds:DescribeDirectories","ds:AuthorizeApplication","ds:UnauthorizeApplication","ds:GetAuthorizedApplicationDetails"],"Resource":"*"}]}`},
	{name: "AWSConfigRulesExecutionRole", path: "/service-role/", version: "v3", created: "2019-05-13T21:33:30Z", document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::*/AWSLogs/*/Config/*"},{"Effect":"Allow","Action":["config:Put*","config:Get*","config:List*","config:Describe*","config:BatchGet*","config:Select*"],"Resource":"*"}]}`},
}
