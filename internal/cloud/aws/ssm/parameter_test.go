package ssm_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"atoll/internal/cloud/cloudtest"
)

func TestParameterLifeCycle(t *testing.T) {
	s := start(t)
	in := &awsssm.PutParameterInput{Name: aws.String("/app/db"), Value: aws.String("one"), Type: types.ParameterTypeString, Description: aws.String("d")}
	out := must(s.PutParameter(s.ctx, in))(t)
	if out.Version != 1 || out.Tier != types.ParameterTierStandard {
		t.Errorf("got %+v", out)
	}
	_, err := s.PutParameter(s.ctx, in)
	refused(t, err, "ParameterAlreadyExists", "set the overwrite option")
	p := must(s.get("/app/db"))(t)
	if *p.Value != "one" || *p.ARN != arnPrefix+"app/db" || *p.DataType != "text" || p.Version != 1 || p.Selector != nil || p.Type != types.ParameterTypeString {
		t.Errorf("got %+v", p)
	}
	must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: in.Name, Value: aws.String("two"), Overwrite: aws.Bool(true)}))(t)
	if d := s.describe("/app/db"); *d.Description != "d" || d.Version != 2 || d.KeyId != nil || d.AllowedPattern != nil || len(d.Policies) != 0 ||
		!strings.HasSuffix(*d.LastModifiedUser, ":root") {
		t.Errorf("got %+v", d)
	}
	for name, want := range map[string]string{"/app/db": "two", "/app/db:1": "one", arnPrefix + "app/db": "two", arnPrefix + "app/db:1": "one"} {
		if got := s.value(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if p := must(s.get("/app/db:1"))(t); *p.Selector != ":1" {
		t.Errorf("got %+v", p)
	}
	_, err = s.get("/app/db:9")
	refused(t, err, "ParameterVersionNotFound")
	_, err = s.get("/app/db:stable")
	refused(t, err, "ParameterVersionNotFound", "stable")
	must(s.DeleteParameter(s.ctx, &awsssm.DeleteParameterInput{Name: in.Name}))(t)
	_, err = s.get("/app/db")
	refused(t, err, "ParameterNotFound")
	_, err = s.DeleteParameter(s.ctx, &awsssm.DeleteParameterInput{Name: in.Name})
	refused(t, err, "ParameterNotFound")
	must(s.PutParameter(s.ctx, in))(t)
	if s.describe("/app/db").Version != 1 {
		t.Error("the version goes on")
	}
}

func TestParameterInputs(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		in   awsssm.PutParameterInput
		code string
	}{
		{awsssm.PutParameterInput{Name: aws.String("a/b")}, "ValidationException"},
		{awsssm.PutParameterInput{Name: aws.String("a b")}, "ValidationException"},
		{awsssm.PutParameterInput{Name: aws.String("AWSname")}, "ValidationException"},
		{awsssm.PutParameterInput{Name: aws.String("/ssm/x")}, "ValidationException"},
		{awsssm.PutParameterInput{Name: aws.String("/aws/x")}, "AccessDeniedException"},
		{awsssm.PutParameterInput{Name: aws.String(strings.Repeat("/a", 16))}, "HierarchyLevelLimitExceededException"},
		{awsssm.PutParameterInput{Value: aws.String("{{ssm:x}}")}, "ValidationException"},
		{awsssm.PutParameterInput{Value: aws.String(strings.Repeat("a", 4097))}, "ValidationException"},
		{awsssm.PutParameterInput{Value: aws.String(strings.Repeat("a", 8193)), Tier: types.ParameterTierIntelligentTiering}, "ValidationException"},
		{awsssm.PutParameterInput{AllowedPattern: aws.String(`\d+`)}, "ParameterPatternMismatchException"},
		{awsssm.PutParameterInput{AllowedPattern: aws.String(`(`)}, "InvalidAllowedPatternException"},
		{awsssm.PutParameterInput{KeyId: aws.String("alias/aws/ssm")}, "ValidationException"},
		{awsssm.PutParameterInput{Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/none")}, "InvalidKeyId"},
		{awsssm.PutParameterInput{DataType: aws.String("number")}, "ValidationException"},
		{awsssm.PutParameterInput{DataType: aws.String("aws:ec2:image")}, "NotImplementedByLocalCloud"},
		{awsssm.PutParameterInput{Overwrite: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("")}}}, "ValidationException"},
		{awsssm.PutParameterInput{Tags: []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("")}}}, "ValidationException"},
		{awsssm.PutParameterInput{Type: "Number"}, "ValidationException"},
	} {
		if c.in.Name == nil {
			c.in.Name = aws.String("p")
		}
		if c.in.Value == nil {
			c.in.Value = aws.String("v")
		}
		if c.in.Type == "" {
			c.in.Type = types.ParameterTypeString
		}
		_, err := s.PutParameter(s.ctx, &c.in)
		refused(t, err, c.code)
	}
	_, err := s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("v")})
	refused(t, err, "ValidationException", "type is required")
	if out := must(s.DescribeParameters(s.ctx, &awsssm.DescribeParametersInput{}))(t); len(out.Parameters) != 0 {
		t.Errorf("got %v", out.Parameters)
	}
	_, err = s.get("/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended")
	refused(t, err, "ParameterNotFound", "public parameters")
}

