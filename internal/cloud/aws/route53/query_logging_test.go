package route53_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"

	"atoll/internal/cloud/cloudtest"
)

func TestQueryLogging(t *testing.T) {
	c := start(t, cloudtest.Durable())
	groups := cloudwatchlogs.NewFromConfig(c.cloud.Config(), func(o *cloudwatchlogs.Options) { o.Region = "us-east-1" })
	group := "arn:aws:logs:us-east-1:111111111111:log-group:/aws/route53/example.net"
	create := func(zone, group string) (*sdk.CreateQueryLoggingConfigOutput, error) {
		return c.CreateQueryLoggingConfig(c.ctx, &sdk.CreateQueryLoggingConfigInput{HostedZoneId: &zone, CloudWatchLogsLogGroupArn: &group})
	}
	_, err := create(c.zone, group)
	refused(t, err, "NoSuchCloudWatchLogsLogGroup")
	must(groups.CreateLogGroup(c.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/route53/example.net")}))(t)
	_, err = create(c.zone, group)
	refused(t, err, "InsufficientCloudWatchLogsResourcePolicy")
	must(groups.PutResourcePolicy(c.ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: aws.String("route53"), PolicyDocument: aws.String(`{"Version":"2012-10-17",
		"Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:*:*:log-group:/aws/route53/*",
		"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:route53:::hostedzone/*"}}}]}`)}))(t)
	_, err = create(c.zone, "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/route53/example.net")
	refused(t, err, "InvalidInput", "us-east-1")
	_, err = create("Z0NONE", group)
	refused(t, err, "NoSuchHostedZone")
	made := must(create(c.zone, group))(t).QueryLoggingConfig
	_, err = create(c.zone, group)
	refused(t, err, "QueryLoggingConfigAlreadyExists")
	c.cloud.Restart()

	got := must(c.GetQueryLoggingConfig(c.ctx, &sdk.GetQueryLoggingConfigInput{Id: made.Id}))(t).QueryLoggingConfig
	if "/hostedzone/"+*got.HostedZoneId != c.zone || *got.CloudWatchLogsLogGroupArn != group {
		t.Errorf("got %+v", got)
	}
	if all := must(c.ListQueryLoggingConfigs(c.ctx, &sdk.ListQueryLoggingConfigsInput{}))(t).QueryLoggingConfigs; len(all) != 1 {
		t.Errorf("got %+v", all)
	}
	must(c.DeleteQueryLoggingConfig(c.ctx, &sdk.DeleteQueryLoggingConfigInput{Id: made.Id}))(t)
	_, err = c.GetQueryLoggingConfig(c.ctx, &sdk.GetQueryLoggingConfigInput{Id: made.Id})
	refused(t, err, "NoSuchQueryLoggingConfig")
}

func TestReusableDelegationSet(t *testing.T) {
	c := start(t, cloudtest.Durable())
	in := &sdk.CreateReusableDelegationSetInput{CallerReference: aws.String("one")}
	set := must(c.CreateReusableDelegationSet(c.ctx, in))(t).DelegationSet
	_, err := c.CreateReusableDelegationSet(c.ctx, in)
	refused(t, err, "DelegationSetAlreadyCreated")
	_, err = c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("a.net"), CallerReference: aws.String("a"), DelegationSetId: aws.String("N0NONE")})
	refused(t, err, "NoSuchDelegationSet")
	var zones []string
	for _, name := range []string{"a.net", "b.net"} {
		zone := must(c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: &name, CallerReference: &name, DelegationSetId: set.Id}))(t)
		if zone.DelegationSet.NameServers[0] != set.NameServers[0] || *zone.DelegationSet.Id != *set.Id {
			t.Errorf("got %+v", zone.DelegationSet)
		}
		zones = append(zones, *zone.HostedZone.Id)
	}
	c.cloud.Restart()
	if got := must(c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: &zones[0]}))(t).DelegationSet; *got.CallerReference != "one" || len(got.NameServers) != 4 {
		t.Errorf("got %+v", got)
	}
	if got := must(c.ListHostedZones(c.ctx, &sdk.ListHostedZonesInput{DelegationSetId: set.Id}))(t).HostedZones; len(got) != 2 {
		t.Errorf("got %+v", got)
	}
	if got := must(c.ListReusableDelegationSets(c.ctx, &sdk.ListReusableDelegationSetsInput{}))(t).DelegationSets; len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	_, err = c.DeleteReusableDelegationSet(c.ctx, &sdk.DeleteReusableDelegationSetInput{Id: set.Id})
	refused(t, err, "DelegationSetInUse")
	for _, zone := range zones {
		must(c.DeleteHostedZone(c.ctx, &sdk.DeleteHostedZoneInput{Id: &zone}))(t)
	}
	must(c.DeleteReusableDelegationSet(c.ctx, &sdk.DeleteReusableDelegationSetInput{Id: set.Id}))(t)
	// The name servers of a zone become a set's.
	made := must(c.CreateReusableDelegationSet(c.ctx, &sdk.CreateReusableDelegationSetInput{CallerReference: aws.String("two"), HostedZoneId: &c.zone}))(t).DelegationSet
	own := must(c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: &c.zone}))(t).DelegationSet
	if *own.Id != *made.Id {
		t.Errorf("got %+v", own)
	}
	_, err = c.CreateReusableDelegationSet(c.ctx, &sdk.CreateReusableDelegationSetInput{CallerReference: aws.String("three"), HostedZoneId: &c.zone})
	refused(t, err, "DelegationSetAlreadyReusable")
}
