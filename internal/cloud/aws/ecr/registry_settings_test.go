package ecr_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"atoll/internal/cloud/cloudtest"
)

func TestRegistryScanning(t *testing.T) {
	r := start(t, cloudtest.Durable())
	get := func() *types.RegistryScanningConfiguration {
		return must(r.GetRegistryScanningConfiguration(r.ctx, &awsecr.GetRegistryScanningConfigurationInput{}))(t).ScanningConfiguration
	}
	if c := get(); c.ScanType != "BASIC" || len(c.Rules) != 0 {
		t.Errorf("by default it is %+v", c)
	}
	rules := []types.RegistryScanningRule{{ScanFrequency: "CONTINUOUS_SCAN", RepositoryFilters: []types.ScanningRepositoryFilter{{Filter: aws.String("*"), FilterType: "WILDCARD"}}}}
	_, err := r.PutRegistryScanningConfiguration(r.ctx, &awsecr.PutRegistryScanningConfigurationInput{ScanType: "BASIC", Rules: rules})
	refused(t, err, "InvalidParameterException", "CONTINUOUS_SCAN")
	must(r.PutRegistryScanningConfiguration(r.ctx, &awsecr.PutRegistryScanningConfigurationInput{ScanType: "ENHANCED", Rules: rules}))(t)
	r.cloud.Restart()
	if c := get(); c.ScanType != "ENHANCED" || len(c.Rules) != 1 || *c.Rules[0].RepositoryFilters[0].Filter != "*" {
		t.Errorf("it is %+v", c)
	}
}

func TestReplicationIsKept(t *testing.T) {
	r := start(t)
	put := func(region string) error {
		_, err := r.PutReplicationConfiguration(r.ctx, &awsecr.PutReplicationConfigurationInput{ReplicationConfiguration: &types.ReplicationConfiguration{
			Rules: []types.ReplicationRule{{Destinations: []types.ReplicationDestination{{Region: &region, RegistryId: aws.String(account)}},
				RepositoryFilters: []types.RepositoryFilter{{Filter: aws.String("prod-"), FilterType: "PREFIX_MATCH"}}}}}})
		return err
	}
	refused(t, put(cloudtest.Region), "InvalidParameterException", "same as the source")
	if err := put("eu-central-1"); err != nil {
		t.Fatal(err)
	}
	if c := must(r.DescribeRegistry(r.ctx, &awsecr.DescribeRegistryInput{}))(t).ReplicationConfiguration; len(c.Rules) != 1 || *c.Rules[0].Destinations[0].Region != "eu-central-1" {
		t.Errorf("it is %+v", c)
	}
	must(r.PutReplicationConfiguration(r.ctx, &awsecr.PutReplicationConfigurationInput{ReplicationConfiguration: &types.ReplicationConfiguration{Rules: []types.ReplicationRule{}}}))(t)
	if c := must(r.DescribeRegistry(r.ctx, &awsecr.DescribeRegistryInput{}))(t).ReplicationConfiguration; len(c.Rules) != 0 {
		t.Errorf("it is %+v", c)
	}
}

func TestRegistryPolicy(t *testing.T) {
	r := start(t)
	_, err := r.GetRegistryPolicy(r.ctx, &awsecr.GetRegistryPolicyInput{})
	refused(t, err, "RegistryPolicyNotFoundException", account)
	const statement = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":["ecr:ReplicateImage"]`
	_, err = r.PutRegistryPolicy(r.ctx, &awsecr.PutRegistryPolicyInput{PolicyText: aws.String(statement + `}]}`)})
	refused(t, err, "InvalidParameterException", "Resource")
	document := statement + `,"Resource":"` + arnPrefix + `*"}]}`
	must(r.PutRegistryPolicy(r.ctx, &awsecr.PutRegistryPolicyInput{PolicyText: &document}))(t)
	if got := must(r.GetRegistryPolicy(r.ctx, &awsecr.GetRegistryPolicyInput{}))(t); *got.PolicyText != document || *got.RegistryId != account {
		t.Errorf("it is %s", *got.PolicyText)
	}
	must(r.DeleteRegistryPolicy(r.ctx, &awsecr.DeleteRegistryPolicyInput{}))(t)
	_, err = r.DeleteRegistryPolicy(r.ctx, &awsecr.DeleteRegistryPolicyInput{})
	refused(t, err, "RegistryPolicyNotFoundException")
}

