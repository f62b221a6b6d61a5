package sns_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:sns:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"

// client is a client of a running cloud that has a topic "t".
type client struct {
	*sns.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
	topic *string
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	c := &client{t: t, ctx: t.Context(), cloud: cloudtest.Start(t, opts...), topic: aws.String(arnPrefix + "t")}
	c.Client = sns.NewFromConfig(c.cloud.Config(), func(o *sns.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	out := must(c.CreateTopic(c.ctx, &sns.CreateTopicInput{Name: aws.String("t")}))(t)
	if *out.TopicArn != *c.topic {
		t.Errorf("got %s", *out.TopicArn)
	}
	return c
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func (c *client) attributes(topic string) map[string]string {
	c.t.Helper()
	return must(c.GetTopicAttributes(c.ctx, &sns.GetTopicAttributesInput{TopicArn: &topic}))(c.t).Attributes
}

func (c *client) set(name, value string) error {
	_, err := c.SetTopicAttributes(c.ctx, &sns.SetTopicAttributesInput{TopicArn: c.topic, AttributeName: &name, AttributeValue: &value})
	return err
}

func (c *client) subscription(arn string) map[string]string {
	c.t.Helper()
	return must(c.GetSubscriptionAttributes(c.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn}))(c.t).Attributes
}

func (c *client) subscribe(protocol, endpoint string, attributes map[string]string) string {
	c.t.Helper()
	return *must(c.Subscribe(c.ctx, &sns.SubscribeInput{
		TopicArn: c.topic, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes, ReturnSubscriptionArn: true,
	}))(c.t).SubscriptionArn
}

// delivered is a request that an endpoint got.
type delivered struct {
	header http.Header
	body   string
	fields map[string]any
}

func (d delivered) text(name string) string { s, _ := d.fields[name].(string); return s }

// endpoint is an HTTP server that takes messages.
type endpoint struct {
	t      testing.TB
	URL    string
	got    chan delivered
	status chan int // answers to give before those of 200
}

func newEndpoint(t testing.TB) *endpoint {
	e := &endpoint{t: t, got: make(chan delivered, 100), status: make(chan int, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		d := delivered{header: r.Header, body: string(body)}
		_ = json.Unmarshal(body, &d.fields)
		select {
		case code := <-e.status:
			w.WriteHeader(code)
		default:
		}
		e.got <- d
	}))
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// next waits for the next message.
func (e *endpoint) next() delivered {
	e.t.Helper()
	select {
	case d := <-e.got:
		return d
	case <-time.After(20 * time.Second):
		e.t.Fatal("no message has come")
		return delivered{}
	}
}

// confirmed subscribes an endpoint and confirms it by the link in its message.
func (c *client) confirmed(e *endpoint, attributes map[string]string) string {
	c.t.Helper()
	arn := c.subscribe("http", e.URL, attributes)
	link := e.next().text("SubscribeURL")
	resp, err := http.Get(link) //nolint:gosec // the cloud's own link
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		c.t.Fatal(err)
	}
	if !strings.Contains(string(body), "<SubscriptionArn>"+arn+"</SubscriptionArn>") {
		c.t.Fatalf("confirming: %s %s", resp.Status, body)
	}
	return arn
}

func (c *client) publish(in sns.PublishInput) string {
	c.t.Helper()
	in.TopicArn = c.topic
	return *must(c.Publish(c.ctx, &in))(c.t).MessageId
}
