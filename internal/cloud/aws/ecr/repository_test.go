package ecr_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"atoll/internal/cloud/cloudtest"
)

func TestRepositoryLifeCycle(t *testing.T) {
	r := start(t)
	made := r.repository("team/app")
	if *made.RepositoryArn != arnPrefix+"team/app" || *made.RegistryId != account || made.ImageTagMutability != types.ImageTagMutabilityMutable ||
		*made.RepositoryUri != account+".dkr.ecr."+cloudtest.Region+".amazonaws.com/team/app" || made.ImageScanningConfiguration.ScanOnPush ||
		made.EncryptionConfiguration.EncryptionType != types.EncryptionTypeAes256 || made.EncryptionConfiguration.KmsKey != nil ||
		made.ImageTagMutabilityExclusionFilters != nil {
		t.Errorf("got %+v", made)
	}
	_, err := r.CreateRepository(r.ctx, &awsecr.CreateRepositoryInput{RepositoryName: aws.String("team/app")})
	refused(t, err, "RepositoryAlreadyExistsException", "The repository with name 'team/app' already exists in the registry with id '"+account+"'")
	must(r.PutImageScanningConfiguration(r.ctx, &awsecr.PutImageScanningConfigurationInput{RepositoryName: aws.String("team/app"),
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true}}))(t)
	if !r.describe("team/app").ImageScanningConfiguration.ScanOnPush {
		t.Error("the scan does not show")
	}
	must(r.DeleteRepository(r.ctx, &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("team/app")}))(t)
	_, err = r.DescribeRepositories(r.ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"team/app"}})
	refused(t, err, "RepositoryNotFoundException", "does not exist in the registry with id '"+account+"'")
	_, err = r.DescribeImages(r.ctx, &awsecr.DescribeImagesInput{RepositoryName: aws.String("team/app")})
	refused(t, err, "RepositoryNotFoundException")
	_, err = r.ListImages(r.ctx, &awsecr.ListImagesInput{RepositoryName: aws.String("team/app"), RegistryId: aws.String("999999999999")})
	refused(t, err, "RepositoryNotFoundException", "999999999999")
	for _, name := range []string{"a", "UPPER", "a//b", "-a", "a/", strings.Repeat("a", 257)} {
		_, err := r.CreateRepository(r.ctx, &awsecr.CreateRepositoryInput{RepositoryName: &name})
		refused(t, err, "InvalidParameterException", "repositoryName")
	}
}

func TestRepositoriesInPages(t *testing.T) {
	r := start(t)
	for i := range 5 {
		r.repository(fmt.Sprintf("app-%d", i))
	}
	var names []string
	for pages := awsecr.NewDescribeRepositoriesPaginator(r, &awsecr.DescribeRepositoriesInput{MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		for _, v := range must(pages.NextPage(r.ctx))(t).Repositories {
			names = append(names, *v.RepositoryName)
		}
	}
	if got := strings.Join(names, " "); got != "app-0 app-1 app-2 app-3 app-4" {
		t.Errorf("got %s", got)
	}
	_, err := r.DescribeRepositories(r.ctx, &awsecr.DescribeRepositoriesInput{NextToken: aws.String("%")})
	refused(t, err, "InvalidParameterException", "nextToken")
}

func TestMutability(t *testing.T) {
	r := start(t)
	r.repository("app")
	set := func(m types.ImageTagMutability, filters ...string) error {
		in := &awsecr.PutImageTagMutabilityInput{RepositoryName: aws.String("app"), ImageTagMutability: m}
		for _, f := range filters {
			in.ImageTagMutabilityExclusionFilters = append(in.ImageTagMutabilityExclusionFilters,
				types.ImageTagMutabilityExclusionFilter{FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard, Filter: &f})
		}
		_, err := r.PutImageTagMutability(r.ctx, in)
		return err
	}
	refused(t, set("SOMETIMES"), "InvalidParameterException")
	refused(t, set(types.ImageTagMutabilityImmutableWithExclusion), "InvalidParameterException")
	refused(t, set(types.ImageTagMutabilityImmutable, "a*"), "InvalidParameterException")
	refused(t, set(types.ImageTagMutabilityImmutableWithExclusion, "a*b*c*d"), "InvalidParameterException")
	for i, c := range []struct {
		mutability types.ImageTagMutability
		filters    []string
		movable    map[string]bool
	}{
		{types.ImageTagMutabilityMutable, nil, map[string]bool{"v1": true}},
		{types.ImageTagMutabilityImmutable, nil, map[string]bool{"v1": false}},
		{types.ImageTagMutabilityImmutableWithExclusion, []string{"dev-*", "latest"}, map[string]bool{"v1": false, "dev-1": true, "latest": true, "latest2": false}},
		{types.ImageTagMutabilityMutableWithExclusion, []string{"*-final*"}, map[string]bool{"v1": true, "v1-final": false, "a-finals": false}},
	} {
		if err := set(c.mutability, c.filters...); err != nil {
			t.Fatal(err)
		}
		if got := r.describe("app"); got.ImageTagMutability != c.mutability || len(got.ImageTagMutabilityExclusionFilters) != len(c.filters) {
			t.Errorf("got %+v", got)
		}
		for tag, movable := range c.movable {
			must(r.BatchDeleteImage(r.ctx, &awsecr.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageTag: &tag}}}))(t)
			r.push("app", fmt.Sprint("first ", i, tag), tag)
			document := manifest(r.layer("app", fmt.Sprint("second ", i, tag)), r.layer("app", "base"))
			_, err := r.put("app", document, tag)
			if movable && err != nil {
				t.Errorf("%s: %v", tag, err)
			} else if !movable {
				refused(t, err, "ImageTagAlreadyExistsException", "immutable")
			}
		}
	}
}

