//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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
	return inv
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

// same fails the test where two inventories differ.
func (inv inventory) same(t *testing.T, before inventory) {
	t.Helper()
	for name, was := range before {
		if inv[name] != was {
			t.Errorf("%s differ from before:\n%s\n%s", name, was, inv[name])
		}
	}
}
