package logs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"atoll/internal/cloud/cloudtest"
)

func TestQueryDefinitions(t *testing.T) {
	l := start(t, cloudtest.Durable())
	put := func(id *string, name, query string) string {
		return *must(l.PutQueryDefinition(l.ctx, &cwl.PutQueryDefinitionInput{QueryDefinitionId: id, Name: &name, QueryString: &query, LogGroupNames: []string{"g"}}))(t).QueryDefinitionId
	}
	id := put(nil, "app/errors", "fields @message")
	put(nil, "other", "fields @message")
	if again := put(&id, "app/faults", "filter @message like /ERROR/"); again != id {
		t.Errorf("changed, its id is %s, not %s", again, id)
	}
	l.cloud.Restart()
	found := must(l.DescribeQueryDefinitions(l.ctx, &cwl.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("app/")}))(t).QueryDefinitions
	if len(found) != 1 || *found[0].Name != "app/faults" || *found[0].QueryString != "filter @message like /ERROR/" || found[0].LogGroupNames[0] != "g" || found[0].QueryLanguage != "CWLI" {
		t.Errorf("found %+v", found)
	}
	first := must(l.DescribeQueryDefinitions(l.ctx, &cwl.DescribeQueryDefinitionsInput{MaxResults: aws.Int32(1)}))(t)
	rest := must(l.DescribeQueryDefinitions(l.ctx, &cwl.DescribeQueryDefinitionsInput{NextToken: first.NextToken}))(t)
	if len(first.QueryDefinitions) != 1 || len(rest.QueryDefinitions) != 1 || rest.NextToken != nil {
		t.Errorf("%+v, then %+v", first, rest)
	}
	if out := must(l.DeleteQueryDefinition(l.ctx, &cwl.DeleteQueryDefinitionInput{QueryDefinitionId: &id}))(t); !out.Success {
		t.Error("it was not deleted")
	}
	_, err := l.DeleteQueryDefinition(l.ctx, &cwl.DeleteQueryDefinitionInput{QueryDefinitionId: &id})
	refused(t, err, "ResourceNotFoundException")
	_, err = l.PutQueryDefinition(l.ctx, &cwl.PutQueryDefinitionInput{QueryDefinitionId: &id, Name: aws.String("n"), QueryString: aws.String("q")})
	refused(t, err, "ResourceNotFoundException")
}