func TestEncryption(t *testing.T) {
	r := start(t)
	keys := kms.NewFromConfig(r.cloud.Config(), func(o *kms.Options) { o.HTTPSignerV4 = r.cloud.Signer() })
	key := must(keys.CreateKey(r.ctx, &kms.CreateKeyInput{}))(t).KeyMetadata
	create := func(name string, kind types.EncryptionType, key *string) (*awsecr.CreateRepositoryOutput, error) {
		return r.CreateRepository(r.ctx, &awsecr.CreateRepositoryInput{RepositoryName: &name, EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: kind, KmsKey: key}})
	}
	if got := must(create("default", types.EncryptionTypeKms, nil))(t).Repository.EncryptionConfiguration; !strings.Contains(*got.KmsKey, ":key/") {
		t.Errorf("got %s", *got.KmsKey)
	}
	if got := must(create("own", types.EncryptionTypeKms, key.KeyId))(t).Repository.EncryptionConfiguration; *got.KmsKey != *key.Arn {
		t.Errorf("got %s", *got.KmsKey)
	}
	_, err := create("none", types.EncryptionTypeKms, aws.String("alias/none"))
	refused(t, err, "KmsException")
	_, err = create("none", types.EncryptionTypeAes256, key.KeyId)
	refused(t, err, "InvalidParameterException")
}

func TestRepositoryTags(t *testing.T) {
	r := start(t)
	arn := r.repository("app").RepositoryArn
	must(r.TagResource(r.ctx, &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("")}}}))(t)
	must(r.UntagResource(r.ctx, &awsecr.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	if got := must(r.ListTagsForResource(r.ctx, &awsecr.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags; len(got) != 1 || *got[0].Key != "b" {
		t.Errorf("got %v", got)
	}
	_, err := r.TagResource(r.ctx, &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("")}}})
	refused(t, err, "InvalidTagParameterException")
	_, err = r.ListTagsForResource(r.ctx, &awsecr.ListTagsForResourceInput{ResourceArn: aws.String(arnPrefix + "none")})
	refused(t, err, "RepositoryNotFoundException")
	_, err = r.ListTagsForResource(r.ctx, &awsecr.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:s3:::b")})
	refused(t, err, "InvalidParameterException")
}

func TestRepositoryPolicy(t *testing.T) {
	r := start(t)
	name := r.repository("app").RepositoryName
	policy := func(effect, principal, action, rest string) string {
		return `{"Version":"2008-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"` + action + `"` + rest + `}]}`
	}
	set := func(document string, force bool) error {
		_, err := r.SetRepositoryPolicy(r.ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: name, PolicyText: &document, Force: force})
		return err
	}
	_, err := r.GetRepositoryPolicy(r.ctx, &awsecr.GetRepositoryPolicyInput{RepositoryName: name})
	refused(t, err, "RepositoryPolicyNotFoundException")
	good := policy("Allow", `"*"`, "ecr:ListImages", "")
	if err := set(good, false); err != nil {
		t.Fatal(err)
	}
	if got := must(r.GetRepositoryPolicy(r.ctx, &awsecr.GetRepositoryPolicyInput{RepositoryName: name}))(t); *got.PolicyText != good {
		t.Errorf("got %s", *got.PolicyText)
	}
	role := `{"AWS":"arn:aws:iam::` + account + `:role/r"}`
	for _, bad := range []string{"{", policy("Allow", `"*"`, "s3:*", ""), policy("Allow", `"*"`, "ecr:*", `,"Resource":"*"`), policy("Deny", `"*"`, "ecr:*", "")} {
		refused(t, set(bad, false), "InvalidParameterException", "PolicyText")
	}
	refused(t, set(policy("Allow", role, "ecr:*", ""), false), "InvalidParameterException", "Principal not found")
	roles := iam.NewFromConfig(r.cloud.Config(), func(o *iam.Options) { o.HTTPSignerV4 = r.cloud.Signer() })
	must(roles.CreateRole(r.ctx, &iam.CreateRoleInput{RoleName: aws.String("r"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(t)
	for _, err := range []error{set(policy("Allow", role, "ecr:*", ""), false), set(policy("Deny", `"*"`, "ecr:*", ""), true)} {
		if err != nil {
			t.Error(err)
		}
	}
	must(r.DeleteRepositoryPolicy(r.ctx, &awsecr.DeleteRepositoryPolicyInput{RepositoryName: name}))(t)
	_, err = r.DeleteRepositoryPolicy(r.ctx, &awsecr.DeleteRepositoryPolicyInput{RepositoryName: name})
	refused(t, err, "RepositoryPolicyNotFoundException")
}

func TestRegistry(t *testing.T) {
	r := start(t)
	if got := must(r.DescribeRegistry(r.ctx, &awsecr.DescribeRegistryInput{}))(t); *got.RegistryId != account || len(got.ReplicationConfiguration.Rules) != 0 {
		t.Errorf("got %+v", got)
	}
	token := must(r.GetAuthorizationToken(r.ctx, &awsecr.GetAuthorizationTokenInput{}))(t).AuthorizationData[0]
	raw := must(base64.StdEncoding.DecodeString(*token.AuthorizationToken))(t)
	if !strings.HasPrefix(string(raw), "AWS:") || *token.ProxyEndpoint != "https://"+account+".dkr.ecr."+cloudtest.Region+".amazonaws.com" ||
		token.ExpiresAt.Sub(r.cloud.Clock.Now()).Round(time.Second) != 12*time.Hour {
		t.Errorf("got %s, %s, %v", raw, *token.ProxyEndpoint, token.ExpiresAt)
	}
}
