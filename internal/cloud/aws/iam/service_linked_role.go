package iam

import (
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// linkedRole is the service-linked role of a service.
type linkedRole struct {
	name   string
	suffix bool // the service takes a custom suffix
}

// linkedRoles are by service principal. The part after an underscore belongs to the service's own name of the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
var linkedRoles = map[string]linkedRole{
	"autoscaling.amazonaws.com":                             {name: "AWSServiceRoleForAutoScaling", suffix: true},
	"access-analyzer.amazonaws.com":                         {name: "AWSServiceRoleForAccessAnalyzer"},
	"backup.amazonaws.com":                                  {name: "AWSServiceRoleForBackup"},
	"cloudtrail.amazonaws.com":                              {name: "AWSServiceRoleForCloudTrail"},
	"config.amazonaws.com":                                  {name: "AWSServiceRoleForConfig"},
	"custom-resource.application-autoscaling.amazonaws.com": {name: "AWSServiceRoleForApplicationAutoScaling_CustomResource"},
	"dynamodb.application-autoscaling.amazonaws.com":        {name: "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"},
	"ecs.application-autoscaling.amazonaws.com":             {name: "AWSServiceRoleForApplicationAutoScaling_ECSService"},
	"rds.application-autoscaling.amazonaws.com":             {name: "AWSServiceRoleForApplicationAutoScaling_RDSCluster"},
	"ec2.application-autoscaling.amazonaws.com":             {name: "AWSServiceRoleForApplicationAutoScaling_EC2SpotFleetRequest"},
	"ecr.amazonaws.com":                                     {name: "AWSServiceRoleForECRTemplate"},
	"replication.ecr.amazonaws.com":                         {name: "AWSServiceRoleForECRReplication"},
	"pullthroughcache.ecr.amazonaws.com":                    {name: "AWSServiceRoleForECRPullThroughCache"},
	"ecs.amazonaws.com":                                     {name: "AWSServiceRoleForECS"},
	"eks.amazonaws.com":                                     {name: "AWSServiceRoleForAmazonEKS"},
	"elasticache.amazonaws.com":                             {name: "AWSServiceRoleForElastiCache"},
	"elasticbeanstalk.amazonaws.com":                        {name: "AWSServiceRoleForElasticBeanstalk"},
	"elasticfilesystem.amazonaws.com":                       {name: "AWSServiceRoleForAmazonElasticFileSystem"},
	"elasticloadbalancing.amazonaws.com":                    {name: "AWSServiceRoleForElasticLoadBalancing"},
	"es.amazonaws.com":                                      {name: "AWSServiceRoleForAmazonElasticsearchService"},
	"events.amazonaws.com":                                  {name: "AWSServiceRoleForCloudWatchEvents"},
	"guardduty.amazonaws.com":                               {name: "AWSServiceRoleForAmazonGuardDuty"},
	"inspector.amazonaws.com":                               {name: "AWSServiceRoleForAmazonInspector"},
	"inspector2.amazonaws.com":                              {name: "AWSServiceRoleForAmazonInspector2"},
	"opensearchservice.amazonaws.com":                       {name: "AWSServiceRoleForAmazonOpenSearchService"},
	"organizations.amazonaws.com":                           {name: "AWSServiceRoleForOrganizations"},
	"rds.amazonaws.com":                                     {name: "AWSServiceRoleForRDS"},
	"securityhub.amazonaws.com":                             {name: "AWSServiceRoleForSecurityHub"},
	"spot.amazonaws.com":                                    {name: "AWSServiceRoleForEC2Spot"},
	"spotfleet.amazonaws.com":                               {name: "AWSServiceRoleForEC2SpotFleet"},
	"ssm.amazonaws.com":                                     {name: "AWSServiceRoleForAmazonSSM"},
	"support.amazonaws.com":                                 {name: "AWSServiceRoleForSupport"},
	"trustedadvisor.amazonaws.com":                          {name: "AWSServiceRoleForTrustedAdvisor"},
	"wafv2.amazonaws.com":                                   {name: "AWSServiceRoleForWAFV2Logging"},
}

// deletionRecord is a task that deleted a service-linked role.
type deletionRecord struct {
	Role string
	Done time.Time
}

// CreateServiceLinkedRole makes the role by which a service acts in the account.
func (s *Service) CreateServiceLinkedRole(ctx context.Context, in *CreateServiceLinkedRoleInput) (*CreateServiceLinkedRoleOutput, error) {
	service := *in.AWSServiceName
	if err := checkName(service, "aWSServiceName", 128); err != nil {
		return nil, err
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	role, ok := linkedRoles[service]
	if !ok {
		return nil, wire.NotImplemented("iam:CreateServiceLinkedRole for " + service)
	}
	name := role.name
	if suffix := text(in.CustomSuffix); suffix != "" {
		if !role.suffix {
			return nil, wire.Errorf("InvalidInput", "Custom suffix is not allowed for %s", service)
		}
		if err := checkName(suffix, "customSuffix", 64); err != nil {
			return nil, err
		}
		name += "_" + suffix
	}
	if err := checkName(name, "roleName", 64); err != nil {
		return nil, err
	}
	out := &CreateServiceLinkedRoleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r := &roleRecord{identity: identity{Name: name, Path: "/aws-service-role/" + service + "/"}, Description: in.Description, MaxSession: 3600}
		if _, taken := s.roles.Get(t.tx, t.sc, strings.ToLower(name)); taken {
			return wire.Errorf("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
		}
		trust := `{"Version":"2012-10-17","Statement":[{"Action":["sts:AssumeRole"],"Effect":"Allow","Principal":{"Service":["` + service + `"]}}]}`
		if err := t.newRole(ctx, r, trust); err != nil {
			return err
		}
		t.putRole(r)
		rendered := t.renderRole(r)
		rendered.MaxSessionDuration = nil // left out by this operation alone
		out.Role = &rendered
		return nil
	})
}

// DeleteServiceLinkedRole begins the deletion of a service-linked role, and here ends it at once.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, in *DeleteServiceLinkedRoleInput) (*DeleteServiceLinkedRoleOutput, error) {
	out := &DeleteServiceLinkedRoleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.role(*in.RoleName)
		if err != nil {
			return err
		}
		if !r.serviceLinked() {
			return notFound("The role with name %s cannot be found.", r.Name)
		}
		task := "task" + r.Path + r.Name + "/" + s.d.IDs.UUID()
		s.roles.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		s.deletions.Put(t.tx, t.sc, task, &deletionRecord{Role: r.Name, Done: wire.CallFrom(ctx).Time})
		out.DeletionTaskId = new(task)
		return nil
	})
}

// GetServiceLinkedRoleDeletionStatus tells how far a deletion is.
func (s *Service) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *GetServiceLinkedRoleDeletionStatusInput) (*GetServiceLinkedRoleDeletionStatusOutput, error) {
	return &GetServiceLinkedRoleDeletionStatusOutput{Status: new("SUCCEEDED")}, s.view(ctx, func(t *txn) error {
		if _, ok := s.deletions.Get(t.tx, t.sc, *in.DeletionTaskId); !ok {
			return notFound("The deletion task id %s cannot be found.", *in.DeletionTaskId)
		}
		return nil
	})
}
