package build_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"atoll/internal/build"
	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func TestPush(t *testing.T) {
	c := cloudtest.Start(t)
	client := ecr.NewFromConfig(c.Config())
	created := must(client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: new("shop-dev/app"), ImageTagMutability: types.ImageTagMutabilityImmutable}))(t)
	address := *created.Repository.RepositoryUri
	if account, region, ok := build.ECRAccount(address); !ok || account != cloud.DefaultAccount || region != cloudtest.Region {
		t.Errorf("%s: %s, %s, %v", address, account, region, ok)
	}
	repo := must(build.ECR(t.Context(), c.Config(), address))(t)
	first, second := must(random.Image(100_000, 2))(t), must(random.Image(1000, 1))(t)
	var done, of int64
	reference := must(repo.Push(t.Context(), first, nil, func(d, o int64) { done, of = d, o }))(t)
	if reference != address+"@"+digest(t, first).String() {
		t.Errorf("got %s", reference)
	}
	if of < 200_000 || done != of {
		t.Errorf("told of %d of %d bytes", done, of)
	}
	if again := must(repo.Push(t.Context(), first, []string{"v1", "v2"}, nil))(t); again != reference {
		t.Errorf("got %s", again)
	}
	found := must(client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: new("shop-dev/app")}))(t).ImageDetails
	if len(found) != 1 || strings.Join(found[0].ImageTags, " ") != build.Tag(digest(t, first))+" v1 v2" {
		t.Errorf("got %+v", found)
	}
	_, err := repo.Push(t.Context(), second, []string{"v1"}, nil)
	if err == nil || !strings.Contains(err.Error(), "immutable") || !strings.Contains(err.Error(), "Try: give the image a tag that is new") {
		t.Errorf("got %v", err)
	}
	_, err = repo.Push(t.Context(), second, []string{"not a tag"}, nil)
	if err == nil || !strings.Contains(err.Error(), "is no tag") {
		t.Errorf("got %v", err)
	}
	none := must(build.ECR(t.Context(), c.Config(), strings.Replace(address, "app", "none", 1)))(t)
	_, err = none.Push(t.Context(), second, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "Try: make the repository first") {
		t.Errorf("got %v", err)
	}
	if _, err := build.ECR(t.Context(), c.Config(), address+":v1"); err == nil || !strings.Contains(err.Error(), "is no repository") {
		t.Errorf("got %v", err)
	}
}
