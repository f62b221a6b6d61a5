package secretsmanager_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"atoll/internal/cloud/cloudtest"
)

func TestSecretLifeCycle(t *testing.T) {
	v := start(t)
	arn := v.secret("app/db", "")
	if !regexp.MustCompile("^" + regexp.QuoteMeta(arnPrefix) + "app/db-[A-Za-z0-9]{6}$").MatchString(arn) {
		t.Errorf("the ARN is %s", arn)
	}
	_, err := v.CreateSecret(v.ctx, &sm.CreateSecretInput{Name: aws.String("app/db")})
	refused(t, err, "ResourceExistsException", "already exists")
	d := v.describe("app/db")
	if d.VersionIdsToStages != nil || d.Description != nil || d.KmsKeyId != nil || d.Tags != nil || d.RotationEnabled != nil || d.DeletedDate != nil ||
		d.LastAccessedDate != nil || d.OwningService != nil || d.PrimaryRegion != nil || !d.CreatedDate.Equal(v.cloud.Clock.Now().Truncate(time.Millisecond)) {
		t.Errorf("got %+v", d)
	}
	_, err = v.value("app/db")
	refused(t, err, "ResourceNotFoundException", "staging label: AWSCURRENT")
	v.put("app/db", "one")
	for _, id := range []string{"app/db", arn, arn[:len(arn)-7]} {
		if got, err := v.value(id); err != nil || got != "one" {
			t.Errorf("%s: got %q, %v", id, got, err)
		}
	}
	if d := v.describe(arn); d.LastAccessedDate == nil || d.LastAccessedDate.After(v.cloud.Clock.Now()) || d.LastAccessedDate.Hour() != 0 {
		t.Errorf("last accessed: %v", d.LastAccessedDate)
	}
	must(v.UpdateSecret(v.ctx, &sm.UpdateSecretInput{SecretId: &arn, Description: aws.String("d"), SecretString: aws.String("two")}))(t)
	if got, _ := v.value(arn); got != "two" || *v.describe(arn).Description != "d" {
		t.Errorf("got %q", got)
	}
	must(v.DeleteSecret(v.ctx, &sm.DeleteSecretInput{SecretId: &arn, ForceDeleteWithoutRecovery: aws.Bool(true)}))(t)
	_, err = v.value(arn)
	refused(t, err, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	if again := v.secret("app/db", "three"); again == arn {
		t.Error("the ARN is the same again")
	}
}

func TestSecretInputs(t *testing.T) {
	v := start(t)
	for _, c := range []struct {
		in   sm.CreateSecretInput
		code string
	}{
		{sm.CreateSecretInput{Name: aws.String("a b")}, "ValidationException"},
		{sm.CreateSecretInput{Name: aws.String(strings.Repeat("a", 513))}, "ValidationException"},
		{sm.CreateSecretInput{Name: aws.String("a"), SecretString: aws.String(strings.Repeat("a", 65537))}, "ValidationException"},
		{sm.CreateSecretInput{Name: aws.String("a"), SecretString: aws.String("a"), SecretBinary: []byte("a")}, "InvalidParameterException"},
		{sm.CreateSecretInput{Name: aws.String("a"), ClientRequestToken: aws.String("short")}, "InvalidParameterException"},
		{sm.CreateSecretInput{Name: aws.String("a"), KmsKeyId: aws.String("alias/none")}, "EncryptionFailure"},
		{sm.CreateSecretInput{Name: aws.String("a"), Tags: []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("")}}}, "InvalidParameterException"},
		{sm.CreateSecretInput{Name: aws.String("a"), Type: aws.String("SalesforceClientSecret")}, "NotImplementedByLocalCloud"},
	} {
		_, err := v.CreateSecret(v.ctx, &c.in)
		refused(t, err, c.code)
	}
}

