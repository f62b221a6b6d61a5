package cloudtrail_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"atoll/internal/cloud/cloudtest"
)

// names gives the names of a log file's events.
func (l *trails) names(key string) []string {
	l.t.Helper()
	raw, _ := l.file(key)
	var file struct{ Records []struct{ EventName string } }
	if err := json.Unmarshal(raw, &file); err != nil {
		l.t.Fatalf("%v: %s", err, raw)
	}
	var out []string
	for _, r := range file.Records {
		out = append(out, r.EventName)
	}
	return out
}

// tick moves the clock to the next full five minutes.
func (l *trails) tick() time.Time {
	now := l.cloud.Clock.Now()
	next := now.Truncate(5 * time.Minute).Add(5 * time.Minute)
	l.cloud.Clock.Advance(next.Sub(now))
	return next
}

func TestDelivery(t *testing.T) {
	l := start(t, cloudtest.Durable())
	l.user("before")
	l.begin(sdk.CreateTrailInput{})
	l.user("a")
	network := ec2.NewFromConfig(l.cloud.Config(), func(o *ec2.Options) { o.HTTPSignerV4, o.Region = l.cloud.Signer(), "eu-west-1" })
	must(network.DescribeVpcs(l.ctx, &ec2.DescribeVpcsInput{}))(t)
	l.cloud.Restart()
	at := l.tick()
	keys := l.keys("AWSLogs/")
	folder := "AWSLogs/" + account + "/CloudTrail/us-east-1/" + at.Format("2006/01/02") + "/" + account + "_CloudTrail_us-east-1_" + at.Format("20060102T1504Z") + "_"
	if len(keys) != 1 || !strings.HasPrefix(keys[0], folder) || len(keys[0]) != len(folder)+len("0123456789abcdef.json.gz") {
		t.Fatalf("delivered are %v, want %s…", keys, folder)
	}
	if got := l.names(keys[0]); !slices.Equal(got, []string{"StartLogging", "CreateUser"}) {
		t.Errorf("the file has %v", got)
	}
	status := must(l.GetTrailStatus(l.ctx, &sdk.GetTrailStatusInput{Name: aws.String("audit")}))(t)
	if !*status.IsLogging || !status.LatestDeliveryTime.Equal(at) || status.LatestDeliveryError != nil {
		t.Errorf("the status is %+v", status)
	}
	// What the policy does not allow any more waits until it does.
	l.policy("arn:aws:s3:::logs/elsewhere/*")
	l.user("b")
	l.tick()
	if got := l.keys("AWSLogs/"); len(got) != 1 {
		t.Errorf("delivered in spite of the policy: %v", got)
	}
	if status := must(l.GetTrailStatus(l.ctx, &sdk.GetTrailStatusInput{Name: aws.String(arn)}))(t); aws.ToString(status.LatestDeliveryError) != "AccessDenied" {
		t.Errorf("the error is %v", status.LatestDeliveryError)
	}
	l.policy("arn:aws:s3:::logs/*")
	must(l.StopLogging(l.ctx, &sdk.StopLoggingInput{Name: aws.String("audit")}))(t)
	l.user("c")
	l.tick()
	keys = l.keys("AWSLogs/")
	if len(keys) != 2 {
		t.Fatalf("delivered are %v", keys)
	}
	if got := l.names(keys[1]); got[len(got)-1] != "PutBucketPolicy" || !slices.Contains(got, "CreateUser") || slices.Contains(got, "ListObjectsV2") {
		t.Errorf("after the stop the file has %v", got)
	}
	l.tick()
	if got := l.keys("AWSLogs/"); len(got) != 2 {
		t.Errorf("a stopped trail delivered %v", got)
	}
}

func TestSelectorsAndRegionsOfDelivery(t *testing.T) {
	l := start(t)
	l.begin(sdk.CreateTrailInput{IsMultiRegionTrail: aws.Bool(true), S3KeyPrefix: nil})
	must(l.PutEventSelectors(l.ctx, &sdk.PutEventSelectorsInput{TrailName: aws.String("audit"), EventSelectors: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeWriteOnly}}}))(t)
	l.tick()
	before := len(l.keys("AWSLogs/"))
	network := ec2.NewFromConfig(l.cloud.Config(), func(o *ec2.Options) { o.HTTPSignerV4, o.Region = l.cloud.Signer(), "eu-west-1" })
	must(network.CreateVpc(l.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}))(t)
	must(network.DescribeVpcs(l.ctx, &ec2.DescribeVpcsInput{}))(t)
	l.tick()
	keys := l.keys("AWSLogs/")
	if len(keys) != before+1 {
		t.Fatalf("delivered are %v", keys)
	}
	west := l.keys("AWSLogs/" + account + "/CloudTrail/eu-west-1/")
	if got := l.names(west[0]); !slices.Equal(got, []string{"CreateVpc"}) {
		t.Errorf("the file has %v", got)
	}
}

