package tagging_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

type tagging struct {
	*sdk.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

const (
	policyARN = "arn:aws:iam::" + cloud.DefaultAccount + ":policy/p"
	groupARN  = "arn:aws:logs:us-east-1:" + cloud.DefaultAccount + ":log-group:g"
	bucketARN = "arn:aws:s3:::west-bucket"
)

// start runs a cloud with tagged resources: a VPC, a log group, an IAM policy and a role in us-east-1, a bucket in us-west-2.
func start(t testing.TB, opts ...cloudtest.Option) (tags *tagging, vpc string) {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	ctx := t.Context()
	v := must(ec2.NewFromConfig(c.Config()).CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), TagSpecifications: []ec2types.TagSpecification{{
		ResourceType: ec2types.ResourceTypeVpc, Tags: []ec2types.Tag{{Key: aws.String("team"), Value: aws.String("a")}, {Key: aws.String("env"), Value: aws.String("dev")}}}}}))(t)
	must(cloudwatchlogs.NewFromConfig(c.Config()).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"team": "b"}}))(t)
	must(cloudwatchlogs.NewFromConfig(c.Config()).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("untagged")}))(t)
	policies := iam.NewFromConfig(c.Config())
	tag := []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	must(policies.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), Tags: tag,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}))(t)
	must(policies.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u"), Tags: tag}))(t)
	west := c.Config()
	west.Region = "us-west-2"
	must(s3.NewFromConfig(west, func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("west-bucket"),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "us-west-2", Tags: []s3types.Tag{{Key: aws.String("team"), Value: aws.String("w")}}}}))(t)
	return &tagging{t: t, ctx: ctx, cloud: c, Client: sdk.NewFromConfig(c.Config())}, "arn:aws:ec2:us-east-1:" + cloud.DefaultAccount + ":vpc/" + *v.Vpc.VpcId
}

func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func (g *tagging) found(in *sdk.GetResourcesInput, opts ...func(*sdk.Options)) []string {
	g.t.Helper()
	var arns []string
	pages := sdk.NewGetResourcesPaginator(g.Client, in)
	for pages.HasMorePages() {
		for _, m := range must(pages.NextPage(g.ctx, opts...))(g.t).ResourceTagMappingList {
			arns = append(arns, *m.ResourceARN)
		}
	}
	return arns
}

func (g *tagging) want(in *sdk.GetResourcesInput, want ...string) {
	g.t.Helper()
	if got := g.found(in); !slices.Equal(got, want) {
		g.t.Errorf("got  %v\nwant %v", got, want)
	}
}

func filter(key string, values ...string) types.TagFilter {
	return types.TagFilter{Key: &key, Values: values}
}

func TestGetResources(t *testing.T) {
	g, vpc := start(t, cloudtest.Durable())
	g.cloud.Restart()
	g.want(&sdk.GetResourcesInput{}, vpc, policyARN, groupARN)
	g.want(&sdk.GetResourcesInput{ResourcesPerPage: aws.Int32(1)}, vpc, policyARN, groupARN)
	g.want(&sdk.GetResourcesInput{TagFilters: []types.TagFilter{filter("team", "a", "x")}}, vpc, policyARN)
	g.want(&sdk.GetResourcesInput{TagFilters: []types.TagFilter{filter("team"), filter("env", "dev")}}, vpc)
	g.want(&sdk.GetResourcesInput{ResourceTypeFilters: []string{"ec2:vpc", "logs"}}, vpc, groupARN)
	g.want(&sdk.GetResourcesInput{ResourceTypeFilters: []string{"ec2:subnet"}})
	g.want(&sdk.GetResourcesInput{ResourceARNList: []string{vpc, groupARN, groupARN + "x", bucketARN}}, vpc, groupARN)
	if got := g.found(&sdk.GetResourcesInput{}, func(o *sdk.Options) { o.Region = "us-west-2" }); !slices.Equal(got, []string{bucketARN}) {
		t.Errorf("us-west-2 has %v", got)
	}
	must(g.UntagResources(g.ctx, &sdk.UntagResourcesInput{ResourceARNList: []string{groupARN}, TagKeys: []string{"team"}}))(t)
	g.want(&sdk.GetResourcesInput{}, vpc, policyARN, groupARN)
	must(cloudwatchlogs.NewFromConfig(g.cloud.Config()).DeleteLogGroup(g.ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("g")}))(t)
	g.want(&sdk.GetResourcesInput{}, vpc, policyARN)
	for _, c := range []struct {
		in      sdk.GetResourcesInput
		code    string
		message string
	}{
		{sdk.GetResourcesInput{ResourcesPerPage: aws.Int32(101)}, "InvalidParameterException", "ResourcesPerPage"},
		{sdk.GetResourcesInput{TagsPerPage: aws.Int32(150)}, "InvalidParameterException", "TagsPerPage"},
		{sdk.GetResourcesInput{ResourceARNList: []string{vpc}, ResourcesPerPage: aws.Int32(1)}, "InvalidParameterException", "ResourceARNList"},
		{sdk.GetResourcesInput{ResourceARNList: []string{"vpc-1"}}, "InvalidParameterException", "ARN"},
		{sdk.GetResourcesInput{ResourceTypeFilters: []string{"a:b:c"}}, "InvalidParameterException", "resource type filter"},
		{sdk.GetResourcesInput{TagFilters: []types.TagFilter{filter("")}}, "InvalidParameterException", "tag filter"},
		{sdk.GetResourcesInput{PaginationToken: aws.String("!")}, "InvalidParameterException", "token"},
		{sdk.GetResourcesInput{IncludeComplianceDetails: aws.Bool(true)}, "NotImplementedByLocalCloud", "IncludeComplianceDetails"},
	} {
		_, err := g.GetResources(g.ctx, &c.in)
		refused(t, err, c.code, c.message)
	}
}

