package cloud

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/registry"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
	"atoll/internal/dataplane/image"
)

// IsRegistry reports whether a host, such as an image's, is a registry of the cloud.
func IsRegistry(host string) bool {
	_, ok := registry.Scope(host)
	return ok
}

// Images gives the images of the cloud's own registries, until the next Reset.
func (c *Cloud) Images() image.Puller {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return ownImages{c.store, c.images}
}

// ownImages pulls images from the cloud's own registries, without HTTP. Who may pull is for its callers to ask.
type ownImages struct {
	store *state.Store
	ecr   *ecr.Service
}

var _ image.Puller = ownImages{}

// Pull implements image.Puller.
func (p ownImages) Pull(ctx context.Context, reference string) (image.Source, v1.Hash, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: err}
	}
	scope, ok := registry.Scope(ref.Context().RegistryStr())
	if !ok {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: fmt.Errorf("%s is no registry of the local cloud", ref.Context().RegistryStr())}
	}
	source := ownSource{p, scope, ref.Context().RepositoryStr()}
	found, err := source.find(ref.Identifier())
	var digest v1.Hash
	if err == nil {
		digest, err = v1.NewHash(found.Digest)
	}
	if err == nil {
		err = p.ecr.Pulled(ctx, scope, source.repository, found.Digest)
	}
	if err != nil {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: err}
	}
	return source, digest, nil
}

// ownSource is a repository.
type ownSource struct {
	ownImages
	scope      state.Scope
	repository string
}

// find gives the image with a tag or digest.
func (s ownSource) find(reference string) (m ecr.Manifest, err error) {
	err = s.store.View(func(tx *state.Tx) error {
		m, err = s.ecr.Image(tx, s.scope, s.repository, reference)
		return err
	})
	return m, missing(err)
}

func (s ownSource) Manifest(_ context.Context, digest v1.Hash) ([]byte, error) {
	m, err := s.find(digest.String())
	return m.Content, err
}

func (s ownSource) Blob(_ context.Context, digest v1.Hash) (io.ReadCloser, error) {
	layer, err := s.ecr.OpenLayer(s.scope, s.repository, digest.String())
	if err != nil {
		return nil, missing(err)
	}
	return layer, nil
}

// missing has errors of ECR wrap image.ErrNotFound too: all that it refuses a pull for is that there is nothing.
func missing(err error) error {
	if _, ok := err.(*wire.Error); ok { //nolint:errorlint // ECR gives it as it is
		return fmt.Errorf("%w: %w", image.ErrNotFound, err)
	}
	return err
}