func TestPullThroughCacheRules(t *testing.T) {
	r := start(t)
	create := func(prefix, url, secret string) error {
		in := &awsecr.CreatePullThroughCacheRuleInput{EcrRepositoryPrefix: &prefix, UpstreamRegistryUrl: &url}
		if secret != "" {
			in.CredentialArn = &secret
		}
		_, err := r.CreatePullThroughCacheRule(r.ctx, in)
		return err
	}
	secret := func(name string) string {
		return "arn:aws:secretsmanager:" + cloudtest.Region + ":" + account + ":secret:" + name + "-AbCdEf"
	}
	refused(t, create("mirror", "example.com", ""), "UnsupportedUpstreamRegistryException")
	refused(t, create("docker-hub", "registry-1.docker.io", ""), "InvalidParameterException", "credential")
	refused(t, create("docker-hub", "registry-1.docker.io", secret("docker")), "InvalidParameterException", "ecr-pullthroughcache/")
	for _, err := range []error{create("docker-hub", "registry-1.docker.io", secret("ecr-pullthroughcache/docker")), create("ecr-public", "public.ecr.aws", "")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused(t, create("ecr-public", "public.ecr.aws", ""), "PullThroughCacheRuleAlreadyExistsException", "ecr-public")
	must(r.UpdatePullThroughCacheRule(r.ctx, &awsecr.UpdatePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String("docker-hub"), CredentialArn: aws.String(secret("ecr-pullthroughcache/other"))}))(t)
	first := must(r.DescribePullThroughCacheRules(r.ctx, &awsecr.DescribePullThroughCacheRulesInput{MaxResults: aws.Int32(1)}))(t)
	rest := must(r.DescribePullThroughCacheRules(r.ctx, &awsecr.DescribePullThroughCacheRulesInput{NextToken: first.NextToken}))(t)
	if len(first.PullThroughCacheRules) != 1 || len(rest.PullThroughCacheRules) != 1 || rest.NextToken != nil {
		t.Fatalf("%+v, then %+v", first, rest)
	}
	if d, p := first.PullThroughCacheRules[0], rest.PullThroughCacheRules[0]; d.UpstreamRegistry != "docker-hub" || *d.CredentialArn != secret("ecr-pullthroughcache/other") ||
		p.UpstreamRegistry != "ecr-public" || p.UpstreamRepositoryPrefix != nil || p.CredentialArn != nil {
		t.Errorf("%+v, then %+v", d, p)
	}
	must(r.DeletePullThroughCacheRule(r.ctx, &awsecr.DeletePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String("ecr-public")}))(t)
	_, err := r.DescribePullThroughCacheRules(r.ctx, &awsecr.DescribePullThroughCacheRulesInput{EcrRepositoryPrefixes: []string{"ecr-public"}})
	refused(t, err, "PullThroughCacheRuleNotFoundException", "ecr-public")
}

func TestAccountSettings(t *testing.T) {
	r := start(t)
	name := aws.String("BASIC_SCAN_TYPE_VERSION")
	if got := must(r.GetAccountSetting(r.ctx, &awsecr.GetAccountSettingInput{Name: name}))(t); *got.Value != "AWS_NATIVE" {
		t.Errorf("by default it is %s", *got.Value)
	}
	must(r.PutAccountSetting(r.ctx, &awsecr.PutAccountSettingInput{Name: name, Value: aws.String("CLAIR")}))(t)
	if got := must(r.GetAccountSetting(r.ctx, &awsecr.GetAccountSettingInput{Name: name}))(t); *got.Value != "CLAIR" {
		t.Errorf("it is %s", *got.Value)
	}
	_, err := r.PutAccountSetting(r.ctx, &awsecr.PutAccountSettingInput{Name: name, Value: aws.String("V1")})
	refused(t, err, "InvalidParameterException", "V1")
}
