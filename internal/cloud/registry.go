package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
	"atoll/internal/dataplane/image"
)

// registryPuller finds images in the cloud's own ECR, of any account and region, without a way over the network.
type registryPuller struct {
	store    *state.Store
	registry *ecr.Service
}

// Pull finds the image of a reference such as ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG.
func (p registryPuller) Pull(ctx context.Context, reference string) (image.Source, v1.Hash, error) {
	host, rest, _ := strings.Cut(reference, "/")
	labels := strings.Split(host, ".")
	repository, which, ok := strings.Cut(rest, "@")
	if !ok {
		if repository, which, ok = strings.Cut(rest, ":"); !ok {
			which = "latest"
		}
	} else {
		repository, _, _ = strings.Cut(repository, ":")
	}
	if len(labels) < 6 {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: errors.New("this is no repository of ECR")}
	}
	s := registrySource{p, state.Scope{Account: labels[0], Region: labels[3]}, repository}
	m, err := s.find(which)
	if err != nil {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: err}
	}
	digest, err := v1.NewHash(m.Digest)
	if err != nil {
		return nil, v1.Hash{}, &image.PullError{Reference: reference, Err: err}
	}
	return s, digest, p.registry.Pulled(ctx, s.sc, repository, m.Digest)
}

// registrySource is a repository.
type registrySource struct {
	registryPuller
	sc         state.Scope
	repository string
}

func (s registrySource) find(which string) (m ecr.Manifest, err error) {
	err = s.store.View(func(tx *state.Tx) error {
		m, err = s.registry.Image(tx, s.sc, s.repository, which)
		return err
	})
	if e := (*wire.Error)(nil); errors.As(err, &e) {
		err = fmt.Errorf("%s: %s: %w", e.Code, e.Message, image.ErrNotFound)
	}
	return m, err
}

// Manifest gives a manifest or index.
func (s registrySource) Manifest(_ context.Context, digest v1.Hash) ([]byte, error) {
	m, err := s.find(digest.String())
	return m.Content, err
}

// Blob gives a layer or a configuration.
func (s registrySource) Blob(_ context.Context, digest v1.Hash) (io.ReadCloser, error) {
	c, err := s.registry.OpenLayer(s.sc, s.repository, digest.String())
	if err != nil {
		return nil, err
	}
	return c, nil
}