func TestSecureStrings(t *testing.T) {
	s := start(t)
	keys := kms.NewFromConfig(s.cloud.Config(), func(o *kms.Options) { o.HTTPSignerV4 = s.cloud.Signer() })
	in := &awsssm.PutParameterInput{Name: aws.String("/secret"), Value: aws.String("hush"), Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true)}
	must(s.PutParameter(s.ctx, in))(t)
	if got := s.value("/secret"); got != "hush" || *s.describe("/secret").KeyId != "alias/aws/ssm" {
		t.Errorf("got %q", got)
	}
	sealed := *must(s.GetParameter(s.ctx, &awsssm.GetParameterInput{Name: in.Name}))(t).Parameter.Value
	blob := must(base64.StdEncoding.DecodeString(sealed))(t)
	opened := must(keys.Decrypt(s.ctx, &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: map[string]string{"PARAMETER_ARN": arnPrefix + "secret"}}))(t)
	if string(opened.Plaintext) != "hush" {
		t.Errorf("got %q", opened.Plaintext)
	}
	in.KeyId = must(keys.CreateKey(s.ctx, &kms.CreateKeyInput{}))(t).KeyMetadata.KeyId
	must(s.PutParameter(s.ctx, in))(t)
	if got := s.describe("/secret").KeyId; *got != *in.KeyId {
		t.Errorf("the key is %s", *got)
	}
	must(keys.DisableKey(s.ctx, &kms.DisableKeyInput{KeyId: in.KeyId}))(t)
	_, err := s.get("/secret")
	refused(t, err, "InvalidKeyId")
	must(s.GetParameter(s.ctx, &awsssm.GetParameterInput{Name: in.Name}))(t)
	s.put("/secret", "plain")
	if d := s.describe("/secret"); d.Type != types.ParameterTypeString || d.KeyId != nil || s.value("/secret") != "plain" {
		t.Errorf("got %+v", d)
	}
}

func TestTiers(t *testing.T) {
	s := start(t)
	put := func(name, value string, tier types.ParameterTier) types.ParameterTier {
		t.Helper()
		return must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString, Tier: tier, Overwrite: aws.Bool(true)}))(t).Tier
	}
	long := strings.Repeat("a", 5000)
	for _, c := range []struct {
		value       string
		asked, want types.ParameterTier
	}{
		{"v", types.ParameterTierIntelligentTiering, types.ParameterTierStandard},
		{"v", types.ParameterTierStandard, types.ParameterTierStandard},
		{long, types.ParameterTierIntelligentTiering, types.ParameterTierAdvanced},
		{"v", types.ParameterTierIntelligentTiering, types.ParameterTierAdvanced},
		{long, "", types.ParameterTierAdvanced},
	} {
		if got := put("p", c.value, c.asked); got != c.want {
			t.Errorf("asked for %s with %d bytes: got %s", c.asked, len(c.value), got)
		}
	}
	_, err := s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("v"), Tier: types.ParameterTierStandard, Overwrite: aws.Bool(true)})
	refused(t, err, "ValidationException", "can't downgrade")
}

func TestPolicies(t *testing.T) {
	s := start(t)
	expiration := func(at time.Time) string {
		return fmt.Sprintf(`{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":%q}}`, at.Format(time.RFC3339))
	}
	now := s.cloud.Clock.Now()
	soon := expiration(now.Add(25 * time.Hour))
	put := func(policies string, tier types.ParameterTier) error {
		_, err := s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("v"), Type: types.ParameterTypeString,
			Tier: tier, Policies: &policies, Overwrite: aws.Bool(true)})
		return err
	}
	advanced := types.ParameterTierAdvanced
	refused(t, put("["+soon+"]", types.ParameterTierStandard), "ValidationException")
	refused(t, put("["+soon+","+soon+"]", advanced), "IncompatiblePolicyException")
	refused(t, put("["+expiration(now)+"]", advanced), "InvalidPolicyAttributeException")
	refused(t, put(`[{"Type":"X","Version":"1.0"}]`, advanced), "InvalidPolicyTypeException")
	refused(t, put(`[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}]`, advanced), "NotImplementedByLocalCloud")
	if err := put("["+soon+"]", advanced); err != nil {
		t.Fatal(err)
	}
	if d := s.describe("p"); len(d.Policies) != 1 || *d.Policies[0].PolicyType != "Expiration" {
		t.Errorf("got %+v", d.Policies)
	}
	s.put("p", "later") // keeps the policy
	s.days(1)
	if s.value("p") != "later" {
		t.Error("the value is wrong")
	}
	s.days(1)
	_, err := s.get("p")
	refused(t, err, "ParameterNotFound")
	must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("new"), Type: types.ParameterTypeString}))(t)
	if s.describe("p").Version != 1 {
		t.Error("the expired parameter goes on")
	}
}

