package s3_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"atoll/internal/cloud/cloudtest"
)

func locked(t *testing.T) (*cloudtest.Cloud, *s3.Client) {
	t.Helper()
	c := cloudtest.Start(t)
	cl := client(c)
	must(cl.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("box"), ObjectLockEnabledForBucket: aws.Bool(true)}))
	return c, cl
}

func TestObjectLock(t *testing.T) {
	c, cl := locked(t)
	ctx := t.Context()
	until := c.Clock.Now().Add(48 * time.Hour)
	write := func(key string, mode types.ObjectLockMode) *string {
		return must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: &key, Body: strings.NewReader("x"), ObjectLockMode: mode,
			ObjectLockRetainUntilDate: &until})).VersionId
	}
	remove := func(key string, id *string, bypass bool) error {
		_, err := cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: &key, VersionId: id, BypassGovernanceRetention: &bypass})
		return err
	}
	retain := func(key string, mode types.ObjectLockRetentionMode, until time.Time, bypass bool) error {
		_, err := cl.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: aws.String("box"), Key: &key, BypassGovernanceRetention: &bypass,
			Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: &until}})
		return err
	}
	g, k := write("g", types.ObjectLockModeGovernance), write("k", types.ObjectLockModeCompliance)
	wantCode(t, remove("g", g, false), "AccessDenied")
	wantCode(t, remove("k", k, true), "AccessDenied")
	if err := remove("k", nil, false); err != nil { // a delete marker hides it, and protects it no less
		t.Fatal(err)
	}
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("k"), VersionId: must(cl.ListObjectVersions(ctx,
		&s3.ListObjectVersionsInput{Bucket: aws.String("box"), Prefix: aws.String("k")})).DeleteMarkers[0].VersionId}))
	wantCode(t, retain("k", "COMPLIANCE", until.Add(-time.Hour), true), "AccessDenied")
	wantCode(t, retain("k", "GOVERNANCE", until.Add(time.Hour), true), "AccessDenied")
	wantCode(t, retain("g", "GOVERNANCE", until.Add(-time.Hour), false), "AccessDenied")
	if err := retain("g", "GOVERNANCE", until.Add(-time.Hour), true); err != nil {
		t.Fatal(err)
	}
	if err := retain("k", "COMPLIANCE", until.Add(time.Hour), false); err != nil {
		t.Fatal(err)
	}
	if err := remove("g", g, true); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(50 * time.Hour)
	if err := remove("k", k, false); err != nil {
		t.Fatalf("after the retention ended: %v", err)
	}
}

func TestLegalHold(t *testing.T) {
	_, cl := locked(t)
	ctx := t.Context()
	id := put(t, cl, "box", "a", "x").VersionId
	_, err := cl.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: aws.String("box"), Key: aws.String("a")})
	wantCode(t, err, "NoSuchObjectLockConfiguration")
	hold := func(status types.ObjectLockLegalHoldStatus) {
		must(cl.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: aws.String("box"), Key: aws.String("a"), LegalHold: &types.ObjectLockLegalHold{Status: status}}))
	}
	hold("ON")
	_, err = cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("a"), VersionId: id, BypassGovernanceRetention: aws.Bool(true)})
	wantCode(t, err, "AccessDenied")
	hold("OFF")
	if got := must(cl.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: aws.String("box"), Key: aws.String("a")})); got.LegalHold.Status != "OFF" {
		t.Fatalf("%+v", got.LegalHold)
	}
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("a"), VersionId: id}))
}

func TestObjectLockConfiguration(t *testing.T) {
	c, cl := start(t)
	ctx := t.Context()
	_, err := cl.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: aws.String("box")})
	wantCode(t, err, "ObjectLockConfigurationNotFoundError")
	rule := &types.ObjectLockConfiguration{ObjectLockEnabled: "Enabled",
		Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(3)}}}
	_, err = cl.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: aws.String("box"), ObjectLockConfiguration: rule})
	wantCode(t, err, "InvalidBucketState")
	version(t, cl, types.BucketVersioningStatusEnabled)
	must(cl.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: aws.String("box"), ObjectLockConfiguration: rule}))
	put(t, cl, "box", "a", "x")
	head := must(cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}))
	if head.ObjectLockMode != "GOVERNANCE" || !head.ObjectLockRetainUntilDate.Equal(c.Clock.Now().AddDate(0, 0, 3).Truncate(time.Millisecond)) {
		t.Fatalf("%+v", head)
	}
	_, err = cl.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: aws.String("box"), VersioningConfiguration: &types.VersioningConfiguration{Status: "Suspended"}})
	wantCode(t, err, "InvalidBucketState")
}

