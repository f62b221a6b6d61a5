package sns_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func TestSubscriptions(t *testing.T) {
	c := start(t)
	pending := must(c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: c.topic, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com")}))(t)
	if *pending.SubscriptionArn != "pending confirmation" {
		t.Errorf("got %s", *pending.SubscriptionArn)
	}
	arn := c.subscribe("email", "a@example.com", nil)
	if again := c.subscribe("email", "a@example.com", nil); again != arn {
		t.Errorf("got %s, want %s", again, arn)
	}
	got := c.subscription(arn)
	if got["PendingConfirmation"] != "true" || got["ConfirmationWasAuthenticated"] != "false" || got["RawMessageDelivery"] != "false" ||
		got["Protocol"] != "email" || got["Endpoint"] != "a@example.com" || got["TopicArn"] != *c.topic || len(got) != 9 {
		t.Errorf("got %v", got)
	}
	if got := c.subscription(c.subscribe("sms", "+15555550100", nil)); got["PendingConfirmation"] != "false" {
		t.Errorf("got %v", got)
	}
	list := must(c.ListSubscriptionsByTopic(c.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: c.topic}))(t).Subscriptions
	all := must(c.ListSubscriptions(c.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions
	if len(list) != 2 || len(all) != 2 {
		t.Errorf("got %d and %d", len(list), len(all))
	}
	for _, s := range list {
		if *s.Protocol == "email" && *s.SubscriptionArn != "PendingConfirmation" {
			t.Errorf("got %s", *s.SubscriptionArn)
		}
	}
	if got := c.attributes(*c.topic); got["SubscriptionsPending"] != "1" || got["SubscriptionsConfirmed"] != "1" {
		t.Errorf("got %v", got)
	}
	for endpoint, protocol := range map[string]string{
		"a": "email", "ftp://x": "http", "http://x": "https", "x": "http", "abc": "sms", "d": "pigeon",
	} {
		_, err := c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: c.topic, Protocol: &protocol, Endpoint: &endpoint})
		refused(t, err, "InvalidParameter")
	}
	_, err := c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: c.topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:111111111111:q")})
	refused(t, err, "NotImplementedByLocalCloud", "sqs")
	_, err = c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: c.topic, Protocol: aws.String("email"), Endpoint: aws.String("b@example.com"), Attributes: map[string]string{"RawMessageDelivery": "true"}})
	refused(t, err, "InvalidParameter", "RawMessageDelivery")
	_, err = c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: aws.String(arnPrefix + "none"), Protocol: aws.String("email"), Endpoint: aws.String("b@example.com")})
	refused(t, err, "NotFound")
	must(c.DeleteTopic(c.ctx, &sns.DeleteTopicInput{TopicArn: c.topic}))(t)
	if left := must(c.ListSubscriptions(c.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions; len(left) != 0 {
		t.Errorf("got %v", left)
	}
}

// TestUnconfirmed has a subscription that is dropped after two days.
func TestUnconfirmed(t *testing.T) {
	c := start(t)
	c.subscribe("email", "a@example.com", nil)
	c.cloud.Clock.Advance(48 * time.Hour)
	for range 400 {
		if len(must(c.ListSubscriptions(c.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions) == 0 {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Error("the subscription is still there")
}

func TestPublishFaults(t *testing.T) {
	c := start(t)
	value := func(kind, text string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{"k": {DataType: &kind, StringValue: &text}}
	}
	for _, f := range []struct {
		in   sns.PublishInput
		code string
		word string
	}{
		{sns.PublishInput{Message: aws.String("")}, "InvalidParameter", "Empty message"},
		{sns.PublishInput{Message: aws.String(strings.Repeat("x", 256<<10+1))}, "InvalidParameter", "Message too long"},
		{sns.PublishInput{Message: aws.String("m"), Subject: aws.String("a\nb")}, "InvalidParameter", "Subject"},
		{sns.PublishInput{Message: aws.String("m"), Subject: aws.String(strings.Repeat("s", 101))}, "InvalidParameter", "Subject"},
		{sns.PublishInput{Message: aws.String("m"), MessageStructure: aws.String("json")}, "InvalidParameter", "failed to parse"},
		{sns.PublishInput{Message: aws.String(`{"sms":"x"}`), MessageStructure: aws.String("json")}, "InvalidParameter", "No default entry"},
		{sns.PublishInput{Message: aws.String("m"), MessageAttributes: value("Text", "v")}, "ParameterValueInvalid", "invalid message attribute type"},
		{sns.PublishInput{Message: aws.String("m"), MessageAttributes: value("String", "")}, "ParameterValueInvalid", "non-empty"},
		{sns.PublishInput{Message: aws.String("m"), MessageAttributes: value("Number", "x")}, "ParameterValueInvalid", "number"},
		{sns.PublishInput{Message: aws.String("m"), MessageDeduplicationId: aws.String("d")}, "InvalidParameter", "MessageDeduplicationId"},
	} {
		f.in.TopicArn = c.topic
		_, err := c.Publish(c.ctx, &f.in)
		refused(t, err, f.code, f.word)
	}
	_, err := c.Publish(c.ctx, &sns.PublishInput{Message: aws.String("m")})
	refused(t, err, "InvalidParameter", "TopicArn")
	_, err = c.Publish(c.ctx, &sns.PublishInput{Message: aws.String("m"), TopicArn: aws.String(arnPrefix + "none")})
	refused(t, err, "NotFound")
	must(c.Publish(c.ctx, &sns.PublishInput{Message: aws.String("m"), PhoneNumber: aws.String("+15555550100")}))(t)
}

func TestStructuredMessages(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	c.confirmed(e, nil)
	c.publish(sns.PublishInput{Message: aws.String(`{"default":"d","http":"h","sms":"s"}`), MessageStructure: aws.String("json")})
	if d := e.next(); d.text("Message") != "h" {
		t.Errorf("got %s", d.body)
	}
}

func TestEncryptedTopic(t *testing.T) {
	c := start(t)
	for key, code := range map[string]string{"alias/aws/sns": "", "alias/none": "KMSNotFound"} {
		if err := c.set("KmsMasterKeyId", key); err != nil {
			t.Fatal(err)
		}
		_, err := c.Publish(c.ctx, &sns.PublishInput{TopicArn: c.topic, Message: aws.String("m")})
		if code == "" {
			must(1, err)(t)
		} else {
			refused(t, err, code)
		}
	}
	keys := kms.NewFromConfig(c.cloud.Config())
	id := must(keys.CreateKey(c.ctx, &kms.CreateKeyInput{}))(t).KeyMetadata.KeyId
	must(keys.DisableKey(c.ctx, &kms.DisableKeyInput{KeyId: id}))(t)
	if err := c.set("KmsMasterKeyId", *id); err != nil {
		t.Fatal(err)
	}
	_, err := c.Publish(c.ctx, &sns.PublishInput{TopicArn: c.topic, Message: aws.String("m")})
	refused(t, err, "KMSDisabled")
}

func TestFIFO(t *testing.T) {
	c := start(t)
	arn := must(c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: aws.String("f.fifo"), Attributes: map[string]string{"FifoTopic": "true"}}))(t).TopicArn
	if got := c.attributes(*arn); got["FifoTopic"] != "true" || got["ContentBasedDeduplication"] != "false" {
		t.Errorf("got %v", got)
	}
	publish := func(message string, group, duplicate *string) (string, string, error) {
		out, err := c.Publish(c.ctx, &sns.PublishInput{TopicArn: arn, Message: &message, MessageGroupId: group, MessageDeduplicationId: duplicate})
		if err != nil {
			return "", "", err
		}
		return *out.MessageId, *out.SequenceNumber, nil
	}
	_, _, err := publish("m", nil, nil)
	refused(t, err, "InvalidParameter", "MessageGroupId")
	_, _, err = publish("m", aws.String("g"), nil)
	refused(t, err, "InvalidParameter", "ContentBasedDeduplication")
	id, first, err := publish("m", aws.String("g"), aws.String("d"))
	if err != nil || len(first) != 20 {
		t.Errorf("got %s %v", first, err)
	}
	if again, same, err := publish("m", aws.String("h"), aws.String("d")); err != nil || again != id || same != first {
		t.Errorf("a duplicate: %s %s %v", again, same, err)
	}
	c.cloud.Clock.Advance(5 * time.Minute)
	if later, next, err := publish("m", aws.String("g"), aws.String("d")); err != nil || later == id || next <= first {
		t.Errorf("five minutes later: %s %s %v", later, next, err)
	}
	_, err = c.Subscribe(c.ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com")})
	refused(t, err, "InvalidParameter", "FIFO")
}

func TestPublishBatch(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	c.confirmed(e, map[string]string{"RawMessageDelivery": "true"})
	entry := func(id, message string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &message}
	}
	batch := func(entries ...types.PublishBatchRequestEntry) (*sns.PublishBatchOutput, error) {
		return c.PublishBatch(c.ctx, &sns.PublishBatchInput{TopicArn: c.topic, PublishBatchRequestEntries: entries})
	}
	out := must(batch(entry("a", "1"), entry("b", ""), entry("c", "3")))(t)
	if len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "b" || *out.Failed[0].Code != "InvalidParameter" || !out.Failed[0].SenderFault {
		t.Errorf("got %+v", out)
	}
	if got := e.next().body + e.next().body; got != "13" && got != "31" {
		t.Errorf("got %s", got)
	}
	_, err := batch([]types.PublishBatchRequestEntry{}...)
	refused(t, err, "EmptyBatchRequest")
	_, err = batch(entry("a", "1"), entry("a", "2"))
	refused(t, err, "BatchEntryIdsNotDistinct")
	_, err = batch(entry("a b", "1"))
	refused(t, err, "InvalidBatchEntryId")
	_, err = batch(entry("a", strings.Repeat("x", 200<<10)), entry("b", strings.Repeat("x", 100<<10)))
	refused(t, err, "BatchRequestTooLong")
	var many []types.PublishBatchRequestEntry
	for i := range 11 {
		many = append(many, entry(fmt.Sprint(i), "m"))
	}
	_, err = batch(many...)
	refused(t, err, "TooManyEntriesInBatchRequest")
}
