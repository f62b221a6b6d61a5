package ecr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
)

func (r *registry) putLifecycle(repository string, rules ...string) error {
	document := `{"rules":[` + strings.Join(rules, ",") + `]}`
	_, err := r.PutLifecyclePolicy(r.ctx, &awsecr.PutLifecyclePolicyInput{RepositoryName: &repository, LifecyclePolicyText: &document})
	return err
}

func (r *registry) lifecycle(repository string, rules ...string) {
	r.t.Helper()
	if err := r.putLifecycle(repository, rules...); err != nil {
		r.t.Fatal(err)
	}
}

// rule makes a rule of a priority over some images.
func rule(priority int, selection string) string {
	return fmt.Sprintf(`{"rulePriority":%d,"description":"a rule of this test","selection":{%s},"action":{"type":"expire"}}`, priority, selection)
}

const (
	anyCount  = `"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1`
	oldest    = `"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14`
	keepThree = `"tagStatus":"tagged","tagPrefixList":["v"],"countType":"imageCountMoreThan","countNumber":3`
	keepProd  = `"tagStatus":"tagged","tagPatternList":["prod-*"],"countType":"imageCountMoreThan","countNumber":1000`
)

func TestLifecyclePolicies(t *testing.T) {
	r := start(t)
	name := r.repository("app").RepositoryName
	_, err := r.GetLifecyclePolicy(r.ctx, &awsecr.GetLifecyclePolicyInput{RepositoryName: name})
	refused(t, err, "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist")
	for _, bad := range [][]string{
		{rule(0, oldest)},
		{rule(1, oldest), rule(1, keepThree)},
		{rule(1, anyCount), rule(2, keepThree)},
		{rule(1, oldest), rule(2, oldest)},
		{rule(1, strings.Replace(keepThree, `"tagPrefixList":["v"],`, "", 1))},
		{rule(1, strings.Replace(keepThree, "tagged", "any", 1))},
		{rule(1, strings.Replace(keepThree, `["v"]`, `["v"],"tagPatternList":["v*"]`, 1))},
		{rule(1, strings.Replace(oldest, `"countUnit":"days",`, "", 1))},
		{rule(1, strings.Replace(anyCount, `"countNumber"`, `"countUnit":"days","countNumber"`, 1))},
		{rule(1, strings.Replace(anyCount, `:1`, `:0`, 1))},
		{rule(1, strings.Replace(anyCount, `"countNumber"`, `"colour":"red","countNumber"`, 1))},
		{rule(1, strings.Replace(oldest, "untagged", "some", 1))},
		{strings.Replace(rule(1, oldest), "expire", "explode", 1)},
	} {
		refused(t, r.putLifecycle("app", bad...), "InvalidParameterException", "LifecyclePolicyText")
	}
	refused(t, r.putLifecycle("app", strings.Replace(rule(1, oldest), `"expire"`, `"transition","targetStorageClass":"archive"`, 1)), "NotImplementedByLocalCloud")
	r.lifecycle("app", rule(1, oldest), rule(2, keepThree))
	got := must(r.GetLifecyclePolicy(r.ctx, &awsecr.GetLifecyclePolicyInput{RepositoryName: name}))(t)
	if *got.LifecyclePolicyText != `{"rules":[`+rule(1, oldest)+","+rule(2, keepThree)+`]}` || got.LastEvaluatedAt == nil {
		t.Errorf("got %+v", got)
	}
	must(r.DeleteLifecyclePolicy(r.ctx, &awsecr.DeleteLifecyclePolicyInput{RepositoryName: name}))(t)
	_, err = r.DeleteLifecyclePolicy(r.ctx, &awsecr.DeleteLifecyclePolicyInput{RepositoryName: name})
	refused(t, err, "LifecyclePolicyNotFoundException")
}

func TestLifecycleExpires(t *testing.T) {
	r := start(t)
	r.repository("app")
	r.lifecycle("app", rule(1, keepProd), rule(2, keepThree), rule(3, strings.Replace(oldest, "untagged", "any", 1)))
	for i := range 5 {
		r.push("app", fmt.Sprint("config ", i), fmt.Sprint("v", i))
		r.cloud.Clock.Advance(1e9)
	}
	r.push("app", "config prod", "prod-1")
	must(r.put("app", manifest(r.layer("app", "config 0"), r.layer("app", "base")), "prod-0"))(t) // v0 too
	r.push("app", "config other", "other")
	r.push("app", "config untagged", "")
	r.days(1)
	check := func(want ...string) {
		t.Helper()
		tags := r.tags("app")
		for _, tag := range want {
			if !tags[tag] {
				t.Errorf("%s is not in %v", tag, tags)
			}
		}
		if len(tags) != len(want) {
			t.Errorf("got %v, want %v", tags, want)
		}
	}
	untagged := "-" + digestOf(manifest(digestOf("config untagged"), digestOf("base")))
	check("v0", "prod-0", "prod-1", "v2", "v3", "v4", "other", untagged)
	r.days(14)
	check("v0", "prod-0", "prod-1", "v2", "v3", "v4")
}

func TestLifecyclePulls(t *testing.T) {
	r := start(t)
	name := r.repository("app").RepositoryName
	r.push("app", "config used", "used")
	r.push("app", "config unused", "unused")
	r.lifecycle("app", rule(1, `"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":30`))
	r.days(20)
	in := &awsecr.BatchGetImageInput{RepositoryName: name}
	in.ImageIds = append(in.ImageIds, identifier("used"))
	must(r.BatchGetImage(r.ctx, in))(t)
	r.days(20)
	if tags := r.tags("app"); len(tags) != 1 || !tags["used"] {
		t.Errorf("got %v", tags)
	}
	if got := must(r.DescribeImages(r.ctx, &awsecr.DescribeImagesInput{RepositoryName: name, MaxResults: aws.Int32(1)}))(t).ImageDetails[0]; got.LastRecordedPullTime == nil {
		t.Errorf("got %+v", got)
	}
}
