package ssm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func filter(key, option string, values ...string) types.ParameterStringFilter {
	f := types.ParameterStringFilter{Key: &key, Values: values}
	if option != "" {
		f.Option = &option
	}
	return f
}

func (s *store) seed() {
	for _, name := range []string{"/app/db/host", "/app/db/port", "/app/name", "/other", "plain"} {
		s.put(name, name)
	}
	must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: aws.String("/app/key"), Value: aws.String("k"), Type: types.ParameterTypeSecureString}))(s.t)
	must(s.LabelParameterVersion(s.ctx, &awsssm.LabelParameterVersionInput{Name: aws.String("/app/name"), Labels: []string{"stable"}}))(s.t)
	s.put("/app/name", "later")
}

func TestParametersByPath(t *testing.T) {
	s := start(t)
	s.seed()
	for _, c := range []struct {
		path      string
		recursive bool
		filters   []types.ParameterStringFilter
		want      string
	}{
		{"/app", false, nil, "/app/key=k /app/name=later"},
		{"/app/", true, nil, "/app/db/host=/app/db/host /app/db/port=/app/db/port /app/key=k /app/name=later"},
		{"/app", true, []types.ParameterStringFilter{filter("Type", "Equals", "SecureString")}, "/app/key=k"},
		{"/app", true, []types.ParameterStringFilter{filter("Label", "Equals", "stable")}, "/app/name=/app/name"},
		{"/", false, nil, "/other=/other plain=plain"},
		{"/ap", true, nil, ""},
	} {
		var got []string
		in := &awsssm.GetParametersByPathInput{Path: &c.path, Recursive: &c.recursive, ParameterFilters: c.filters, WithDecryption: aws.Bool(true), MaxResults: aws.Int32(2)}
		for pages := awsssm.NewGetParametersByPathPaginator(s, in); pages.HasMorePages(); {
			for _, p := range must(pages.NextPage(s.ctx))(t).Parameters {
				got = append(got, *p.Name+"="+*p.Value)
			}
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.path, got, c.want)
		}
	}
	for path, code := range map[string]string{"app": "ValidationException", "/aws/service/global-infrastructure": "NotImplementedByLocalCloud"} {
		_, err := s.GetParametersByPath(s.ctx, &awsssm.GetParametersByPathInput{Path: &path})
		refused(t, err, code)
	}
	_, err := s.GetParametersByPath(s.ctx, &awsssm.GetParametersByPathInput{Path: aws.String("/"), ParameterFilters: []types.ParameterStringFilter{filter("Name", "", "x")}})
	refused(t, err, "InvalidFilterKey")
}

func TestDescribeParameters(t *testing.T) {
	s := start(t)
	s.seed()
	must(s.AddTagsToResource(s.ctx, &awsssm.AddTagsToResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String("/other"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}}))(t)
	all := "/app/db/host /app/db/port /app/key /app/name /other plain"
	for _, c := range []struct {
		filters []types.ParameterStringFilter
		want    string
	}{
		{nil, all},
		{[]types.ParameterStringFilter{filter("Name", "Equals", "plain", "/other", "none")}, "/other plain"},
		{[]types.ParameterStringFilter{filter("Name", "BeginsWith", "/app/n")}, "/app/name"},
		{[]types.ParameterStringFilter{filter("Name", "Contains", "or")}, "/app/db/port"},
		{[]types.ParameterStringFilter{filter("Path", "OneLevel", "/app")}, "/app/key /app/name"},
		{[]types.ParameterStringFilter{filter("Path", "Recursive", "/app"), filter("Type", "", "String")}, "/app/db/host /app/db/port /app/name"},
		{[]types.ParameterStringFilter{filter("KeyId", "", "alias/aws/ssm")}, "/app/key"},
		{[]types.ParameterStringFilter{filter("tag:team", "", "a", "b")}, "/other"},
		{[]types.ParameterStringFilter{filter("tag:team", "", "b")}, ""},
		{[]types.ParameterStringFilter{filter("Tier", "", "Standard"), filter("DataType", "", "text")}, all},
	} {
		var names []string
		for pages := awsssm.NewDescribeParametersPaginator(s, &awsssm.DescribeParametersInput{ParameterFilters: c.filters, MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
			for _, p := range must(pages.NextPage(s.ctx))(t).Parameters {
				names = append(names, *p.Name)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.filters, got, c.want)
		}
	}
	for code, f := range map[string]types.ParameterStringFilter{
		"InvalidFilterKey": filter("Label", "", "x"), "InvalidFilterOption": filter("Type", "Contains", "x"), "InvalidFilterValue": filter("Name", ""),
	} {
		_, err := s.DescribeParameters(s.ctx, &awsssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{f}})
		refused(t, err, code)
	}
	_, err := s.DescribeParameters(s.ctx, &awsssm.DescribeParametersInput{NextToken: aws.String("%")})
	refused(t, err, "InvalidNextToken")
	old := must(s.DescribeParameters(s.ctx, &awsssm.DescribeParametersInput{Filters: []types.ParametersFilter{{Key: types.ParametersFilterKeyName, Values: []string{"/app/db"}}}}))(t)
	if len(old.Parameters) != 2 {
		t.Errorf("got %d", len(old.Parameters))
	}
}

func TestTags(t *testing.T) {
	s := start(t)
	s.put("p", "v")
	kind, id := types.ResourceTypeForTaggingParameter, aws.String("p")
	add := func(tags map[string]string) error {
		in := &awsssm.AddTagsToResourceInput{ResourceType: kind, ResourceId: id}
		for k, v := range tags {
			in.Tags = append(in.Tags, types.Tag{Key: &k, Value: &v})
		}
		_, err := s.AddTagsToResource(s.ctx, in)
		return err
	}
	if err := add(map[string]string{"a": "1", "b": "2"}); err != nil {
		t.Fatal(err)
	}
	must(s.RemoveTagsFromResource(s.ctx, &awsssm.RemoveTagsFromResourceInput{ResourceType: kind, ResourceId: id, TagKeys: []string{"a"}}))(t)
	out := must(s.ListTagsForResource(s.ctx, &awsssm.ListTagsForResourceInput{ResourceType: kind, ResourceId: id}))(t)
	if len(out.TagList) != 1 || *out.TagList[0].Key != "b" {
		t.Errorf("got %v", out.TagList)
	}
	out = must(s.ListTagsForResource(s.ctx, &awsssm.ListTagsForResourceInput{ResourceType: kind, ResourceId: aws.String(*id + ":1")}))(t)
	if len(out.TagList) != 1 {
		t.Errorf("with a version: got %v", out.TagList)
	}
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	refused(t, add(many), "TooManyTagsError")
	for code, in := range map[string]*awsssm.ListTagsForResourceInput{
		"InvalidResourceId":          {ResourceType: kind, ResourceId: aws.String("none")},
		"InvalidResourceType":        {ResourceType: "Planet", ResourceId: id},
		"NotImplementedByLocalCloud": {ResourceType: types.ResourceTypeForTaggingDocument, ResourceId: id},
	} {
		_, err := s.ListTagsForResource(s.ctx, in)
		refused(t, err, code)
	}
}
