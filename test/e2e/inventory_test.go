//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
)

// config is an SDK configuration for the cloud.
func (c *localCloud) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(c.setting("AWS_ENDPOINT_URL")),
		Credentials: credentials.NewStaticCredentialsProvider(c.setting("AWS_ACCESS_KEY_ID"), c.setting("AWS_SECRET_ACCESS_KEY"), ""),
	}
}

// inventory is everything that an account has, by the call that lists it, as JSON without what differs from call to call.
type inventory map[string]string

// inventory lists the account by each service's own Describe and List calls.
func (c *localCloud) inventory() inventory {
	c.t.Helper()
	ctx := c.t.Context()
	inv := inventory{}
	network := ec2.NewFromConfig(c.config())
	list(c.t, ctx, inv, "vpcs", network.DescribeVpcs)
	list(c.t, ctx, inv, "subnets", network.DescribeSubnets)
	list(c.t, ctx, inv, "route tables", network.DescribeRouteTables)
	list(c.t, ctx, inv, "internet gateways", network.DescribeInternetGateways)
	list(c.t, ctx, inv, "NAT gateways", network.DescribeNatGateways)
	list(c.t, ctx, inv, "addresses", network.DescribeAddresses)
	list(c.t, ctx, inv, "security groups", network.DescribeSecurityGroups)
	list(c.t, ctx, inv, "security group rules", network.DescribeSecurityGroupRules)
	list(c.t, ctx, inv, "network ACLs", network.DescribeNetworkAcls)
	list(c.t, ctx, inv, "endpoints", network.DescribeVpcEndpoints)
	list(c.t, ctx, inv, "flow logs", network.DescribeFlowLogs)
	list(c.t, ctx, inv, "network interfaces", network.DescribeNetworkInterfaces)
	list(c.t, ctx, inv, "DHCP options", network.DescribeDhcpOptions)
	list(c.t, ctx, inv, "prefix lists", network.DescribeManagedPrefixLists)
	list(c.t, ctx, inv, "tags", network.DescribeTags)
	identities := iam.NewFromConfig(c.config())
	list(c.t, ctx, inv, "roles", identities.ListRoles)
	list(c.t, ctx, inv, "users", identities.ListUsers)
	list(c.t, ctx, inv, "instance profiles", identities.ListInstanceProfiles)
	list(c.t, ctx, inv, "OIDC providers", identities.ListOpenIDConnectProviders)
	policies, err := identities.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: "Local"})
	inv.add(c.t, "policies", policies, err)
	list(c.t, ctx, inv, "log groups", cloudwatchlogs.NewFromConfig(c.config()).DescribeLogGroups)
	list(c.t, ctx, inv, "tables", dynamodb.NewFromConfig(c.config()).ListTables)
	list(c.t, ctx, inv, "buckets", s3.NewFromConfig(c.config()).ListBuckets)
	list(c.t, ctx, inv, "keys", kms.NewFromConfig(c.config()).ListKeys)
	list(c.t, ctx, inv, "aliases", kms.NewFromConfig(c.config()).ListAliases)
	c.inventoryOfServices(inv)
	return inv
}

// inventoryOfServices lists what the network's services do not have.
func (c *localCloud) inventoryOfServices(inv inventory) {
	c.t.Helper()
	ctx := c.t.Context()
	tagged := tagging.NewFromConfig(c.config())
	list(c.t, ctx, inv, "tagged resources", tagged.GetResources)
	balancing := elbv2.NewFromConfig(c.config())
	list(c.t, ctx, inv, "load balancers", balancing.DescribeLoadBalancers)
	list(c.t, ctx, inv, "target groups", balancing.DescribeTargetGroups)
	containers := ecs.NewFromConfig(c.config())
	list(c.t, ctx, inv, "clusters", containers.ListClusters)
	list(c.t, ctx, inv, "task definitions", containers.ListTaskDefinitions)
	list(c.t, ctx, inv, "repositories", ecr.NewFromConfig(c.config()).DescribeRepositories)
	databases := rds.NewFromConfig(c.config())
	list(c.t, ctx, inv, "databases", databases.DescribeDBInstances)
	list(c.t, ctx, inv, "snapshots", databases.DescribeDBSnapshots)
	list(c.t, ctx, inv, "automated backups", databases.DescribeDBInstanceAutomatedBackups)
	list(c.t, ctx, inv, "subnet groups", databases.DescribeDBSubnetGroups)
	list(c.t, ctx, inv, "parameter groups", databases.DescribeDBParameterGroups)
	list(c.t, ctx, inv, "secrets", secretsmanager.NewFromConfig(c.config()).ListSecrets)
	list(c.t, ctx, inv, "parameters", ssm.NewFromConfig(c.config()).DescribeParameters)
	scaling := applicationautoscaling.NewFromConfig(c.config())
	targets, err := scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: "ecs"})
	inv.add(c.t, "scalable targets", targets, err)
	watch := cloudwatch.NewFromConfig(c.config())
	list(c.t, ctx, inv, "alarms", watch.DescribeAlarms)
	list(c.t, ctx, inv, "dashboards", watch.ListDashboards)
	list(c.t, ctx, inv, "trails", cloudtrail.NewFromConfig(c.config()).ListTrails)
	list(c.t, ctx, inv, "certificates", acm.NewFromConfig(c.config()).ListCertificates)
	list(c.t, ctx, inv, "zones", route53.NewFromConfig(c.config()).ListHostedZones)
	list(c.t, ctx, inv, "topics", sns.NewFromConfig(c.config()).ListTopics)
	list(c.t, ctx, inv, "subscriptions", sns.NewFromConfig(c.config()).ListSubscriptions)
	rules := eventbridge.NewFromConfig(c.config())
	list(c.t, ctx, inv, "event rules", rules.ListRules)
	firewall := wafv2.NewFromConfig(c.config())
	acls, err := firewall.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: "REGIONAL"})
	inv.add(c.t, "web ACLs", acls, err)
	sets, err := firewall.ListIPSets(ctx, &wafv2.ListIPSetsInput{Scope: "REGIONAL"})
	inv.add(c.t, "IP sets", sets, err)
	plans, err := budgets.NewFromConfig(c.config()).DescribeBudgets(ctx, &budgets.DescribeBudgetsInput{AccountId: aws.String(c.account())})
	inv.add(c.t, "budgets", plans, err)
}

func list[I, O, F any](t *testing.T, ctx context.Context, inv inventory, name string, call func(context.Context, *I, ...F) (*O, error)) {
	t.Helper()
	out, err := call(ctx, new(I))
	inv.add(t, name, out, err)
}

func (inv inventory) add(t *testing.T, name string, out any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("listing %s: %v", name, err)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := strings.Cut(string(raw), `,"ResultMetadata"`)
	inv[name] = body
}

// without leaves lists out of an inventory.
func (inv inventory) without(names ...string) inventory {
	for _, name := range names {
		delete(inv, name)
	}
	return inv
}

// ownKeys are the lists that have AWS's own KMS keys: a service's key is made when it first encrypts something, and stays for ever.
var ownKeys = []string{"keys", "aliases"}

// same fails the test where two inventories differ.
func (inv inventory) same(t *testing.T, before inventory) {
	t.Helper()
	for name, was := range before {
		if inv[name] != was {
			t.Errorf("%s differ from before:\n%s\n%s", name, was, inv[name])
		}
	}
}