func TestTagsPerPage(t *testing.T) {
	g, vpc := start(t)
	many := map[string]string{}
	for i := range 49 {
		many[fmt.Sprint("k", i)] = ""
	}
	must(g.TagResources(g.ctx, &sdk.TagResourcesInput{ResourceARNList: []string{groupARN, policyARN}, Tags: many}))(t)
	page := must(g.GetResources(g.ctx, &sdk.GetResourcesInput{TagsPerPage: aws.Int32(100)}))(t)
	if len(page.ResourceTagMappingList) != 2 || *page.PaginationToken == "" { // 2 + 50 tags; 50 more are too many
		t.Errorf("got %d resources, then %q", len(page.ResourceTagMappingList), *page.PaginationToken)
	}
	g.want(&sdk.GetResourcesInput{TagsPerPage: aws.Int32(100)}, vpc, policyARN, groupARN)
	keys := must(g.GetTagKeys(g.ctx, &sdk.GetTagKeysInput{}))(t)
	if len(keys.TagKeys) != 51 || *keys.PaginationToken != "" {
		t.Errorf("got %d keys, then %q", len(keys.TagKeys), *keys.PaginationToken)
	}
	values := must(g.GetTagValues(g.ctx, &sdk.GetTagValuesInput{Key: aws.String("team")}))(t)
	if !slices.Equal(values.TagValues, []string{"a", "b"}) {
		t.Errorf("team is %v", values.TagValues)
	}
}

func TestChange(t *testing.T) {
	g, vpc := start(t)
	userARN := "arn:aws:iam::" + cloud.DefaultAccount + ":user/u"
	out := must(g.TagResources(g.ctx, &sdk.TagResourcesInput{ResourceARNList: []string{vpc, groupARN + "x", bucketARN, userARN}, Tags: map[string]string{"new": "1"}}))(t)
	if len(out.FailedResourcesMap) != 3 || out.FailedResourcesMap[bucketARN].StatusCode != http.StatusBadRequest || out.FailedResourcesMap[bucketARN].ErrorCode != types.ErrorCodeInvalidParameterException {
		t.Errorf("failed: %+v", out.FailedResourcesMap)
	}
	tags := must(ec2.NewFromConfig(g.cloud.Config()).DescribeTags(g.ctx, &ec2.DescribeTagsInput{Filters: []ec2types.Filter{{Name: aws.String("key"), Values: []string{"new"}}}}))(t)
	if len(tags.Tags) != 1 || *tags.Tags[0].Value != "1" {
		t.Errorf("EC2 has the tags %+v", tags.Tags)
	}
	must(g.UntagResources(g.ctx, &sdk.UntagResourcesInput{ResourceARNList: []string{vpc}, TagKeys: []string{"new"}}))(t)
	g.want(&sdk.GetResourcesInput{TagFilters: []types.TagFilter{filter("new")}})
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("k", i)] = ""
	}
	out = must(g.TagResources(g.ctx, &sdk.TagResourcesInput{ResourceARNList: []string{vpc}, Tags: many}))(t)
	if len(out.FailedResourcesMap) != 1 {
		t.Error("52 tags were taken")
	}
	_, err := g.TagResources(g.ctx, &sdk.TagResourcesInput{ResourceARNList: []string{vpc}, Tags: map[string]string{"aws:x": "1"}})
	refused(t, err, "InvalidParameterException", "aws:")
	_, err = g.TagResources(g.ctx, &sdk.TagResourcesInput{ResourceARNList: []string{"x"}, Tags: map[string]string{"x": "1"}})
	refused(t, err, "InvalidParameterException", "ARN")
}
