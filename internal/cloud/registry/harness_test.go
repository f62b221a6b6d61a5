package registry_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const host = cloud.DefaultAccount + ".dkr.ecr." + cloudtest.Region + ".localhost"

// client is a client of a registry in a running cloud, and of ECR's API.
type client struct {
	*awsecr.Client
	t        testing.TB
	cloud    *cloudtest.Cloud
	http     *http.Transport
	password string
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	c := &client{t: t, cloud: cloudtest.Start(t, opts...)}
	c.Client = awsecr.NewFromConfig(c.cloud.Config(), func(o *awsecr.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	c.http = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(c.cloud.URL, "http://"))
	}}
	t.Cleanup(c.http.CloseIdleConnections)
	c.password = c.token()
	for _, repo := range []string{"app", "team/other"} {
		_, err := c.CreateRepository(t.Context(), &awsecr.CreateRepositoryInput{RepositoryName: &repo})
		check(t, err)
	}
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T { t.Helper(); check(t, err); return v }
}

// token asks for a new token and gives its password.
func (c *client) token() string {
	c.t.Helper()
	out := must(c.GetAuthorizationToken(c.t.Context(), &awsecr.GetAuthorizationTokenInput{}))(c.t)
	raw := must(base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken))(c.t)
	return strings.TrimPrefix(string(raw), "AWS:")
}

// options are how the registry is reached by go-containerregistry.
func (c *client) options() []remote.Option {
	return []remote.Option{remote.WithTransport(c.http), remote.WithAuth(&authn.Basic{Username: "AWS", Password: c.password}), remote.WithContext(c.t.Context())}
}

func (c *client) ref(text string) name.Reference {
	c.t.Helper()
	return must(name.ParseReference(host + "/" + text))(c.t)
}

// reply is an answer of the registry.
type reply struct {
	*http.Response
	body []byte
}

// do makes a request as it is written here. Headers are "Name: value".
func (c *client) do(method, path, body string, headers ...string) reply {
	c.t.Helper()
	r := must(http.NewRequestWithContext(c.t.Context(), method, "http://"+host+path, strings.NewReader(body)))(c.t)
	r.SetBasicAuth("AWS", c.password)
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	answer := must(c.http.RoundTrip(r))(c.t)
	defer answer.Body.Close()
	return reply{answer, must(io.ReadAll(answer.Body))(c.t)}
}

// wants checks an answer's status and, of a refusal, its code.
func (r reply) wants(t testing.TB, status int, code string) reply {
	t.Helper()
	var failed struct {
		Errors []struct{ Code, Message string }
	}
	_ = json.Unmarshal(r.body, &failed)
	got := ""
	if len(failed.Errors) > 0 {
		got = failed.Errors[0].Code
	}
	if r.StatusCode != status || got != code {
		t.Errorf("%s %s: got %d %s, want %d %s: %s", r.Request.Method, r.Request.URL, r.StatusCode, got, status, code, bytes.TrimSpace(r.body))
	}
	return r
}

// events counts the calls of an operation in the audit record.
func (c *client) events(name string) int {
	c.t.Helper()
	trail := cloudtrail.NewFromConfig(c.cloud.Config(), func(o *cloudtrail.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	out := must(trail.LookupEvents(c.t.Context(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name}}}))(c.t)
	return len(out.Events)
}