func putRules(t *testing.T, cl *s3.Client, rules ...types.LifecycleRule) {
	t.Helper()
	must(cl.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String("box"),
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}}))
}

func TestExpiration(t *testing.T) {
	c, cl := start(t)
	put(t, cl, "box", "logs/a", "x")
	put(t, cl, "box", "keep", "x")
	begin(t, cl, "logs/upload")
	putRules(t, cl, types.LifecycleRule{ID: aws.String("r 1"), Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(2)}, AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)}})
	head := must(cl.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("logs/a")}))
	if !strings.Contains(aws.ToString(head.Expiration), `rule-id="r+1"`) {
		t.Fatalf("expiration: %v", aws.ToString(head.Expiration))
	}
	at := func(days int, want ...string) {
		t.Helper()
		keys, _, _ := walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box")})
		if !slices.Equal(keys, want) {
			t.Fatalf("after %d days: %v, want %v", days, keys, want)
		}
	}
	at(0, "keep", "logs/a")
	c.Clock.Advance(25 * time.Hour)
	at(1, "keep", "logs/a")
	c.Clock.Advance(48 * time.Hour)
	at(3, "keep")
	if up := must(cl.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("box")})); len(up.Uploads) != 0 {
		t.Fatalf("uploads: %v", up.Uploads)
	}
}

func TestExpirationOfVersions(t *testing.T) {
	c, cl := start(t)
	version(t, cl, types.BucketVersioningStatusEnabled)
	for _, body := range []string{"1", "2", "3"} {
		put(t, cl, "box", "a", body)
	}
	put(t, cl, "box", "b", "x")
	putRules(t, cl,
		types.LifecycleRule{Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("a")},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1), NewerNoncurrentVersions: aws.Int32(1)}},
		types.LifecycleRule{Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("b")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1)}},
		types.LifecycleRule{Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("b")}, Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}})
	c.Clock.Advance(72 * time.Hour)
	if got := versions(t, cl, "a", 100); len(got) != 2 {
		t.Fatalf("versions of a: %v", got)
	}
	if got := versions(t, cl, "b", 100); len(got) != 2 {
		t.Fatalf("versions of b with its marker: %v", got)
	}
	c.Clock.Advance(72 * time.Hour)
	if got := versions(t, cl, "b", 100); len(got) != 0 {
		t.Fatalf("versions of b: %v", got)
	}
}

func TestLifecycleConfiguration(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	_, err := cl.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("box")})
	wantCode(t, err, "NoSuchLifecycleConfiguration")
	putRules(t, cl, types.LifecycleRule{ID: aws.String("empty"), Status: "Enabled", Filter: &types.LifecycleRuleFilter{}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)}},
		types.LifecycleRule{ID: aws.String("prefix"), Status: "Disabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			Transitions: []types.Transition{{Days: aws.Int32(30), StorageClass: "STANDARD_IA"}}},
		types.LifecycleRule{ID: aws.String("old"), Status: "Enabled", Prefix: aws.String("x"), Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(false)}})
	got := must(cl.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("box")}))
	if len(got.Rules) != 3 || got.TransitionDefaultMinimumObjectSize != types.TransitionDefaultMinimumObjectSizeAllStorageClasses128k {
		t.Fatalf("%+v", got)
	}
	if f := got.Rules[0].Filter; f == nil || f.Prefix != nil {
		t.Errorf("the empty filter: %+v", f)
	}
	if f := got.Rules[1].Filter; f == nil || f.Prefix == nil || *f.Prefix != "" {
		t.Errorf("the filter of an empty prefix: %+v", f)
	}
	if r := got.Rules[2]; r.Filter != nil || *r.Prefix != "x" || *r.Expiration.ExpiredObjectDeleteMarker {
		t.Errorf("the rule with a prefix: %+v", r)
	}
	for code, rule := range map[string]types.LifecycleRule{
		"InvalidRequest":  {Status: "Enabled", Filter: &types.LifecycleRuleFilter{}},
		"MalformedXML":    {Status: "Enabled", Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)}},
		"InvalidArgument": {Status: "Enabled", Filter: &types.LifecycleRuleFilter{}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(0)}},
	} {
		_, err := cl.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String("box"),
			LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{rule}}})
		wantCode(t, err, code)
	}
}
