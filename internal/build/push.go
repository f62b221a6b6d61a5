package build

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"atoll/internal/hint"
)

// Repository is a repository in a registry, such as 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop-dev/app, and how to reach it.
type Repository struct {
	name      name.Repository
	auth      authn.Authenticator
	transport http.RoundTripper
}

// NewRepository makes a Repository. A nil transport is http.DefaultTransport; insecure speaks HTTP without TLS.
func NewRepository(address string, auth authn.Authenticator, transport http.RoundTripper, insecure bool) (*Repository, error) {
	var options []name.Option
	if insecure {
		options = append(options, name.Insecure)
	}
	repo, err := name.NewRepository(address, append(options, name.StrictValidation)...)
	if err != nil {
		return nil, hint.Errorf("an address such as 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop-dev/app, without a tag", "%q is no repository: %w", address, err)
	}
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &Repository{repo, auth, transport}, nil
}

var registryHost = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.(?:amazonaws\.com|localhost(?::[0-9]+)?)$`)

// ECRAccount gives the account and the region of an address in ECR.
func ECRAccount(address string) (account, region string, ok bool) {
	host, _, _ := strings.Cut(address, "/")
	m := registryHost.FindStringSubmatch(host)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// ECR makes a Repository of an address in ECR, with a token of GetAuthorizationToken. Where config has a BaseEndpoint, that of a local
// cloud, the registry is reached there too.
func ECR(ctx context.Context, config aws.Config, address string) (*Repository, error) {
	out, err := ecr.NewFromConfig(config).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, fmt.Errorf("asking ECR for a token: %w", err)
	}
	var token string
	if len(out.AuthorizationData) > 0 {
		token = aws.ToString(out.AuthorizationData[0].AuthorizationToken)
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	user, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return nil, errors.New("asking ECR for a token: the answer has none")
	}
	auth := &authn.Basic{Username: user, Password: password}
	if config.BaseEndpoint == nil {
		return NewRepository(address, auth, nil, false)
	}
	endpoint, err := url.Parse(*config.BaseEndpoint)
	if err != nil {
		return nil, fmt.Errorf("reading the local cloud's endpoint: %w", err)
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, endpoint.Host)
	}
	return NewRepository(address, auth, &http.Transport{DialContext: dial}, true)
}

// Tag is a tag that no other image has: in repositories whose tags cannot be moved it is always free.
func Tag(digest v1.Hash) string { return "build-" + digest.Hex[:12] }

// Push sends an image to a repository, and gives its reference by digest. Without tags it gets that of Tag: the blueprint's repositories
// delete images without any after a day. Layers that the repository has are not sent. sent is told of the bytes that are done and of those
// there are; nil for none.
func (r *Repository) Push(ctx context.Context, image v1.Image, tags []string, sent func(done, of int64)) (reference string, err error) {
	digest, err := image.Digest()
	if err != nil {
		return "", fmt.Errorf("reading the image: %w", err)
	}
	if len(tags) == 0 {
		tags = []string{Tag(digest)}
	}
	var names []name.Tag
	for _, t := range tags {
		tag, err := name.NewTag(r.name.Name()+":"+t, name.StrictValidation)
		if err != nil {
			return "", hint.Errorf("letters, digits, '_', '.' and '-', 128 at most", "%q is no tag", t)
		}
		tag.Repository = r.name
		names = append(names, tag)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuth(r.auth), remote.WithTransport(r.transport), remote.WithUserAgent("atoll")}
	withProgress, wait := follow(options, sent)
	err = remote.Write(r.name.Digest(digest.String()), image, withProgress...)
	wait()
	for _, tag := range names {
		if err == nil {
			err = remote.Tag(tag, image, options...)
		}
	}
	if err != nil {
		return "", r.refused(err)
	}
	return r.name.Name() + "@" + digest.String(), nil
}

// follow adds to options that progress is told. The function that it gives waits for the end of the telling.
func follow(options []remote.Option, sent func(done, of int64)) ([]remote.Option, func()) {
	if sent == nil {
		return options, func() {}
	}
	updates, told := make(chan v1.Update, 16), make(chan struct{})
	go func() {
		defer close(told)
		for u := range updates { // remote.Write closes it
			if u.Error == nil {
				sent(u.Complete, u.Total)
			}
		}
	}()
	return append(options[:len(options):len(options)], remote.WithProgress(updates)), func() { <-told }
}

// refused adds to a registry's refusal what to do.
func (r *Repository) refused(err error) error {
	err = fmt.Errorf("pushing to %s: %w", r.name, err)
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return err
	}
	for _, d := range answer.Errors {
		switch d.Code {
		case transport.NameUnknownErrorCode:
			return hint.Errorf("make the repository first: 'atoll up ENVIRONMENT' makes those that its files name", "%w", err)
		case transport.TagInvalidErrorCode:
			return hint.Errorf("give the image a tag that is new: the repository's tags cannot be moved", "%w", err)
		}
	}
	return err
}
