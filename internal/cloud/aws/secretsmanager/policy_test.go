package secretsmanager_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"atoll/internal/cloud"
)

const account = cloud.DefaultAccount

func policy(principal, rest string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"secretsmanager:GetSecretValue","Resource":"*"` + rest + `}]}`
}

func TestResourcePolicies(t *testing.T) {
	v := start(t)
	arn := v.secret("s", "one")
	put := func(document string, block bool) error {
		_, err := v.PutResourcePolicy(v.ctx, &sm.PutResourcePolicyInput{SecretId: &arn, ResourcePolicy: &document, BlockPublicPolicy: &block})
		return err
	}
	role := `{"AWS":"arn:aws:iam::` + account + `:role/r"}`
	refused(t, put(policy(role, ""), true), "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal")
	roles := iam.NewFromConfig(v.cloud.Config(), func(o *iam.Options) { o.HTTPSignerV4 = v.cloud.Signer() })
	must(roles.CreateRole(v.ctx, &iam.CreateRoleInput{RoleName: aws.String("r"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(t)
	if err := put(policy(role, ""), true); err != nil {
		t.Fatal(err)
	}
	if got := must(v.GetResourcePolicy(v.ctx, &sm.GetResourcePolicyInput{SecretId: &arn}))(t); *got.ResourcePolicy != policy(role, "") {
		t.Errorf("got %s", *got.ResourcePolicy)
	}
	refused(t, put("{", false), "MalformedPolicyDocumentException")
	refused(t, put(strings.Replace(policy(role, ""), "secretsmanager:", "s3:", 1), false), "MalformedPolicyDocumentException")
	refused(t, put(policy(`"*"`, ""), true), "PublicPolicyException")
	refused(t, put(policy(`"*"`, `,"Condition":{"StringNotEquals":{"aws:SourceAccount":"`+account+`"}}`), true), "PublicPolicyException")
	if err := put(policy(`"*"`, `,"Condition":{"StringEquals":{"aws:SourceAccount":"`+account+`"}}`), true); err != nil {
		t.Error(err)
	}
	if err := put(policy(`"*"`, ""), false); err != nil {
		t.Error(err)
	}
	must(v.DeleteResourcePolicy(v.ctx, &sm.DeleteResourcePolicyInput{SecretId: &arn}))(t)
	if got := must(v.GetResourcePolicy(v.ctx, &sm.GetResourcePolicyInput{SecretId: &arn}))(t); got.ResourcePolicy != nil {
		t.Errorf("got %s", *got.ResourcePolicy)
	}
	for document, want := range map[string]string{policy(role, ""): "", "{": "PolicySyntax", policy(`"*"`, ""): "PublicPolicy"} {
		out := must(v.ValidateResourcePolicy(v.ctx, &sm.ValidateResourcePolicyInput{ResourcePolicy: &document}))(t)
		if out.PolicyValidationPassed != (want == "") || want != "" && *out.ValidationErrors[0].CheckName != want {
			t.Errorf("%s: got %+v", document, out)
		}
	}
}
