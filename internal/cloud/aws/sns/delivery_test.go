package sns_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // signature version 1 of SNS
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"atoll/internal/cloud/cloudtest"
)

// verify checks a message's signature with the certificate that it names.
func verify(t *testing.T, d delivered) {
	t.Helper()
	resp, err := http.Get(d.text("SigningCertURL")) //nolint:gosec // the cloud's own link
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		t.Fatalf("no certificate: %s %s", resp.Status, raw)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signed := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if v := d.text(name); v != "" {
			signed += name + "\n" + v + "\n"
		}
	}
	hash, sum := crypto.SHA1, sha1.Sum([]byte(signed)) //nolint:gosec // as above
	digest := sum[:]
	if d.text("SignatureVersion") == "2" {
		long := sha256.Sum256([]byte(signed))
		hash, digest = crypto.SHA256, long[:]
	}
	signature, err := base64.StdEncoding.DecodeString(d.text("Signature"))
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), hash, digest, signature); err != nil {
		t.Errorf("the signature of %s: %v", d.text("Type"), err)
	}
}

func TestHandshake(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	arn := c.subscribe("http", e.URL, nil)
	asked := e.next()
	verify(t, asked)
	if asked.text("Type") != "SubscriptionConfirmation" || asked.header.Get("X-Amz-Sns-Message-Type") != "SubscriptionConfirmation" || asked.text("TopicArn") != *c.topic {
		t.Errorf("got %s", asked.body)
	}
	if got := c.subscription(arn); got["PendingConfirmation"] != "true" {
		t.Errorf("got %v", got)
	}
	c.publish(sns.PublishInput{Message: aws.String("too early")})
	_, err := c.Unsubscribe(c.ctx, &sns.UnsubscribeInput{SubscriptionArn: &arn})
	refused(t, err, "InvalidParameter", "Cannot unsubscribe a subscription that is pending confirmation")
	_, err = c.ConfirmSubscription(c.ctx, &sns.ConfirmSubscriptionInput{TopicArn: c.topic, Token: aws.String("x")})
	refused(t, err, "InvalidParameter", "Token")
	out := must(c.ConfirmSubscription(c.ctx, &sns.ConfirmSubscriptionInput{TopicArn: c.topic, Token: aws.String(asked.text("Token")), AuthenticateOnUnsubscribe: aws.String("true")}))(t)
	if *out.SubscriptionArn != arn {
		t.Errorf("got %s", *out.SubscriptionArn)
	}
	if got := c.subscription(arn); got["PendingConfirmation"] != "false" || got["ConfirmationWasAuthenticated"] != "true" {
		t.Errorf("got %v", got)
	}

	id := c.publish(sns.PublishInput{Message: aws.String("a <b>"), Subject: aws.String("S"), MessageAttributes: map[string]types.MessageAttributeValue{
		"k": {DataType: aws.String("String"), StringValue: aws.String("v")}}})
	d := e.next()
	verify(t, d)
	if d.text("Message") != "a <b>" || d.text("Subject") != "S" || d.text("MessageId") != id || d.header.Get("X-Amz-Sns-Subscription-Arn") != arn ||
		d.header.Get("Content-Type") != "text/plain; charset=UTF-8" || !strings.Contains(d.body, "<b>") {
		t.Errorf("got %s %v", d.body, d.header)
	}
	if k, _ := d.fields["MessageAttributes"].(map[string]any)["k"].(map[string]any); k["Type"] != "String" || k["Value"] != "v" {
		t.Errorf("got %s", d.body)
	}
	resp, err := http.Get(d.text("UnsubscribeURL")) //nolint:gosec // the cloud's own link
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("unsubscribing without a signature: %v %v", resp, err)
	}
	must(c.Unsubscribe(c.ctx, &sns.UnsubscribeInput{SubscriptionArn: &arn}))(t)
	if got := c.attributes(*c.topic)["SubscriptionsDeleted"]; got != "1" {
		t.Errorf("got %s deleted", got)
	}
}

func TestUnsubscribeLink(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	if err := c.set("SignatureVersion", "2"); err != nil {
		t.Fatal(err)
	}
	arn := c.confirmed(e, nil)
	c.publish(sns.PublishInput{Message: aws.String("m")})
	d := e.next()
	verify(t, d)
	resp, err := http.Get(d.text("UnsubscribeURL")) //nolint:gosec // the cloud's own link
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("got %v %v", resp, err)
	}
	_, err = c.GetSubscriptionAttributes(c.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
	refused(t, err, "NotFound")
}

