package secretsmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

func TestStagingLabels(t *testing.T) {
	v := start(t)
	v.secret("s", "")
	one := v.put("s", "one")
	two := v.put("s", "two")
	v.labels("s", one, "AWSPREVIOUS")
	v.labels("s", two, "AWSCURRENT")
	pending := v.put("s", "three", "AWSPENDING", "next")
	v.labels("s", two, "AWSCURRENT")
	v.labels("s", pending, "AWSPENDING", "next")

	move := func(stage string, from, to *string) error {
		_, err := v.UpdateSecretVersionStage(v.ctx, &sm.UpdateSecretVersionStageInput{SecretId: aws.String("s"), VersionStage: &stage, RemoveFromVersionId: from, MoveToVersionId: to})
		return err
	}
	refused(t, move("AWSCURRENT", nil, &pending), "InvalidParameterException", "RemoveFromVersionId")
	refused(t, move("AWSCURRENT", &one, &pending), "InvalidParameterException")
	refused(t, move("AWSCURRENT", &two, nil), "InvalidParameterException", "can’t be completely removed")
	refused(t, move("x", nil, nil), "InvalidParameterException")
	refused(t, move("x", nil, aws.String("none")), "ResourceNotFoundException")
	if err := move("AWSCURRENT", &two, &pending); err != nil {
		t.Fatal(err)
	}
	v.labels("s", two, "AWSPREVIOUS")
	v.labels("s", pending, "AWSCURRENT", "AWSPENDING", "next")
	v.labels("s", one)
	if err := move("next", &pending, nil); err != nil {
		t.Fatal(err)
	}
	if err := move("kept", nil, &one); err != nil {
		t.Fatal(err)
	}
	v.labels("s", one, "kept")

	get := func(id, stage *string) (string, error) {
		out, err := v.GetSecretValue(v.ctx, &sm.GetSecretValueInput{SecretId: aws.String("s"), VersionId: id, VersionStage: stage})
		if err != nil {
			return "", err
		}
		return *out.SecretString, nil
	}
	if got, err := get(nil, aws.String("AWSPREVIOUS")); got != "two" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := get(&one, nil); got != "one" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := get(&one, aws.String("AWSCURRENT"))
	refused(t, err, "InvalidRequestException", "not associated")
	_, err = get(aws.String("none"), nil)
	refused(t, err, "ResourceNotFoundException")
}

func TestClientRequestTokens(t *testing.T) {
	v := start(t)
	token := aws.String(strings.Repeat("t", 32))
	create := &sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("one"), ClientRequestToken: token}
	first := must(v.CreateSecret(v.ctx, create))(t)
	again := must(v.CreateSecret(v.ctx, create))(t)
	if *first.ARN != *again.ARN || *again.VersionId != *token {
		t.Errorf("got %s and %s", *first.ARN, *again.ARN)
	}
	put := &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("one"), ClientRequestToken: token}
	must(v.PutSecretValue(v.ctx, put))(t)
	put.SecretString = aws.String("two")
	_, err := v.PutSecretValue(v.ctx, put)
	refused(t, err, "ResourceExistsException")
	put.SecretString, put.ClientRequestToken = nil, nil
	_, err = v.PutSecretValue(v.ctx, put)
	refused(t, err, "InvalidRequestException")
	put.SecretBinary = []byte{0, 1, 2}
	must(v.PutSecretValue(v.ctx, put))(t)
	out := must(v.GetSecretValue(v.ctx, &sm.GetSecretValueInput{SecretId: aws.String("s")}))(t)
	if !slices.Equal(out.SecretBinary, []byte{0, 1, 2}) || out.SecretString != nil {
		t.Errorf("got %v", out.SecretBinary)
	}
}

func TestVersionsInPages(t *testing.T) {
	v := start(t)
	v.secret("s", "")
	for i := range 5 {
		v.put("s", fmt.Sprint(i))
	}
	list := func(all bool) int {
		n := 0
		in := &sm.ListSecretVersionIdsInput{SecretId: aws.String("s"), IncludeDeprecated: &all, MaxResults: aws.Int32(2)}
		for pages := sm.NewListSecretVersionIdsPaginator(v, in); pages.HasMorePages(); {
			for _, entry := range must(pages.NextPage(v.ctx))(t).Versions {
				if n++; entry.KmsKeyIds[0] != "DefaultEncryptionKey" || entry.CreatedDate == nil {
					t.Errorf("got %+v", entry)
				}
			}
		}
		return n
	}
	if n := list(false); n != 2 {
		t.Errorf("%d versions have labels", n)
	}
	if n := list(true); n != 5 {
		t.Errorf("there are %d versions", n)
	}
}

func TestVersionLimit(t *testing.T) {
	v := start(t)
	v.secret("s", "")
	for i := range 100 {
		v.put("s", fmt.Sprint(i))
	}
	_, err := v.PutSecretValue(v.ctx, &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("x")})
	refused(t, err, "LimitExceededException")
	v.days(1)
	v.put("s", "x")
}

func TestBatchGetSecretValue(t *testing.T) {
	v := start(t)
	v.secret("a", "1")
	v.secret("b", "2")
	v.secret("empty", "")
	out := must(v.BatchGetSecretValue(v.ctx, &sm.BatchGetSecretValueInput{SecretIdList: []string{"b", "none", "a"}}))(t)
	if len(out.SecretValues) != 2 || *out.SecretValues[0].SecretString != "2" || len(out.Errors) != 1 || *out.Errors[0].ErrorCode != "ResourceNotFoundException" {
		t.Errorf("got %+v and %+v", out.SecretValues, out.Errors)
	}
	out = must(v.BatchGetSecretValue(v.ctx, &sm.BatchGetSecretValueInput{Filters: []types.Filter{{Key: "name", Values: []string{"a"}}}}))(t)
	if len(out.SecretValues) != 1 || *out.SecretValues[0].Name != "a" {
		t.Errorf("got %+v", out.SecretValues)
	}
	_, err := v.BatchGetSecretValue(v.ctx, &sm.BatchGetSecretValueInput{})
	refused(t, err, "InvalidParameterException")
}

func TestRandomPassword(t *testing.T) {
	v := start(t)
	get := func(in sm.GetRandomPasswordInput) string {
		t.Helper()
		return *must(v.GetRandomPassword(v.ctx, &in))(t).RandomPassword
	}
	p := get(sm.GetRandomPasswordInput{})
	for _, kind := range []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"} {
		if !strings.ContainsAny(p, kind) {
			t.Errorf("%q has none of %q", p, kind)
		}
	}
	if len(p) != 32 {
		t.Errorf("got %q", p)
	}
	if p := get(sm.GetRandomPasswordInput{PasswordLength: aws.Int64(4000), ExcludePunctuation: aws.Bool(true), ExcludeNumbers: aws.Bool(true),
		ExcludeUppercase: aws.Bool(true), ExcludeCharacters: aws.String("abc"), IncludeSpace: aws.Bool(true)}); strings.Trim(p, "defghijklmnopqrstuvwxyz ") != "" || !strings.Contains(p, " ") {
		t.Errorf("got %q", p)
	}
	_, err := v.GetRandomPassword(v.ctx, &sm.GetRandomPasswordInput{PasswordLength: aws.Int64(3)})
	refused(t, err, "InvalidParameterException", "too short")
	_, err = v.GetRandomPassword(v.ctx, &sm.GetRandomPasswordInput{ExcludePunctuation: aws.Bool(true), ExcludeNumbers: aws.Bool(true), ExcludeUppercase: aws.Bool(true), ExcludeLowercase: aws.Bool(true)})
	refused(t, err, "InvalidRequestException")
}
