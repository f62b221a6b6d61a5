package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Puller finds images in registries.
type Puller interface {
	// Pull gives the source of the image that a reference such as "host/repository:tag" or "host/repository@sha256:…" names, and the digest
	// of its manifest or index. Its errors are *PullError.
	Pull(ctx context.Context, reference string) (Source, v1.Hash, error)
}

// PullError says why an image could not be had.
type PullError struct {
	Reference string
	Err       error // wraps ErrNotFound or ErrDenied where it is that
}

// ErrDenied is what errors wrap when a registry does not let one in.
var ErrDenied = errors.New("access denied")

func (e *PullError) Error() string {
	return fmt.Sprintf("failed to resolve reference %q: %v", e.Reference, e.Err)
}

func (e *PullError) Unwrap() error { return e.Err }

// Registries pulls from registries of one's own and from others.
type Registries struct {
	Owns   func(host string) bool // such as "111111111111.dkr.ecr.us-east-1.amazonaws.com"; docker.io is "index.docker.io"
	Own    Puller
	Others Puller
}

// Pull implements Puller.
func (r *Registries) Pull(ctx context.Context, reference string) (Source, v1.Hash, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, v1.Hash{}, &PullError{reference, err}
	}
	if r.Owns(ref.Context().RegistryStr()) {
		return r.Own.Pull(ctx, reference)
	}
	return r.Others.Pull(ctx, reference)
}

// Remote pulls from registries over the network. A reference without a host is of docker.io.
type Remote struct {
	Transport http.RoundTripper // nil: http.DefaultTransport
	Keychain  authn.Keychain    // nil: nobody is told who asks
}

// Pull implements Puller.
func (p *Remote) Pull(ctx context.Context, reference string) (Source, v1.Hash, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, v1.Hash{}, &PullError{reference, err}
	}
	var options []remote.Option
	if p.Transport != nil {
		options = append(options, remote.WithTransport(p.Transport))
	}
	if p.Keychain != nil {
		options = append(options, remote.WithAuthFromKeychain(p.Keychain))
	}
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return nil, v1.Hash{}, &PullError{reference, err}
	}
	d, err := puller.Get(ctx, ref)
	if err != nil {
		return nil, v1.Hash{}, &PullError{reference, registryError(err)}
	}
	return &remoteSource{puller, ref.Context()}, d.Digest, nil
}

type remoteSource struct {
	puller *remote.Puller
	repo   name.Repository
}

func (s *remoteSource) Manifest(ctx context.Context, digest v1.Hash) ([]byte, error) {
	d, err := s.puller.Get(ctx, s.repo.Digest(digest.String()))
	if err != nil {
		return nil, registryError(err)
	}
	return d.Manifest, nil
}

func (s *remoteSource) Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	layer, err := s.puller.Layer(ctx, s.repo.Digest(digest.String()))
	if err != nil {
		return nil, registryError(err)
	}
	body, err := layer.Compressed()
	return body, registryError(err)
}

// registryError tells apart what a registry's answer means.
func registryError(err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w: the repository does not exist or wants a login: %w", ErrDenied, err)
	}
	return err
}