func TestDigests(t *testing.T) {
	l := start(t)
	l.begin(sdk.CreateTrailInput{EnableLogFileValidation: aws.Bool(true)})
	l.cloud.Clock.Advance(time.Hour)
	first := l.keys("AWSLogs/" + account + "/CloudTrail-Digest/")
	l.user("a")
	l.cloud.Clock.Advance(time.Hour)
	all := l.keys("AWSLogs/" + account + "/CloudTrail-Digest/us-east-1/")
	if len(first) != 1 || len(all) != 2 {
		t.Fatalf("digests: %v, then %v", first, all)
	}
	public := must(l.ListPublicKeys(l.ctx, &sdk.ListPublicKeysInput{}))(t).PublicKeyList
	if len(public) != 1 {
		t.Fatalf("there are %d public keys", len(public))
	}
	key := must(x509.ParsePKCS1PublicKey(public[0].Value))(t)
	previous := "null"
	for _, name := range all {
		raw, metadata := l.file(name)
		var d struct {
			DigestEndTime, DigestS3Bucket, DigestS3Object, DigestPublicKeyFingerprint string
			PreviousDigestSignature                                                   *string
			LogFiles                                                                  []struct{ S3Object, HashValue string }
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		if d.DigestPublicKeyFingerprint != *public[0].Fingerprint || d.DigestS3Object != name {
			t.Errorf("the digest %s says of itself %+v", name, d)
		}
		if previous != "null" && (d.PreviousDigestSignature == nil || *d.PreviousDigestSignature != previous) {
			t.Error("the chain is broken")
		}
		sum := sha256.Sum256(raw)
		signed := sha256.Sum256([]byte(d.DigestEndTime + "\n" + d.DigestS3Bucket + "/" + d.DigestS3Object + "\n" + hex.EncodeToString(sum[:]) + "\n" + previous))
		signature := must(hex.DecodeString(metadata["signature"]))(t)
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, signed[:], signature); err != nil {
			t.Errorf("the signature of %s: %v", name, err)
		}
		if len(d.LogFiles) == 0 {
			t.Errorf("the digest %s names no files", name)
		}
		for _, f := range d.LogFiles {
			content, _ := l.file(f.S3Object)
			if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != f.HashValue {
				t.Errorf("the hash of %s is wrong", f.S3Object)
			}
		}
		previous = metadata["signature"]
	}
}

func TestLogGroup(t *testing.T) {
	l := start(t)
	groups := cloudwatchlogs.NewFromConfig(l.cloud.Config(), func(o *cloudwatchlogs.Options) { o.HTTPSignerV4 = l.cloud.Signer() })
	must(groups.CreateLogGroup(l.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}))(t)
	roles := iam.NewFromConfig(l.cloud.Config())
	role := must(roles.CreateRole(l.ctx, &iam.CreateRoleInput{RoleName: aws.String("r"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(t)
	in := sdk.CreateTrailInput{CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:us-east-1:" + account + ":log-group:g:*"), CloudWatchLogsRoleArn: role.Role.Arn}
	try := in
	try.Name, try.S3BucketName = aws.String("audit"), aws.String("logs")
	_, err := l.CreateTrail(l.ctx, &try)
	refused(t, err, "InvalidCloudWatchLogsRoleArnException", "Access denied.")
	must(roles.PutRolePolicy(l.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:` + account + `:log-group:g:*"}]}`)}))(t)
	try.CloudWatchLogsLogGroupArn = aws.String("arn:aws:logs:us-east-1:" + account + ":log-group:other:*")
	_, err = l.CreateTrail(l.ctx, &try)
	refused(t, err, "InvalidCloudWatchLogsLogGroupArnException")
	l.begin(in)
	l.user("a")
	l.tick()
	l.keys("")
	out := must(groups.GetLogEvents(l.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String(account + "_CloudTrail_us-east-1"), StartFromHead: aws.Bool(true)}))(t)
	if len(out.Events) != 2 || !strings.Contains(*out.Events[1].Message, `"eventName":"CreateUser"`) {
		t.Errorf("the log group has %d events", len(out.Events))
	}
}
