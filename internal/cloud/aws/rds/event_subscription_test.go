package rds_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"atoll/internal/cloud/cloudtest"
)

func (c *client) topic(name string) (*sns.Client, *string) {
	c.t.Helper()
	topics := sns.NewFromConfig(c.cloud.Config(), func(o *sns.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	return topics, must(topics.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: &name}))(c.t).TopicArn
}

func TestEventSubscriptionLifeCycle(t *testing.T) {
	c := start(t, cloudtest.Durable())
	topics, topic := c.topic("alerts")
	c.create("main")
	c.create("other")
	create := func(change func(in *rds.CreateEventSubscriptionInput)) error {
		in := &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("Alerts"), SnsTopicArn: topic, SourceType: aws.String("db-instance"),
			SourceIds: []string{"main"}, EventCategories: []string{"failover", "deletion"}}
		change(in)
		_, err := c.CreateEventSubscription(c.ctx, in)
		return err
	}
	for code, change := range map[string]func(in *rds.CreateEventSubscriptionInput){
		"SNSTopicArnNotFound":          func(in *rds.CreateEventSubscriptionInput) { in.SnsTopicArn = aws.String(*topic + "x") },
		"SourceNotFound":               func(in *rds.CreateEventSubscriptionInput) { in.SourceIds = []string{"none"} },
		"SubscriptionCategoryNotFound": func(in *rds.CreateEventSubscriptionInput) { in.EventCategories = []string{"weather"} },
		"InvalidParameterValue":        func(in *rds.CreateEventSubscriptionInput) { in.SourceType = aws.String("db-thing") },
		"InvalidParameterCombination":  func(in *rds.CreateEventSubscriptionInput) { in.SourceType = nil },
	} {
		refused(t, create(change), code)
	}
	if err := create(func(in *rds.CreateEventSubscriptionInput) {}); err != nil {
		t.Fatal(err)
	}
	refused(t, create(func(in *rds.CreateEventSubscriptionInput) {}), "SubscriptionAlreadyExist", "Alerts")
	c.cloud.Restart()
	must(c.AddSourceIdentifierToSubscription(c.ctx, &rds.AddSourceIdentifierToSubscriptionInput{SubscriptionName: aws.String("alerts"), SourceIdentifier: aws.String("other")}))(t)
	must(c.RemoveSourceIdentifierFromSubscription(c.ctx, &rds.RemoveSourceIdentifierFromSubscriptionInput{SubscriptionName: aws.String("alerts"), SourceIdentifier: aws.String("main")}))(t)
	must(c.ModifyEventSubscription(c.ctx, &rds.ModifyEventSubscriptionInput{SubscriptionName: aws.String("alerts"), EventCategories: []string{"creation"}, Enabled: aws.Bool(false)}))(t)
	list := must(c.DescribeEventSubscriptions(c.ctx, &rds.DescribeEventSubscriptionsInput{}))(t).EventSubscriptionsList
	if len(list) != 1 || *list[0].CustSubscriptionId != "Alerts" || *list[0].Status != "active" || *list[0].EventSubscriptionArn != arnPrefix+"es:alerts" || *list[0].Enabled ||
		len(list[0].SourceIdsList) != 1 || list[0].SourceIdsList[0] != "other" || list[0].EventCategoriesList[0] != "creation" {
		t.Errorf("the subscriptions are %+v", list)
	}
	must(c.DeleteEventSubscription(c.ctx, &rds.DeleteEventSubscriptionInput{SubscriptionName: aws.String("alerts")}))(t)
	_, err := c.DescribeEventSubscriptions(c.ctx, &rds.DescribeEventSubscriptionsInput{SubscriptionName: aws.String("alerts")})
	refused(t, err, "SubscriptionNotFound")

	// The topic must let RDS publish.
	must(topics.SetTopicAttributes(c.ctx, &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("Policy"), AttributeValue: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` + *topic + `"}]}`)}))(t)
	refused(t, create(func(in *rds.CreateEventSubscriptionInput) {}), "SNSNoAuthorization")
}

func TestEventSubscriptionPublishes(t *testing.T) {
	c := start(t)
	topics, topic := c.topic("alerts")
	got := make(chan map[string]string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m := map[string]string{}
		_ = json.NewDecoder(r.Body).Decode(&m)
		got <- m
	}))
	defer server.Close()
	must(topics.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: aws.String(server.URL)}))(t)
	must(topics.ConfirmSubscription(c.ctx, &sns.ConfirmSubscriptionInput{TopicArn: topic, Token: aws.String((<-got)["Token"])}))(t)
	must(c.CreateEventSubscription(c.ctx, &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("creations"), SnsTopicArn: topic,
		SourceType: aws.String("db-instance"), EventCategories: []string{"creation"}}))(t)
	c.create("main")
	m := <-got
	var told map[string]string
	if err := json.Unmarshal([]byte(m["Message"]), &told); err != nil {
		t.Fatal(err)
	}
	if m["Subject"] != "RDS Notification Message" || told["Source ID"] != "main" || told["Event Source"] != "db-instance" || !strings.HasSuffix(told["Event ID"], "#RDS-EVENT-0005") {
		t.Errorf("published was %v: %v", m["Subject"], told)
	}
}
