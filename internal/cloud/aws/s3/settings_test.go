package s3_test

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var box = aws.String("box")

func TestAbsentSettings(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	for code, call := range map[string]func() error{
		"NoSuchTagSet":               func() error { _, err := cl.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: box}); return err },
		"NoSuchCORSConfiguration":    func() error { _, err := cl.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: box}); return err },
		"NoSuchWebsiteConfiguration": func() error { _, err := cl.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: box}); return err },
		"NoSuchBucketPolicy":         func() error { _, err := cl.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: box}); return err },
		"ReplicationConfigurationNotFoundError": func() error {
			_, err := cl.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: box})
			return err
		},
	} {
		wantCode(t, call(), code)
	}
	must(cl.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: box}))
	_, err := cl.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: box})
	wantCode(t, err, "NoSuchPublicAccessBlockConfiguration")
	must(cl.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: box}))
	_, err = cl.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: box})
	wantCode(t, err, "OwnershipControlsNotFoundError")
}

func TestDefaultSettings(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	enc := must(cl.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: box})).ServerSideEncryptionConfiguration.Rules[0]
	if enc.ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" || *enc.BucketKeyEnabled {
		t.Errorf("encryption: %+v", enc)
	}
	block := must(cl.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: box})).PublicAccessBlockConfiguration
	if !*block.BlockPublicAcls || !*block.BlockPublicPolicy || !*block.IgnorePublicAcls || !*block.RestrictPublicBuckets {
		t.Errorf("public access block: %+v", block)
	}
	if own := must(cl.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: box})); own.OwnershipControls.Rules[0].ObjectOwnership != "BucketOwnerEnforced" {
		t.Errorf("ownership: %+v", own)
	}
	acl := must(cl.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: box}))
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != "FULL_CONTROL" || acl.Grants[0].Grantee.Type != "CanonicalUser" || *acl.Grants[0].Grantee.ID != *acl.Owner.ID {
		t.Errorf("ACL: %+v", acl)
	}
	if v := must(cl.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: box})); v.Status != "" {
		t.Errorf("versioning: %v", v.Status)
	}
	if p := must(cl.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: box})); p.Payer != "BucketOwner" {
		t.Errorf("payer: %v", p.Payer)
	}
	if l := must(cl.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: box})); l.LoggingEnabled != nil {
		t.Errorf("logging: %+v", l)
	}
	if a := must(cl.GetBucketAccelerateConfiguration(ctx, &s3.GetBucketAccelerateConfigurationInput{Bucket: box})); a.Status != "" {
		t.Errorf("acceleration: %+v", a)
	}
	if n := must(cl.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: box})); n.TopicConfigurations != nil || n.EventBridgeConfiguration != nil {
		t.Errorf("notifications: %+v", n)
	}
}

func TestACLs(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	_, err := cl.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: box, ACL: "private"})
	wantCode(t, err, "AccessControlListNotSupported")
	_, err = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: box, Key: aws.String("a"), ACL: "public-read"})
	wantCode(t, err, "AccessControlListNotSupported")
	must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: box, Key: aws.String("a"), ACL: "bucket-owner-full-control"}))
	_, err = cl.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("other"), ACL: "public-read"})
	wantCode(t, err, "InvalidBucketAclWithObjectOwnership")
	must(cl.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: box,
		OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: "BucketOwnerPreferred"}}}}))
	_, err = cl.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: box, ACL: "public-read"})
	wantCode(t, err, "AccessDenied")
	must(cl.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: box, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}}))
	must(cl.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: box, ACL: "public-read"}))
	acl := must(cl.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: box}))
	if len(acl.Grants) != 2 || *acl.Grants[1].Grantee.URI != "http://acs.amazonaws.com/groups/global/AllUsers" || acl.Grants[1].Permission != "READ" {
		t.Fatalf("%+v", acl.Grants)
	}
	must(cl.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: box, AccessControlPolicy: &types.AccessControlPolicy{Owner: acl.Owner, Grants: acl.Grants[:1]}}))
	must(cl.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: box, Key: aws.String("a"), GrantRead: aws.String(`uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"`)}))
	if got := must(cl.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: box, Key: aws.String("a")})); len(got.Grants) != 1 || got.Grants[0].Permission != "READ" {
		t.Fatalf("%+v", got.Grants)
	}
}

