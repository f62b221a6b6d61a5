package cloud_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"atoll/internal/cloud/cloudtest"
)

// audit gives the lines of the audit record of a cloud that was closed.
func audit(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "events", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			if !json.Valid([]byte(line)) {
				t.Errorf("not JSON: %s", line)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func TestAudit(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Durable())
	ctx := t.Context()
	network := ec2.NewFromConfig(c.Config())
	vpc, err := network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0123456789abcdef0"}}); err == nil {
		t.Error("a VPC that is not there was found")
	}
	people := iam.NewFromConfig(c.Config())
	if _, err := people.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u")}); err != nil {
		t.Fatal(err)
	}
	key, err := people.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("u")})
	if err != nil {
		t.Fatal(err)
	}
	objects := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("audited")}); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("audited"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(c.ConfigFor("AKIANOBODY", "x", "")).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err == nil {
		t.Error("an unknown key was taken")
	}
	c.RestartWith(func() {
		lines := audit(t, c.Dir)
		for i, want := range [][]string{
			{`"eventName":"CreateVpc"`, `"requestParameters":{"cidrBlock":"10.0.0.0/16"}`, `"vpcId":"` + *vpc.Vpc.VpcId, `"readOnly":false`, `"type":"Root"`},
			{`"eventName":"DescribeVpcs"`, `"errorCode":"Client.InvalidVpcID.NotFound"`, `"responseElements":null`, `"readOnly":true`},
			{`"eventName":"CreateUser"`, `"eventSource":"iam.amazonaws.com"`},
			{`"eventName":"CreateAccessKey"`, `"accessKeyId":"` + *key.AccessKey.AccessKeyId, `"secretAccessKey":"HIDDEN_DUE_TO_SECURITY_REASONS"`},
			{`"eventName":"CreateBucket"`, `"bucketName":"audited"`, `"type":"AWS::S3::Bucket"`},
		} {
			for _, w := range want {
				if i >= len(lines) || !strings.Contains(lines[i], w) {
					t.Fatalf("the event %d of\n%s\nlacks %s", i, strings.Join(lines, ""), w)
				}
			}
		}
		if len(lines) != 5 {
			t.Errorf("got %d events:\n%s", len(lines), strings.Join(lines, ""))
		}
	})
	if err := c.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if lines := audit(t, c.Dir); len(lines) != 0 {
		t.Errorf("after the reset there are %d events", len(lines))
	}
}