func TestRetries(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	c.confirmed(e, map[string]string{"DeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":10,"maxDelayTarget":30,"numRetries":3,"numNoDelayRetries":1}}`, "RawMessageDelivery": "true"})
	for range 4 {
		e.status <- http.StatusServiceUnavailable
	}
	c.publish(sns.PublishInput{Message: aws.String("m")})
	e.next()
	if d := e.next(); d.body != "m" || d.header.Get("X-Amz-Sns-Rawdelivery") != "true" { // at once
		t.Errorf("got %s", d.body)
	}
	for _, delay := range []time.Duration{10 * time.Second, 30 * time.Second} {
		c.cloud.Clock.Advance(delay - time.Second)
		select {
		case <-e.got:
			t.Errorf("a retry before %v", delay)
		default:
		}
		advanceUntil(t, c, e, time.Second)
	}
	// What is refused for good, and what has failed too often, is not tried again: the next message is the next to come.
	e.status <- http.StatusBadRequest
	c.publish(sns.PublishInput{Message: aws.String("bad")})
	if d := e.next(); d.body != "bad" {
		t.Errorf("got %s", d.body)
	}
	c.cloud.Clock.Advance(time.Hour)
	c.publish(sns.PublishInput{Message: aws.String("last")})
	if d := e.next(); d.body != "last" {
		t.Errorf("got %s", d.body)
	}
}

// advanceUntil moves the clock on in small steps until a message comes: the worker notes a failure shortly after it was answered.
func advanceUntil(t *testing.T, c *client, e *endpoint, step time.Duration) {
	t.Helper()
	for range 100 {
		c.cloud.Clock.Advance(step)
		select {
		case <-e.got:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("no message has come")
}

func TestDeliveryAfterRestart(t *testing.T) {
	c, e := start(t, cloudtest.Durable()), newEndpoint(t)
	c.confirmed(e, nil)
	e.status <- http.StatusServiceUnavailable
	c.publish(sns.PublishInput{Message: aws.String("m")})
	e.next()
	c.cloud.Restart()
	advanceUntil(t, c, e, 20*time.Second)
}

func TestFilterPolicies(t *testing.T) {
	c, e := start(t), newEndpoint(t)
	arn := c.confirmed(e, map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"level":["high"],"n":[{"numeric":[">",1]}]}`})
	with := func(level, n string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{
			"level": {DataType: aws.String("String.Array"), StringValue: aws.String(level)}, "n": {DataType: aws.String("Number"), StringValue: aws.String(n)},
		}
	}
	c.publish(sns.PublishInput{Message: aws.String("1"), MessageAttributes: with(`["low"]`, "2")})
	c.publish(sns.PublishInput{Message: aws.String("2"), MessageAttributes: with(`["low","high"]`, "1")})
	c.publish(sns.PublishInput{Message: aws.String("3"), MessageAttributes: with(`["low","high"]`, "2")})
	if d := e.next(); d.body != "3" {
		t.Errorf("got %s", d.body)
	}
	set := func(name, value string) error {
		_, err := c.SetSubscriptionAttributes(c.ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &arn, AttributeName: &name, AttributeValue: &value})
		return err
	}
	refused(t, set("FilterPolicy", `{"a":{"b":["c"]}}`), "InvalidParameter", "nested")
	for _, pair := range [][2]string{{"FilterPolicyScope", "MessageBody"}, {"FilterPolicy", `{"a":{"b":["c"]}}`}} {
		if err := set(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, set("FilterPolicyScope", "MessageAttributes"), "InvalidParameter", "nested")
	c.publish(sns.PublishInput{Message: aws.String("not JSON")})
	c.publish(sns.PublishInput{Message: aws.String(`{"a":{"b":"d"}}`)})
	c.publish(sns.PublishInput{Message: aws.String(`{"a":{"b":"c"}}`)})
	if d := e.next(); d.body != `{"a":{"b":"c"}}` {
		t.Errorf("got %s", d.body)
	}
	if err := set("FilterPolicy", "{}"); err != nil {
		t.Error(err)
	}
	if got := c.subscription(arn); got["FilterPolicy"] != "" || got["FilterPolicyScope"] != "" {
		t.Errorf("got %v", got)
	}
	refused(t, set("FilterPolicy", `{"a":"b"}`), "InvalidParameter", "FilterPolicy")
	refused(t, set("FilterPolicy", `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`), "InvalidParameter", "5 keys")
	refused(t, set("RedrivePolicy", `{}`), "NotImplementedByLocalCloud")
	refused(t, set("Colour", `red`), "InvalidParameter")
}