func TestBucketPolicy(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	put := func(policy string) error {
		_, err := cl.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: box, Policy: &policy})
		return err
	}
	for _, bad := range []string{
		`not JSON`, `[]`, `{"Version":"2012-10-17"}`, `{"Version":"2020-01-01","Statement":[]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ec2:RunInstances","Resource":"arn:aws:s3:::box/*"}]}`,
	} {
		wantCode(t, put(bad), "MalformedPolicy")
	}
	public := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*"}]}`
	wantCode(t, put(public), "AccessDenied")
	tls := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::box","arn:aws:s3:::box/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	if err := put(tls); err != nil {
		t.Fatal(err)
	}
	if got := must(cl.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: box})); *got.Policy != tls {
		t.Fatalf("got %s", *got.Policy)
	}
	if st := must(cl.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: box})); *st.PolicyStatus.IsPublic {
		t.Fatal("a policy of a denial is public")
	}
	must(cl.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: box, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}}))
	if err := put(public); err != nil {
		t.Fatal(err)
	}
	if st := must(cl.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: box})); !*st.PolicyStatus.IsPublic {
		t.Fatal("a policy for everybody is not public")
	}
	must(cl.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: box}))
}

func TestEncryption(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	must(cl.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: box, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{BucketKeyEnabled: aws.Bool(true), ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
			SSEAlgorithm: "aws:kms", KMSMasterKeyID: aws.String("arn:aws:kms:us-east-1:111111111111:key/k")}}}}}))
	out := put(t, cl, "box", "a", "x")
	if out.ServerSideEncryption != "aws:kms" || *out.SSEKMSKeyId != "arn:aws:kms:us-east-1:111111111111:key/k" || !*out.BucketKeyEnabled {
		t.Fatalf("%+v", out)
	}
	plain := must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: box, Key: aws.String("b"), ServerSideEncryption: "AES256"}))
	if plain.ServerSideEncryption != "AES256" || plain.SSEKMSKeyId != nil {
		t.Fatalf("%+v", plain)
	}
	_, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: box, Key: aws.String("c"), SSECustomerAlgorithm: aws.String("AES256"),
		SSECustomerKey: aws.String("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), SSECustomerKeyMD5: aws.String("x")})
	wantCode(t, err, "NotImplementedByLocalCloud")
	must(cl.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: box}))
	if out := put(t, cl, "box", "a", "x"); out.ServerSideEncryption != "AES256" {
		t.Fatalf("%+v", out)
	}
}