func TestDeletionWindow(t *testing.T) {
	v := start(t)
	arn := v.secret("s", "one")
	refused(t, v.delete(arn, 6), "InvalidParameterException", "RecoveryWindowInDays")
	if err := v.delete(arn, 7); err != nil {
		t.Fatal(err)
	}
	if v.describe(arn).DeletedDate == nil {
		t.Error("the deletion does not show")
	}
	_, err := v.value(arn)
	refused(t, err, "InvalidRequestException", "because it was marked for deletion")
	_, err = v.GetResourcePolicy(v.ctx, &sm.GetResourcePolicyInput{SecretId: &arn})
	refused(t, err, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion")
	_, err = v.CreateSecret(v.ctx, &sm.CreateSecretInput{Name: aws.String("s")})
	refused(t, err, "InvalidRequestException", "scheduled for deletion")
	refused(t, v.delete(arn, 7), "InvalidRequestException")
	v.days(6)
	must(v.RestoreSecret(v.ctx, &sm.RestoreSecretInput{SecretId: &arn}))(t)
	if got, err := v.value(arn); got != "one" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := v.delete(arn, 7); err != nil {
		t.Fatal(err)
	}
	v.days(7)
	_, err = v.DescribeSecret(v.ctx, &sm.DescribeSecretInput{SecretId: &arn})
	refused(t, err, "ResourceNotFoundException")
	_, err = v.RestoreSecret(v.ctx, &sm.RestoreSecretInput{SecretId: &arn})
	refused(t, err, "ResourceNotFoundException")
	v.secret("s", "")
	_, err = v.value("s")
	refused(t, err, "ResourceNotFoundException")
	must(v.DeleteSecret(v.ctx, &sm.DeleteSecretInput{SecretId: aws.String("none"), ForceDeleteWithoutRecovery: aws.Bool(true)}))(t)
	refused(t, v.delete("none", 7), "ResourceNotFoundException")
}

func TestKmsKey(t *testing.T) {
	v := start(t)
	keys := kms.NewFromConfig(v.cloud.Config(), func(o *kms.Options) { o.HTTPSignerV4 = v.cloud.Signer() })
	key := must(keys.CreateKey(v.ctx, &kms.CreateKeyInput{}))(t).KeyMetadata.KeyId
	arn := v.secret("s", "one")
	must(v.UpdateSecret(v.ctx, &sm.UpdateSecretInput{SecretId: &arn, KmsKeyId: key}))(t)
	if got := v.describe(arn).KmsKeyId; *got != *key {
		t.Errorf("the key is %s", *got)
	}
	must(keys.DisableKey(v.ctx, &kms.DisableKeyInput{KeyId: key}))(t)
	_, err := v.value(arn)
	refused(t, err, "DecryptionFailure")
	_, err = v.PutSecretValue(v.ctx, &sm.PutSecretValueInput{SecretId: &arn, SecretString: aws.String("two")})
	refused(t, err, "EncryptionFailure")
	must(v.UpdateSecret(v.ctx, &sm.UpdateSecretInput{SecretId: &arn, KmsKeyId: aws.String("")}))(t)
	if got, err := v.value(arn); got != "one" || v.describe(arn).KmsKeyId != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTags(t *testing.T) {
	v := start(t)
	arn := v.secret("s", "")
	tag := func(kv ...string) error {
		var tags []types.Tag
		for i := 0; i < len(kv); i += 2 {
			tags = append(tags, types.Tag{Key: &kv[i], Value: &kv[i+1]})
		}
		_, err := v.TagResource(v.ctx, &sm.TagResourceInput{SecretId: &arn, Tags: tags})
		return err
	}
	if err := tag("b", "2", "a", "1"); err != nil {
		t.Fatal(err)
	}
	must(v.UntagResource(v.ctx, &sm.UntagResourceInput{SecretId: &arn, TagKeys: []string{"b"}}))(t)
	if d := v.describe(arn); len(d.Tags) != 1 || *d.Tags[0].Key != "a" {
		t.Errorf("got %v", d.Tags)
	}
	refused(t, tag("aws:x", ""), "InvalidParameterException")
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint(i), "")
	}
	refused(t, tag(many...), "InvalidParameterException")
}

func TestListSecrets(t *testing.T) {
	v := start(t)
	for i, name := range []string{"prod/db", "prod/api", "dev/db"} {
		must(v.CreateSecret(v.ctx, &sm.CreateSecretInput{Name: &name, Description: aws.String("The Secret of " + name),
			Tags: []types.Tag{{Key: aws.String("rank"), Value: aws.String(fmt.Sprint(i))}}}))(t)
		v.cloud.Clock.Advance(time.Second)
	}
	v.secret("gone", "")
	if err := v.delete("gone", 7); err != nil {
		t.Fatal(err)
	}
	filter := func(key types.FilterNameStringType, values ...string) []types.Filter {
		return []types.Filter{{Key: key, Values: values}}
	}
	for _, c := range []struct {
		in   sm.ListSecretsInput
		want string
	}{
		{sm.ListSecretsInput{}, "dev/db prod/api prod/db"},
		{sm.ListSecretsInput{SortOrder: types.SortOrderTypeAsc, IncludePlannedDeletion: aws.Bool(true)}, "prod/db prod/api dev/db gone"},
		{sm.ListSecretsInput{SortOrder: types.SortOrderTypeAsc, SortBy: types.SortByTypeName}, "dev/db prod/api prod/db"},
		{sm.ListSecretsInput{Filters: filter("name", "prod/")}, "prod/api prod/db"},
		{sm.ListSecretsInput{Filters: filter("name", "!prod/")}, "dev/db"},
		{sm.ListSecretsInput{Filters: filter("name", "Prod")}, ""},
		{sm.ListSecretsInput{Filters: filter("description", "the DEV")}, "dev/db"},
		{sm.ListSecretsInput{Filters: filter("tag-value", "0", "2")}, "dev/db prod/db"},
		{sm.ListSecretsInput{Filters: filter("all", "API")}, "prod/api"},
		{sm.ListSecretsInput{Filters: append(filter("tag-key", "ra"), filter("name", "dev")...)}, "dev/db"},
	} {
		c.in.MaxResults = aws.Int32(2)
		var names []string
		for pages := sm.NewListSecretsPaginator(v, &c.in); pages.HasMorePages(); {
			for _, s := range must(pages.NextPage(v.ctx))(t).SecretList {
				names = append(names, *s.Name)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.in.Filters, got, c.want)
		}
	}
	_, err := v.ListSecrets(v.ctx, &sm.ListSecretsInput{NextToken: aws.String("%")})
	refused(t, err, "InvalidNextTokenException")
}