func TestHistoryAndLabels(t *testing.T) {
	s := start(t)
	for i := range 5 {
		s.put("p", fmt.Sprint(i+1))
	}
	label := func(version int64, labels ...string) []string {
		t.Helper()
		return must(s.LabelParameterVersion(s.ctx, &awsssm.LabelParameterVersionInput{Name: aws.String("p"), ParameterVersion: &version, Labels: labels}))(t).InvalidLabels
	}
	if got := label(2, "stable", "1st", "awsome", "a b"); !slices.Equal(got, []string{"1st", "awsome", "a b"}) {
		t.Errorf("invalid: %v", got)
	}
	if got := s.value("p:stable"); got != "2" {
		t.Errorf("got %q", got)
	}
	label(3, "stable")
	if got := s.value("p:stable"); got != "3" {
		t.Errorf("got %q", got)
	}
	var versions []string
	for pages := awsssm.NewGetParameterHistoryPaginator(s, &awsssm.GetParameterHistoryInput{Name: aws.String("p"), MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		for _, v := range must(pages.NextPage(s.ctx))(t).Parameters {
			versions = append(versions, fmt.Sprint(*v.Value, v.Labels))
		}
	}
	if got := strings.Join(versions, " "); got != "1[] 2[] 3[stable] 4[] 5[]" {
		t.Errorf("got %s", got)
	}
	out := must(s.UnlabelParameterVersion(s.ctx, &awsssm.UnlabelParameterVersionInput{Name: aws.String("p"), ParameterVersion: aws.Int64(3), Labels: []string{"stable", "none"}}))(t)
	if !slices.Equal(out.RemovedLabels, []string{"stable"}) || !slices.Equal(out.InvalidLabels, []string{"none"}) {
		t.Errorf("got %+v", out)
	}
	_, err := s.LabelParameterVersion(s.ctx, &awsssm.LabelParameterVersionInput{Name: aws.String("p"), Labels: strings.Fields("a b c d e f g h i j k")})
	refused(t, err, "ValidationException")
	label(5, strings.Fields("a b c d e f g h i j")...)
	_, err = s.LabelParameterVersion(s.ctx, &awsssm.LabelParameterVersionInput{Name: aws.String("p"), Labels: []string{"k"}})
	refused(t, err, "ParameterVersionLabelLimitExceeded")
	label(1, "first")
	for i := range 95 {
		s.put("p", fmt.Sprint(i+6))
	}
	_, err = s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("x"), Overwrite: aws.Bool(true)})
	refused(t, err, "ParameterMaxVersionLimitExceeded", "Version 1")
	label(2, "first")
	s.put("p", "x")
	_, err = s.get("p:1")
	refused(t, err, "ParameterVersionNotFound")
}

func TestManyParameters(t *testing.T) {
	s := start(t)
	s.put("a", "1")
	s.put("b", "2")
	out := must(s.GetParameters(s.ctx, &awsssm.GetParametersInput{Names: []string{"b", "none", "a:1"}}))(t)
	if len(out.Parameters) != 2 || *out.Parameters[0].Value != "2" || !slices.Equal(out.InvalidParameters, []string{"none"}) {
		t.Errorf("got %+v", out)
	}
	deleted := must(s.DeleteParameters(s.ctx, &awsssm.DeleteParametersInput{Names: []string{"b", "none", "a"}}))(t)
	if !slices.Equal(deleted.DeletedParameters, []string{"b", "a"}) || !slices.Equal(deleted.InvalidParameters, []string{"none"}) {
		t.Errorf("got %+v", deleted)
	}
	_, err := s.GetParameters(s.ctx, &awsssm.GetParametersInput{Names: strings.Fields("1 2 3 4 5 6 7 8 9 10 11")})
	refused(t, err, "ValidationException")
}

func TestRestart(t *testing.T) {
	s := start(t, cloudtest.Durable())
	must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("/p"), Value: aws.String("hush"), Type: types.ParameterTypeSecureString,
		Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}))(t)
	s.cloud.Restart()
	tags := must(s.ListTagsForResource(s.ctx, &awsssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String("/p")}))(t)
	if s.value("/p") != "hush" || len(tags.TagList) != 1 {
		t.Errorf("got %v", tags.TagList)
	}
}
