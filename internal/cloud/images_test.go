package cloud_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/dataplane/image"
)

// What is pushed over HTTP is pulled by tasks without it.
func TestImages(t *testing.T) {
	c := cloudtest.Start(t)
	client := ecr.NewFromConfig(c.Config())
	if _, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: new("team/app")}); err != nil {
		t.Fatal(err)
	}
	token, err := client.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(*token.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	registry := cloud.DefaultAccount + ".dkr.ecr." + cloudtest.Region + ".amazonaws.com"
	pushed, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(c.URL, "http://"))
	}}
	defer transport.CloseIdleConnections()
	ref, err := name.ParseReference(registry+"/team/app:v1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	err = remote.Write(ref, pushed, remote.WithTransport(transport), remote.WithAuth(&authn.Basic{Username: "AWS", Password: strings.TrimPrefix(string(raw), "AWS:")}))
	if err != nil {
		t.Fatal(err)
	}

	source, digest, err := c.Images().Pull(t.Context(), registry+"/team/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	store, err := image.Open(t.TempDir(), image.Options{Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	got, release, err := store.Prepare(t.Context(), source, digest)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if want, err := pushed.Digest(); err != nil || got.Digest != want {
		t.Errorf("got %+v, want %s, %v", got, want, err)
	}
	found, err := client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: new("team/app")})
	if err != nil || found.ImageDetails[0].LastRecordedPullTime == nil {
		t.Errorf("the pull is not noted: %+v, %v", found, err)
	}
	for _, reference := range []string{registry + "/none:v1", registry + "/team/app:none", strings.Replace(registry, "east", "west", 1) + "/team/app:v1"} {
		if _, _, err := c.Images().Pull(t.Context(), reference); !errors.Is(err, image.ErrNotFound) {
			t.Errorf("%s: %v", reference, err)
		}
	}
}