func TestReplicas(t *testing.T) {
	v := start(t)
	west, east := v.in("us-west-2"), v
	arn := *must(v.CreateSecret(v.ctx, &sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("one"),
		Tags:              []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
		AddReplicaRegions: []types.ReplicaRegionType{{Region: aws.String("us-west-2")}}}))(t).ARN
	there := strings.Replace(arn, cloudtest.Region, "us-west-2", 1)
	d := east.describe(arn)
	if len(d.ReplicationStatus) != 1 || d.ReplicationStatus[0].Status != types.StatusTypeInSync || *d.PrimaryRegion != cloudtest.Region {
		t.Errorf("got %+v", d.ReplicationStatus)
	}
	east.put("s", "two")
	if got, err := west.value(there); got != "two" {
		t.Errorf("the replica has %q, %v", got, err)
	}
	if d := west.describe("s"); *d.PrimaryRegion != cloudtest.Region || *d.ARN != there || len(d.Tags) != 1 {
		t.Errorf("got %+v", d)
	}
	_, err := west.PutSecretValue(v.ctx, &sm.PutSecretValueInput{SecretId: &there, SecretString: aws.String("x")})
	refused(t, err, "InvalidParameterException", "replica")
	refused(t, east.delete(arn, 7), "InvalidParameterException", "still has replica regions [us-west-2]")
	for _, region := range []string{"us-east-1", "mars-1", "us-west-2"} {
		_, err = east.ReplicateSecretToRegions(v.ctx, &sm.ReplicateSecretToRegionsInput{SecretId: &arn, AddReplicaRegions: []types.ReplicaRegionType{{Region: &region}}})
		refused(t, err, "InvalidParameterException")
	}
	must(east.RemoveRegionsFromReplication(v.ctx, &sm.RemoveRegionsFromReplicationInput{SecretId: &arn, RemoveReplicaRegions: []string{"us-west-2"}}))(t)
	_, err = west.value(there)
	refused(t, err, "ResourceNotFoundException")

	west.secret("s", "other")
	add := &sm.ReplicateSecretToRegionsInput{SecretId: &arn, AddReplicaRegions: []types.ReplicaRegionType{{Region: aws.String("us-west-2")}}}
	if out := must(east.ReplicateSecretToRegions(v.ctx, add))(t); out.ReplicationStatus[0].Status != types.StatusTypeFailed {
		t.Errorf("got %+v", out.ReplicationStatus)
	}
	if got, _ := west.value("s"); got != "other" {
		t.Errorf("got %q", got)
	}
	add.ForceOverwriteReplicaSecret = true
	must(east.ReplicateSecretToRegions(v.ctx, add))(t)
	if got, _ := west.value("s"); got != "two" {
		t.Errorf("got %q", got)
	}
}

func TestRotation(t *testing.T) {
	v := start(t)
	arn := v.secret("s", "one")
	_, err := v.RotateSecret(v.ctx, &sm.RotateSecretInput{SecretId: &arn})
	refused(t, err, "InvalidRequestException", "No Lambda rotation function")
	_, err = v.RotateSecret(v.ctx, &sm.RotateSecretInput{SecretId: &arn, RotationLambdaARN: aws.String("arn:aws:lambda:us-east-1:111111111111:function:f")})
	refused(t, err, "NotImplementedByLocalCloud")
	must(v.CancelRotateSecret(v.ctx, &sm.CancelRotateSecretInput{SecretId: &arn}))(t)
}

func TestRestart(t *testing.T) {
	v := start(t, cloudtest.Durable())
	arn := v.secret("s", "one")
	must(v.TagResource(v.ctx, &sm.TagResourceInput{SecretId: &arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}))(t)
	v.put(arn, "two")
	v.cloud.Restart()
	if got, err := v.value("s"); got != "two" || len(v.describe(arn).Tags) != 1 {
		t.Errorf("got %q, %v", got, err)
	}
}