// TestStoredSettings puts each setting that is stored, and reads it back.
func TestStoredSettings(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	makeBucket(t, cl, "target")
	cors := []types.CORSRule{{AllowedMethods: []string{"GET", "PUT"}, AllowedOrigins: []string{"https://*.example.com"}, AllowedHeaders: []string{"*"},
		ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(60), ID: aws.String("r")}}
	must(cl.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: box, CORSConfiguration: &types.CORSConfiguration{CORSRules: cors}}))
	same(t, must(cl.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: box})).CORSRules, cors)
	_, err := cl.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: box, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{
		{AllowedMethods: []string{"PATCH"}, AllowedOrigins: []string{"*"}}}}})
	wantCode(t, err, "InvalidRequest")

	site := &types.WebsiteConfiguration{IndexDocument: &types.IndexDocument{Suffix: aws.String("index.html")}, ErrorDocument: &types.ErrorDocument{Key: aws.String("e.html")},
		RoutingRules: []types.RoutingRule{{Condition: &types.Condition{KeyPrefixEquals: aws.String("a/")}, Redirect: &types.Redirect{ReplaceKeyPrefixWith: aws.String("b/")}}}}
	must(cl.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: box, WebsiteConfiguration: site}))
	got := must(cl.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: box}))
	same(t, got.IndexDocument, site.IndexDocument)
	same(t, got.RoutingRules, site.RoutingRules)

	log := &types.LoggingEnabled{TargetBucket: aws.String("target"), TargetPrefix: aws.String("p/"),
		TargetObjectKeyFormat: &types.TargetObjectKeyFormat{PartitionedPrefix: &types.PartitionedPrefix{PartitionDateSource: "EventTime"}}}
	must(cl.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: box, BucketLoggingStatus: &types.BucketLoggingStatus{LoggingEnabled: log}}))
	same(t, must(cl.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: box})).LoggingEnabled, log)
	_, err = cl.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: box, BucketLoggingStatus: &types.BucketLoggingStatus{
		LoggingEnabled: &types.LoggingEnabled{TargetBucket: aws.String("none"), TargetPrefix: aws.String("")}}})
	wantCode(t, err, "InvalidTargetBucketForLogging")
	must(cl.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: box, BucketLoggingStatus: &types.BucketLoggingStatus{}}))

	topic := []types.TopicConfiguration{{Id: aws.String("n"), TopicArn: aws.String("arn:aws:sns:us-east-1:111111111111:t"), Events: []types.Event{"s3:ObjectCreated:*"},
		Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{{Name: "prefix", Value: aws.String("a/")}}}}}}
	must(cl.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: box,
		NotificationConfiguration: &types.NotificationConfiguration{TopicConfigurations: topic, EventBridgeConfiguration: &types.EventBridgeConfiguration{}}}))
	note := must(cl.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: box}))
	same(t, note.TopicConfigurations, topic)
	if note.EventBridgeConfiguration == nil {
		t.Error("EventBridge is off")
	}

	must(cl.PutBucketAccelerateConfiguration(ctx, &s3.PutBucketAccelerateConfigurationInput{Bucket: box, AccelerateConfiguration: &types.AccelerateConfiguration{Status: "Enabled"}}))
	must(cl.PutBucketRequestPayment(ctx, &s3.PutBucketRequestPaymentInput{Bucket: box, RequestPaymentConfiguration: &types.RequestPaymentConfiguration{Payer: "Requester"}}))
	if p := must(cl.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: box})); p.Payer != "Requester" {
		t.Errorf("payer: %v", p.Payer)
	}

	repl := &types.ReplicationConfiguration{Role: aws.String("arn:aws:iam::111111111111:role/r"), Rules: []types.ReplicationRule{{ID: aws.String("r"), Status: "Enabled",
		Priority: aws.Int32(1), Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")}, DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: "Disabled"},
		Destination: &types.Destination{Bucket: aws.String("arn:aws:s3:::target")}}}}
	_, err = cl.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: box, ReplicationConfiguration: repl})
	wantCode(t, err, "InvalidRequest")
	for _, b := range []string{"box", "target"} {
		must(cl.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &b, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}}))
	}
	must(cl.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: box, ReplicationConfiguration: repl}))
	same(t, must(cl.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: box})).ReplicationConfiguration, repl)
	_, err = cl.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: box, VersioningConfiguration: &types.VersioningConfiguration{Status: "Suspended"}})
	wantCode(t, err, "InvalidBucketState")
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTags(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	tags := func(pairs ...string) *types.Tagging {
		out := &types.Tagging{TagSet: []types.Tag{}}
		for i := 0; i < len(pairs); i += 2 {
			out.TagSet = append(out.TagSet, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return out
	}
	_, err := cl.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: box, Tagging: tags("a", "1", "a", "2")})
	wantCode(t, err, "InvalidTag")
	_, err = cl.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: box, Tagging: tags("aws:x", "1")})
	wantCode(t, err, "InvalidTag")
	must(cl.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: box, Tagging: tags("b", "2", "a", "1")}))
	same(t, must(cl.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: box})).TagSet, tags("a", "1", "b", "2").TagSet)
	must(cl.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: box}))
	put(t, cl, "box", "k", "x")
	must(cl.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: box, Key: aws.String("k"), Tagging: tags("a", "1")}))
	same(t, must(cl.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: box, Key: aws.String("k")})).TagSet, tags("a", "1").TagSet)
	must(cl.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: box, Key: aws.String("k")}))
	same(t, must(cl.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: box, Key: aws.String("k")})).TagSet, []types.Tag{})
	_, err = cl.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: box, Key: aws.String("none"), Tagging: tags()})
	wantCode(t, err, "NoSuchKey")
}
