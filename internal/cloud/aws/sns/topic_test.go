package sns_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func TestTopicDefaults(t *testing.T) {
	c := start(t)
	got := c.attributes(*c.topic)
	want := []string{"DisplayName", "EffectiveDeliveryPolicy", "Owner", "Policy", "SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending", "TopicArn"}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
	if got["Owner"] != cloud.DefaultAccount || got["TopicArn"] != *c.topic || got["SubscriptionsPending"] != "0" || got["DisplayName"] != "" {
		t.Errorf("got %v", got)
	}
	var policy struct {
		Statement []struct {
			Condition map[string]map[string]string
			Resource  string
		}
	}
	if err := json.Unmarshal([]byte(got["Policy"]), &policy); err != nil || len(policy.Statement) != 1 || policy.Statement[0].Resource != *c.topic ||
		policy.Statement[0].Condition["StringEquals"]["AWS:SourceOwner"] != cloud.DefaultAccount {
		t.Errorf("the default policy: %s %v", got["Policy"], err)
	}
	const effective = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`
	if got["EffectiveDeliveryPolicy"] != effective {
		t.Errorf("got %s", got["EffectiveDeliveryPolicy"])
	}
}

func TestTopicLifeCycle(t *testing.T) {
	c := start(t)
	again := func(in sns.CreateTopicInput) error {
		in.Name = aws.String("t")
		_, err := c.CreateTopic(c.ctx, &in)
		return err
	}
	if err := again(sns.CreateTopicInput{}); err != nil {
		t.Errorf("the same topic again: %v", err)
	}
	refused(t, again(sns.CreateTopicInput{Attributes: map[string]string{"DisplayName": "x"}}), "InvalidParameter", "already exists with different attributes")
	refused(t, again(sns.CreateTopicInput{Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}), "InvalidParameter", "different tags")
	for range 2 {
		must(c.DeleteTopic(c.ctx, &sns.DeleteTopicInput{TopicArn: c.topic}))(t)
	}
	_, err := c.GetTopicAttributes(c.ctx, &sns.GetTopicAttributesInput{TopicArn: c.topic})
	refused(t, err, "NotFound", "Topic does not exist")
	for _, arn := range []string{"t", "arn:aws:sns:eu-west-1:" + cloud.DefaultAccount + ":t", "arn:aws:sqs:us-east-1:" + cloud.DefaultAccount + ":t"} {
		_, err = c.GetTopicAttributes(c.ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
		refused(t, err, "InvalidParameter", "TopicArn")
	}
	for _, name := range []string{"", "a b", "a.fifo", strings.Repeat("a", 257)} {
		_, err = c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: &name})
		refused(t, err, "InvalidParameter")
	}
	_, err = c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: aws.String("a"), Attributes: map[string]string{"FifoTopic": "true"}})
	refused(t, err, "InvalidParameter", ".fifo")
	_, err = c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: aws.String("a"), DataProtectionPolicy: aws.String("{}")})
	refused(t, err, "NotImplementedByLocalCloud")
}

func TestTopicAttributes(t *testing.T) {
	c := start(t)
	for name, value := range map[string]string{
		"DisplayName": "Alarms", "KmsMasterKeyId": "alias/aws/sns", "TracingConfig": "Active", "SignatureVersion": "2",
		"HTTPSuccessFeedbackRoleArn": "arn:aws:iam::111111111111:role/r", "HTTPSuccessFeedbackSampleRate": "50",
		"DeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":5}}}`,
	} {
		if err := c.set(name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := c.attributes(*c.topic)[name]; got != value {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := c.attributes(*c.topic)["EffectiveDeliveryPolicy"]; !strings.Contains(got, `"maxDelayTarget":2,"numRetries":5`) {
		t.Errorf("got %s", got)
	}
	for _, name := range []string{"DeliveryPolicy", "KmsMasterKeyId"} {
		if err := c.set(name, ""); err != nil {
			t.Error(err)
		}
		if got, there := c.attributes(*c.topic)[name]; there {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for name, value := range map[string]string{
		"TracingConfig": "On", "SignatureVersion": "3", "DisplayName": strings.Repeat("x", 101), "Colour": "red", "ContentBasedDeduplication": "true",
		"HTTPSuccessFeedbackSampleRate": "101", "SQSFailureFeedbackRoleArn": "r", "Policy": "{", "DeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`,
	} {
		refused(t, c.set(name, value), "InvalidParameter")
	}
	refused(t, c.set("ArchivePolicy", `{"MessageRetentionPeriod":"30"}`), "NotImplementedByLocalCloud")
}

func TestTopicPolicy(t *testing.T) {
	c := start(t)
	must(c.AddPermission(c.ctx, &sns.AddPermissionInput{TopicArn: c.topic, Label: aws.String("l"), AWSAccountId: []string{"222222222222"}, ActionName: []string{"Publish"}}))(t)
	const added = `{"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"SNS:Publish","Resource":"` + arnPrefix + `t"}`
	if got := c.attributes(*c.topic)["Policy"]; !strings.Contains(got, added) {
		t.Errorf("got %s", got)
	}
	_, err := c.AddPermission(c.ctx, &sns.AddPermissionInput{TopicArn: c.topic, Label: aws.String("l"), AWSAccountId: []string{"222222222222"}, ActionName: []string{"Publish"}})
	refused(t, err, "InvalidParameter", "already exists")
	_, err = c.AddPermission(c.ctx, &sns.AddPermissionInput{TopicArn: c.topic, Label: aws.String("m"), AWSAccountId: []string{"222222222222"}, ActionName: []string{"Sing"}})
	refused(t, err, "InvalidParameter", "out of service scope")
	must(c.RemovePermission(c.ctx, &sns.RemovePermissionInput{TopicArn: c.topic, Label: aws.String("l")}))(t)
	if got := c.attributes(*c.topic)["Policy"]; strings.Contains(got, `"l"`) || !strings.Contains(got, "__default_statement_ID") {
		t.Errorf("got %s", got)
	}

	policy := func(principal, action string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":%q,"Resource":%q}]}`, principal, action, *c.topic)
	}
	role := "arn:aws:iam::" + cloud.DefaultAccount + ":role/publisher"
	refused(t, c.set("Policy", policy(role, "sns:Publish")), "InvalidParameter", "PrincipalNotFound")
	refused(t, c.set("Policy", policy("*", "sqs:SendMessage")), "InvalidParameter", "out of service scope")
	roles := iam.NewFromConfig(c.cloud.Config())
	must(roles.CreateRole(c.ctx, &iam.CreateRoleInput{RoleName: aws.String("publisher"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(t)
	if err := c.set("Policy", policy(role, "sns:Publish")); err != nil {
		t.Error(err)
	}
	if err := c.set("Policy", policy("222222222222", "sns:Publish")); err != nil {
		t.Error(err)
	}
	if got := c.attributes(*c.topic)["Policy"]; got != policy("arn:aws:iam::222222222222:root", "sns:Publish") {
		t.Errorf("got %s", got)
	}
}

func TestTopicsInPages(t *testing.T) {
	c := start(t)
	for i := range 120 {
		must(c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: aws.String(fmt.Sprintf("p%03d", i))}))(t)
	}
	n := 0
	for pages := sns.NewListTopicsPaginator(c, &sns.ListTopicsInput{}); pages.HasMorePages(); {
		n += len(must(pages.NextPage(c.ctx))(t).Topics)
	}
	if n != 121 {
		t.Errorf("got %d topics", n)
	}
	_, err := c.ListTopics(c.ctx, &sns.ListTopicsInput{NextToken: aws.String("%")})
	refused(t, err, "InvalidParameter", "NextToken")
}

func TestTopicTags(t *testing.T) {
	c := start(t, cloudtest.Durable())
	tag := func(pairs ...string) []types.Tag {
		var out []types.Tag
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return out
	}
	check := func(want string) {
		t.Helper()
		got := ""
		for _, tag := range must(c.ListTagsForResource(c.ctx, &sns.ListTagsForResourceInput{ResourceArn: c.topic}))(t).Tags {
			got += *tag.Key + "=" + *tag.Value + " "
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	must(c.TagResource(c.ctx, &sns.TagResourceInput{ResourceArn: c.topic, Tags: tag("b", "2", "a", "1")}))(t)
	c.cloud.Restart()
	check("a=1 b=2 ")
	must(c.UntagResource(c.ctx, &sns.UntagResourceInput{ResourceArn: c.topic, TagKeys: []string{"a"}}))(t)
	check("b=2 ")
	_, err := c.TagResource(c.ctx, &sns.TagResourceInput{ResourceArn: c.topic, Tags: tag("aws:x", "1")})
	refused(t, err, "InvalidParameter")
	_, err = c.TagResource(c.ctx, &sns.TagResourceInput{ResourceArn: c.topic, Tags: tag("x", "1", "x", "2")})
	refused(t, err, "InvalidParameter", "Duplicated")
	_, err = c.TagResource(c.ctx, &sns.TagResourceInput{ResourceArn: aws.String(arnPrefix + "none"), Tags: tag("x", "1")})
	refused(t, err, "ResourceNotFound")
	var many []types.Tag
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(fmt.Sprint(i)), Value: aws.String("")})
	}
	_, err = c.TagResource(c.ctx, &sns.TagResourceInput{ResourceArn: c.topic, Tags: many})
	refused(t, err, "TagLimitExceeded")
	check("b=2 ")
}
