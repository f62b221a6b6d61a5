package inspect

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
)

// Clients are those of AWS's APIs that tell of an environment.
type Clients struct {
	Config  aws.Config
	EC2     *ec2.Client
	ECS     *ecs.Client
	ELB     *elb.Client
	Events  *eventbridge.Client
	RDS     *rds.Client
	Tagging *tagging.Client
}

// NewClients makes clients of one account and region.
func NewClients(cfg aws.Config) *Clients {
	return &Clients{Config: cfg, EC2: ec2.NewFromConfig(cfg), ECS: ecs.NewFromConfig(cfg), ELB: elb.NewFromConfig(cfg), Events: eventbridge.NewFromConfig(cfg),
		RDS: rds.NewFromConfig(cfg), Tagging: tagging.NewFromConfig(cfg)}
}
