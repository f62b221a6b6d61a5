package ecr

import (
	"context"
	"fmt"
	"os"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services, and those who run tasks, may ask of ECR.

// Manifest is an image's manifest, or an index, as it was pushed.
type Manifest struct {
	Digest    string
	MediaType string
	Content   []byte
}

// Content is a layer, or an image's configuration, as it was pushed. Whoever opened it closes it.
type Content struct {
	*os.File
	Digest string
	Size   int64 // bytes
}

// Image gives the image of a repository that a tag or a digest names. The error is RepositoryNotFoundException or ImageNotFoundException.
func (s *Service) Image(tx *state.Tx, sc state.Scope, repository, reference string) (Manifest, error) {
	t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
	r, err := t.repository(nil, &repository)
	if err != nil {
		return Manifest{}, err
	}
	id := ImageIdentifier{ImageTag: &reference}
	if digests.MatchString(reference) {
		id = ImageIdentifier{ImageDigest: &reference}
	}
	image, failure, _ := t.identified(r, id)
	if failure != "" {
		return Manifest{}, wire.Errorf("ImageNotFoundException", "The image with the tag or digest '%s' does not exist within the repository with name '%s' in the registry with id '%s'", reference, r.Name, sc.Account)
	}
	return Manifest{Digest: image.Digest, MediaType: image.MediaType, Content: []byte(image.Manifest)}, nil
}

// OpenLayer gives a layer or configuration of a repository. It can be read to its end even if it is deleted meanwhile. The error is
// RepositoryNotFoundException or LayersNotFoundException. It must not be called within a transaction.
func (s *Service) OpenLayer(sc state.Scope, repository, digest string) (*Content, error) {
	out := &Content{Digest: digest}
	return out, s.d.Store.View(func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		r, err := t.repository(nil, &repository)
		if err != nil {
			return err
		}
		l, ok := t.layers.Get(tx, sc, layerKey(r, digest))
		if !ok {
			return wire.Errorf("LayersNotFoundException", "Layers with digests '[%s]' do not exist in the repository with name '%s' in the registry with id '%s'", digest, r.Name, sc.Account)
		}
		if out.File, err = os.Open(s.blobs.path(digest)); err != nil {
			return fmt.Errorf("opening a layer: %w", err)
		}
		out.Size = l.Size
		return nil
	})
}

// Pulled notes that an image was pulled, which lifecycle policies and DescribeImages tell. It must not be called within a transaction.
func (s *Service) Pulled(ctx context.Context, sc state.Scope, repository, digest string) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
		r, err := t.repository(nil, &repository)
		if err != nil {
			return err
		}
		t.notePull(r, digest)
		return nil
	})
}

// notePull stores when an image was pulled, with ECR's precision.
func (t *txn) notePull(r *repositoryRecord, digest string) {
	if image, ok := t.image(r, digest); ok && t.now.Sub(image.Pulled) >= pullPrecision {
		image.Pulled = t.now
		t.putImage(r, image)
	}
}
